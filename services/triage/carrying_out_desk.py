"""The field office's desk for what has to be carried out: the list, who sees to it, and that it is done."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.triage.carrying_out import NOTE, CarryingOut, Done, Take, owner
from services.triage.desk import officer_of, queues_of
from services.triage.domain import carrying_out
from services.triage.domain.states import Heard, Resolved, State, Unheard
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.engine import CaseView
from shared.casework.reaction import Command
from shared.contracts.texts import Narrative
from shared.contracts.vocabulary import ReliefSought, ResolutionOutcome, Service, Stage, Urgency
from shared.privacy.opening import Desk as SealedDesk
from shared.web.bodies import Body
from shared.web.casework import Engine, Limit, Skip, case_of, personal_refusals
from shared.web.idempotency import IdempotencyKey, said
from shared.web.sign_in import Staff

OLDEST_FIRST = [("queue.carry_out_by", 1), ("queue.due", 1), ("_id", 1)]
"""What is due first; within an urgency that is what was granted first. An earlier build listed cases by `due`."""


class TakeBody(Body):
    """See to it oneself. `over`: also where a colleague had taken it on, who cannot."""

    over: bool = False


class DoneBody(Body):
    """It was carried out on this day. A note is sealed."""

    on: date
    text: Narrative | None = None


class ToDo(BaseModel):
    """What has to be carried out in a case. `office` None: no office has the case now; `owner` None: nobody yet.

    `stage`: who granted it, the field office or headquarters. `outcome` None: the rest of the case goes on.
    """

    case_id: UUID
    number: str
    office: str | None
    urgency: Urgency
    stage: Stage
    outcome: ResolutionOutcome | None
    granted: list[ReliefSought]
    since: datetime
    due: datetime
    zone: str
    overdue: bool
    owner: str | None
    owner_since: datetime | None


class ToDoPage(BaseModel):
    """What has to be carried out, what is due first first; `more`: ask again with a higher `skip`."""

    to_carry_out: list[ToDo]
    more: bool


class CarryingOutDesk:
    """Lists, takes on and closes on behalf of signed-in officers."""

    def __init__(self, engine: Engine[State], sealed: SealedDesk, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._sealed = sealed
        self._now = now

    async def listing(self, staff: Staff, *, office: str | None, mine: bool, skip: int, limit: int) -> ToDoPage:
        """What the officer's offices have to carry out."""
        now = whole_milliseconds(self._now())
        query: dict[str, Any] = {"queue.to_carry_out": {"$in": queues_of(officer_of(staff), office)}}
        if mine:
            query["queue.owner"] = staff.subject
        found = await self._engine.listing(query, sort=OLDEST_FIRST, skip=skip, limit=limit + 1)
        open_ = [(view, view.state) for view in found[:limit] if not isinstance(view.state, Unheard)]
        listed = [_listed(view, state, item, now) for view, state in open_ if (item := carrying_out.to_do(state.case))]
        return ToDoPage(to_carry_out=listed, more=len(found) > limit)

    async def take(self, case_id: UUID, staff: Staff, key: str, body: TakeBody) -> Answered:
        """Take it on."""
        return await self._order(CarryingOut.TAKE, case_id, staff, key, Take(officer_of(staff), body.over))

    async def done(self, case_id: UUID, staff: Staff, key: str, body: DoneBody) -> Answered:
        """Say that it is done; the note is sealed."""
        await case_of(self._engine, case_id)
        cause = _id(CarryingOut.DONE, case_id, staff, key)
        box = await self._sealed.sealed(case_id, cause=cause, name=NOTE, text=body.text)
        return await self._order(CarryingOut.DONE, case_id, staff, key, Done(officer_of(staff), body.on, box))

    async def _order(self, order: CarryingOut, case_id: UUID, staff: Staff, key: str, data: Any) -> Answered:
        identity = _id(order, case_id, staff, key)
        return await self._engine.command(Command(order, identity, case_id, whole_milliseconds(self._now()), data))


def add_routes(routes: APIRouter, desk: CarryingOutDesk, officer: Any) -> None:
    """The endpoints, for signed-in officers."""

    @routes.get("/to-carry-out")
    async def to_carry_out(
        *,
        staff: officer,
        response: Response,
        office: Annotated[str | None, Query(max_length=20)] = None,
        mine: bool = False,
        skip: Skip = 0,
        limit: Limit = 50,
    ) -> ToDoPage:
        """What was granted and the offices of the token have to carry out, what is due first first."""
        response.headers["Cache-Control"] = "no-store"
        return await desk.listing(staff, office=office, mine=mine, skip=skip, limit=limit)

    @routes.post("/cases/{case_id}/take")
    async def take(
        case_id: UUID, body: TakeBody, key: IdempotencyKey, staff: officer, response: Response
    ) -> dict[str, Any]:
        """See to it until it is done."""
        with personal_refusals():
            return said(await desk.take(case_id, staff, key, body), response)

    @routes.post("/cases/{case_id}/carried-out")
    async def carried_out(
        case_id: UUID, body: DoneBody, key: IdempotencyKey, staff: officer, response: Response
    ) -> dict[str, Any]:
        """Say that it is done, and on which day. Any officer of the office may, whoever had taken it on."""
        with personal_refusals():
            return said(await desk.done(case_id, staff, key, body), response)


def _id(order: CarryingOut, case_id: UUID, staff: Staff, key: str) -> UUID:
    return command_id(Service.TRIAGE, staff.subject, order, case_id, key)


def _listed(view: CaseView[State], state: Heard, item: carrying_out.ToDo, now: datetime) -> ToDo:
    mine = owner(view.work)
    return ToDo(
        case_id=view.case_id,
        number=state.case.submission.number,
        office=state.case.office,
        urgency=item.urgency,
        stage=item.stage,
        outcome=state.outcome if isinstance(state, Resolved) else None,
        granted=list(item.granted),
        since=item.since,
        due=item.due,
        zone=state.case.zone,
        overdue=now >= item.due,
        owner=mine["by"] if mine else None,
        owner_since=mine["at"] if mine else None,
    )
