"""Who is at a case: claim, release, hand over, draft, recuse. None of these is part of what happened: all is `work`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.escalation.admission import Conflict, barred, claimed, recusals, recused, reviewable
from services.escalation.domain.states import InQueue, Resolved, State
from shared.casework.reaction import Command, Context, Emit, Outcome, Refused, Step
from shared.contracts.events import ReviewRecused
from shared.desk.claims import LET_GO, take
from shared.desk.drafts import Draft, drafted
from shared.desk.handing_over import HandOver, handed_over


@dataclass(frozen=True, slots=True)
class Claim:
    """Take the case in hand."""

    actor: str


@dataclass(frozen=True, slots=True)
class Release:
    """Give it back to the queue."""

    actor: str


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """Put down what the decision might be; `says` is its clear part, `box` the text, sealed."""

    actor: str
    says: Mapping[str, Any]
    box: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Recuse:
    """Declare a conflict: the case is never offered or allowed to this person again."""

    actor: str
    why: Conflict


def on_claim(state: State | None, command: Command[Claim], context: Context) -> Outcome[State]:
    """Take a case whose field office's record is here, unless one may not have it; twice renews."""
    claiming = taken(state, context, command.data.actor)
    if isinstance(claiming, Refused):
        return claiming
    item, work = claiming
    return Step(state=item, work=work, answer={"claimed_until": work["claim"]["until"].isoformat()})


def taken(state: State | None, context: Context, actor: str) -> tuple[InQueue, dict[str, Any]] | Refused:
    """The case, and the changes to `work` by which this person has it in hand."""
    item = reviewable(state, context, actor)
    if isinstance(item, Refused):
        return item
    work = take(context.work, actor, now=context.now, lasts=context.policy.claim_lasts)
    return work if isinstance(work, Refused) else (item, work)


def on_release(state: State | None, command: Command[Release], context: Context) -> Outcome[State]:
    """Put a claimed case back. A draft stays for whoever wrote it."""
    held = claimed(state, context, command.data.actor)
    return held if isinstance(held, Refused) else Step(state=held[0], work=LET_GO)


def on_hand_over(state: State | None, command: Command[HandOver], context: Context) -> Outcome[State]:
    """From hand to hand, with its drafts. Only the holder gives, and only for themselves do others take."""
    wish = command.data
    item = reviewable(state, context, wish.actor)
    if isinstance(item, Refused):
        return item
    handed = handed_over(context.work, wish, now=context.now, lasts=context.policy.claim_lasts)
    if isinstance(handed, Refused):
        return handed
    if barred(item.file, context.work, wish.to) is not None:
        return Refused("not_for_them", f"{wish.to} may not review this case. Choose somebody else.")
    return Step(
        state=item,
        work=handed,
        answer={"to": wish.to, "claimed_until": handed["claim"]["until"].isoformat()},
    )


def on_draft(state: State | None, command: Command[SaveDraft], context: Context) -> Outcome[State]:
    """Keep a draft of a claimed case's decision, in place of the author's earlier one."""
    wish = command.data
    held = claimed(state, context, wish.actor)
    if isinstance(held, Refused):
        return held
    item, _ = held
    if wish.box and item.file.erased:
        return Refused("case_erased", "The case's personal data is erased: no text can be kept for it.")
    draft = Draft(wish.actor, context.now, wish.says, wish.box)
    return Step(state=item, work=drafted(context.work, draft), answer={"saved_at": context.now.isoformat()})


def on_recuse(state: State | None, command: Command[Recuse], context: Context) -> Outcome[State]:
    """Keep out for good, as long as the case is not over. Said twice is said once; others hear who, and not why."""
    wish = command.data
    if state is None or isinstance(state, Resolved):
        return Refused("already_resolved", "The case has ended. There is nothing left to keep out of.")
    if any(recusal.by == wish.actor for recusal in recusals(context.work)):
        return Step(state=state, answer={"recused": wish.actor})
    return Step(
        state=state,
        emits=(Emit(ReviewRecused(who=wish.actor)),),
        work=recused(context.work, wish.actor, context.now, wish.why),
        answer={"recused": wish.actor},
    )
