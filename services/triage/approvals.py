"""An approval in advance, as it waits in `work` for the decision that rests on it, and when one is needed. Pure.

Policy 11090.1 lets an officer act against somebody in none of its presumed priorities only with a written justification
that the Field Office Director or the Special Agent in Charge has approved. Declining relief is such an act.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from services.triage.domain.classification import Presumption
from services.triage.domain.decision import Decision
from shared.casework.reaction import Refused
from shared.contracts.vocabulary import ApproverRole
from shared.desk.claims import touched
from shared.policy.model import Policy

NO_APPROVAL: Final[Mapping[str, Any]] = {"approval": None}
"""The change to `work` after which nothing is approved."""

MISSING: Final = Refused(
    "pre_approval_missing",
    "The guidance presumes this person to be no priority: a decline needs the written approval, in advance, of the "
    "Field Office Director or the Special Agent in Charge.",
)
BY_YOURSELF: Final = Refused("approved_by_yourself", "You approved this in advance. Somebody else must decide it.")


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody approved a decline in writing (`box`, sealed), on these facts, under this guidance."""

    by: str
    role: ApproverRole
    at: datetime
    facts_seen: int
    guidance: str
    box: Mapping[str, bytes]


def approval_of(work: Mapping[str, Any]) -> Approval | None:
    """The approval that waits, if there is one."""
    kept = work.get("approval")
    return Approval(**{**kept, "role": ApproverRole(kept["role"])}) if kept else None


def kept(approval: Approval, work: Mapping[str, Any]) -> Mapping[str, Any]:
    """The changes to `work` that keep it. Whoever approved may not review the case, nor decide it."""
    return {"approval": asdict(approval), "approvers": sorted({*work.get("approvers", ()), approval.by})}


def everybody(work: Mapping[str, Any], *also: str) -> tuple[str, ...]:
    """Everybody who had the case in hand or approved something in it, and `also`: nobody of them may review it."""
    return touched(work, *work.get("approvers", ()), *also)


def needed(presumption: Presumption, policy: Policy) -> bool:
    """Whether a decline needs approval in advance: a category that nobody can tell yet is none that is presumed."""
    guidance = policy.timeline.named(presumption.guidance)
    return guidance is not None and guidance.pre_approval is not None and not presumption.categories


def resting_on(
    decision: Decision, presumption: Presumption, work: Mapping[str, Any], *, who: str, facts: int, policy: Policy
) -> Approval | Refused | None:
    """The approval on which a decision of `who` rests; None where it needs none; refused where it lacks one.

    Whoever has ever approved a decline of this case does not decline it, whether or not theirs is the one that stands.
    """
    if not decision.declined:
        return None
    if who in work.get("approvers", ()):
        return BY_YOURSELF
    if not needed(presumption, policy):
        return None
    approval = approval_of(work)
    if approval is None or (approval.facts_seen, approval.guidance) != (facts, presumption.guidance):
        return MISSING
    return approval
