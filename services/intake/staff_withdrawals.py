"""What waits to be given up: asked for by somebody who may not do so alone. A queue, and a ruling of staff."""

from datetime import datetime
from typing import Annotated, Any, Final, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.intake.admission import standing_of
from services.intake.asking import CaseView
from services.intake.asking import Engine as AskingEngine
from services.intake.commands import Ask, RuleOnWithdrawal
from services.intake.domain.case import ReviewWish, Withdrawable, waiting
from services.intake.staff import StaffDesk, cause_of
from shared.casework.admission import Person, turned_away
from shared.web.bodies import Body
from shared.web.idempotency import IdempotencyKey, said
from shared.web.persons import person_of
from shared.web.sign_in import Role, SignIn, Staff

_MOST = 200
REVIEW_WANTED: Final = "review_wanted"


class Listed(CaseView, Protocol):
    """A case as a listing shows it."""

    @property
    def case_id(self) -> UUID: ...


class Engine(AskingEngine, Protocol):
    """What these routes need of the engine."""

    async def listing(self, query: Any, *, sort: Any = (), skip: int = 0, limit: int = 50) -> Any: ...


class WithdrawalRuled(Body):
    """What staff found when they asked the noncitizen, or a verified representative. `facts_seen`: the amendment."""

    facts_seen: int = Field(ge=0, lt=2**31)
    confirmed: bool


class Waiting(BaseModel):
    """A withdrawal, or a waiver of review (`of`), that waits. Its reason, sealed, is among the texts of the case.

    `of` review_wanted: a wish *for* review, of somebody refused, which counts by itself at `counts_at`.
    `by`: whose link it was asked by, the requestor's or the noncitizen's own.
    """

    case_id: UUID
    case_number: str
    office: str | None
    requestor_type: str
    consent: str
    asked_at: datetime
    amendment: int
    of: str
    by: str
    urgency: str
    counts_at: datetime | None = None


class WithdrawalPage(BaseModel):
    """Some of those that wait. `more`: others come after them, by `skip`."""

    withdrawals: list[Waiting]
    more: bool


def router(*, engine: Engine, desk: StaffDesk, sign_in: SignIn) -> APIRouter:
    """`GET /withdrawals` and `POST /cases/{case_id}/withdrawal`."""
    routes = APIRouter(tags=["staff"])
    decides = Annotated[Staff, Depends(sign_in.staff(Role.OFFICER, Role.SRO))]

    @routes.get("/withdrawals")
    async def waiting(
        person: decides,
        skip: Annotated[int, Query(ge=0, le=100_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=_MOST)] = _MOST,
    ) -> WithdrawalPage:
        """What waits for a word of staff, the most urgent and then the oldest first, in cases that may be theirs.

        `skip` and `limit` count those of all offices.
        """
        found = await engine.listing(
            {"queue.withdrawal": {"$exists": True}},
            sort=[("queue.withdrawal_rank", 1), ("queue.withdrawal", 1)],
            skip=skip,
            limit=limit + 1,
        )
        asked, now = person_of(person), desk.now()
        seen = [shown for view in found[:limit] if (shown := _shown(view, asked, now))]
        return WithdrawalPage(withdrawals=seen, more=len(found) > limit)

    @routes.post("/cases/{case_id}/withdrawal")
    async def rule(
        case_id: UUID, wish: WithdrawalRuled, key: IdempotencyKey, person: decides, response: Response
    ) -> dict[str, Any]:
        """Confirm a withdrawal, which then is told as if the noncitizen had asked; or not, and the review goes on."""
        by = await desk.theirs(case_id, person)
        ruled = RuleOnWithdrawal(wish.facts_seen, wish.confirmed, by)
        cause = cause_of(Ask.WITHDRAWAL, person, case_id, key, wish)
        return said(await desk.do(Ask.WITHDRAWAL, cause, case_id, ruled), response)

    return routes


def _shown(view: Listed, person: Person, now: datetime) -> Waiting | None:
    state = view.state
    wish = waiting(state)
    if not isinstance(state, Withdrawable) or wish is None or turned_away(person, standing_of(state)):
        return None
    filing = state.filing
    return Waiting(
        case_id=view.case_id,
        case_number=filing.number,
        office=filing.office,
        requestor_type=filing.requestor_type,
        consent=filing.consent.status,
        asked_at=wish.at,
        amendment=filing.amendment,
        of=REVIEW_WANTED if isinstance(wish, ReviewWish) else wish.of,
        by=wish.by,
        urgency=filing.urgency_at(now),
        counts_at=wish.counts_at(filing.imminent_since) if isinstance(wish, ReviewWish) else None,
    )
