"""Moments as people read them: day, time and the name of the zone, never one without the others."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_timezone_name

from shared.language.catalogues import Tongue

EASTERN: Final = ZoneInfo("America/New_York")
"""The help line's zone."""

ZONES: Final[Mapping[str, str]] = {
    "America/New_York": "Eastern time",
    "America/Chicago": "Central time",
    "America/Denver": "Mountain time",
    "America/Phoenix": "Arizona time",
    "America/Los_Angeles": "Pacific time",
    "America/Anchorage": "Alaska time",
    "Pacific/Honolulu": "Hawaii time",
    "America/Puerto_Rico": "Puerto Rico time",
    "Pacific/Guam": "Guam time",
    "Pacific/Pago_Pago": "Samoa time",
    "America/Adak": "Aleutian time",
}
"""What people call the zones of places: message ids. Arizona, Guam and Samoa keep no summer time."""


def when(moment: datetime, zone: ZoneInfo, tongue: Tongue) -> str:
    """Such as `Monday, April 12, 2021, 10:00 AM (Eastern time)`."""
    local = moment.astimezone(zone)
    day = format_date(local, "full", tongue.locale)
    # A narrow no-break space is missing in many fonts.
    time = format_time(local, "short", tzinfo=zone, locale=tongue.locale).replace("\u202f", "\u00a0")
    return f"{day}, {time} ({zone_name(zone, local, tongue)})"


def zone_name(zone: ZoneInfo, local: datetime, tongue: Tongue) -> str:
    """The zone by the name that people use for it; one that the table lacks, as CLDR writes it."""
    known = ZONES.get(zone.key)
    return tongue.say(known) if known else get_timezone_name(local, locale=tongue.locale)
