"""A case in an officer's hands: handed over, drafted, read. None of it is part of what happened: all is `work`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.triage.domain.states import State
from services.triage.looked import How, looked
from services.triage.officers import claimed_item, open_item, undecided_item
from services.triage.orders import Officer
from services.triage.routing import office_now
from shared.casework.reaction import Command, Context, Outcome, Refused, Step
from shared.desk import handing_over
from shared.desk.checks import facts_changed
from shared.desk.drafts import Draft, drafted


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give the case to a colleague of the office, or take it over from one who is absent."""

    officer: Officer
    wish: handing_over.HandOver


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """Put down what the decision might be; `says` is its clear part, `box` the text, sealed."""

    officer: Officer
    facts_seen: int
    says: Mapping[str, Any]
    box: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Seen:
    """Say that one has read the case, with its newest facts."""

    officer: Officer
    facts_seen: int


def on_hand_over(state: State | None, command: Command[HandOver], context: Context) -> Outcome[State]:
    """From hand to hand, with its drafts; the office keeps the case. Who had it stays among those who touched it.

    Which offices a colleague's sign-in names is not known here. Whoever gets a case can do nothing with it, if theirs
    does not name its office.
    """
    order = command.data
    item = undecided_item(state, order.officer, context)
    if isinstance(item, Refused):
        return item
    handed = handing_over.handed_over(context.work, order.wish, now=context.now, lasts=context.policy.claim_lasts)
    if isinstance(handed, Refused):
        return handed
    handed["claim"]["office"] = office_now(item, context.work)
    return Step(
        state=item,
        work=handed,
        answer={"to": order.wish.to, "claimed_until": handed["claim"]["until"].isoformat()},
    )


def on_draft(state: State | None, command: Command[SaveDraft], context: Context) -> Outcome[State]:
    """Keep a draft of a claimed case's decision, in place of the author's earlier one."""
    wish = command.data
    item = claimed_item(state, wish.officer, context)
    if isinstance(item, Refused):
        return item
    if wish.box and item.case.erased:
        return Refused("case_erased", "The case's personal data is erased: no text can be kept for it.")
    draft = Draft(wish.officer.subject, context.now, wish.says, wish.box)
    work = drafted(context.work, draft)
    if wish.facts_seen == item.case.amendment:
        work |= looked(item, context.work, wish.officer.subject, at=context.now, how=How.DRAFTED)
    return Step(state=item, work=work, answer={"saved_at": context.now.isoformat()})


def on_seen(state: State | None, command: Command[Seen], context: Context) -> Outcome[State]:
    """Note that an officer has read the case: from now on it says what has changed since."""
    wish = command.data
    item = open_item(state, wish.officer, context)
    if isinstance(item, Refused):
        return item
    if changed := facts_changed(wish.facts_seen, item.case.amendment):
        return changed
    work = looked(item, context.work, wish.officer.subject, at=context.now, how=How.SEEN)
    return Step(state=item, work=work, answer={"seen_at": context.now.isoformat()})
