"""What is known of the person's situation, as far as it routes and ranks a request."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.contracts.vocabulary import Belief, ConsentStatus, CustodyStatus, RequestorType, Urgency
from shared.policy import model as policy


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
    """The newest of each. `facts` and `consent` are kept as they came (JSON): officers see them.

    `requestor_type`, `represented`: who asks since a hand-over; None while it is who submitted. `noncitizen_reachable`:
    whether the noncitizen has an address of their own, `requestor_reachable`: whether the requestor has one;
    `noncitizen_status`: what staff made of who reads there. None: not told.
    """

    custody: Custody
    removal: Removal
    place: Place | None = None
    facts: str = "{}"
    consent: str = "{}"
    requestor_type: RequestorType | None = None
    represented: bool | None = None
    noncitizen_reachable: bool | None = None
    noncitizen_status: ConsentStatus | None = None
    requestor_reachable: bool | None = None


def imminent_from(removal: Removal, within: timedelta) -> datetime | None:
    """The moment from which the scheduled removal counts as imminent; None when no date is known."""
    return policy.imminent_from(removal.scheduled_for, within)


def may_be_asked(situation: Situation, requestor: RequestorType) -> bool:
    """Whether anybody outside would hear of a question. A refused requestor does not, nor one without an address; then
    only the noncitizen would.

    Where it was not told whether somebody can be reached, they count as reachable.
    """
    refused = json.loads(situation.consent).get("status") == ConsentStatus.REFUSED
    if not refused and situation.requestor_reachable is not False:
        return True
    theirs = requestor is not RequestorType.NONCITIZEN and situation.noncitizen_reachable is not False
    return theirs and situation.noncitizen_status is not ConsentStatus.REFUSED


def urgency(situation: Situation, *, imminent_since: datetime | None, as_of: datetime) -> Urgency:
    """How urgent a request is, by the rule that headquarters goes by, too."""
    return policy.urgency_of(
        situation.custody.status,
        situation.removal.believed_imminent,
        imminent_since=imminent_since,
        as_of=as_of,
    )


def responsible_place(situation: Situation) -> Place | None:
    """The place whose office is responsible: a detained person's facility, everybody else's residence (I-246 rule).

    A detained person whose facility's place is not known has none: routing by residence would be a guess.
    """
    custody = situation.custody
    if custody.status is CustodyStatus.DETAINED:
        return Place(custody.state, custody.county) if custody.state else None
    return situation.place
