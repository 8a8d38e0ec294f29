"""What the field office's and headquarters' endpoints have in common: the queue's filters, bulk answers, refusals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Protocol, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, StringConstraints

from shared.casework.claims import claim_of
from shared.casework.commands import Answered
from shared.casework.drafts import Draft
from shared.casework.engine import CaseView
from shared.casework.handing_over import HandOverBecause
from shared.casework.reaction import Command
from shared.contracts.vocabulary import Stage
from shared.errors import CaseUnknown, CommandFailed, CommandRefused, Outage
from shared.policy.model import Policy
from shared.web.bodies import Body
from shared.web.problems import Problem, wrong_fields

S = TypeVar("S")

Skip = Annotated[int, Query(ge=0, le=100_000)]
Limit = Annotated[int, Query(ge=1, le=200, description="Cases at a time.")]

SORT: Final = [("queue.rank", 1), ("queue.due", 1), ("_id", 1)]
"""Removal imminent first, then detained, then routine; within each the one that is due first."""

FORBIDDEN: Final = frozenset(
    {"not_your_office", "touched_before", "recused", "not_yours_to_give", "not_your_decision", "approved_by_yourself"}
)
"""Refusals that are about the person, not about the moment: answered 403."""

MOST_DECISIONS: Final = 100

Key = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
"""A key that tells one decision of many from the others."""

StaffId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class Engine(Protocol[S]):
    """What a desk asks of the engine: to list cases, to show one, and to give an order about it."""

    async def command(self, command: Command[Any]) -> Answered: ...
    async def case(self, case_id: UUID) -> CaseView[S] | None: ...
    async def listing(
        self, query: Mapping[str, Any], *, sort: Sequence[tuple[str, int]], skip: int, limit: int
    ) -> list[CaseView[S]]: ...


async def case_of(engine: Engine[S], case_id: UUID) -> CaseView[S]:
    """The case as it stands. Raises `CaseUnknown`."""
    view = await engine.case(case_id)
    if view is None:
        raise CaseUnknown
    return view


class HandOverBody(Body):
    """From who has the case in hand (`holder`, as seen) to a colleague (`to`): given, or taken over by `to`."""

    holder: StaffId
    to: StaffId
    why: HandOverBecause


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


def claim_filter(*, claimed: bool | None, mine: bool, actor: str, now: datetime) -> dict[str, Any]:
    """The part of a queue's query that is about claims. A claim that is over counts as none."""
    if mine:
        return {"queue.claimed_by": actor}
    if claimed is None:
        return {}
    if claimed:
        return {"queue.claimed_until": {"$gt": now}}
    return {"$or": [{"queue.claimed_until": {"$exists": False}}, {"queue.claimed_until": {"$lte": now}}]}


def claim_shown(work: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """A case's claim as it is shown; `expired`: another may take the case."""
    claim = claim_of(work)
    if claim is None:
        return None
    return {"by": claim.by, "at": claim.at, "until": claim.until, "expired": now >= claim.until}


def draft_shown(draft: Draft, opened: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A draft as it is shown; its text where it could be opened."""
    text = next(((opened.get(name) or {}).get("text") for name in draft.box), None)
    return {"by": draft.by, "at": draft.at, **draft.says, "text": text}


def reasons_of(policy: Policy, stage: Stage) -> list[dict[str, Any]]:
    """The reasons that staff of this stage may give under the policy in force, and for which outcomes."""
    return [
        {
            "code": reason.code,
            "sentence": dict(reason.sentence),
            "source": reason.source,
            "outcomes": sorted(reason.outcomes),
        }
        for reason in policy.reasons.values()
        if stage in reason.given_by
    ]


def in_words(policy: Policy, codes: Iterable[str]) -> list[dict[str, Any]]:
    """Reason codes with their sentences and sources; a code that this policy does not have stands alone."""
    known = ((code, policy.reasons.get(code)) for code in codes)
    return [
        {"code": code, "sentence": dict(reason.sentence) if reason else {}, "source": reason.source if reason else None}
        for code, reason in known
    ]


@contextmanager
def personal_refusals() -> Iterator[None]:
    """Answer 403 where a command is refused because of who asks."""
    try:
        yield
    except CommandRefused as refused:
        if refused.code in FORBIDDEN:
            raise Problem(403, refused.code, "This is not allowed.", refused.reason) from refused
        raise


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


def failure_code(failed: CommandFailed) -> str:
    """The refusal's own code; else `CaseUnknown` as `case_unknown`."""
    if isinstance(failed, CommandRefused):
        return failed.code
    name = type(failed).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
