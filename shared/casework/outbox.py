"""Publishing what the store holds: in order per case, one in flight per (case, index), marked once acknowledged."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shared.casework.breaker import Breaker
from shared.casework.case import Emitted
from shared.casework.errors import Outage
from shared.casework.store import Store
from shared.contracts.envelope import splice
from shared.messaging.records import Outgoing, Sender

MARK_SECONDS = 0.5
"""Marks may come late: a crash then only publishes again what the next service drops."""

MARKS_AT_ONCE = 1000


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
    flying: set[int] = field(default_factory=set)

    def starts(self, index: int) -> bool:
        """Whether an event has to be sent now; if so it is in flight from now on."""
        if index < self.prefix or index in self.acknowledged or index in self.flying:
            return False
        self.flying.add(index)
        return True

    def lands(self, index: int, *, acknowledged: bool) -> None:
        self.flying.discard(index)
        if acknowledged:
            self.acknowledged.add(index)
        while self.prefix in self.acknowledged:
            self.acknowledged.discard(self.prefix)
            self.prefix += 1


class Outbox:
    """Publishes events of one service. What it cannot send stays in the store; the sweeper comes back to it."""

    def __init__(self, store: Store[Any], sender: Sender, breaker: Breaker) -> None:
        self._store = store
        self._sender = sender
        self.breaker = breaker
        self._progress: dict[UUID, _Progress] = {}
        self._unmarked: dict[UUID, int] = {}

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
        chosen: list[tuple[UUID, int]] = []
        records: list[Outgoing] = []
        for publication in publications:
            progress = self._progress.setdefault(publication.case_id, _Progress())
            progress.prefix = max(progress.prefix, publication.published)
            for event in publication.events:
                if progress.starts(event.index):
                    chosen.append((publication.case_id, event.index))
                    blobs = {name: publication.blobs[name] for name in event.blobs}
                    records.append(Outgoing(event.type, publication.case_id, event.id, splice(event.body, blobs)))
        sent: Sequence[bool] = [False] * len(records)
        try:
            sent = await self._sender.send(records) if records else ()
        finally:
            for (case_id, index), acknowledged in zip(chosen, sent, strict=True):
                self._progress[case_id].lands(index, acknowledged=acknowledged)
            for publication in publications:
                self._note(publication)
        if not all(sent):
            self.breaker.failed()
            raise Outage("Kafka did not acknowledge in time.")
        if records:
            self.breaker.worked()

    async def publish_stored(self, case_ids: Iterable[UUID]) -> None:
        """Publish what the store says is unpublished: stored bytes only."""
        stored = await self._store.unpublished(case_ids)
        await self.publish([Publication(case.case_id, case.published, case.events, case.blobs) for case in stored])

    async def flush_marks(self) -> None:
        """Write the marks gathered so far, in bulk."""
        while self._unmarked:
            marks = dict(list(self._unmarked.items())[:MARKS_AT_ONCE])
            await self._store.mark(marks)
            for case_id, published in marks.items():
                if self._unmarked.get(case_id) == published:
                    del self._unmarked[case_id]
                self._forget(case_id)

    async def keep_marking(self) -> None:
        """Flush marks for ever; an outage only delays them."""
        while True:
            await asyncio.sleep(MARK_SECONDS)
            try:
                await self.flush_marks()
            except Outage:
                continue

    def _note(self, publication: Publication) -> None:
        """A longer acknowledged prefix is a mark to write; a mark that the store lacks is written again."""
        progress = self._progress.get(publication.case_id)
        if progress is not None and progress.prefix > publication.published:
            self._unmarked[publication.case_id] = progress.prefix
        self._forget(publication.case_id)

    def _forget(self, case_id: UUID) -> None:
        progress = self._progress.get(case_id)
        if progress is not None and not progress.flying and case_id not in self._unmarked:
            del self._progress[case_id]
