"""Where an operator dismisses what a service holds of a case that somebody invented. Intake is asked whether it did."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

import httpx
import structlog
from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, Field

from shared.web.bodies import Body
from shared.web.problems import Problem
from shared.web.sign_in import Role, SignIn, Staff

ANSWER_SECONDS = 5.0
_UNKNOWN = 404
_FOUND = 200

log = structlog.get_logger()


class Discarding(Protocol):
    """What dismisses."""

    async def discard(
        self, case_id: UUID, *, by: str, why: str, known: Callable[[], Awaitable[None]]
    ) -> Literal["discarded", "nothing_held"]: ...


class DiscardAsked(Body):
    """Why nobody will ever need what is held of this case."""

    why: str = Field(min_length=5, max_length=500, description="For the record; no personal data.")


class DiscardAnswer(BaseModel):
    """What was held is kept sealed; nothing of the case waits any more."""

    case_id: UUID
    result: Literal["discarded"]


def router(*, discarding: Discarding, http: httpx.AsyncClient, intake: str, sign_in: SignIn) -> APIRouter:
    """`POST /held/{case_id}/discard`. `intake` is where intake answers."""
    routes = APIRouter(tags=["operator"])

    @routes.post("/held/{case_id}/discard")
    async def discard(
        case_id: UUID,
        body: DiscardAsked,
        staff: Annotated[Staff, Depends(sign_in.staff(Role.OPERATOR))],
        authorization: Annotated[str, Header()],
    ) -> DiscardAnswer:
        """Dismiss what is held of a case that intake does not know. Refused where it does, or does not answer."""

        async def known() -> None:
            await _refuse_known(http, intake, case_id, authorization)

        result = await discarding.discard(case_id, by=staff.subject, why=body.why, known=known)
        if result == "nothing_held":
            raise Problem(404, "nothing_held", "This service holds nothing of such a case.")
        log.info("discarded", by=staff.subject, case=str(case_id))
        return DiscardAnswer(case_id=case_id, result=result)

    return routes


async def _refuse_known(http: httpx.AsyncClient, intake: str, case_id: UUID, token: str) -> None:
    """Raise unless intake says, of a store that is whole, that it has no such case."""
    url = intake.rstrip("/")
    try:
        health = await http.get(f"{url}/health/ready", timeout=ANSWER_SECONDS)
        checks: dict[str, Any] = health.json()["checks"]
        headers = {"Authorization": token}
        answer = await http.get(f"{url}/cases/{case_id}/events", headers=headers, timeout=ANSWER_SECONDS)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise _unanswered("It does not answer.") from error
    if any(checks.get(each) != "well" for each in ("standing", "start", "store")):
        raise _unanswered("Its store is not in use, or was not compared yet.")
    if answer.status_code == _FOUND:
        raise Problem(409, "case_known", "Intake knows this case.", "What is held of a real case is never dismissed.")
    if answer.status_code != _UNKNOWN:
        raise _unanswered(f"It answers {answer.status_code}.")


def _unanswered(why: str) -> Problem:
    return Problem(409, "intake_not_asked", "Intake cannot say whether it knows this case.", why)
