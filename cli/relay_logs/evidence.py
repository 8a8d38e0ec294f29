"""What the lines of a log come to: what the relay did with each letter, and the time that the log covers.

Memory is bounded by the letters that are asked about, however long the log is.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

LONGEST_SILENCE: Final = timedelta(hours=1)
"""A log that is silent for longer does not cover the time between: lines may be missing."""

OURS: Final = re.compile(r"<?([0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})@")
"""A Message-ID of ours: the notification's id, a uuid5."""


@dataclass(slots=True)
class Copy:
    """One message of the relay, and what the log says of it. `place`: the line that names it first."""

    log: str
    line: int
    queue_id: str | None = None
    sent: bool = False
    bounced: bool = False
    taken: bool = False
    gone: bool = False
    handed_on: str | None = None

    @property
    def says(self) -> str:
        """As notification's `LogSays`. A Message-ID alone does not prove that the relay took the message."""
        if self.sent:
            return "sent"
        if self.gone:
            return "bounced" if self.bounced else "unclear"
        return "queued" if self.taken or self.bounced else "unclear"


@dataclass(slots=True)
class Host:
    """What the log of one relay covers. `ours`: it names letters of ours at all."""

    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    ours: bool = False
    _goes_on: bool = False

    def at(self, moment: datetime) -> None:
        """It has a line of this moment."""
        if self._goes_on and -LONGEST_SILENCE <= moment - self.spans[-1][1] <= LONGEST_SILENCE:
            since, until = self.spans[-1]
            self.spans[-1] = since, max(until, moment)
        else:
            self.spans.append((moment, moment))
        self._goes_on = True

    def breaks(self) -> None:
        """Something may be missing here."""
        self._goes_on = False

    def around(self, since: datetime, until: datetime) -> tuple[datetime, datetime] | None:
        """What it covers around that time, if it covers it."""
        return next((span for span in self.spans if span[0] <= since and until <= span[1]), None)


class Evidence:
    """Collects what a log says of the letters that are `wanted`."""

    def __init__(self, wanted: Set[UUID]) -> None:
        self.wanted = wanted
        self.copies: dict[UUID, list[Copy]] = defaultdict(list)
        self.hosts: dict[str, Host] = defaultdict(Host)
        self.unreadable: list[str] = []
        self.unreadable_count = 0
        self.lines = 0

    def named(self, message_id: str, host: str) -> UUID | None:
        """The wanted letter with this Message-ID."""
        found = OURS.match(message_id)
        if found is None:
            return None
        self.hosts[host].ours = True
        notification = UUID(found[1])
        return notification if notification in self.wanted else None

    def cannot_read(self, sentence: str) -> None:
        """A line that cannot be read: it may be the one that is missing."""
        self.unreadable_count += 1
        if len(self.unreadable) < 5:
            self.unreadable.append(sentence)
        self.breaks()

    def breaks(self) -> None:
        """Something may be missing here, of every host."""
        for host in self.hosts.values():
            host.breaks()

    def of(self, notification: UUID) -> Copy | None:
        """What settles most of what the relay had of this letter. A copy that went on to another queue is that one."""
        copies = self.copies.get(notification, [])
        queues = {copy.queue_id for copy in copies}
        last = [copy for copy in copies if copy.handed_on is None or copy.handed_on not in queues]
        ranked = ("sent", "queued", "unclear", "bounced")
        return min(last, key=lambda copy: ranked.index(copy.says), default=None)

    def covers(self, since: datetime, until: datetime) -> tuple[datetime, datetime] | None:
        """What all relays' logs cover around that time, if they do, and are logs of relays that take our letters."""
        return _common([host.around(since, until) if host.ours else None for host in self.hosts.values()])


def _common(spans: Iterable[tuple[datetime, datetime] | None]) -> tuple[datetime, datetime] | None:
    found = list(spans)
    known = [span for span in found if span is not None]
    if not known or len(known) < len(found):
        return None
    return max(since for since, _ in known), min(until for _, until in known)
