"""When a decision of the field office takes effect: at once, or after a while in which it can be taken back. Pure."""

from datetime import datetime

from services.triage.domain.consideration import next_imminence
from services.triage.domain.states import UnderConsideration
from shared.policy.model import Policy


def takes_effect_at(item: UnderConsideration, policy: Policy, now: datetime) -> datetime | None:
    """When a decision of this moment takes effect; None: at once.

    It waits no longer than until a removal is imminent, or until the requestor may ask headquarters for want of an
    answer: the office has answered. Where that is so already it does not wait at all.
    """
    bounds = [bound for bound in (next_imminence(item), item.silence_ends_at) if bound is not None]
    ends = min(now + policy.undo_within[item.urgency], *bounds)
    return ends if ends > now else None
