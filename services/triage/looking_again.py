"""Open cases are looked at again when the guidance changes: by a deadline at its start, or when its file comes."""

from dataclasses import dataclass
from typing import Any, Final

from services.triage.alerting import alert
from services.triage.domain import consideration
from services.triage.domain.states import State, UnderConsideration
from services.triage.routing import office_now
from services.triage.translate import assigned
from shared.casework.reaction import Command, Context, Deadline, Emit, Outcome, Refused, Step

LOOK_AGAIN: Final = "look_again"
"""What triage asks of itself for cases that did not know of a version when they were looked at (`catching_up`)."""


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Look at an open case by the guidance that is in force now."""


def on_guidance_changes(state: State | None, _: Deadline, context: Context) -> Outcome[State]:
    """Another guidance comes into force: what it presumes is told from that very moment on."""
    if not isinstance(state, UnderConsideration):
        raise TypeError("Only a case under consideration names a deadline.")
    return _told(state, consideration.guidance_changed(state, context.policy, context.now), context)


def on_look_again(state: State | None, _: Command[LookAgain], context: Context) -> Outcome[State]:
    """A version was installed that the case did not know of. A later start of it becomes the case's deadline."""
    if not isinstance(state, UnderConsideration):
        return Refused("not_under_consideration", "The case is not before a field office now.")
    changed = consideration.guidance_changed(state, context.policy, context.now)
    if changed.presumption.label == state.presumption.label:
        return Refused("nothing_changed", "The case has been looked at by the guidance that is in force.")
    return _told(state, changed, context)


def _told(state: UnderConsideration, changed: UnderConsideration, context: Context) -> Step[Any]:
    told = Emit(assigned(changed, office_now(changed, context.work)))
    return Step(state=changed, emits=(told, *alert(state, changed, work=context.work)))
