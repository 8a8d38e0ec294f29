"""Reactions to what triage and escalation say. They only add to what has been heard; where the case stands follows."""

from collections.abc import Callable

from services.intake import translate
from services.intake.domain.case import (
    Erased,
    Rejected,
    ReviewLapsed,
    State,
    WindowOpen,
    after_the_window,
    hear,
)
from services.intake.domain.heard import Heard
from services.intake.zone import zone_of
from shared.casework.reaction import Context, Deadline, Emit, Refused, Step, Wait
from shared.contracts import events
from shared.contracts.envelope import Event
from shared.contracts.events import (
    InformationRequested,
    OfficeAnswered,
    ResolutionIssued,
    ReviewEscalated,
    ReviewRecused,
    ReviewRemanded,
    TriageAssigned,
    TriageCompleted,
)
from shared.contracts.vocabulary import EventType, TriageOutcome, leaves_nothing_to_challenge

LOOKED_AT = "looked_at"
"""In `work`: up to when the calendar has been followed for what waits. It follows from the state and the time alone."""


def _added(state: State | None, add: Callable[[Heard], Heard]) -> Step[State] | Wait:
    match state:
        case None:
            # Only after a restore: the case was submitted, and its sender or `reconcile` brings it back.
            return Wait(EventType.REQUEST_SUBMITTED)
        case Rejected() | Erased():
            return Step(state=state)
        case _:
            return Step(state=hear(state, add(state.filing.heard)))


def on_assigned(state: State | None, event: Event[TriageAssigned], _: Context) -> Step[State] | Wait:
    """Note office, urgency, and until when silence is patience."""
    return _added(state, lambda heard: heard.with_assignment(translate.assignment_of(event)))


def on_completed(state: State | None, event: Event[TriageCompleted], context: Context) -> Step[State] | Wait:
    """Note the answer. A first one that does not grant all that was asked for opens the window to ask for review.

    It closes at the end of a day where the requestor reads of it, not where the office is.
    """
    policy, opens = context.policy, _opens_the_window(event.data)
    zone = zone_of(state, policy)
    closes = policy.end_of(policy.review_window, event.time, zone.key) if opens else None
    touched = event.data.touched_by
    return _added(
        state,
        lambda heard: heard.with_consideration(translate.consideration_of(event, closes)).with_touched(*touched),
    )


def on_office_answered(state: State | None, event: Event[OfficeAnswered], _: Context) -> Step[State] | Wait:
    """Note who answered for the office: they do not have the case in hand for headquarters."""
    return _added(state, lambda heard: heard.with_touched(*event.data.touched_by, event.data.answered_by))


def on_recused(state: State | None, event: Event[ReviewRecused], _: Context) -> Step[State] | Wait:
    """Note who keeps out of the case for good."""
    return _added(state, lambda heard: heard.with_recused(event.data.who))


def _opens_the_window(said: TriageCompleted) -> bool:
    answered = said.round == 1 and said.outcome is not TriageOutcome.NO_ANSWER
    return answered and not leaves_nothing_to_challenge(said.outcome, said.declined, said.moot)


def on_question(state: State | None, event: Event[InformationRequested], _: Context) -> Step[State] | Wait:
    """Note a question to the requestor, and keep its sealed text for the page."""
    step = _added(state, lambda heard: heard.with_question(translate.question_of(event)))
    if isinstance(step, Wait) or isinstance(step.state, Rejected | Erased):
        return step
    return Step(state=step.state, keep=event.data.sealed)


def on_escalated(state: State | None, event: Event[ReviewEscalated], _: Context) -> Step[State] | Wait:
    """Note that headquarters has the case."""
    return _added(state, lambda heard: heard.with_escalation(translate.escalation_of(event)))


def on_remanded(state: State | None, event: Event[ReviewRemanded], _: Context) -> Step[State] | Wait:
    """Note that the field office has it again."""
    return _added(state, lambda heard: heard.with_remand(translate.remand_of(event)))


def on_resolved(state: State | None, event: Event[ResolutionIssued], _: Context) -> Step[State] | Wait:
    """The arbiter has spoken; nothing that comes later changes that."""
    return _added(state, lambda heard: heard.with_resolution(translate.resolution_of(event)))


def on_window_closed(state: State | None, _: Deadline, __: Context) -> Step[State] | Refused:
    """Nobody asked in time: say so, once. The engine asks only while `due` names this moment."""
    if not isinstance(state, WindowOpen) or state.asks is not None:
        return Refused("no_window", "No window to ask for review is open.")
    lapsed = ReviewLapsed(state.filing, state.closes, waived=False, wish=after_the_window(state.wish))
    return Step(state=lapsed, emits=(Emit(events.ReviewLapsed(at=state.closes, waived=False)),))


def on_removal_nears(state: State | None, _: Deadline, context: Context) -> Step[State] | Refused:
    """The calendar has made a removal imminent: what waits for a word of staff moves up. Nothing else follows."""
    if state is None:
        return Refused("no_case", "Only a case names a deadline.")
    return Step(state=state, work={LOOKED_AT: context.now})
