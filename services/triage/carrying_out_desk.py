"""What the field office has to carry out: the list, and who sees to it."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.triage.carrying_out import owner
from services.triage.domain import carrying_out
from services.triage.domain.states import Heard, Resolved, State, Unheard
from services.triage.persons import officer_of, queues_of
from shared.casework.commands import whole_milliseconds
from shared.casework.engine import CaseView
from shared.contracts.vocabulary import ReliefSought, ResolutionOutcome, Stage, Urgency
from shared.web.casework import Engine, Limit, Skip

OLDEST_FIRST = [("queue.carry_out_by", 1), ("queue.due", 1), ("_id", 1)]
"""What is due first; within an urgency that is what was granted first. An earlier build listed cases by `due`."""


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


def add_routes(routes: APIRouter, engine: Engine[State], now: Callable[[], datetime], officer: Any) -> None:
    """The list, for signed-in officers; to take something on and to say that it is done are orders of the table."""

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
        moment = whole_milliseconds(now())
        query: dict[str, Any] = {"queue.to_carry_out": {"$in": queues_of(officer_of(staff), office)}}
        if mine:
            query["queue.owner"] = staff.subject
        found = await engine.listing(query, sort=OLDEST_FIRST, skip=skip, limit=limit + 1)
        open_ = [(view, view.state) for view in found[:limit] if not isinstance(view.state, Unheard)]
        listed = [
            _listed(view, state, item, moment) for view, state in open_ if (item := carrying_out.to_do(state.case))
        ]
        return ToDoPage(to_carry_out=listed, more=len(found) > limit)


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
