"""Dates as a calendar file (iCalendar, RFC 5545): what a private page shows, for a calendar that others may see.

No name, no link, no word of what the case is about: the number, who has to act, and when. An event keeps its UID, so
that a file that is fetched again replaces what an earlier one brought.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

_LINE_OCTETS = 75
"""A content line may have so many octets, its break not counted (RFC 5545 3.1)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-P1D")
"""A reminder one day before (3.6.6)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One date. `kind` tells it from the case's other dates, for ever; `at` is aware."""

    kind: str
    at: datetime
    summary: str
    description: str


def calendar(case_id: UUID, entries: Iterable[Entry], *, now: datetime, language: str) -> str:
    """The file's text, with CRLF lines. `now` is when it was made: a calendar keeps the newest of two (5546 2.1.5)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//Second Look//Dates//{language.upper()}", "METHOD:PUBLISH"]
    for entry in entries:
        lines += _event(case_id, entry, now)
    return "".join(f"{part}\r\n" for line in (*lines, "END:VCALENDAR") for part in folded(line))


def _event(case_id: UUID, entry: Entry, now: datetime) -> list[str]:
    summary = f"SUMMARY:{escaped(entry.summary)}"
    return [
        "BEGIN:VEVENT",
        f"UID:{uuid5(case_id, f'date:{entry.kind}')}",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(entry.at)}",
        summary,
        f"DESCRIPTION:{escaped(entry.description)}",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        *_ALARM,
        summary.replace("SUMMARY:", "DESCRIPTION:", 1),
        "END:VALARM",
        "END:VEVENT",
    ]


def escaped(text: str) -> str:
    """A TEXT value (3.3.11): backslash, semicolon, comma, line break escaped; other control characters left out."""
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def folded(line: str) -> Iterator[str]:
    """A content line in pieces of at most 75 octets, each further one behind a space, no character cut in two (3.1)."""
    piece, room = "", _LINE_OCTETS
    for character in line:
        octets = len(character.encode())
        if octets > room:
            yield piece
            piece, room = " ", _LINE_OCTETS - 1
        piece += character
        room -= octets
    yield piece


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
