"""How urgent a case is. Pure; the field office and headquarters ask the same."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from shared.contracts.vocabulary import Belief, CustodyStatus, Urgency

RANK: Final = {Urgency.REMOVAL_IMMINENT: 0, Urgency.DETAINED: 1, Urgency.ROUTINE: 2}
"""The order of every queue. That imminent removal comes before detention is a design choice."""

CLASSES: Final = {
    Urgency.REMOVAL_IMMINENT: "Removal is imminent: before everybody else.",
    Urgency.DETAINED: "Detained, or custody is not known: after imminent removals, before routine cases.",
    Urgency.ROUTINE: "Routine: after imminent removals and detained people.",
}
"""What the place of each class means, for staff."""


def imminent_from(removal: date | None, within: timedelta) -> datetime | None:
    """The moment from which a scheduled removal counts as imminent; None when no date is known.

    The day starts at 00:00 UTC, which in every American time zone is the evening before: early is the safe side.
    """
    if removal is None:
        return None
    day = datetime.combine(removal, time(), tzinfo=UTC)
    earliest = datetime(1, 1, 1, tzinfo=UTC)
    return day - within if day - earliest > within else earliest


def urgency_of(
    custody: CustodyStatus, believed_imminent: Belief, *, imminent_since: datetime | None, as_of: datetime
) -> Urgency:
    """How urgent a request is. People detained or about to be removed come first (announcement of 5 March 2021).

    A date in the past stays imminent until somebody says otherwise. Custody that nobody knows counts as detained:
    unknown is never a silent no, and the announcement's priority would otherwise miss those who cannot be reached.
    """
    if believed_imminent is Belief.YES:
        return Urgency.REMOVAL_IMMINENT
    if imminent_since is not None and imminent_since <= as_of:
        return Urgency.REMOVAL_IMMINENT
    if custody is CustodyStatus.NOT_DETAINED:
        return Urgency.ROUTINE
    return Urgency.DETAINED
