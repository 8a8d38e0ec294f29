"""Ending a case. Nothing else in the whole system makes `resolution.issued`, and this takes no case that has ended."""

from collections.abc import Mapping

from services.escalation.domain.states import (
    AwaitingRequestor,
    Following,
    InQueue,
    Remanded,
    Resolution,
    Resolved,
    State,
)
from services.escalation.translate import issued
from shared.casework.reaction import Context, Emit, Step
from shared.desk.drafts import off_the_desk

Open = Following | AwaitingRequestor | InQueue | Remanded


def resolve(
    state: Open,
    resolution: Resolution,
    context: Context,
    *,
    keep: Mapping[str, bytes] | None = None,
    sealed: tuple[str, ...] = (),
) -> Step[State]:
    """End an open case. `keep` are blobs to store, `sealed` names those that travel with the resolution."""
    return Step(
        state=Resolved(state.file, resolution, context.now),
        emits=(Emit(issued(resolution), sealed=sealed),),
        keep=keep or {},
        work=off_the_desk(context.work),
        answer={"outcome": resolution.outcome.value, "stage": resolution.stage.value},
    )
