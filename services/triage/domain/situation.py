"""What is known of the person's situation, as far as it routes and ranks a request."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shared.contracts.vocabulary import Belief, CustodyStatus, Urgency


@dataclass(frozen=True, slots=True)
class Custody:
    """Whether the person is held, and where the facility is (its name is sealed)."""

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
class Situation:
    """The newest of each. `facts` and `consent` are kept as they came (JSON): officers see them, no rule asks them."""

    custody: Custody
    removal: Removal
    place: Place | None = None
    facts: str = "{}"
    consent: str = "{}"


def imminent_from(removal: Removal, within: timedelta) -> datetime | None:
    """The moment from which the scheduled removal counts as imminent; None when no date is known.

    The day starts at 00:00 UTC, which in every American time zone is the evening before: early is the safe side.
    """
    if removal.scheduled_for is None:
        return None
    day = datetime.combine(removal.scheduled_for, time(), tzinfo=UTC)
    earliest = datetime(1, 1, 1, tzinfo=UTC)
    return day - within if day - earliest > within else earliest


def urgency(situation: Situation, *, imminent_since: datetime | None, as_of: datetime) -> Urgency:
    """How urgent a request is. People detained or about to be removed come first (announcement of 5 March 2021).

    A date in the past stays imminent until somebody says otherwise. Custody that nobody knows counts as detained:
    unknown is never a silent no, and the announcement's priority would otherwise miss those who cannot be reached.
    """
    if situation.removal.believed_imminent is Belief.YES:
        return Urgency.REMOVAL_IMMINENT
    if imminent_since is not None and imminent_since <= as_of:
        return Urgency.REMOVAL_IMMINENT
    if situation.custody.status is CustodyStatus.NOT_DETAINED:
        return Urgency.ROUTINE
    return Urgency.DETAINED


def responsible_place(situation: Situation) -> Place | None:
    """The place whose office is responsible: a detained person's facility, everybody else's residence (I-246 rule).

    A detained person whose facility's place is not known has none: routing by residence would be a guess.
    """
    custody = situation.custody
    if custody.status is CustodyStatus.DETAINED:
        return Place(custody.state, custody.county) if custody.state else None
    return situation.place
