"""Staff find a case for somebody who calls: by case number, or by A-number or name through the keyed blind index.

What is asked for stands in the body, so in no address and no log, and is kept nowhere. That somebody asked, how, and
which cases were found is kept in the access log, also where nothing was found. No personal data is told.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.intake import names
from services.intake.asking import CaseView
from services.intake.domain import a_number
from services.intake.domain.case import (
    Accepted,
    Erased,
    Open,
    Rejected,
    ReviewAsked,
    ReviewLapsed,
    State,
    WithdrawalAsked,
    number_shown,
)
from services.intake.domain.case_number import read_number
from services.intake.registry import Doubles, Numbers
from services.intake.status import Where, status_of
from shared.privacy.access import AccessLog
from shared.privacy.blind_index import BlindIndex, Kind
from shared.web.problems import Problem
from shared.web.sign_in import Role, SignIn, Staff

MOST_FOUND: Final = 20
"""Cases that one look-up shows; where there are more, the newest."""


@unique
class By(StrEnum):
    """How a case is looked up; kept in the access record."""

    CASE_NUMBER = "case_number"
    A_NUMBER = "a_number"
    NAME = "name"


class Asked(BaseModel):
    """What the caller says. A name is the given and the family name, in either order."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    by: By
    said: Annotated[str, Field(min_length=1, max_length=200)]


class Found(BaseModel):
    """A case: where it stands, with which office, since when; nobody's name. `office` None: none yet."""

    case_id: UUID
    case_number: str
    open: bool
    stage: Where
    office: str | None
    since: datetime


class Answer(BaseModel):
    """The newest cases first; `more`: there are others, so ask for the A-number or the case number."""

    found: list[Found]
    more: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """Looks cases up. `look` gives cases as they stand."""

    numbers: Numbers
    doubles: Doubles
    index: BlindIndex
    look: Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, CaseView]]]
    access: AccessLog
    now: Callable[[], datetime]

    async def find(self, asked: Asked, who: str) -> Answer:
        """The cases that fit, once the look-up is on record. Raises `Problem` for what cannot be looked up."""
        ids = await self._case_ids(asked)
        shown, more = ids[:MOST_FOUND], len(ids) > MOST_FOUND
        views = await self.look(shown) if shown else {}
        await self.access.record_look_up(who=who, case_ids=list(views), why=f"look_up_by_{asked.by}")
        return Answer(found=[self._found(each, views[each].state) for each in shown if each in views], more=more)

    async def _case_ids(self, asked: Asked) -> list[UUID]:
        if asked.by is By.CASE_NUMBER:
            number = read_number(asked.said)
            if number is None:
                raise _unreadable(asked.by)
            return list((await self.numbers.cases_of([number])).values())
        seen = await self.doubles.newest(self._indexes(asked), MOST_FOUND + 1)
        return [each.case_id for each in seen]

    def _indexes(self, asked: Asked) -> list[str]:
        if asked.by is By.NAME:
            kind, values = Kind.NAME, names.readings(asked.said)
        else:
            kind, values = Kind.A_NUMBER, tuple(filter(None, (a_number.canonical(asked.said),)))
        if not values:
            raise _unreadable(asked.by)
        return [self.index.of(kind, value) for value in values]

    def _found(self, case_id: UUID, state: State) -> Found:
        return Found(
            case_id=case_id,
            case_number=number_shown(state),
            open=isinstance(state, Open),
            stage=status_of(state, self.now()).where,
            office=state.filing.office if isinstance(state, Accepted) else None,
            since=_since(state),
        )


def router(finding: Finding, sign_in: SignIn) -> APIRouter:
    """`POST /cases/find`: a POST because what is asked for must stand in no address. It changes nothing."""
    routes = APIRouter(tags=["staff"])
    answers = Annotated[Staff, Depends(sign_in.staff(Role.OFFICER, Role.SRO, Role.PRIVACY))]

    @routes.post("/cases/find")
    async def find(asked: Asked, person: answers, response: Response) -> Answer:
        """Find cases of all offices: who calls need not know which office has theirs. Each call is on record."""
        response.headers["Cache-Control"] = "no-store"
        return await finding.find(asked, person.subject)

    return routes


_READABLE: Final = {
    By.CASE_NUMBER: "This is no case number: ten characters and one to check them, as in a letter.",
    By.A_NUMBER: "This is no A-number: an A and seven to nine digits.",
    By.NAME: "There is no name in this.",
}


def _unreadable(by: By) -> Problem:
    return Problem(422, "not_to_be_looked_up", _READABLE[by])


def _since(state: State) -> datetime:
    """Since when the case is at its stage."""
    match state:
        case Rejected():
            return state.received_at
        case Erased():
            return state.at
        case _:
            heard = state.filing.heard
            if heard.resolution is not None:
                return heard.resolution.at
            own: tuple[datetime, ...] = (
                (state.at,) if isinstance(state, ReviewAsked | ReviewLapsed | WithdrawalAsked) else ()
            )
            considered, taken = (each.at for each in heard.considerations), (each.at for each in heard.escalations)
            sent_back = (each.at for each in heard.remands)
            return max([state.filing.received_at, *own, *considered, *taken, *sent_back])
