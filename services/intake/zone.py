"""The time zone in which a requestor reads dates: that of where the person lives, as the requestor said.

It tells nothing of an office or a facility, so a date for the requestor must not be the end of a day somewhere else.
"""

from zoneinfo import ZoneInfo

from services.intake.domain.case import Accepted, State
from shared.language.moments import EASTERN
from shared.policy.model import OfficeMap


def zone_of(state: State | None, offices: OfficeMap) -> ZoneInfo:
    """The zone of where the person lives; the help line's when that is not known."""
    place = state.filing.place if isinstance(state, Accepted) else None
    if place is None:
        return EASTERN
    return ZoneInfo(offices.zone_for(offices.office_for(place.state, place.county), place.state))
