"""Headquarters asks the field office, and an officer answers. The case stays with headquarters, and its clock goes on.

Whoever answers has had the case in hand here, so may not review it there: the answer says who that is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from services.triage.approvals import everybody
from services.triage.domain.asked import Asked, find, still_open, with_answer, with_question
from services.triage.domain.states import State, Unheard, WithHeadquarters
from services.triage.orders import Officer
from shared.casework.reaction import Command, Context, Emit, Outcome, Refused, Step, Wait
from shared.contracts.envelope import Event
from shared.contracts.events import OfficeAnswered, OfficeAsked
from shared.contracts.vocabulary import EventType
from shared.desk.claims import touched


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a question of headquarters; the text is sealed in `box`."""

    officer: Officer
    question: UUID
    box: Mapping[str, bytes]


def open_questions(state: State) -> tuple[Asked, ...]:
    """What headquarters waits for: only while it has the case, in the round in which it asked."""
    return still_open(state.case.asked, state.round) if isinstance(state, WithHeadquarters) else ()


def on_office_asked(state: State | None, event: Event[OfficeAsked], _: Context) -> Outcome[State]:
    """A question of headquarters is filed in every state."""
    if state is None or isinstance(state, Unheard):
        return Wait(EventType.REQUEST_SUBMITTED)
    data = event.data
    question = Asked(data.question, data.office, data.about, event.time, data.answer_by, data.round)
    case = replace(state.case, asked=with_question(state.case.asked, question))
    return Step(state=replace(state, case=case), keep=data.sealed)


def on_answer(state: State | None, command: Command[Answer], context: Context) -> Outcome[State]:
    """An officer of the office answers, once."""
    wish, officer = command.data, command.data.officer
    if not isinstance(state, WithHeadquarters):
        return Refused("not_with_headquarters", "Headquarters does not have this case now: it waits for no answer.")
    refused = _not_theirs(state, wish)
    if refused is not None:
        return refused
    if state.case.erased:
        return Refused("case_erased", "The case's personal data is erased: nothing can be sealed for it any more.")
    if set(wish.box) != {f"answer_{wish.question}"}:
        return Refused("text_missing", "Answer in your own words.")
    told = OfficeAnswered(
        question=wish.question, answered_by=officer.subject, touched_by=everybody(context.work, officer.subject)
    )
    case = replace(state.case, asked=with_answer(state.case.asked, wish.question, context.now))
    return Step(
        state=replace(state, case=case),
        emits=(Emit(told, sealed=tuple(wish.box)),),
        keep=wish.box,
        work={"touched": list(touched(context.work, officer.subject))},
        answer={"question": str(wish.question), "answered_at": context.now.isoformat()},
    )


def _not_theirs(state: WithHeadquarters, wish: Answer) -> Refused | None:
    """Why this officer cannot answer this question now."""
    asked = find(state.case.asked, wish.question)
    if asked is None:
        return Refused("question_unknown", "Headquarters has not asked this.")
    if not wish.officer.may_work(asked.office):
        return Refused("not_your_office", "Headquarters asked another office.")
    if asked.answered_at is not None:
        return Refused("question_answered", "This question has been answered.")
    if asked not in open_questions(state):
        return Refused("question_over", "This question was asked before the case came back here. It is over.")
    return None
