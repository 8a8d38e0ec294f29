"""In whose queue an open case is. Pure; reads the state and who has the case in hand.

The newest facts place a case; an officer who has it in hand keeps it, and is shown that it is in another area now.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.triage.domain.states import UnderConsideration
from shared.desk.claims import claim_of
from shared.policy.model import TO_BE_ASSIGNED


def office_now(item: UnderConsideration, work: Mapping[str, Any]) -> str | None:
    """The office whose queue the case is in; None: to be assigned. While it is claimed, that is the claimant's."""
    claim = work.get("claim")
    return claim.get("office", item.case.office) if claim else item.case.office


def in_hand(work: Mapping[str, Any], now: datetime) -> bool:
    """Whether somebody's claim on the case still holds."""
    claim = claim_of(work)
    return claim is not None and now < claim.until


def now_in_area_of(item: UnderConsideration, work: Mapping[str, Any]) -> str | None:
    """Another office (or TO_BE_ASSIGNED) that the newest facts speak for; None when it is where it belongs."""
    belongs_to = item.case.belongs_to
    return None if belongs_to == office_now(item, work) else belongs_to or TO_BE_ASSIGNED
