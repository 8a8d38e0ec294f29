"""Where a person says whether a case was erased, of which only a topic tells since the keyring was put back."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from services.intake.erasures_again import ErasuresAgain
from shared.web.bodies import Body
from shared.web.sign_in import Role, SignIn, Staff

log = structlog.get_logger()


class UndecidedErasure(BaseModel):
    """A record of `case.erased` by intake's name that intake's store does not have.

    `withheld`: nobody is given the case's key meanwhile, for the store was an older copy as well.
    """

    case_id: UUID
    ordered_by: str
    reference: str
    at: datetime
    partition: int
    offset: int
    withheld: bool
    since: datetime


class UndecidedErasures(BaseModel):
    """Those that wait for somebody's word, oldest first."""

    erasures: list[UndecidedErasure]


class ErasureSaid(Body):
    """What the person knows: the order as it was found, or who wrote the record."""

    why: str = Field(min_length=5, max_length=500, description="For the record; no personal data.")


class KeyringRestored(Body):
    """How it is known that the keyring was put back."""

    why: str = Field(min_length=5, max_length=500, description="For the record; no personal data.")


class ErasureDecided(BaseModel):
    """What was made of it."""

    case_id: UUID
    result: Literal["erased", "kept"]


class KeyringSaid(BaseModel):
    """From now on the keyring counts as an older copy, until what was erased is erased again."""

    result: Literal["restored"] = "restored"


def router(*, again: ErasuresAgain, policy_now: Callable[[], datetime], sign_in: SignIn) -> APIRouter:
    """`GET /erasures`, `POST /erasures/{case_id}/confirm` and `/refuse`, `POST /keyring/restored`."""
    routes = APIRouter(tags=["operator"])
    privacy = Annotated[Staff, Depends(sign_in.staff(Role.PRIVACY))]

    @routes.get("/erasures", dependencies=[Depends(sign_in.staff(Role.OPERATOR, Role.PRIVACY))])
    async def undecided(response: Response) -> UndecidedErasures:
        """Erasures of which only the topic tells."""
        response.headers["Cache-Control"] = "no-store"
        found = [UndecidedErasure(case_id=each["_id"], **each) for each in await again.undecided()]
        return UndecidedErasures(erasures=found)

    @routes.post("/erasures/{case_id}/confirm")
    async def confirm(case_id: UUID, body: ErasureSaid, staff: privacy) -> ErasureDecided:
        """The case was erased: its key is destroyed. There is no way back."""
        await again.confirm(case_id, by=staff.subject, why=body.why)
        return ErasureDecided(case_id=case_id, result="erased")

    @routes.post("/erasures/{case_id}/refuse")
    async def refuse(case_id: UUID, body: ErasureSaid, staff: privacy) -> ErasureDecided:
        """The case was not erased: its key is used again."""
        await again.refuse(case_id, by=staff.subject, why=body.why)
        return ErasureDecided(case_id=case_id, result="kept")

    @routes.post("/keyring/restored")
    async def restored(
        body: KeyringRestored, staff: Annotated[Staff, Depends(sign_in.staff(Role.OPERATOR))]
    ) -> KeyringSaid:
        """The keyring was put back from a backup, even if it does not look like it."""
        await again.restored(policy_now())
        log.warning("keyring_restored", by=staff.subject, why=body.why)
        return KeyringSaid()

    return routes
