"""Comparing a service's stored events with its topics, and publishing again what the topics lost.

The store is the truth: Kafka acknowledges before it syncs, and a log can be cut, deleted or restored from an old copy.
What is missing is sent again as it is stored, under the same ids and in each case's order; who had it drops it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import structlog

from shared.casework.case import Arrived, Emitted
from shared.casework.document import arrive
from shared.casework.errors import Outage
from shared.casework.store import Store
from shared.contracts.envelope import splice
from shared.contracts.vocabulary import EventType
from shared.messaging.records import Outgoing, Receipt, Record, Sender
from shared.messaging.tap import NoTap, Tap

CASES_AT_ONCE = 200
EVENTS_AT_ONCE = 200
MOST_NAMED = 100

log = structlog.get_logger()


@dataclass(slots=True)
class TopicReport:
    """One topic, in events of this service. `waiting` are stored and not published yet: the outbox sends them.

    `strangers` are in the topic and not in the store: the store is older than its topic.
    """

    topic: str
    stored: int = 0
    in_topic: int = 0
    missing: int = 0
    published: int = 0
    waiting: int = 0
    strangers: int = 0


@dataclass(slots=True)
class Report:
    """What was compared so far. `stranger_cases`: some cases of which the topics knew more than the store.

    `behind`: how many cases are parked for that at the end, this time's and earlier ones.
    """

    topics: dict[str, TopicReport]
    cases: int = 0
    stranger_cases: list[UUID] = field(default_factory=list)
    behind: int = 0


class Parking(Protocol):
    """What parks the cases that are behind their topics."""

    @property
    def begin(self) -> Callable[[], Awaitable[None]]: ...
    async def park(self, strangers: Sequence[Arrived]) -> None: ...
    async def bring_forward(self) -> int: ...


class Reconciliation:
    """One comparison of one service, and what it found."""

    def __init__(
        self,
        store: Store[Any],
        sender: Sender,
        tap: Callable[[Sequence[str]], Tap],
        parking: Parking,
        *,
        service: str,
        topics: Iterable[EventType],
        prefix: str = "",
    ) -> None:
        """`tap` opens a tap on topics by their whole names; `topics` are those that the service emits."""
        self._store = store
        self._sender = sender
        self._tap = tap
        self._parking = parking
        self._service = service
        self._prefix = prefix
        names = sorted(topic.value for topic in topics)
        self.report = Report({name: TopicReport(name) for name in names})
        # Of each event's id 64 bits are enough to tell them apart, and a quarter of the memory.
        self._seen: dict[str, set[int]] = {name: set() for name in names}
        self._found: dict[str, set[int]] = {name: set() for name in names}

    async def run(self, *, dry_run: bool, per_second: float) -> Report:
        """Compare everything; unless dry, publish what is missing, at most `per_second`, and park what is behind.

        Raises `Outage`.
        """
        try:
            async with self._tap([f"{self._prefix}{name}" for name in self._seen]) as tap:
                await self._look(tap)
                async for pages in self._pages():
                    missing = self._missing(pages)
                    if missing:
                        # An event that was published meanwhile is not missing.
                        await self._look(tap)
                        missing = self._missing(pages)
                    await self._count_and_publish(pages, missing, per_second=0 if dry_run else per_second)
                await self._look(tap)
                await self._name_strangers(park=not dry_run)
            if not dry_run:
                self.report.behind = await self._parking.bring_forward()
        except NoTap as error:
            raise Outage(str(error)) from error
        return self.report

    async def _look(self, tap: Tap) -> None:
        async for records in tap.in_batches():
            for record in records:
                if (known := _of(record, self._service)) is not None:
                    self._seen[record.topic.removeprefix(self._prefix)].add(_short(known[0]))
            await asyncio.sleep(0)  # there is a service to run beside
        for name, seen in self._seen.items():
            self.report.topics[name].in_topic = len(seen)

    async def _pages(self) -> AsyncIterator[list[tuple[UUID, int, list[Emitted]]]]:
        page: list[tuple[UUID, int, list[Emitted]]] = []
        async for case in self._store.all_events():
            page.append(case)
            if len(page) == CASES_AT_ONCE:
                yield page
                page = []
        yield page

    def _missing(self, page: Sequence[tuple[UUID, int, list[Emitted]]]) -> dict[UUID, set[int]]:
        """Of each case the places of those events that were published, and are in no topic."""
        missing: dict[UUID, set[int]] = {}
        for case_id, published, events in page:
            lost = {e.index for e in events if e.index < published and _short(e.id) not in self._seen[e.type]}
            if lost:
                missing[case_id] = lost
        return missing

    async def _count_and_publish(
        self, page: Sequence[tuple[UUID, int, list[Emitted]]], missing: Mapping[UUID, set[int]], *, per_second: float
    ) -> None:
        for _, published, events in page:
            self.report.cases += 1
            for event in events:
                topic = self.report.topics[event.type]
                topic.stored += 1
                topic.waiting += event.index >= published
                self._found[event.type].add(_short(event.id))
        for case_id, lost in missing.items():
            for event in next(events for found, _, events in page if found == case_id):
                self.report.topics[event.type].missing += event.index in lost
        if per_second:
            records = [record for case_id, lost in missing.items() for record in await self._stored(case_id, lost)]
            await self._publish(records, per_second)

    async def _stored(self, case_id: UUID, lost: set[int]) -> list[Outgoing]:
        """The lost events of a case as they are stored, in order."""
        history = await self._store.history(case_id)
        events, sealed = history or ([], {})
        records = []
        for event in events:
            if event.index not in lost:
                continue
            if any(name not in sealed for name in event.blobs):
                log.error("blob_missing", case=str(case_id), kind=event.type)
                break
            blobs = {name: sealed[name] for name in event.blobs}
            records.append(Outgoing(event.type, case_id, event.id, splice(event.body, blobs)))
        return records

    async def _publish(self, records: Sequence[Outgoing], per_second: float) -> None:
        at_once = max(1, min(EVENTS_AT_ONCE, int(per_second)))
        for first in range(0, len(records), at_once):
            some = records[first : first + at_once]
            sent = await self._sender.send(some)
            for record, receipt in zip(some, sent, strict=True):
                if receipt is Receipt.TAKEN:
                    self.report.topics[record.topic].published += 1
                    self._seen[record.topic].add(_short(record.event_id))
            if Receipt.LATE in sent:
                raise Outage("Kafka did not acknowledge in time.")
            await asyncio.sleep(len(some) / per_second)

    async def _name_strangers(self, *, park: bool) -> None:
        """Count what only the topics know, and name or park its cases: read once more, for it should be nothing."""
        strangers = {name: seen - self._found[name] for name, seen in self._seen.items()}
        newer = any(strangers.values()) and await self._stored_since(strangers)
        if newer and park:
            await self._parking.begin()
            newer = await self._stored_since(strangers)
        for name, left in strangers.items():
            self.report.topics[name].strangers = len(left)
        if not newer:
            return
        wanted = [f"{self._prefix}{name}" for name, left in strangers.items() if left]
        cases: dict[UUID, None] = {}
        async with self._tap(wanted) as tap:
            async for records in tap.in_batches():
                found = [arrived for record in records if (arrived := self._stranger(record, strangers)) is not None]
                cases |= dict.fromkeys(arrived.case_id for arrived in found)
                if park:
                    await self._parking.park(found)
        self.report.stranger_cases = list(cases)[:MOST_NAMED]

    def _stranger(self, record: Record, strangers: Mapping[str, set[int]]) -> Arrived | None:
        topic, known = record.topic.removeprefix(self._prefix), _of(record, self._service)
        if known is None or _short(known[0]) not in strangers[topic]:
            return None
        arrived = arrive(known[1], topic, record.value or b"")
        if arrived.event is None:
            raise Outage(f"This build cannot read an event of {topic}: compare with the build that wrote it.")
        return arrived

    async def _stored_since(self, strangers: dict[str, set[int]]) -> bool:
        """Take out what was stored, and published, since its case was looked at; whether any stranger is left."""
        async for _, _, events in self._store.all_events():
            for event in events:
                strangers[event.type].discard(_short(event.id))
        return any(strangers.values())


def _short(event_id: UUID) -> int:
    return event_id.int & 0xFFFFFFFFFFFFFFFF


def _of(record: Record, service: str) -> tuple[UUID, UUID] | None:
    """The event's id and its case, if the record is an event of this service."""
    try:
        event = json.loads(record.value or b"")
        return (UUID(event["id"]), UUID(event["subject"])) if event["source"] == service else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
