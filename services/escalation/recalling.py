"""After the store was restored: how a case has ended is read from the resolution that was issued."""

from services.escalation.domain.states import Resolved, State, file_of
from services.escalation.translate import resolution_of
from shared.casework.drafts import off_the_desk
from shared.casework.reaction import Context, Outcome, Step
from shared.contracts.envelope import Event
from shared.contracts.events import ResolutionIssued


def on_resolution_issued(state: State | None, event: Event[ResolutionIssued], context: Context) -> Outcome[State]:
    """It has ended, and nobody decides it again. What is known of the case besides stays."""
    ended = Resolved(file_of(state), resolution_of(event.data), context.now)
    return Step(state=ended, keep=event.data.sealed, work=off_the_desk(context.work))
