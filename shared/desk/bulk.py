"""Many decisions in one request: what is sent, and what became of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, create_model

from shared.casework.commands import Answered
from shared.errors import CommandFailed, CommandRefused, Outage
from shared.web.bodies import Body
from shared.web.casework import failure_code
from shared.web.problems import wrong_fields

MOST_DECISIONS: Final = 100

Key = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
"""A key that tells one decision of many from the others."""


class BulkBody(Body):
    """Many decisions. A dry run says what would become of each, and changes nothing.

    With `claim` each case is taken in hand by its decision itself: refused where somebody else has claimed it, and a
    decision that is refused leaves no claim behind.
    """

    dry_run: bool = False
    claim: bool = False
    decisions: Annotated[list[Any], Field(min_length=1, max_length=MOST_DECISIONS)]


def bulk_of(decision: type[Body]) -> type[BulkBody]:
    """The body of many decisions of a service: each as its own `decision` says it, with its case."""
    item = create_model(
        "BulkItem",
        __base__=decision,
        __doc__="One decision of many. Without a key of its own it is known by the request's key and its case.",
        case_id=(UUID, ...),
        key=(Key | None, None),
    )
    many = Annotated[list[item], Field(min_length=1, max_length=MOST_DECISIONS)]
    return create_model("BulkBody", __base__=BulkBody, __doc__=BulkBody.__doc__, decisions=(many, ...))


class BulkResult(BaseModel):
    """What became of one decision of many. `takes_effect_at`: it waits until then, and can be taken back.

    `errors`: of one that does not say all that it must, what is wrong with which field.
    """

    case_id: UUID
    status: Literal["decided", "would_be_decided", "refused", "unknown"]
    code: str | None = None
    reason: str | None = None
    takes_effect_at: datetime | None = None
    replayed: bool = False
    errors: list[dict[str, str]] = []


class BulkAnswer(BaseModel):
    """What became of each decision, in the order given. Each stands alone: some may be decided and others refused."""

    dry_run: bool
    decided: int
    refused: int
    unknown: int
    results: list[BulkResult]


Became = Answered | CommandFailed | Outage
"""How one decision of many ended; after an `Outage` nobody knows."""


def bulk_answer(ids: Sequence[UUID], became: Sequence[Became], *, dry_run: bool) -> BulkAnswer:
    """What became of many decisions, each by itself, in their order; in a dry run, what would become of them."""
    results = [_result(case_id, each, dry_run=dry_run) for case_id, each in zip(ids, became, strict=True)]
    statuses = [result.status for result in results]
    return BulkAnswer(
        dry_run=dry_run,
        decided=sum(status in {"decided", "would_be_decided"} for status in statuses),
        refused=statuses.count("refused"),
        unknown=statuses.count("unknown"),
        results=results,
    )


def _result(case_id: UUID, became: Became, *, dry_run: bool) -> BulkResult:
    match became:
        case Answered():
            status: Literal["decided", "would_be_decided"] = "would_be_decided" if dry_run else "decided"
            effect = became.answer.get("takes_effect_at")
            return BulkResult(case_id=case_id, status=status, takes_effect_at=effect, replayed=became.replayed)
        case Outage():
            reason = "A part of the service does not answer. Send this decision again with the same key."
            return BulkResult(case_id=case_id, status="unknown", code="outage", reason=reason)
        case CommandFailed():
            errors = wrong_fields(became) if isinstance(became, CommandRefused) else []
            return BulkResult(
                case_id=case_id, status="refused", code=failure_code(became), reason=str(became), errors=errors
            )
