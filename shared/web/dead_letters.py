"""What an operator sees of records that belong to no case, and how they are offered again. No personal data."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

import structlog
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from shared.casework.dead_letters import OfferedAgain
from shared.web.bodies import Body
from shared.web.casework import Limit
from shared.web.problems import Problem
from shared.web.sign_in import Role, SignIn, Staff

log = structlog.get_logger()


class DeadLetters(Protocol):
    """Where records are kept that belong to no case."""

    async def count(self) -> int: ...
    async def newest(self, limit: int = 100) -> Sequence[Mapping[str, Any]]: ...


class RedrivingLetters(Protocol):
    """What offers dead letters again."""

    async def redrive(self, letter_id: str) -> OfferedAgain | None: ...
    async def redrive_after(self, letter_id: str, limit: int) -> Sequence[OfferedAgain]: ...


class DeadLetterShown(BaseModel):
    """A record that belongs to no case: where it was, and why it is of no use. Its bytes are kept sealed."""

    id: str
    topic: str
    partition: int
    offset: int
    reason: str
    at: datetime


class DeadLettersShown(BaseModel):
    """The newest dead letters first; `count`: how many there are in all."""

    dead_letters: list[DeadLetterShown]
    count: int


class LettersAsked(Body):
    """Behind which dead letter to go on, and how many to offer."""

    after: str = Field("", max_length=64, description="Go on behind this one: the last answer's last.")
    limit: int = Field(20, ge=1, le=100)


class LetterAgain(BaseModel):
    """What became of a dead letter. `nothing_kept`: its bytes are gone, or never came."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    result: Literal["handled", "still_fails", "nothing_kept"]
    reason: str | None


class LettersAgain(BaseModel):
    """What became of several, in the order of their ids. None: there are no more."""

    results: list[LetterAgain]


def router(*, dead_letters: DeadLetters, redriving: RedrivingLetters, sign_in: SignIn) -> APIRouter:
    """The operator's endpoints of any service for its dead letters."""
    routes = APIRouter(tags=["operator"])
    _add_reading(routes, dead_letters, sign_in)
    _add_redriving(routes, redriving, sign_in)
    return routes


def _add_reading(routes: APIRouter, letters: DeadLetters, sign_in: SignIn) -> None:
    operator = [Depends(sign_in.staff(Role.OPERATOR))]

    @routes.get("/dead-letters", dependencies=operator)
    async def dead_letters(response: Response, limit: Limit = 50) -> DeadLettersShown:
        """Records that belong to no case."""
        response.headers["Cache-Control"] = "no-store"
        found = await letters.newest(limit)
        shown = [DeadLetterShown(id=each["_id"], **each) for each in found]
        return DeadLettersShown(dead_letters=shown, count=await letters.count())


def _add_redriving(routes: APIRouter, redriving: RedrivingLetters, sign_in: SignIn) -> None:
    operator = sign_in.staff(Role.OPERATOR)

    @routes.post("/dead-letters/redrive")
    async def redrive_letters(body: LettersAsked, staff: Annotated[Staff, Depends(operator)]) -> LettersAgain:
        """Offer dead letters again, as if they came now with their own day. Safe to repeat."""
        results = await redriving.redrive_after(body.after, body.limit)
        log.info("dead_letters_redriven", by=staff.subject, count=len(results))
        return LettersAgain(results=[LetterAgain.model_validate(each) for each in results])

    @routes.post("/dead-letters/{letter_id}/redrive")
    async def redrive_letter(letter_id: str, staff: Annotated[Staff, Depends(operator)]) -> LetterAgain:
        """Offer one dead letter again. Safe to repeat."""
        offered = await redriving.redrive(letter_id)
        if offered is None:
            raise Problem(404, "no_dead_letter", "This service has no such dead letter.")
        log.info("dead_letters_redriven", by=staff.subject, count=1, kind=offered.result)
        return LetterAgain.model_validate(offered)
