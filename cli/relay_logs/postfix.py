"""Postfix's mail.log. `cleanup` says which Message-ID a queue id stands for, the others what became of the queue id.

A `cleanup` line is written before the message is taken: only `qmgr`'s or a delivery agent's word shows that it was.
"""

import re
from datetime import datetime, tzinfo
from typing import Final
from uuid import UUID

from cli.relay_logs.evidence import Copy, Evidence

STAMPED: Final = re.compile(
    r"(?:<\d+>)?(?:(?P<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<month>[A-Z][a-z]{2}) (?P<day>[ \d]\d) (?P<time>\d\d:\d\d:\d\d)) (?P<host>\S+) (?P<rest>.*)",
    re.DOTALL,
)
SAID: Final = re.compile(
    r"(?P<program>\S*postfix\S*/[\w-]+)(?:\[\d+\])?: (?P<queue>[0-9A-Za-z]{5,20}): (?P<what>.*)", re.DOTALL
)
POSTFIX: Final = re.compile(r"\S*postfix\S*(?:\[\d+\])?: ")
MESSAGE_ID: Final = re.compile(r"message-id=(\S+)")
STATUS: Final = re.compile(r", status=([a-z-]+)")
HANDED_ON: Final = re.compile(r"queued as ([0-9A-Za-z]{5,20})\b")
LOST: Final = re.compile(r"(?i)\b(?:lost \d+ messages|\d+ messages lost|suppressed \d+ messages)")
"""What rsyslog and journald say when they drop lines."""
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BOUNCED: Final = frozenset({"bounced", "expired", "force-expired"})


class Unreadable(Exception):
    """Why a line cannot be read."""


class Unstamped(Exception):
    """The log's lines say neither their year nor their zone: give both, with --year and --zone."""


class PostfixLog:
    """Reads logs in turn. `zone` and `year` are for lines that say neither; `year` is the first line's."""

    def __init__(self, evidence: Evidence, *, zone: tzinfo | None, year: int | None) -> None:
        self._evidence = evidence
        self._zone = zone
        self._year = year
        self._month = 0
        self._queues: dict[tuple[str, str], Copy] = {}

    def read(self, text: str, *, log: str, line: int) -> None:
        """One line. Raises `Unreadable`, and `Unstamped` when it needs a year and a zone that are not given."""
        stamped = STAMPED.match(text)
        if stamped is None:
            raise Unreadable("it does not begin with a time")
        moment, host, rest = self._moment(stamped), stamped["host"], stamped["rest"]
        if LOST.search(rest) and not POSTFIX.match(rest):
            self._evidence.breaks()
        if not POSTFIX.match(rest):
            return
        if moment is not None:
            self._evidence.hosts[host].at(moment)
        if said := SAID.match(rest):
            self._hear(host, said["program"], said["queue"], said["what"], log=log, line=line)

    def _hear(self, host: str, program: str, queue: str, what: str, *, log: str, line: int) -> None:
        place = host, queue
        if program.endswith("/cleanup") and (found := MESSAGE_ID.match(what)):
            notification = self._evidence.named(found[1], host)
            self._queues.pop(place, None)  # Short queue ids are used again.
            if notification is not None:
                self._begin(notification, place, Copy(log, line, queue))
            return
        copy = self._queues.get(place)
        if copy is None:
            return
        if program.endswith("/qmgr") and "(queue active)" in what:
            copy.taken = True
        elif what.rstrip() == "removed":
            copy.gone = True
            del self._queues[place]
        elif found := STATUS.search(what):
            copy.taken = True
            copy.bounced |= found[1] in BOUNCED
            if found[1] == "sent":
                copy.sent = True
                onward = HANDED_ON.search(what, found.end())
                copy.handed_on = onward[1] if onward else None

    def _begin(self, notification: UUID, place: tuple[str, str], copy: Copy) -> None:
        self._evidence.copies[notification].append(copy)
        self._queues[place] = copy

    def _moment(self, stamped: "re.Match[str]") -> datetime | None:
        """None within the hour that comes twice when clocks go back."""
        try:
            if stamped["iso"]:
                return datetime.fromisoformat(stamped["iso"].replace(",", "."))
            if self._zone is None or self._year is None:
                raise Unstamped(str(Unstamped.__doc__))
            month = MONTHS.index(stamped["month"]) + 1
            if month < self._month and self._month - month > 6:  # The log goes over New Year.
                self._year += 1
            self._month = month
            clock = datetime.strptime(stamped["time"], "%H:%M:%S").time()  # noqa: DTZ007 - the zone is given below
            local = datetime(
                self._year, month, int(stamped["day"]), clock.hour, clock.minute, clock.second, tzinfo=self._zone
            )
        except ValueError:
            raise Unreadable("its time is no time") from None
        return local if local.replace(fold=1).utcoffset() == local.utcoffset() else None
