"""Somebody approves a decline in advance and in writing: a second person, who has not had the case in hand."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.triage.approvals import Approval, kept, needed
from services.triage.domain import consideration
from services.triage.domain.states import State
from services.triage.officers import NO_OFFICE, seen_otherwise, undecided_item
from services.triage.orders import Officer
from services.triage.routing import office_now
from shared.casework.reaction import Command, Context, Outcome, Refused, Step
from shared.contracts.vocabulary import ApproverRole
from shared.desk.claims import touched

PRE_APPROVE = "pre-approval"


@dataclass(frozen=True, slots=True)
class PreApprove:
    """Approve a decline; `facts_seen` is the newest amendment that the approver saw, `box` the justification."""

    approver: Officer
    role: ApproverRole
    facts_seen: int
    box: Mapping[str, bytes]


def on_pre_approve(state: State | None, command: Command[PreApprove], context: Context) -> Outcome[State]:
    """It waits for the officer's decision; nothing is decided by it. Twice replaces the first."""
    wish, who = command.data, command.data.approver.subject
    item = undecided_item(state, wish.approver, context)
    if isinstance(item, Refused):
        return item
    if office_now(item, context.work) is None:
        return NO_OFFICE
    if who in touched(context.work):
        return Refused("touched_before", "You have had this case in hand. Somebody else must approve it.")
    presumption = consideration.presumed_at(item.case, context.policy, context.now)
    if not needed(presumption, context.policy):
        return Refused("no_pre_approval_needed", "The guidance in force asks for no approval in this case.")
    mismatch = seen_otherwise(item, wish.facts_seen, wish.box, f"pre_approved_{item.round}", needs_text=True)
    if mismatch is not None:
        return mismatch
    approval = Approval(who, wish.role, context.now, wish.facts_seen, presumption.guidance, wish.box)
    return Step(
        state=item,
        work=kept(approval, context.work),
        answer={"approved_at": context.now.isoformat(), "round": item.round},
    )
