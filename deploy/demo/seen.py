"""What the topics say, as it comes: every event of every case, and somebody to wait for one."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from deploy.demo.letters import Events, unsettled_letters
from shared.contracts.envelope import Event
from shared.contracts.parsing import parse
from shared.contracts.vocabulary import EventType
from shared.messaging.records import Record
from shared.messaging.tap import Tap

TOPICS: Final = tuple(kind for kind in EventType if kind is not EventType.REQUEST_RECEIVED)
LOOK_EVERY_SECONDS = 0.2


class Seen:
    """The events of all cases so far. A repeated record of an event (same id) counts once: publishing may repeat."""

    def __init__(self) -> None:
        self.events: Events = defaultdict(list)
        self._ids: set[UUID] = set()
        self._last_news = time.monotonic()
        self._news = asyncio.Condition()

    async def take(self, records: Iterable[Record]) -> None:
        """Take in what was read; raises `Unparsable` for a record that is no event of its topic."""
        new = False
        for record in records:
            event = parse(record.value or b"", EventType(record.topic))
            if event.id not in self._ids:
                self._ids.add(event.id)
                self.events[event.subject].append(event)
                new = True
        if new:
            self._last_news = time.monotonic()
            async with self._news:
                self._news.notify_all()

    async def follow(self, tap: Tap) -> None:
        """Read on and on, until cancelled."""
        while True:
            await self.take(await tap.more(within=1.0))
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    @property
    def quiet_seconds(self) -> float:
        """How long nothing has happened."""
        return time.monotonic() - self._last_news

    def of(self, case_id: UUID, kind: EventType) -> list[Event[Any]]:
        """The events of one type of a case."""
        return [event for event in self.events.get(case_id, ()) if event.type is kind]

    async def first(self, case_id: UUID, *kinds: EventType) -> Event[Any]:
        """The first event of one of these types of a case; waits until there is one."""
        return (await self.until(lambda: [e for kind in kinds for e in self.of(case_id, kind)]))[0]

    async def until(self, found: Callable[[], list[Event[Any]]]) -> list[Event[Any]]:
        """Wait until `found` gives something."""
        async with self._news:
            while not (events := found()):
                await self._news.wait()
            return events

    def count(self, kind: EventType) -> int:
        """How many events of a type there are."""
        return sum(event.type is kind for events in self.events.values() for event in events)

    async def settled(self) -> None:
        """Wait until every letter that the known events make has a result."""
        async with self._news:
            while unsettled_letters(self.events):
                await self._news.wait()
