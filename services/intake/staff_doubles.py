"""Cases about the same person, as staff see them from each of these cases: linked both ways, never merged by itself."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.intake.domain.case import Open
from services.intake.same_person import Other, SamePerson
from services.intake.staff import StaffDesk
from shared.web.sign_in import Role, SignIn, Staff


class Double(BaseModel):
    """Another case about the same person: where it stands, nobody's name."""

    case_id: UUID
    case_number: str
    open: bool
    standing: str
    office: str | None
    received_at: datetime


def router(*, same_person: SamePerson, desk: StaffDesk, sign_in: SignIn) -> APIRouter:
    """`GET /cases/{case_id}/doubles`."""
    routes = APIRouter(tags=["staff"])
    decides = Annotated[Staff, Depends(sign_in.staff(Role.OFFICER, Role.SRO))]

    @routes.get("/cases/{case_id}/doubles")
    async def doubles(case_id: UUID, person: decides) -> list[Double]:
        """All other cases about the same person, filed before this one or after it; the oldest first."""
        await desk.theirs(case_id, person)
        return [_shown(other) for other in await same_person.others(case_id)]

    return routes


def _shown(other: Other) -> Double:
    filing = other.state.filing
    return Double(
        case_id=other.case_id,
        case_number=other.number,
        open=isinstance(other.state, Open),
        standing=type(other.state).__name__,
        office=filing.office,
        received_at=filing.received_at,
    )
