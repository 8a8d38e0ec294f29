"""Staff hand a case over: to a representative whose G-28 came in, or back to the noncitizen whose one withdrew."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response

from services.intake.commands import Ask
from services.intake.representing import Representative, Representing
from services.intake.staff import StaffDesk, cause_of
from shared.contracts.sealed import Requestor
from shared.contracts.texts import Email, Line, Name, Short
from shared.contracts.vocabulary import Language, RequestorType
from shared.web.bodies import Body
from shared.web.casework import personal_refusals
from shared.web.idempotency import IdempotencyKey, said
from shared.web.sign_in import Role, SignIn, Staff


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


def router(*, representing: Representing, desk: StaffDesk, sign_in: SignIn) -> APIRouter:
    """`POST /cases/{case_id}/representative`."""
    routes = APIRouter(tags=["staff"])
    decides = Annotated[Staff, Depends(sign_in.staff(Role.OFFICER, Role.SRO))]

    @routes.post("/cases/{case_id}/representative")
    async def representative(
        case_id: UUID, wish: HandedOver, key: IdempotencyKey, person: decides, response: Response
    ) -> dict[str, Any]:
        """Hand the case over. The old private link is dead at once, and a consent has to be verified anew."""
        by = await desk.theirs(case_id, person)
        cause = cause_of(Ask.HAND_OVER, person, case_id, key, wish)
        to = _of(wish.representative)
        with personal_refusals():
            answered = await representing.hand_over(case_id, cause, to, by=by, seen=wish.facts_seen)
        return said(answered, response)

    return routes


def _of(part: RepresentativePart | None) -> Representative | None:
    if part is None:
        return None
    who = Requestor(name=part.name, email=part.email, phone=part.phone, organisation=part.organisation)
    return Representative(part.type, who, part.language)
