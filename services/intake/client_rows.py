"""A client's own cases as its lists show them: one row a case, in JSON, JSON Lines or CSV. Pure.

A row says no more than the case's page: the stage, what comes next and by when. Not how it ended, and nobody's name.
"""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from services.intake.domain.case import Accepted, Erased, Rejected, State
from services.intake.next_steps import Date, Dated, steps_of
from services.intake.status import status_of

HANDED_OVER: Final = "handed_over"
"""The stage of a case that is somebody else's now; nothing else is said of it, then or later."""

COLUMNS: Final = {
    "case_number": "The number of the case, as in letters.",
    "client_reference": "What you called it in `requestor.client_reference`; empty where you gave nothing.",
    "stage": "Where it stands, in the words of the case's page; `handed_over`: it is no longer yours.",
    "next": "What comes next: `answer_by` and the like have their date in the column of that name.",
    "send_again_by": "Of a request that was not accepted: until when a mended one keeps its place.",
    "answer_by": "Until when a question to you is open.",
    "ask_review_by": "Until when you may ask headquarters to look at it.",
    "office_answers_by": "By when the field office should answer.",
    "may_ask_from": "From when you may ask headquarters if the field office is silent.",
    "headquarters_answers_by": "By when headquarters should answer.",
    "mend": "Of a request that was not accepted: the codes of what to mend.",
    "missing": "Until the field office has answered: the codes of what your request lacks.",
    "not_understood": "Until then: for each thing that is no field of a request, the field that it is like, or `?`.",
    "received_at": "From when it counts.",
    "changed_at": "When the page last changed. `changed_since` goes by it.",
}
"""The columns, in their order, and what each means."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet may carry out instead of showing; in full width, too."""


@dataclass(frozen=True, slots=True)
class Row:
    """One case; the fields are `COLUMNS`."""

    case_number: str
    client_reference: str | None
    stage: str
    next: tuple[str, ...] = ()
    send_again_by: datetime | None = None
    answer_by: datetime | None = None
    ask_review_by: datetime | None = None
    office_answers_by: datetime | None = None
    may_ask_from: datetime | None = None
    headquarters_answers_by: datetime | None = None
    mend: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    received_at: datetime | None = None
    changed_at: datetime | None = None


def row_of(
    state: Rejected | Accepted,
    now: datetime,
    *,
    kept_until: Callable[[datetime], datetime],
    reference: str | None,
    changed_at: datetime | None,
) -> Row:
    """The row of a case at this moment. `kept_until`: as the case's page has it."""
    status = status_of(state, now, kept_until=kept_until)
    if isinstance(state, Accepted) and state.filing.handed_over:
        return Row(status.number, reference, HANDED_OVER, changed_at=changed_at)
    steps = steps_of(status)
    dates = {step.kind: step.at for step in steps if isinstance(step, Dated)}
    return Row(
        case_number=status.number,
        client_reference=reference,
        stage=status.where,
        next=tuple(step.kind if isinstance(step, Dated) else step for step in steps),
        **{kind.value: dates.get(kind) for kind in Date},
        mend=status.mend,
        missing=status.missing,
        not_understood=status.not_understood,
        received_at=status.received_at,
        changed_at=changed_at,
    )


def shown(state: State) -> object:
    """What the client who submitted a case can see of it, whatever the time; None where there is no such client."""
    if isinstance(state, Erased) or _client(state) is None:
        return None
    if isinstance(state, Accepted) and state.filing.handed_over:
        return HANDED_OVER
    return status_of(state, _filed_at(state)), state.filing.link_generation if isinstance(state, Accepted) else 1


def listed_under(state: State) -> str | None:
    """The key by which a client's cases are listed, in the order in which they came; it never changes."""
    if isinstance(state, Erased) or (client := _client(state)) is None:
        return None
    number = state.number if isinstance(state, Rejected) else state.filing.number
    return f"{client}/{_filed_at(state).astimezone(UTC):%Y%m%dT%H%M%S.%f}/{number}"


def as_json(row: Row) -> dict[str, Any]:
    """A row with moments in ISO 8601, in UTC."""
    return {name: _written(value) for name, value in asdict(row).items()}


def as_json_line(row: Row) -> str:
    """A row as one line of JSON Lines."""
    return json.dumps(as_json(row), ensure_ascii=False) + "\n"


def csv_head() -> str:
    """The names of the columns."""
    return _line(list(COLUMNS))


def as_csv_line(row: Row) -> str:
    """A row as one line of CSV (RFC 4180). Several codes in one cell are parted by spaces."""
    return _line([_cell(getattr(row, field.name)) for field in fields(row)])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = " ".join(value) if isinstance(value, tuple) else str(_written(value))
    # An apostrophe keeps a spreadsheet from taking a client's own reference for a formula.
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return list(value) if isinstance(value, tuple) else value


def _client(state: Rejected | Accepted) -> str | None:
    return state.client if isinstance(state, Rejected) else state.filing.client


def _filed_at(state: Rejected | Accepted) -> datetime:
    """When this very request came, though it may count from an earlier day."""
    known = state if isinstance(state, Rejected) else state.filing
    return known.sent_again_at or known.received_at
