"""The time zone in which a requestor reads dates: that of where the person lives, as the requestor said."""

from zoneinfo import ZoneInfo

from services.intake.domain.case import Accepted, State
from shared.policy.model import Policy


def zone_of(state: State | None, policy: Policy) -> ZoneInfo:
    """The zone of where the person lives; the help line's when that is not known."""
    place = state.filing.place if isinstance(state, Accepted) else None
    return ZoneInfo(policy.requestors_zone(place.state, place.county) if place else policy.requestors_zone(None, None))
