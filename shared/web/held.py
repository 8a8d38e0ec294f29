"""What an operator sees of the inputs that cases hold, and how they are offered again. No personal data."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from shared.casework.case import Case, Held
from shared.casework.redriving import Redriven, Round, Why, first_failed
from shared.web.bodies import Body
from shared.web.casework import Limit, Skip
from shared.web.problems import Problem
from shared.web.sign_in import Role, SignIn, Staff

MOST_AT_ONCE = 500

log = structlog.get_logger()


class Store(Protocol):
    """Where cases are found."""

    async def count(self, query: Mapping[str, Any]) -> int: ...
    async def find(
        self, query: Mapping[str, Any], *, sort: Sequence[tuple[str, int]], skip: int, limit: int
    ) -> Sequence[Case[Any]]: ...


class Redriving(Protocol):
    """What offers held inputs again."""

    async def redrive(self, case_id: UUID, *, dry_run: bool = False, as_it_stands: bool = False) -> Redriven: ...
    async def redrive_all(
        self, *, after: UUID | None, per_second: float, limit: int, dry_run: bool, leave: Collection[Why]
    ) -> Round: ...


class HeldCase(BaseModel):
    """A case that holds inputs. `topic` and `reason` are of the one that failed; `waiting` counts those behind it.

    Without a reason nothing failed: it waits for an event that must still come.
    """

    case_id: UUID
    since: datetime
    topic: str
    reason: str | None
    waiting: int
    builds: list[str]


class HeldPage(BaseModel):
    """Cases that hold inputs, those that hold them longest first; `count`: how many there are in all."""

    cases: list[HeldCase]
    more: bool
    count: int


class HeldInput(BaseModel):
    """One held input. `source`, `seq` and `event` are absent where the record could not be read."""

    topic: str
    since: datetime
    build: str
    reason: str | None
    source: str | None
    seq: int | None
    event: UUID | None
    bytes: int


class HeldInputs(BaseModel):
    """All that a case holds, in the order in which it is offered again."""

    case_id: UUID
    parked: bool
    builds: list[str]
    held: list[HeldInput]


class RedriveAsked(Body):
    """Whether to redrive, or only to say what would come of it."""

    dry_run: bool = False


class RedriveOneAsked(RedriveAsked):
    """Whether a case that is behind its topics goes on with what is known of it."""

    as_it_stands: bool = False


class Reason(BaseModel):
    """What parks a case: what could not be handled, and the error."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    topic: str | None = None
    reason: str | None = None


class RedriveAllAsked(RedriveAsked):
    """How fast, behind which case to go on, and which reasons to leave."""

    per_second: float = Field(10.0, gt=0, le=1000, description="At most so many cases a second.")
    after: UUID | None = Field(None, description="Go on behind this case: the last answer's `after`.")
    limit: int = Field(MOST_AT_ONCE, ge=1, le=MOST_AT_ONCE)
    leave: list[Reason] = Field([], max_length=MOST_AT_ONCE, description="The last answers' `left`.")


class RedriveResult(BaseModel):
    """What became (or, dry, would become) of a case."""

    model_config = ConfigDict(from_attributes=True)

    case_id: UUID
    result: Literal["applied", "still_fails", "not_parked", "busy"]
    released: int
    waiting: int
    topic: str | None
    reason: str | None


class ReasonLeft(BaseModel):
    """A reason for which too many of those `tried` fail still, so that the others were `left` as they are."""

    model_config = ConfigDict(from_attributes=True)

    why: Reason
    tried: int
    failing: int
    left: int


class RedriveAnswer(BaseModel):
    """What became of several. `more`: ask again with `after`, and with `leave` for all reasons that were `left`."""

    dry_run: bool
    applied: int
    still_failing: int
    more: bool
    left: list[ReasonLeft]
    after: UUID | None
    results: list[RedriveResult]


def router(*, store: Store, redriving: Redriving, sign_in: SignIn) -> APIRouter:
    """The operator's endpoints of any service for what its cases hold."""
    routes = APIRouter(tags=["operator"])
    _add_reading(routes, store, sign_in)
    _add_redriving(routes, redriving, sign_in)
    return routes


def _add_reading(routes: APIRouter, store: Store, sign_in: SignIn) -> None:
    operator = [Depends(sign_in.staff(Role.OPERATOR))]

    @routes.get("/held", dependencies=operator)
    async def held(
        response: Response,
        *,
        waiting: Annotated[bool, Query(description="Also cases that only wait for an event to come.")] = False,
        skip: Skip = 0,
        limit: Limit = 50,
    ) -> HeldPage:
        """Parked cases: an input failed, and all later ones of the case wait behind it."""
        field = "held_since" if waiting else "parked_since"
        query, sort = {field: {"$exists": True}}, [(field, 1), ("_id", 1)]
        found = await store.find(query, sort=sort, skip=skip, limit=limit + 1)
        response.headers["Cache-Control"] = "no-store"
        shown = [_case(case) for case in found[:limit] if case.held]
        return HeldPage(cases=shown, more=len(found) > limit, count=await store.count(query))

    @routes.get("/held/{case_id}", dependencies=operator)
    async def held_of(case_id: UUID, response: Response) -> HeldInputs:
        """What one case holds, and why."""
        found = await store.find({"_id": case_id}, sort=(), skip=0, limit=1)
        if not found or not found[0].held:
            raise Problem(404, "nothing_held", "This service holds nothing of such a case.")
        response.headers["Cache-Control"] = "no-store"
        (case,) = found
        inputs = [_input(each) for each in case.held]
        return HeldInputs(case_id=case_id, parked=case.parked, builds=list(case.tried), held=inputs)


def _add_redriving(routes: APIRouter, redriving: Redriving, sign_in: SignIn) -> None:
    operator = sign_in.staff(Role.OPERATOR)

    @routes.post("/held/redrive")
    async def redrive_all(body: RedriveAllAsked, staff: Annotated[Staff, Depends(operator)]) -> RedriveAnswer:
        """Offer what all parked cases hold again, in order per case. Safe to repeat; answers within seconds."""
        round_ = await redriving.redrive_all(
            after=body.after,
            per_second=body.per_second,
            limit=body.limit,
            dry_run=body.dry_run,
            leave=[Why(each.topic, each.reason) for each in body.leave],
        )
        if not body.dry_run:
            log.info("redriven", by=staff.subject, count=len(round_.results))
        kinds = [each.result for each in round_.results]
        return RedriveAnswer(
            dry_run=body.dry_run,
            applied=kinds.count("applied"),
            still_failing=kinds.count("still_fails"),
            more=round_.more,
            left=[ReasonLeft.model_validate(each) for each in round_.left],
            after=round_.after,
            results=[RedriveResult.model_validate(each) for each in round_.results],
        )

    @routes.post("/held/{case_id}/redrive")
    async def redrive(
        case_id: UUID, body: RedriveOneAsked, staff: Annotated[Staff, Depends(operator)]
    ) -> RedriveResult:
        """Offer what one case holds again. Safe to repeat."""
        redriven = await redriving.redrive(case_id, **body.model_dump())
        if not body.dry_run:
            why = "as_it_stands" if body.as_it_stands else None
            log.info("redriven", by=staff.subject, case=str(case_id), kind=redriven.result, why=why)
        return RedriveResult.model_validate(redriven)


def _case(case: Case[Any]) -> HeldCase:
    first = first_failed(case) or case.held[0]
    return HeldCase(
        case_id=case.id,
        since=first.since,
        topic=first.arrived.topic,
        reason=first.error,
        waiting=len(case.held) - (first.error is not None),
        builds=list(case.tried),
    )


def _input(held: Held) -> HeldInput:
    event = held.arrived.event
    return HeldInput(
        topic=held.arrived.topic,
        since=held.since,
        build=held.build,
        reason=held.error,
        source=event.source if event else None,
        seq=event.seq if event else None,
        event=event.id if event else None,
        bytes=len(held.arrived.value),
    )
