"""What the topics say while the campaign goes on, for the scripted people: read from Kafka's files, poison left out."""

import asyncio
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from deploy.demo.seen import Seen
from shared.contracts.parsing import Unparsable, parse
from shared.contracts.vocabulary import EventType
from shared.messaging.records import Record
from tests.chaos.segments import Segments, Stored

LOOK_EVERY_SECONDS: Final = 0.3
MARK: Final = re.compile(rb"chaos-[0-9a-f]{12}")
"""Whatever the campaign itself writes to the services' own topics bears such a mark: in value, key or headers."""
OWN: Final = tuple(kind for kind in EventType if kind is not EventType.REQUEST_RECEIVED)


def mark_of(record: Stored) -> str | None:
    """The mark of a poisonous record."""
    headers = (part or b"" for header in record.headers for part in header)
    for part in (record.value or b"", record.key or b"", *headers):
        if found := MARK.search(part):
            return found[0].decode()
    return None


class Watch(Seen):
    """The events of all cases so far. `records`: everything that was ever on the topics, poison too."""

    def __init__(self, segments: Segments) -> None:
        super().__init__()
        self._segments = segments
        self.records: list[Stored] = []
        self._ends: dict[tuple[str, int], int] = {}

    def ends(self) -> dict[tuple[str, int], int]:
        """Topic, partition -> the offset behind its last record, as of the last look."""
        return dict(self._ends)

    async def look(self) -> None:
        """Take in what is new."""
        new = await asyncio.to_thread(self._segments.new)
        self.records += new
        self._ends |= {(each.topic, each.partition): each.offset + 1 for each in new}
        events = [each for each in new if each.topic in OWN and mark_of(each) is None]
        await self.take([_as_record(each) for each in events if _readable(each)])

    async def follow_log(self) -> None:
        """Look on and on, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_SECONDS)


def _readable(stored: Stored) -> bool:
    with suppress(Unparsable):
        return parse(stored.value or b"", EventType(stored.topic)) is not None
    return False


def _as_record(stored: Stored) -> Record:
    at = datetime.fromtimestamp(max(stored.at_ms, 0) / 1000, UTC)
    return Record(stored.topic, stored.partition, stored.offset, stored.key, stored.value, at)
