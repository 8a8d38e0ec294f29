"""After the store was restored: what an officer decided is read from the decision that was published."""

from services.triage.domain import consideration
from services.triage.domain.states import State, UnderConsideration
from services.triage.undoing import leaves_the_desk
from shared.casework.reaction import Context, Outcome, Step, Wait
from shared.contracts.envelope import Event
from shared.contracts.events import TriageCompleted
from shared.contracts.vocabulary import TriageOutcome


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
