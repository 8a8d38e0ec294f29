"""What is known of a person's situation: custody, removal, place, age. The clear part, as events carry it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.contracts.vocabulary import Belief, CustodyStatus

ADULT = 18


@dataclass(frozen=True, slots=True)
class Custody:
    """Custody, and the place of the facility; its name is sealed."""

    status: CustodyStatus
    state: str | None = None
    county: str | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """What is known of a removal."""

    scheduled_for: date | None = None
    believed_imminent: Belief = Belief.UNKNOWN


@dataclass(frozen=True, slots=True)
class Place:
    """Where the person lives, or was living."""

    state: str
    county: str | None = None


def is_urgent(custody: Custody, removal: Removal, now: datetime, imminent_within: timedelta) -> bool:
    """Detained, about to be removed, or nobody knows where: never turned away for a missing detail."""
    imminent = removal.believed_imminent is Belief.YES
    dated = removal.scheduled_for is not None and removal.scheduled_for <= (now + imminent_within).date()
    return imminent or dated or custody.status is not CustodyStatus.NOT_DETAINED


def age_band(born: date | None, on: date) -> str:
    """The age as analysts may see it."""
    if born is None or born > on:
        return "UNKNOWN"
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if age < ADULT:
        return "UNDER_18"
    for below, band in ((25, "18_TO_24"), (45, "25_TO_44"), (65, "45_TO_64")):
        if age < below:
            return band
    return "65_PLUS"
