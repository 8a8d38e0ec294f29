"""Reactions about who may know and who may act: consent, and withdrawals that staff have to confirm."""

from dataclasses import replace

from services.intake.admission import hand_of
from services.intake.amending import ALREADY, CONSENT_REFUSED, FACTS_CHANGED, NOT_OPEN, WISH_WAITS, amend, closed
from services.intake.commands import Hand, RuleOnConsent, RuleOnWithdrawal, Withdraw
from services.intake.domain.case import (
    Accepted,
    GivesUp,
    ReviewLapsed,
    State,
    UnderConsideration,
    WindowOpen,
    Withdrawable,
    WithdrawalAsked,
    WithdrawalWish,
    waiting,
)
from services.intake.domain.consent import Consent, May, Ruling, Thing, may, verifies
from services.intake.domain.filing import Change
from services.intake.on_review import counted, counted_unless_it_waits, not_taken
from shared.casework.reaction import Command, Context, Emit, Refused, Step
from shared.contracts.events import RequestWithdrawn
from shared.contracts.events import ReviewLapsed as ReviewLapsedSaid
from shared.contracts.vocabulary import Recipient, RequestorType

WISHED = "withdrawal_asked"
NOT_CONFIRMED = "withdrawal_not_confirmed"
NOT_GIVEN_UP = "waiver_not_confirmed"
NOT_HANDED_OVER = "hand_over_not_confirmed"
"""What `request.amended` says in `changed` of a withdrawal that waits, and of what staff did not confirm."""

WRONG_PAPER = Refused("wrong_paper", "This paper does not let this kind of requestor hear more than the stage.")
NOT_TWO_PEOPLE = Refused("not_two_people", "The noncitizen is the requestor: rule on the requestor.")
FOR_HEADQUARTERS = Refused("for_headquarters", "Only headquarters rules on its own review.")
NOT = {
    GivesUp.REQUEST: NOT_CONFIRMED,
    GivesUp.REVIEW: NOT_GIVEN_UP,
    GivesUp.CASE: NOT_HANDED_OVER,
}
HAND_IT_OVER = Refused("hand_it_over", "To agree, hand the case over yourself: only then the new address is kept.")
NONE_WAITS = Refused("no_withdrawal_waits", "No withdrawal of this case waits for a confirmation.")


def on_consent(state: State | None, command: Command[RuleOnConsent], context: Context) -> Step[State] | Refused:
    """Staff verify or refuse the consent that was claimed; a verified one needs the paper that counts."""
    if not isinstance(state, Accepted):
        return NOT_OPEN
    ruled, filing = command.data, state.filing
    by = hand_of(state, ruled.by)
    if isinstance(by, Refused):
        return by
    if ruled.facts_seen != filing.amendment:
        return FACTS_CHANGED
    if ruled.of is Recipient.NONCITIZEN:
        return _who_reads(state, ruled, by, context)
    kind = ruled.kind or filing.consent.kind
    if ruled.verified and not verifies(kind, filing.requestor_type, context.policy.papers):
        return WRONG_PAPER
    consent = Consent(kind, Ruling(ruled.verified, by.who, context.now))
    ruling = amend(state, Change(names=("consent",), consent=consent), {}, by=by)
    return counted_unless_it_waits(ruling, context)


def on_withdraw(state: State | None, command: Command[Withdraw], context: Context) -> Step[State] | Refused:
    """Take the request back. The arbiter answers; until then an open window stands still.

    Where the requestor's word alone is not enough it becomes a wish, and everything goes on until staff confirm it.
    """
    if not isinstance(state, Withdrawable):
        return ALREADY if isinstance(state, WithdrawalAsked) else closed(state)
    asked, filing = command.data, state.filing
    answer = may(filing.reader(asked.by), Thing.WITHDRAW)
    if answer is May.NO:
        return CONSENT_REFUSED
    alone = answer is May.YES
    if not alone and waiting(state) is not None:
        return WISH_WAITS if state.wish is None else ALREADY
    if alone != (asked.wish is None) or asked.wish not in (None, filing.amendment + 1):
        return FACTS_CHANGED  # Sealed for the other way, or under a number that another amendment took.
    return _withdrawn(state, asked, context) if alone else _wished(state, asked, context)


def on_withdrawal(state: State | None, command: Command[RuleOnWithdrawal], context: Context) -> Step[State] | Refused:
    """Staff confirm what waits to be given up, or do not: then everything goes on as if nobody had asked.

    That nobody looks again at a field office's decision is for headquarters to confirm, never for that office. On a
    wish for review headquarters alone rules, either way.
    """
    if not isinstance(state, Withdrawable):
        return NONE_WAITS if isinstance(state, WithdrawalAsked) else closed(state)
    ruled, wish = command.data, state.wish
    if waiting(state) is None:
        return NONE_WAITS
    by = hand_of(state, ruled.by)
    if isinstance(by, Refused):
        return by
    if ruled.facts_seen != state.filing.amendment:
        return FACTS_CHANGED
    if wish is None:
        return _on_review_wish(state, by, context, confirmed=ruled.confirmed)
    if not ruled.confirmed:
        turned_down = Change(names=(NOT[wish.of],), not_agreed=wish.by)
        return amend(replace(state, wish=None), turned_down, {}, by=by)
    if wish.of is GivesUp.CASE:
        return HAND_IT_OVER
    if wish.of is GivesUp.REVIEW:
        if by.for_office:
            return FOR_HEADQUARTERS
        lapsed = ReviewLapsed(state.filing, context.now, waived=True)
        return Step(
            state=lapsed,
            emits=(Emit(ReviewLapsedSaid(at=context.now, waived=True, by=wish.by, confirmed_by=by.who)),),
        )
    said = RequestWithdrawn(by=wish.by, confirmed_by=by.who)
    return Step(state=WithdrawalAsked(state.filing, wish.by, context.now), emits=(Emit(said),))


def _who_reads(state: Accepted, ruled: RuleOnConsent, by: Hand, context: Context) -> Step[State] | Refused:
    """Staff have found who reads at the noncitizen's own address."""
    if state.filing.requestor_type is RequestorType.NONCITIZEN:
        return NOT_TWO_PEOPLE
    ruling = Ruling(ruled.verified, by.who, context.now)
    found = amend(state, Change(names=("noncitizen_reader",), noncitizen_ruling=ruling), {}, by=by)
    return counted_unless_it_waits(found, context)


def _on_review_wish(state: Withdrawable, by: Hand, context: Context, *, confirmed: bool) -> Step[State] | Refused:
    if not isinstance(state, UnderConsideration | WindowOpen):
        return NONE_WAITS
    if by.for_office:
        return FOR_HEADQUARTERS
    return counted(Step(state=state), context) if confirmed else not_taken(state, by, context)


def _withdrawn(state: Withdrawable, asked: Withdraw, context: Context) -> Step[State]:
    withdrawn = WithdrawalAsked(state.filing, asked.by, context.now)
    emit = Emit(RequestWithdrawn(by=asked.by), sealed=tuple(asked.boxes))
    return Step(state=withdrawn, emits=(emit,), keep=dict(asked.boxes))


def _wished(state: Withdrawable, asked: Withdraw, context: Context) -> Step[State] | Refused:
    wishing = replace(state, wish=WithdrawalWish(asked.by, context.now))
    return amend(wishing, Change(names=(WISHED,), wished_by=asked.by), asked.boxes)
