"""The field office's desk for what headquarters asks: the list of open questions, and the answer."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.triage.answering import Answer, open_questions
from services.triage.desk import named, officer_of
from services.triage.domain.states import State, WithHeadquarters
from services.triage.orders import Order
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.engine import CaseView
from shared.casework.reaction import Command
from shared.contracts.texts import Narrative
from shared.contracts.vocabulary import Service, Urgency
from shared.privacy.opening import Desk as SealedDesk
from shared.web import casework
from shared.web.bodies import Body
from shared.web.casework import Engine, Limit, Skip, personal_refusals
from shared.web.idempotency import IdempotencyKey, said
from shared.web.sign_in import Staff


class AnswerBody(Body):
    """An answer to one question of headquarters."""

    question: UUID
    text: Annotated[Narrative, Field(min_length=1)]


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


class AnsweringDesk:
    """Lists and answers on behalf of signed-in officers."""

    def __init__(self, engine: Engine[State], sealed: SealedDesk, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._sealed = sealed
        self._now = now

    async def questions(self, staff: Staff, *, office: str | None, skip: int, limit: int) -> QuestionPage:
        """What headquarters asks the officer's offices, one open question of each case."""
        officer, now = officer_of(staff), whole_milliseconds(self._now())
        query = {"queue.asked": {"$in": named(office, officer.offices)}}
        found = await self._engine.listing(query, sort=casework.SORT, skip=skip, limit=limit + 1)
        return QuestionPage(questions=[_listed(view, now) for view in found[:limit]], more=len(found) > limit)

    async def answer(self, case_id: UUID, staff: Staff, key: str, body: AnswerBody) -> Answered:
        """Answer; the text is sealed for the question."""
        await casework.case_of(self._engine, case_id)
        identity = command_id(Service.TRIAGE, staff.subject, Order.ANSWER, case_id, key)
        box = await self._sealed.sealed(case_id, cause=identity, name=f"answer_{body.question}", text=body.text)
        data = Answer(officer_of(staff), body.question, box)
        return await self._engine.command(
            Command(Order.ANSWER, identity, case_id, whole_milliseconds(self._now()), data)
        )


def add_routes(routes: APIRouter, desk: AnsweringDesk, officer: Any) -> None:
    """The endpoints, for signed-in officers."""

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
        return await desk.questions(staff, office=office, skip=skip, limit=limit)

    @routes.post("/cases/{case_id}/answer")
    async def answer(
        case_id: UUID, body: AnswerBody, key: IdempotencyKey, staff: officer, response: Response
    ) -> dict[str, Any]:
        """Answer a question of headquarters. Whoever does may not review the case there any more."""
        with personal_refusals():
            return said(await desk.answer(case_id, staff, key, body), response)


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
