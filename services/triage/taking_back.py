"""A decision takes effect once its time has come, or is taken back before by the officer who gave it."""

from dataclasses import dataclass

from services.triage.domain import consideration
from services.triage.domain.states import Considered, State, UnderConsideration
from services.triage.officers import in_effect
from services.triage.orders import Officer
from services.triage.undoing import NO_DECISION, waiting
from shared.casework.reaction import Command, Context, Deadline, Outcome, Refused, Step

TAKES_EFFECT = "takes_effect"
"""The deadline at which a decision that waited takes effect."""


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Take the own decision back."""

    officer: Officer


def on_takes_effect(state: State | None, _: Deadline, context: Context) -> Outcome[State]:
    """Nobody took it back: it is told as it was given, by the guidance and the facts of that moment."""
    was = waiting(context.work)
    if not isinstance(state, UnderConsideration) or was is None:
        raise TypeError("Only a case with a decision that waits names this deadline.")
    decided = consideration.decided(state, was.event.granted, context.policy, context.now, at=was.at)
    return in_effect(state, decided, was.event, box=was.box, work=context.work, answer={})


def on_take_back(state: State | None, command: Command[TakeBack], context: Context) -> Outcome[State]:
    """As if it had not been given: the case is in hand as before."""
    was = waiting(context.work)
    if isinstance(state, Considered) or (was is not None and context.now >= was.takes_effect_at):
        return Refused("took_effect", "The decision has taken effect. It cannot be taken back any more.")
    if not isinstance(state, UnderConsideration) or was is None:
        return Refused("no_decision_waits", "No decision waits to take effect in this case.")
    if was.by != command.data.officer.subject:
        return Refused("not_your_decision", "Only the officer who gave it takes a decision back.")
    return Step(state=state, work=NO_DECISION, answer={"outcome": was.event.outcome.value, "round": state.round})
