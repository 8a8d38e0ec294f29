"""Staff hand a case over, two of them: to a representative, or back to the noncitizen whose one withdrew."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.intake.admission import standing_of
from services.intake.commands import Ask
from services.intake.domain.case import Accepted
from services.intake.representing import Representative, Representing
from services.intake.staff import StaffDesk, cause_of
from services.intake.staff_withdrawals import Engine, Listed
from shared.casework.admission import Person, turned_away
from shared.contracts.sealed import Requestor
from shared.contracts.texts import Email, Line, Name, Short
from shared.contracts.vocabulary import Language, RequestorType
from shared.web.bodies import Body
from shared.web.casework import personal_refusals
from shared.web.idempotency import IdempotencyKey, said
from shared.web.persons import person_of
from shared.web.sign_in import Role, SignIn, Staff

_MOST = 200


class RepresentativePart(Body):
    """A representative as the G-28 names them."""

    type: Literal[RequestorType.ATTORNEY, RequestorType.ACCREDITED_REP]
    name: Name
    email: Email | None = None
    phone: Short | None = None
    organisation: Line | None = None
    language: Language | None = None


class HandedOver(Body):
    """`representative` null: nobody represents any more. `facts_seen`: the amendment that the person saw."""

    facts_seen: int = Field(ge=0, lt=2**31)
    representative: RepresentativePart | None


class HandOverRuled(Body):
    """What a second person makes of a hand-over that waits. `facts_seen`: the amendment that asked for it."""

    facts_seen: int = Field(ge=0, lt=2**31)
    confirmed: bool


class HandOverWaiting(BaseModel):
    """A hand-over that staff asked for. Who it would be is sealed, among the texts of the case.

    `to`: what the requestor would be. `asked_by`: who of staff asked, and so cannot confirm it.
    """

    case_id: UUID
    case_number: str
    office: str | None
    urgency: str
    to: str
    asked_by: str
    asked_at: datetime
    amendment: int


class HandOverPage(BaseModel):
    """Some of those that wait. `more`: others come after them, by `skip`."""

    hand_overs: list[HandOverWaiting]
    more: bool


def router(*, engine: Engine, representing: Representing, desk: StaffDesk, sign_in: SignIn) -> APIRouter:
    """`POST /cases/{case_id}/representative` asks, `/representative/ruling` decides, `GET /hand-overs` lists."""
    routes = APIRouter(tags=["staff"])
    decides = Annotated[Staff, Depends(sign_in.staff(Role.OFFICER, Role.SRO))]

    @routes.post("/cases/{case_id}/representative")
    async def representative(
        case_id: UUID, wish: HandedOver, key: IdempotencyKey, person: decides, response: Response
    ) -> dict[str, Any]:
        """Ask to hand the case over. Nothing changes, and nobody is written to, until a second person confirms it."""
        by = await desk.theirs(case_id, person)
        cause = cause_of(Ask.HAND_OVER, person, case_id, key, wish)
        to = _of(wish.representative)
        with personal_refusals():
            answered = await representing.propose(case_id, cause, to, by=by, seen=wish.facts_seen)
        return said(answered, response)

    @routes.post("/cases/{case_id}/representative/ruling")
    async def rule(
        case_id: UUID, wish: HandOverRuled, key: IdempotencyKey, person: decides, response: Response
    ) -> dict[str, Any]:
        """Confirm what somebody else asked for, or refuse it.

        Confirmed, the old private link is dead at once, and a consent has to be verified anew.
        """
        by = await desk.theirs(case_id, person)
        cause = cause_of(Ask.RULE_ON_HAND_OVER, person, case_id, key, wish)
        with personal_refusals():
            answered = await representing.rule(case_id, cause, by=by, seen=wish.facts_seen, confirmed=wish.confirmed)
        return said(answered, response)

    @routes.get("/hand-overs")
    async def waiting(
        person: decides,
        skip: Annotated[int, Query(ge=0, le=100_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=_MOST)] = _MOST,
    ) -> HandOverPage:
        """What waits for a second person, the oldest first, in cases that may be theirs.

        `skip` and `limit` count those of all offices.
        """
        found = await engine.listing(
            {"queue.hand_over": {"$exists": True}}, sort=[("queue.hand_over", 1)], skip=skip, limit=limit + 1
        )
        asks, now = person_of(person), desk.now()
        shown = [each for view in found[:limit] if (each := _shown(view, asks, now))]
        return HandOverPage(hand_overs=shown, more=len(found) > limit)

    return routes


def _shown(view: Listed, person: Person, now: datetime) -> HandOverWaiting | None:
    state = view.state
    if not isinstance(state, Accepted) or turned_away(person, standing_of(state)):
        return None
    filing, proposed = state.filing, state.filing.handing_over
    if proposed is None:
        return None
    return HandOverWaiting(
        case_id=view.case_id,
        case_number=filing.number,
        office=filing.office,
        urgency=filing.urgency_at(now),
        to=proposed.to,
        asked_by=proposed.by,
        asked_at=proposed.at,
        amendment=filing.amendment,
    )


def _of(part: RepresentativePart | None) -> Representative | None:
    if part is None:
        return None
    who = Requestor(name=part.name, email=part.email, phone=part.phone, organisation=part.organisation)
    return Representative(part.type, who, part.language)
