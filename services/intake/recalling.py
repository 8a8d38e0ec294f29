"""After the store was restored: requests, and what requestors asked for, are read from what was published of them.

No event tells which body came under an idempotency key, or which client's case it is: the same request again is refused
as another one under its key, and the case stands in no client's list.
"""

from dataclasses import replace
from datetime import datetime

from services.intake import on_commands, on_hand_over, on_people, on_review, translate
from services.intake.amending import CONTACT, size
from services.intake.domain.case import (
    Accepted,
    Erased,
    GivesUp,
    Open,
    Rejected,
    ReviewAsked,
    ReviewWish,
    State,
    UnderConsideration,
    WindowOpen,
    Withdrawable,
    WithdrawalAsked,
    WithdrawalWish,
    after_the_window,
    link_generation,
    number_shown,
    with_filing,
)
from services.intake.domain.case import ReviewLapsed as Lapsed
from services.intake.domain.filing import HOUR, Change, amended
from services.intake.domain.link import noted
from services.intake.on_hand_over import without_wish_of_before
from services.intake.on_link import asked_for
from shared.casework.reaction import Context, Outcome, Reactions, Step, Wait
from shared.contracts.envelope import Event
from shared.contracts.events import (
    CaseErased,
    LinkRequested,
    RequestAmended,
    RequestRejected,
    RequestSubmitted,
    RequestWithdrawn,
    ReviewLapsed,
    ReviewRequested,
)
from shared.contracts.vocabulary import EventType

NOT_KNOWN = "not known"

GIVEN_UP = {
    on_people.WISHED: GivesUp.REQUEST,
    on_commands.REVIEW_GIVEN_UP: GivesUp.REVIEW,
    on_hand_over.WISHED: GivesUp.CASE,
}
FACTS = frozenset({"custody", "facility", "removal", "place", "facts", "information", "answer"})
TOLD_IN_FULL = FACTS | CONTACT | {"noncitizen_reader", "representative"}
"""Of what `request.amended` says in `changed`: what its other fields, or its sealed part, tell."""


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
    filing, sealed = state.filing, event.data.sealed
    anew = {name: box for name, box in sealed.items() if name not in ("submitted", *filing.sealed_amendments)}
    filing = replace(filing, sealed_bytes=filing.sealed_bytes + size(anew))
    return Step(ReviewAsked(filing, event.data.ground, context.now), keep=sealed)


def on_withdrawn(state: State | None, event: Event[RequestWithdrawn], context: Context) -> Outcome[State]:
    """The requestor asked to withdraw."""
    if not isinstance(state, Withdrawable):
        return Wait("the case that is withdrawn")
    return Step(WithdrawalAsked(state.filing, event.data.by, context.now), keep=event.data.sealed)


def on_amended(state: State | None, event: Event[RequestAmended], _: Context) -> Outcome[State]:
    """Something was added, changed, wished for, or turned down. To whom staff propose to hand over is not told."""
    said = event.data
    if not isinstance(state, Accepted) or said.amendment != state.filing.amendment + 1:
        return Wait("the amendment before this")
    change = translate.change_of(event, state.filing)
    if not TOLD_IN_FULL.issuperset(said.changed):
        ruled = _wished_or_ruled(state, change, event.time)
        if ruled is None:
            return Wait("what only its sealed part says")
        state, change = ruled
    elif isinstance(state, Open) and said.requestor_type is not None:
        state = without_wish_of_before(state)
    filing = amended(state.filing, change, blob=next(iter(said.sealed), None), sealed_bytes=size(said.sealed))
    filing = replace(filing, facts=change.facts or filing.facts)
    if said.amended_by and said.for_office:
        filing = replace(filing, heard=filing.heard.with_touched(said.amended_by))
    return Step(with_filing(state, filing), keep=said.sealed)


def _wished_or_ruled(state: Accepted, change: Change, at: datetime) -> tuple[Accepted, Change] | None:
    """The case with the wish that waits from now on, or without the one that was turned down."""
    by = change.wished_by
    match change.names:
        case (on_hand_over.TURNED_DOWN,):
            return state, change
        case (on_review.WISHED,) if isinstance(state, UnderConsideration | WindowOpen) and by and change.ground:
            return replace(state, wish=None, asks=ReviewWish(by, at, change.ground)), change
        case (on_review.NOT_CONFIRMED,) if isinstance(state, UnderConsideration | WindowOpen) and state.asks:
            return replace(state, asks=None), replace(change, not_agreed=state.asks.by)
        case (name,) if isinstance(state, Withdrawable) and by and name in GIVEN_UP:
            return replace(state, wish=WithdrawalWish(by, at, GIVEN_UP[name])), change
        case (name,) if isinstance(state, Withdrawable) and state.wish and name == on_people.NOT[state.wish.of]:
            return replace(state, wish=None), replace(change, not_agreed=state.wish.by)
    return None


def on_lapsed(state: State | None, event: Event[ReviewLapsed], _: Context) -> Outcome[State]:
    """The requestor did without review. That the window closed is not a person's word: its deadline comes again."""
    said = event.data
    if not isinstance(state, WindowOpen) or not said.waived:
        return Wait("the window that this closes")
    wish = None if said.confirmed_by else after_the_window(state.wish)
    return Step(Lapsed(state.filing, said.at, waived=True, wish=wish))


def on_link_requested(state: State | None, _: Event[LinkRequested], context: Context) -> Outcome[State]:
    """Somebody asked for the link again."""
    match state:
        case None | Erased():
            return Wait("the case whose link this is")
        case Rejected():
            return Step(replace(state, link_asked=noted(state.link_asked, context.now)))
        case _:
            return Step(asked_for(state, context.now))


def on_erased(state: State | None, _: Event[CaseErased], context: Context) -> Outcome[State]:
    """The case's key is destroyed."""
    if state is None:
        return Wait("the case that is erased")
    return Step(Erased(number_shown(state), context.now, link_generation(state)))


RECALLS: Reactions[State] = {
    EventType.REQUEST_SUBMITTED: on_submitted,
    EventType.REQUEST_REJECTED: on_rejected,
    EventType.REQUEST_AMENDED: on_amended,
    EventType.REQUEST_WITHDRAWN: on_withdrawn,
    EventType.REVIEW_REQUESTED: on_review_requested,
    EventType.REVIEW_LAPSED: on_lapsed,
    EventType.LINK_REQUESTED: on_link_requested,
    EventType.CASE_ERASED: on_erased,
}
