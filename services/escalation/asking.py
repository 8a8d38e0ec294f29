"""Questions of headquarters: to the requestor, while the clock stands still, or to the field office, while it runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.escalation.admission import claim_that_holds, claimed, seen_otherwise
from services.escalation.domain import arbitration
from services.escalation.domain.file import Addressee, Asked, with_office_answer, with_question
from services.escalation.domain.states import InQueue, State, file_of, refiled
from services.escalation.translate import office_answer_of
from shared.casework.reaction import Command, Context, Emit, Outcome, Refused, Step
from shared.contracts.envelope import Event
from shared.contracts.events import InformationRequested, OfficeAnswered, OfficeAsked
from shared.desk.checks import QUESTION_OPEN, requestor_answers_by, unaskable


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask somebody; `about` names what is asked for by codes, the question itself is sealed in `box`.

    `facts_seen`: the newest amendment that the SRO saw, if they say so.
    """

    actor: str
    about: tuple[str, ...]
    box: Mapping[str, bytes]
    addressee: Addressee = Addressee.REQUESTOR
    facts_seen: int | None = None


def on_ask(state: State | None, command: Command[Ask], context: Context) -> Outcome[State]:
    """Put a question, one to each addressee at a time."""
    wish = command.data
    held = claimed(state, context, wish.actor)
    if isinstance(held, Refused):
        return held
    item, _ = held
    if wish.facts_seen is not None and (changed := seen_otherwise(item, wish.facts_seen, told_seen=None)):
        return changed
    if refused := unaskable(wish.about, context.policy, erased=item.file.erased):
        return refused
    of_office = wish.addressee is Addressee.FIELD_OFFICE
    answer_by = _of_office(item, context) if of_office else _of_requestor(item, context)
    if isinstance(answer_by, Refused):
        return answer_by
    office = item.file.records[-1].office if of_office else None
    asked = Asked(command.id, wish.addressee, wish.about, wish.actor, context.now, answer_by, item.round, office)
    asking = replace(item, file=with_question(item.file, asked))
    if not of_office:
        asking = arbitration.ask(asking, command.id, answer_by, policy=context.policy, now=context.now)
    return Step(
        state=asking,
        emits=(Emit(_told(asked), sealed=tuple(wish.box)),),
        keep=wish.box,
        answer={
            "question": str(command.id),
            "answer_by": answer_by.isoformat(),
            "addressee": wish.addressee.value,
            "clock_stands_still": asking.question is not None and not of_office,
        },
    )


def on_office_answered(state: State | None, event: Event[OfficeAnswered], context: Context) -> Outcome[State]:
    """The office's answer: filed in every state. Whoever gave it has had the case in hand, so cannot review it."""
    filed = refiled(state, with_office_answer(file_of(state), office_answer_of(event)))
    return Step(state=filed, keep=event.data.sealed, work=claim_that_holds(filed.file, context.work))


def _told(asked: Asked) -> OfficeAsked | InformationRequested:
    if asked.office is None:
        return InformationRequested(question=asked.id, about=asked.about, answer_by=asked.answer_by)
    return OfficeAsked(
        question=asked.id, office=asked.office, about=asked.about, answer_by=asked.answer_by, round=asked.round
    )


def _of_requestor(item: InQueue, context: Context) -> datetime | Refused:
    if item.question is not None and item.question.is_open(context.now):
        return QUESTION_OPEN
    told = item.file.facts.get("place")
    place = json.loads(told.value) if told else {}
    return requestor_answers_by(context.policy, context.now, state=place.get("state"), county=place.get("county"))


def _of_office(item: InQueue, context: Context) -> datetime | Refused:
    if item.file.records[-1].office is None:
        return Refused("no_office", "No field office has had this case, so there is none to ask.")
    open_ = item.file.office_question(item.round)
    if open_ is not None and context.now < open_.answer_by:
        return QUESTION_OPEN
    return context.policy.end_of(
        context.policy.office_answers_within[item.urgency_at(context.now)], context.now, item.zone
    )
