"""Asking the Senior Reviewing Official: at once, or as a wish that headquarters rules on and that counts by itself."""

from dataclasses import replace

from services.intake import translate
from services.intake.amending import FACTS_CHANGED, NO_REVIEW_NOW, TOO_LARGE, WISH_WAITS, amend, size
from services.intake.commands import AskReview, Hand
from services.intake.domain.case import (
    ReviewAsked,
    ReviewWish,
    State,
    UnderConsideration,
    WindowOpen,
    grounds_for_review,
)
from services.intake.domain.filing import MAX_SEALED_BYTES, Change
from services.intake.zone import zone_of
from shared.casework.reaction import Command, Context, Deadline, Emit, Refused, Step
from shared.contracts.vocabulary import ReviewGround

WISHED = "review_asked"
NOT_CONFIRMED = "review_not_confirmed"
"""What `request.amended` says in `changed` of a wish for review that waits, and of one that was not taken."""


def on_review(state: State | None, command: Command[AskReview], context: Context) -> Step[State] | Refused:
    """Ask the SRO, in the open window or after too long a silence. Who goes on no longer wishes to withdraw."""
    if not isinstance(state, UnderConsideration | WindowOpen):
        return NO_REVIEW_NOW
    asked, filing = command.data, state.filing
    if asked.ground not in grounds_for_review(state, context.now):
        return NO_REVIEW_NOW
    waits = filing.review_waits(asked.by, context.now)
    if waits and state.asks is not None:
        return WISH_WAITS
    if waits is not (asked.wish is not None) or asked.wish not in (None, filing.amendment + 1):
        return FACTS_CHANGED  # Sealed for the other way, or under a number that another amendment took.
    if asked.wish is not None:
        wishing = replace(state, wish=None, asks=ReviewWish(asked.by, context.now, asked.ground))
        return amend(wishing, Change(names=(WISHED,), wished_by=asked.by, ground=asked.ground), asked.boxes)
    if filing.sealed_bytes + size(asked.boxes) > MAX_SEALED_BYTES:
        return TOO_LARGE
    sealed = ("submitted", *filing.sealed_amendments, *asked.boxes)
    after = replace(filing, sealed_bytes=filing.sealed_bytes + size(asked.boxes))
    return Step(
        state=ReviewAsked(after, asked.ground, context.now),
        emits=(Emit(translate.review_requested(filing, asked.ground, context.now), sealed=sealed),),
        keep=dict(asked.boxes),
    )


def on_review_counts(state: State | None, _: Deadline, context: Context) -> Step[State] | Refused:
    """Headquarters has had its time to look at the wish: it counts."""
    if not isinstance(state, UnderConsideration | WindowOpen) or state.asks is None:
        return NO_REVIEW_NOW
    return counted(Step(state=state), context)


def counted(step: Step[State], context: Context) -> Step[State]:
    """The step, and after it the review that was wished for; its words are among the amendments."""
    state = step.state
    if not isinstance(state, UnderConsideration | WindowOpen) or state.asks is None:
        return step
    in_time = state.asks.ground if isinstance(state, UnderConsideration) else ReviewGround.FIELD_OFFICE_DECLINED
    ground = state.asks.ground if state.asks.ground in grounds_for_review(state, context.now) else in_time
    filing = state.filing
    sealed = ("submitted", *filing.sealed_amendments)
    emit = Emit(translate.review_requested(filing, ground, context.now), sealed=sealed)
    return replace(step, state=ReviewAsked(filing, ground, context.now), emits=(*step.emits, emit))


def counted_unless_it_waits(step: Step[State] | Refused, context: Context) -> Step[State] | Refused:
    """After a change of who asks: a wish of somebody whom staff no longer refuse has nothing to wait for."""
    if isinstance(step, Refused) or not isinstance(step.state, UnderConsideration | WindowOpen):
        return step
    asks = step.state.asks
    return step if asks is None or step.state.filing.review_waits(asks.by, context.now) else counted(step, context)


def not_taken(state: UnderConsideration | WindowOpen, by: Hand, context: Context) -> Step[State] | Refused:
    """Headquarters does not take the wish. Nobody loses a right that they may have left to it.

    The window closes no sooner than the policy's grace from now, and then as any window does: at the end of a day.
    """
    policy, zone = context.policy, zone_of(state, context.policy)
    grace = context.now + policy.window_grace
    ends = max(grace, policy.end_of(replace(policy.review_window, count=0), grace, zone.key))
    change = Change(names=(NOT_CONFIRMED,), not_agreed=state.asks.by if state.asks else None, window_kept_until=ends)
    return amend(replace(state, asks=None), change, {}, by=by)
