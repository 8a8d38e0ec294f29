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
from shared.casework.store import Store
from shared.casework.strangers import Doubtful, Judged, Strangers, read
from shared.contracts.envelope import splice
from shared.contracts.vocabulary import EventType
from shared.errors import Outage
from shared.messaging.records import Outgoing, Receipt, Record, Sender
from shared.messaging.tap import NoTap, Tap

CASES_AT_ONCE = 200
EVENTS_AT_ONCE = 200
MOST_NAMED = 100

log = structlog.get_logger()


@dataclass(slots=True)
class TopicReport:
    """One topic, in events of this service. `waiting` are stored and not published yet: the outbox sends them.

    `strangers` are in the topic and not in the store: the store is older than its topic. `doubtful` are records that
    only name this service as their source. `corrupt`: batches that cannot be read; what they held counts as missing.
    """

    topic: str
    stored: int = 0
    in_topic: int = 0
    missing: int = 0
    published: int = 0
    waiting: int = 0
    strangers: int = 0
    doubtful: int = 0
    corrupt: int = 0


@dataclass(slots=True)
class Report:
    """What was compared so far. `stranger_cases`: some cases of which the topics knew more than the store.

    `doubtful`: some records that name the service as their source, and were not believed. A person has to look at them.
    `keyless`: some cases of this store whose keys are gone, `keyless_cases` in all: the keyring is older than they are.
    `behind`: how many cases are parked for that at the end, this time's and earlier ones.
    """

    topics: dict[str, TopicReport]
    cases: int = 0
    stranger_cases: list[UUID] = field(default_factory=list)
    doubtful: Sequence[Doubtful] = ()
    keyless: list[UUID] = field(default_factory=list)
    keyless_cases: int = 0
    behind: int = 0


class Parking(Protocol):
    """What parks the cases that are behind their topics."""

    @property
    def begin(self) -> Callable[[], Awaitable[None]]: ...
    async def park(self, strangers: Sequence[Arrived], *, contested: bool = False) -> None: ...
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
        without_key: Callable[[Sequence[UUID]], Awaitable[Sequence[UUID]]] | None = None,
    ) -> None:
        """`tap` opens a tap on topics by their whole names; `topics` are those that the service emits.

        `without_key` tells which of some cases have no key, and never had an order to destroy it.
        """
        self._store = store
        self._sender = sender
        self._tap = tap
        self._parking = parking
        self._service = service
        self._prefix = prefix
        self._without_key = without_key
        names = sorted(topic.value for topic in topics)
        self.report = Report({name: TopicReport(name) for name in names})
        # Of each event 64 bits are enough to tell them apart, and a quarter of the memory.
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
            await self._name_keyless()
            if not dry_run:
                self.report.behind = await self._parking.bring_forward()
        except NoTap as error:
            raise Outage(str(error)) from error
        return self.report

    async def _look(self, tap: Tap) -> None:
        async for records in tap.in_batches():
            for record in records:
                if (mark := _mark_of(record, self._service)) is not None:
                    self._seen[record.topic.removeprefix(self._prefix)].add(mark)
            await asyncio.sleep(0)  # there is a service to run beside
        for name, seen in self._seen.items():
            self.report.topics[name].in_topic = len(seen)
            self.report.topics[name].corrupt = sum(batch.topic == f"{self._prefix}{name}" for batch in tap.corrupt)

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
            lost = {e.index for e in events if e.index < published and _mark(case_id, e) not in self._seen[e.type]}
            if lost:
                missing[case_id] = lost
        return missing

    async def _count_and_publish(
        self, page: Sequence[tuple[UUID, int, list[Emitted]]], missing: Mapping[UUID, set[int]], *, per_second: float
    ) -> None:
        for case_id, published, events in page:
            self.report.cases += 1
            for event in events:
                topic = self.report.topics[event.type]
                topic.stored += 1
                topic.waiting += event.index >= published
                self._found[event.type].add(_mark(case_id, event))
        for case_id, lost in missing.items():
            for event in next(events for found, _, events in page if found == case_id):
                self.report.topics[event.type].missing += event.index in lost
        if per_second:
            records = [record for case_id, lost in missing.items() for record in await self._stored(case_id, lost)]
            await self._publish(records, per_second)

    async def _stored(self, case_id: UUID, lost: set[int]) -> list[tuple[int, Outgoing]]:
        """The lost events of a case as they are stored, in order, each with its mark."""
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
            outgoing = Outgoing(event.type, case_id, event.id, splice(event.body, blobs))
            records.append((_mark(case_id, event), outgoing))
        return records

    async def _publish(self, records: Sequence[tuple[int, Outgoing]], per_second: float) -> None:
        at_once = max(1, min(EVENTS_AT_ONCE, int(per_second)))
        for first in range(0, len(records), at_once):
            some = records[first : first + at_once]
            sent = await self._sender.send([record for _, record in some])
            for (mark, record), receipt in zip(some, sent, strict=True):
                if receipt is Receipt.TAKEN:
                    self.report.topics[record.topic].published += 1
                    self._seen[record.topic].add(mark)
            if Receipt.LATE in sent:
                raise Outage("Kafka did not acknowledge in time.")
            await asyncio.sleep(len(some) / per_second)

    async def _name_strangers(self, *, park: bool) -> None:
        """Judge what only the topics know, and name or park its cases: read once more, for it should be nothing."""
        strangers = {name: seen - self._found[name] for name, seen in self._seen.items()}
        judged = await self._judged(strangers)
        if park and judged.cases:
            await self._parking.begin()
            judged = await self._judged(strangers)
            await self._park(judged)
        self.report.stranger_cases = list(judged.cases)[:MOST_NAMED]
        self.report.doubtful = judged.doubtful
        for name, topic in self.report.topics.items():
            topic.strangers = sum(where[0] == name for where in judged.own | judged.contested)
            topic.doubtful = judged.count[name]

    async def _name_keyless(self) -> None:
        """Cases that have told something, so that they had a key."""
        if self._without_key is None:
            return
        async for page in self._pages():
            gone = await self._without_key([case_id for case_id, _, events in page if events])
            self.report.keyless_cases += len(gone)
            self.report.keyless += gone[: MOST_NAMED - len(self.report.keyless)]

    async def _judged(self, strangers: dict[str, set[int]]) -> Judged:
        """What becomes of the records that the store has not, also not by now."""
        found = Strangers()
        if any(strangers.values()) and await self._stored_since(strangers):
            async for topic, record in self._records([name for name, left in strangers.items() if left]):
                if _mark_of(record, self._service) in strangers[topic]:
                    found.add(record, topic)
        sent: dict[UUID, Mapping[str, int]] = {}
        for first in range(0, len(cases := found.cases), CASES_AT_ONCE):
            loaded = await self._store.load(cases[first : first + CASES_AT_ONCE])
            sent |= {case_id: case.sent for case_id, case in loaded.items()}
        return found.judge(sent)

    async def _park(self, judged: Judged) -> None:
        batch: dict[bool, list[Arrived]] = {False: [], True: []}
        wanted = sorted({where[0] for where in judged.own | judged.contested})
        async for topic, record in self._records(wanted):
            where = (topic, record.partition, record.offset)
            arrived = read(record, topic) if where in judged.own or where in judged.contested else None
            if arrived is None:
                continue
            contested = where in judged.contested
            batch[contested].append(arrived)
            if len(batch[contested]) == CASES_AT_ONCE:
                await self._parking.park(batch[contested], contested=contested)
                batch[contested] = []
        for contested, left in batch.items():
            await self._parking.park(left, contested=contested)

    async def _records(self, topics: Sequence[str]) -> AsyncIterator[tuple[str, Record]]:
        """All records of some topics, with the topic's name without prefix."""
        if not topics:
            return
        async with self._tap([f"{self._prefix}{name}" for name in topics]) as tap:
            async for records in tap.in_batches():
                for record in records:
                    yield record.topic.removeprefix(self._prefix), record
                await asyncio.sleep(0)

    async def _stored_since(self, strangers: dict[str, set[int]]) -> bool:
        """Take out what was stored, and published, since its case was looked at; whether any stranger is left."""
        async for case_id, _, events in self._store.all_events():
            for event in events:
                strangers[event.type].discard(_mark(case_id, event))
        return any(strangers.values())


def _mark(case_id: UUID, event: Emitted) -> int:
    return _short(event.id, case_id, event.seq)


def _short(event_id: UUID, case_id: UUID, seq: int) -> int:
    return hash((event_id.int, case_id.int, seq)) & 0xFFFFFFFFFFFFFFFF


def _mark_of(record: Record, service: str) -> int | None:
    """Which event it is, if it names this service as its source. One that is malformed is none that a store has."""
    try:
        event = json.loads(record.value or b"")
        if event["source"] != service:
            return None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    try:
        case_id = UUID(event["subject"])
        if type(event["seq"]) is int and record.key == str(case_id).encode():
            return _short(UUID(event["id"]), case_id, event["seq"])
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return hash(record.value) & 0xFFFFFFFFFFFFFFFF
