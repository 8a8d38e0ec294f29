"""What a relay's own log can tell of an uncertain letter, and when its silence tells something."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final

from services.notification.domain.ledger import Entry, Phase

MARGIN: Final = timedelta(minutes=10)
"""A log must begin so long before a letter can have been tried, and go on so long after it: clocks differ."""


@unique
class LogSays(StrEnum):
    """What a log says of a letter. `queued`: the relay has it, and still tries. `unclear`: it names the letter, and
    does not tell whether it was taken. `absent`: it does not name it, which proves something only where it covers it.
    """

    SENT = "sent"
    BOUNCED = "bounced"
    QUEUED = "queued"
    UNCLEAR = "unclear"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to another, in real time."""

    since: datetime
    until: datetime

    def proves(self, tried: "Span") -> bool:
        """Whether a log of this span would name what was tried in that one."""
        return self.since <= tried.since - MARGIN and tried.until + MARGIN <= self.until


def tried(entry: Entry, *, real: Callable[[datetime], datetime], under_way: timedelta) -> Span | None:
    """When an uncertain letter may have been handed over; None where nobody can say.

    From when it was made (there may have been an attempt by a store that is gone, or one before a person's resend), to
    when the last attempt can no longer be under way. `real` turns policy time into real time.
    """
    known = [moment for moment in (entry.claimed_until, real(entry.at) if entry.at else None) if moment]
    since = real(entry.made_at)
    if entry.phase is not Phase.UNCERTAIN or not known or since > max(known):
        return None
    return Span(since, max(known) + under_way)
