"""What is known of a person's situation: the clear part, as events carry it. Absent is unknown, never no."""

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


@dataclass(frozen=True, slots=True)
class YesNo:
    """A yes or no that somebody asserted."""

    value: bool
    asserted_by: str
    on: date


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar date that somebody asserted."""

    value: date
    asserted_by: str
    on: date


@dataclass(frozen=True, slots=True)
class Participation:
    """Active participation in an organised criminal gang, as events word it."""

    intentional: bool
    age_at_conduct: int


@dataclass(frozen=True, slots=True)
class GangParticipation:
    """Gang participation that somebody asserted."""

    value: Participation
    asserted_by: str
    on: date


@dataclass(frozen=True, slots=True)
class Factor:
    """The code of a mitigating or aggravating factor that somebody asserted."""

    value: str
    asserted_by: str
    on: date


@dataclass(frozen=True, slots=True)
class Facts:
    """What the priorities ask about (health and victim factors are sealed, and not here)."""

    national_security_concern: YesNo | None = None
    apprehended_on: Day | None = None
    apprehended_entering_unlawfully: YesNo | None = None
    first_present_on: Day | None = None
    aggravated_felony: YesNo | None = None
    gang_conviction: YesNo | None = None
    gang_participation: GangParticipation | None = None
    threat_to_public_safety: YesNo | None = None
    released_from_incarceration_on: Day | None = None
    final_order: YesNo | None = None
    pending_in_court: YesNo | None = None
    mitigating: tuple[Factor, ...] = ()
    aggravating: tuple[Factor, ...] = ()


def merged(known: Facts, new: Facts) -> Facts:
    """The facts after an amendment: what is given anew replaces what was known, the rest stays."""
    given = {name: value for name in Facts.__dataclass_fields__ if (value := getattr(new, name))}
    kept = {name: getattr(known, name) for name in Facts.__dataclass_fields__}
    return Facts(**(kept | given))


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
