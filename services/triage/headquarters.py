"""What headquarters asks the field office: the list of open questions, one of each case."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.triage.answering import open_questions
from services.triage.domain.states import State, WithHeadquarters
from services.triage.persons import named, officer_of
from shared.casework.commands import whole_milliseconds
from shared.casework.engine import CaseView
from shared.contracts.vocabulary import Urgency
from shared.desk.showing import SORT
from shared.web.casework import Engine, Limit, Skip


class QuestionItem(BaseModel):
    """A question that headquarters waits for, oldest of its case. Its text is shown with the case."""

    case_id: UUID
    number: str
    office: str
    urgency: Urgency
    question: UUID
    about: list[str]
    asked_at: datetime
    answer_by: datetime
    late: bool


class QuestionPage(BaseModel):
    """A page of questions, most urgent cases first; `more`: ask again with a higher `skip`."""

    questions: list[QuestionItem]
    more: bool


def add_routes(routes: APIRouter, engine: Engine[State], now: Callable[[], datetime], officer: Any) -> None:
    """The list, for signed-in officers; answering is an order of the desk's table."""

    @routes.get("/questions")
    async def questions(
        *,
        staff: officer,
        response: Response,
        office: Annotated[str | None, Query(max_length=20)] = None,
        skip: Skip = 0,
        limit: Limit = 50,
    ) -> QuestionPage:
        """What headquarters asks the offices that the token names, most urgent cases first."""
        response.headers["Cache-Control"] = "no-store"
        moment = whole_milliseconds(now())
        query = {"queue.asked": {"$in": named(office, officer_of(staff).offices)}}
        found = await engine.listing(query, sort=SORT, skip=skip, limit=limit + 1)
        return QuestionPage(questions=[_listed(view, moment) for view in found[:limit]], more=len(found) > limit)


def _listed(view: CaseView[State], now: datetime) -> QuestionItem:
    state = view.state
    assert isinstance(state, WithHeadquarters)  # noqa: S101 - only such cases have the field that they are found by
    asked = open_questions(state)[0]
    return QuestionItem(
        case_id=view.case_id,
        number=state.case.submission.number,
        office=asked.office,
        urgency=state.case.urgency_at(state.case.as_of),
        question=asked.id,
        about=list(asked.about),
        asked_at=asked.asked_at,
        answer_by=asked.answer_by,
        late=now >= asked.answer_by,
    )
