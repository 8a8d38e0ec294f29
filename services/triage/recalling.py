"""After the store was restored: what officers did is read from what was published of it."""

from dataclasses import replace

from services.triage import carrying_out
from services.triage.domain import carrying_out as to_be_done
from services.triage.domain import consideration
from services.triage.domain.asked import find, with_answer
from services.triage.domain.states import State, UnderConsideration, Unheard
from services.triage.translate import assigned
from services.triage.undoing import leaves_the_desk
from shared.casework.reaction import Context, Outcome, Reactions, Step, Wait
from shared.contracts.envelope import Event
from shared.contracts.events import (
    InformationRequested,
    OfficeAnswered,
    ResolutionCompleted,
    TriageAssigned,
    TriageCompleted,
)
from shared.contracts.vocabulary import EventType, TriageOutcome
from shared.desk.claims import touched


def on_completed(state: State | None, event: Event[TriageCompleted], context: Context) -> Outcome[State]:
    """The office has decided this round. That it gave no answer is not an officer's word: its input comes again."""
    said = event.data
    if not isinstance(state, UnderConsideration) or state.round != said.round:
        return Wait("the round that this decides")
    if said.outcome is TriageOutcome.NO_ANSWER:
        return Wait("the escalation that it answers")
    decided = consideration.decided(state, said.granted, context.policy, context.now, at=context.now)
    approved = said.pre_approval.by if said.pre_approval else None
    work = {**leaves_the_desk(context.work), "touched": [who for who in said.touched_by if who != approved]}
    return Step(state=decided, keep=said.sealed, work=work)


def on_assigned(state: State | None, event: Event[TriageAssigned], context: Context) -> Outcome[State]:
    """An officer gave the case to another office, or put it back. Who did is not told.

    Anything else is the work of an input, or of a deadline, which comes again; or came of an act that is told apart.
    """
    if not isinstance(state, UnderConsideration):
        return Wait("the round in which this was said")
    said = event.data.model_copy(update={"sealed": {}})
    if said.office is None or said.office == state.case.office:
        moved = consideration.put_back(state, context.now)
    else:
        moved = consideration.forwarded(state, said.office, policy=context.policy, now=context.now)
    if said != assigned(moved, said.office):
        return Wait("the input that this tells of")
    return Step(state=moved, keep=event.data.sealed, work=leaves_the_desk(context.work))


def on_information_requested(
    state: State | None, event: Event[InformationRequested], context: Context
) -> Outcome[State]:
    """An officer asked the requestor."""
    if not isinstance(state, UnderConsideration):
        return Wait("the round in which this was asked")
    said = event.data
    asking = consideration.asked(state, said.question, said.answer_by, policy=context.policy, now=context.now)
    return Step(state=asking, keep=said.sealed)


def on_office_answered(state: State | None, event: Event[OfficeAnswered], context: Context) -> Outcome[State]:
    """An officer answered headquarters."""
    said = event.data
    if state is None or isinstance(state, Unheard) or find(state.case.asked, said.question) is None:
        return Wait(EventType.OFFICE_ASKED)
    case = replace(state.case, asked=with_answer(state.case.asked, said.question, context.now))
    work = {"touched": list(touched(context.work, *said.touched_by))}
    return Step(state=replace(state, case=case), keep=said.sealed, work=work)


def on_resolution_completed(state: State | None, event: Event[ResolutionCompleted], context: Context) -> Outcome[State]:
    """An officer said that it is carried out."""
    if state is None or isinstance(state, Unheard) or to_be_done.to_do(state.case) is None:
        return Wait("what was to be carried out")
    done = carrying_out.with_case(state, to_be_done.done(state.case, event.data.on, context.now))
    return Step(state=done, keep=event.data.sealed, work={"owner": None})


RECALLS: Reactions[State] = {
    EventType.TRIAGE_COMPLETED: on_completed,
    EventType.TRIAGE_ASSIGNED: on_assigned,
    EventType.INFORMATION_REQUESTED: on_information_requested,
    EventType.OFFICE_ANSWERED: on_office_answered,
    EventType.RESOLUTION_COMPLETED: on_resolution_completed,
}
