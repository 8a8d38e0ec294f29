"""After the store was restored: how a case has ended, and who keeps out of it, is read from what was published."""

from services.escalation.admission import Conflict, recused
from services.escalation.domain.states import Following, Resolved, State, file_of
from services.escalation.translate import resolution_of
from shared.casework.drafts import off_the_desk
from shared.casework.reaction import Context, Outcome, Step
from shared.contracts.envelope import Event
from shared.contracts.events import ResolutionIssued, ReviewRecused


def on_resolution_issued(state: State | None, event: Event[ResolutionIssued], context: Context) -> Outcome[State]:
    """It has ended, and nobody decides it again. What is known of the case besides stays."""
    ended = Resolved(file_of(state), resolution_of(event.data), context.now)
    return Step(state=ended, keep=event.data.sealed, work=off_the_desk(context.work))


def on_review_recused(state: State | None, event: Event[ReviewRecused], context: Context) -> Outcome[State]:
    """Somebody keeps out for good; why was told to nobody, and is lost."""
    known = state or Following(file_of(state))
    return Step(state=known, work=recused(context.work, event.data.who, context.now, Conflict.OTHER))
