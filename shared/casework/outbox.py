"""Publishing what the store holds: in order per case, one in flight per (case, index), marked once acknowledged."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any
from uuid import UUID

import structlog

from shared.casework.breaker import Breaker
from shared.casework.case import Emitted
from shared.casework.store import Store
from shared.contracts.envelope import splice
from shared.errors import Outage
from shared.failpoints import Point, Reached, no_point
from shared.messaging.records import Outgoing, Receipt, Sender

MARK_SECONDS = 0.5
"""Marks may come late: a crash then only publishes again what the next service drops."""

MARKS_AT_ONCE = 1000
MOST_OWED = 20_000
"""What an outage leaves beyond these is found in the store."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Publication:
    """Events of one case to publish, in order, without a gap. `published` is the store's mark when they were read."""

    case_id: UUID
    published: int
    events: Sequence[Emitted]
    blobs: Mapping[str, bytes]


@dataclass(slots=True)
class _Progress:
    """What this process knows of one case's events: `prefix` are acknowledged without a gap."""

    prefix: int = 0
    acknowledged: set[int] = field(default_factory=set)
    flying: dict[int, "asyncio.Future[None]"] = field(default_factory=dict)

    def knows(self, index: int) -> bool:
        return index < self.prefix or index in self.acknowledged or index in self.flying

    def starts(self, index: int) -> None:
        self.flying[index] = asyncio.get_running_loop().create_future()

    def lands(self, index: int, *, acknowledged: bool) -> None:
        self.flying.pop(index).set_result(None)
        if acknowledged:
            self.acknowledged.add(index)
        while self.prefix in self.acknowledged:
            self.acknowledged.discard(self.prefix)
            self.prefix += 1


class Outbox:
    """Publishes events of one service. What it cannot send stays in the store; the sweeper comes back to it."""

    def __init__(self, store: Store[Any], sender: Sender, breaker: Breaker, *, point: Point = no_point) -> None:
        self._store = store
        self._sender = sender
        self.breaker = breaker
        self._point = point
        self._progress: dict[UUID, _Progress] = {}
        self._unmarked: dict[UUID, int] = {}
        self._marked: set[UUID] = set()
        self._owed: set[UUID] = set()

    def owe(self, case_ids: Iterable[UUID]) -> None:
        """Remember cases whose events could not be sent from here: nobody need wait until their outbox is stale."""
        for case_id in case_ids:
            if len(self._owed) >= MOST_OWED:
                return
            self._owed.add(case_id)

    def owed(self) -> set[UUID]:
        """Those cases, once."""
        owed, self._owed = self._owed, set()
        return owed

    def acknowledged(self, case_ids: Iterable[UUID]) -> dict[UUID, int]:
        """Acknowledged prefixes that the store may not know yet: marks that can ride along with a write."""
        return {case_id: self._unmarked[case_id] for case_id in case_ids if case_id in self._unmarked}

    def covered(self, case_id: UUID, published: int) -> int:
        """How many of a case's first events are acknowledged, or in flight from here (given the store's mark)."""
        progress = self._progress.get(case_id)
        if progress is None:
            return published
        count = max(published, progress.prefix)
        while count in progress.acknowledged or count in progress.flying:
            count += 1
        return count

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Send, wait (bounded) for acknowledgements, note the acknowledged prefixes. Raises `Outage` on a shortfall."""
        behind = await self._publish(publications)
        if behind:
            await self.publish_stored(behind)

    async def publish_stored(self, case_ids: Iterable[UUID]) -> None:
        """Publish what the store says is unpublished: stored bytes only. Raises `Outage` on a shortfall."""
        stored = await self._store.unpublished(case_ids)
        if await self._publish([Publication(each.case_id, each.published, each.events, each.blobs) for each in stored]):
            raise Outage("Earlier events of the same cases were not acknowledged.")

    async def _publish(self, publications: Sequence[Publication]) -> set[UUID]:
        """Returns the cases of which an earlier event is not acknowledged: nothing more was sent of them."""
        await self._earlier_flights(publications)
        chosen: list[tuple[UUID, int]] = []
        records: list[Outgoing] = []
        behind: set[UUID] = set()
        sent: Sequence[Receipt] = ()
        try:
            for publication in publications:
                progress = self._progress.setdefault(publication.case_id, _Progress())
                progress.prefix = max(progress.prefix, publication.published)
                for event in publication.events:
                    if progress.knows(event.index):
                        continue
                    if event.index and not progress.knows(event.index - 1):
                        behind.add(publication.case_id)  # A double is dropped downstream, an inversion is not.
                        break
                    blobs = {name: publication.blobs[name] for name in event.blobs}
                    records.append(Outgoing(event.type, publication.case_id, event.id, splice(event.body, blobs)))
                    progress.starts(event.index)
                    chosen.append((publication.case_id, event.index))
            sent = await self._send(records) if records else ()
        finally:
            receipts = [*sent, *repeat(Receipt.LATE, len(chosen) - len(sent))]
            for (case_id, index), receipt in zip(chosen, receipts, strict=True):
                self._progress[case_id].lands(index, acknowledged=receipt is Receipt.TAKEN)
            for publication in publications:
                self._note(publication)
        self._judge(sent)
        return behind

    async def _send(self, records: Sequence[Outgoing]) -> Sequence[Receipt]:
        await self._point(Reached.SENDING)
        sent = await self._sender.send(records)
        await self._point(Reached.SENT)
        for record, receipt in zip(records, sent, strict=True):
            if receipt is Receipt.REFUSED:  # it stays in the store, and is pending, until Kafka takes records so large
                log.error("event_refused", topic=record.topic, case=str(record.case_id), bytes=len(record.value))
        return sent

    def _judge(self, sent: Sequence[Receipt]) -> None:
        """A refused record is no outage: its case waits, and nobody else."""
        if Receipt.LATE in sent:
            if Receipt.TAKEN not in sent:
                self.breaker.failed()
            raise Outage("Kafka did not acknowledge in time.")
        if sent:
            self.breaker.worked()

    async def _earlier_flights(self, publications: Sequence[Publication]) -> None:
        """Wait (as long as a send may take) for what other tasks are sending of these cases: it may still fail."""
        while flights := [
            flight
            for publication in publications
            if (progress := self._progress.get(publication.case_id)) is not None
            for flight in progress.flying.values()
        ]:
            await asyncio.wait(flights)

    async def flush_marks(self) -> None:
        """Write the marks gathered so far, in bulk."""
        for case_id in self._marked:  # One round after its mark: a write that was under way may have counted on it.
            self._forget(case_id)
        self._marked.clear()
        while self._unmarked:
            marks = dict(list(self._unmarked.items())[:MARKS_AT_ONCE])
            await self._point(Reached.MARKING)
            await self._store.mark(marks)
            await self._point(Reached.MARKED)
            self._marked |= marks.keys()
            for case_id, published in marks.items():
                if self._unmarked.get(case_id) == published:
                    del self._unmarked[case_id]

    def _note(self, publication: Publication) -> None:
        """A longer acknowledged prefix is a mark to write; a mark that the store lacks is written again."""
        progress = self._progress.get(publication.case_id)
        if progress is not None and progress.prefix > publication.published:
            self._unmarked[publication.case_id] = progress.prefix
        elif publication.case_id not in self._marked:
            self._forget(publication.case_id)

    def _forget(self, case_id: UUID) -> None:
        progress = self._progress.get(case_id)
        if progress is not None and not progress.flying and case_id not in self._unmarked:
            del self._progress[case_id]
