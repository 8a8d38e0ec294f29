"""Reactions about who the requestor is: a case goes to a representative, or back to the noncitizen.

By the private link of somebody who may act alone it goes at once. Of staff it takes two: else one person's error, or
one person's ill will, gave somebody's case to a stranger.
"""

from dataclasses import replace

from services.intake.admission import hand_of
from services.intake.amending import ALREADY, CONSENT_REFUSED, FACTS_CHANGED, WISH_WAITS, amend, closed
from services.intake.commands import Hand, HandOver, RuleOnHandOver
from services.intake.domain.case import GivesUp, Open, State, Withdrawable, WithdrawalWish, waiting
from services.intake.domain.consent import REPRESENTATIVES, May, Thing, may
from services.intake.domain.filing import Change, Proposed, handed_over
from services.intake.on_review import counted_unless_it_waits
from shared.casework.reaction import Command, Context, Refused, Step
from shared.contracts.vocabulary import Recipient

WISHED = "hand_over_asked"
PROPOSED = "hand_over_proposed"
TURNED_DOWN = "hand_over_turned_down"
"""What `request.amended` says in `changed`: of the wish of a link's holder, of staff's own, and of the end of that."""

NOBODY_REPRESENTS = Refused("nobody_represents", "Nobody represents the noncitizen in this case.")
PROPOSAL_WAITS = Refused(
    "hand_over_waits", "A hand-over of this case waits for a second person. To ask for another, refuse that one first."
)
NONE_WAITS = Refused("no_hand_over_waits", "No hand-over of this case waits: it was ruled on, or the case has changed.")
SAME_PERSON = Refused("same_person", "You asked for this hand-over yourself. Somebody else has to confirm it.")


def on_hand_over(state: State | None, command: Command[HandOver], context: Context) -> Step[State] | Refused:
    """Somebody else is the requestor from now on. What the one before wished for is gone with them.

    Where the word of who holds the link is not enough it becomes a wish, for staff to carry out; of staff it is a
    proposal, which changes nothing until a second person confirms it.
    """
    if not isinstance(state, Open):
        return closed(state)
    asked, filing = command.data, state.filing
    if asked.to not in REPRESENTATIVES and filing.requestor_type not in REPRESENTATIVES:
        return NOBODY_REPRESENTS
    by = hand_of(state, asked.by) if asked.by else None
    if isinstance(by, Refused):
        return by
    thing = Thing.HAND_OVER if asked.to in REPRESENTATIVES else Thing.STAND_DOWN
    answer = May.YES if asked.by else may(filing.reader(Recipient.REQUESTOR), thing)
    if answer is May.NO:
        return CONSENT_REFUSED
    if by is not None and filing.handing_over is not None:
        return PROPOSAL_WAITS
    if asked.amendment != filing.amendment + 1 or asked.wish is not (answer is May.WAITS):
        return FACTS_CHANGED  # Or sealed for the other way.
    if by is not None:
        return _proposed(state, asked, by, context)
    if asked.wish:
        return _wished(state, asked, context)
    change = handed_over(
        filing,
        asked.to,
        asked.language,
        reachable=asked.reachable,
        requestor_reachable=asked.requestor_reachable,
    )
    return counted_unless_it_waits(amend(without_wish_of_before(state), change, asked.boxes), context)


def on_ruling(state: State | None, command: Command[RuleOnHandOver], context: Context) -> Step[State] | Refused:
    """A second member of staff confirms what the first one asked for. Each of them may turn it down, the first too."""
    if not isinstance(state, Open):
        return closed(state)
    ruled, filing = command.data, state.filing
    by = hand_of(state, ruled.by)
    if isinstance(by, Refused):
        return by
    proposed = filing.handing_over
    if proposed is None:
        return NONE_WAITS
    if ruled.confirmed and by.who == proposed.by:
        return SAME_PERSON
    if ruled.facts_seen != filing.amendment:
        return FACTS_CHANGED
    if not ruled.confirmed:
        return amend(state, Change(names=(TURNED_DOWN,)), {}, by=by)
    if f"amended_{filing.amendment + 1}" not in ruled.boxes:
        return FACTS_CHANGED  # It was asked for only after the edge had looked.
    change = handed_over(
        filing,
        proposed.to,
        proposed.language,
        reachable=ruled.reachable,
        requestor_reachable=ruled.requestor_reachable,
    )
    change = replace(change, asked_by=proposed.by)
    return counted_unless_it_waits(amend(without_wish_of_before(state), change, ruled.boxes, by=by), context)


def without_wish_of_before(state: Open) -> Open:
    """A wish of who was the requestor is gone with them; the noncitizen's own stays."""
    if isinstance(state, Withdrawable) and state.wish and state.wish.by is Recipient.REQUESTOR:
        return replace(state, wish=None)
    return state


def _proposed(state: Open, asked: HandOver, by: Hand, context: Context) -> Step[State] | Refused:
    proposed = Proposed(asked.to, asked.language, by.who, context.now)
    step = amend(state, Change(names=(PROPOSED,), proposes=proposed), asked.boxes, by=by)
    if isinstance(step, Refused):
        return step
    return replace(step, answer={"amendment": asked.amendment, "waits_for": "second_person"})


def _wished(state: Open, asked: HandOver, context: Context) -> Step[State] | Refused:
    if not isinstance(state, Withdrawable):
        return ALREADY
    if waiting(state) is not None:
        return WISH_WAITS
    wish = WithdrawalWish(Recipient.REQUESTOR, context.now, GivesUp.CASE)
    return amend(replace(state, wish=wish), Change(names=(WISHED,), wished_by=wish.by), asked.boxes)
