"""After the store was restored: requests, and what requestors asked for, are read from what was published of them.

No event tells which body came under an idempotency key, or which client's case it is: the same request again is refused
as another one under its key, and the case stands in no client's list.
"""

from dataclasses import replace

from services.intake import translate
from services.intake.domain.case import (
    Erased,
    Rejected,
    ReviewAsked,
    State,
    UnderConsideration,
    WindowOpen,
    Withdrawable,
    WithdrawalAsked,
    link_generation,
    number_shown,
)
from services.intake.domain.filing import HOUR
from shared.casework.reaction import Context, Outcome, Step, Wait
from shared.contracts.envelope import Event
from shared.contracts.events import CaseErased, RequestRejected, RequestSubmitted, RequestWithdrawn, ReviewRequested

NOT_KNOWN = "not known"


def on_submitted(state: State | None, event: Event[RequestSubmitted], context: Context) -> Outcome[State]:
    """A request that was accepted."""
    if state is not None:
        return Wait("nothing: the case is known")
    filing = translate.filing_of(event.data, fingerprint=NOT_KNOWN)
    known = replace(filing, imminent_hours=context.policy.imminent_within // HOUR)
    return Step(UnderConsideration(known), keep=event.data.sealed)


def on_rejected(state: State | None, event: Event[RequestRejected], _: Context) -> Outcome[State]:
    """A request that was not accepted."""
    if state is not None:
        return Wait("nothing: the case is known")
    said = event.data
    rejected = Rejected(
        number=said.number,
        received_at=said.received_at,
        channel=said.received.channel,
        received_id=said.received.id,
        fingerprint=NOT_KNOWN,
        language=said.language,
        codes=said.codes,
        requestor_type=said.requestor_type,
    )
    return Step(rejected, keep=said.sealed)


def on_review_requested(state: State | None, event: Event[ReviewRequested], context: Context) -> Outcome[State]:
    """The requestor asked for review."""
    if not isinstance(state, UnderConsideration | WindowOpen):
        return Wait("the case whose review was asked for")
    return Step(ReviewAsked(state.filing, event.data.ground, context.now), keep=event.data.sealed)


def on_withdrawn(state: State | None, event: Event[RequestWithdrawn], context: Context) -> Outcome[State]:
    """The requestor asked to withdraw."""
    if not isinstance(state, Withdrawable):
        return Wait("the case that is withdrawn")
    return Step(WithdrawalAsked(state.filing, event.data.by, context.now), keep=event.data.sealed)


def on_erased(state: State | None, _: Event[CaseErased], context: Context) -> Outcome[State]:
    """The case's key is destroyed."""
    if state is None:
        return Wait("the case that is erased")
    return Step(Erased(number_shown(state), context.now, link_generation(state)))
