"""A log that lost its tail and grew back: Kafka acknowledges before it syncs, so a power cut can take the newest.

New records then get the offsets of lost ones, and whoever goes on at a committed offset never reads those below it. So
a hash and the time of the last settled record are committed with each offset, and compared with what the log holds.
"""

import asyncio
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.messaging.consumer import Consumer

CHECK_SECONDS = 10.0
ANSWER_SECONDS = 8.0
SKEW_MS = 60_000
"""Records that replaced lost ones may have been stamped by a clock that is so far behind."""
FETCH_BYTES = 280_000
"""Room for the producer's largest batch: only the first record of each answer is looked at."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Anchor:
    """A record that was settled: its offset, a hash of its value, its time in milliseconds."""

    offset: int
    digest: str
    timestamp: int

    @property
    def metadata(self) -> str:
        """As it is committed with the offset behind it."""
        return f"{self.digest}:{self.timestamp}"


def anchor(record: Any) -> Anchor:
    """The anchor of a record as it was read."""
    return Anchor(record.offset, hashlib.sha256(record.value or b"").hexdigest()[:16], record.timestamp)


class Tails:
    """Watches the logs of one member's partitions. `find` looks, `take` gives what has to be read again."""

    def __init__(self, bootstrap: str, group: str) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._lock = asyncio.Lock()
        self._seen: dict[TopicPartition, Anchor] = {}
        self._known: set[tuple[TopicPartition, Anchor]] = set()
        self._rewinds: dict[TopicPartition, int] = {}
        self.unchecked: set[TopicPartition] = set()

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """Begin anew: nothing of these may be settled before it was looked at."""
        self._seen.clear()
        self._known.clear()
        self._rewinds.clear()
        self.unchecked = set(partitions)

    def committed(self, settled: Mapping[TopicPartition, Anchor]) -> None:
        """Remember what was settled: of each partition the first since the last look, for later ones may be too new."""
        for partition, last in settled.items():
            self._seen.setdefault(partition, last)

    def take(self) -> dict[TopicPartition, int]:
        """Where to go back to, once."""
        rewinds, self._rewinds = self._rewinds, {}
        return rewinds

    async def find(self) -> None:
        """Look at all partitions. Raises an error of Kafka's, or `TimeoutError`, when that cannot be done now."""
        async with self._lock, asyncio.timeout(ANSWER_SECONDS):
            partitions = self.unchecked | self._seen.keys()
            committed = await self._committed(partitions)
            wanted = {
                partition: {
                    each
                    for each in (self._seen.get(partition), committed.get(partition))
                    if each is not None and (partition, each) not in self._known
                }
                for partition in partitions
            }
            found = await self._differing({partition: each for partition, each in wanted.items() if each})
            for partition in partitions:
                if partition in found:
                    self._known |= {(partition, each) for each in wanted[partition]}
                    self._seen.pop(partition, None)
                elif partition in committed:
                    self._seen[partition] = committed[partition]
            self._rewinds |= found
            self.unchecked -= partitions

    async def _committed(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, Anchor]:
        if not partitions:
            return {}
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        try:
            await admin.start()
            offsets = await admin.list_consumer_group_offsets(self._group)
        finally:
            await admin.close()
        known = {partition: _read(each.offset, each.metadata) for partition, each in offsets.items()}
        return {partition: each for partition, each in known.items() if each is not None and partition in partitions}

    async def _differing(self, wanted: Mapping[TopicPartition, Collection[Anchor]]) -> dict[TopicPartition, int]:
        """Where the log does not hold what was settled: from which offset to read again."""
        if not wanted:
            return {}
        consumer = Consumer(
            bootstrap_servers=self._bootstrap,
            client_id=self._group,
            group_id=None,
            enable_auto_commit=False,
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        try:
            await consumer.start()
            consumer.assign(list(wanted))
            begin, end = await consumer.beginning_offsets(list(wanted)), await consumer.end_offsets(list(wanted))
            found: dict[TopicPartition, int] = {}
            rounds = [(tp, each) for tp, anchors in wanted.items() for each in anchors if each.offset >= begin[tp]]
            while rounds:  # one anchor of each partition at a time
                asked = dict(rounds)
                rounds = [(tp, each) for tp, each in rounds if asked[tp] != each]
                there = await _at(consumer, {tp: each.offset for tp, each in asked.items() if each.offset < end[tp]})
                # A batch that has become corrupt was settled before: reading it again would only stop there.
                there |= {tp: asked[tp] for tp in consumer.corrupt if tp in asked}
                for partition, settled in asked.items():
                    if there.get(partition) != settled:
                        back = await _before(consumer, partition, settled, begin[partition])
                        found[partition] = min(back, found.get(partition, back))
                        self._tell(partition, settled, back)
            return found
        finally:
            await consumer.stop()

    def _tell(self, partition: TopicPartition, settled: Anchor, back: int) -> None:
        count = settled.offset + 1 - back
        place = {"topic": partition.topic, "partition": partition.partition, "offset": back, "count": count}
        log.error("log_lost_its_tail", group=self._group, **place)


async def _at(consumer: Any, offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, Anchor]:
    """What the log holds at these offsets (or first behind them)."""
    found: dict[TopicPartition, Anchor] = {}
    consumer.pause(*consumer.assignment())
    for partition, offset in offsets.items():
        consumer.seek(partition, offset)
    left = set(offsets)
    while left:
        consumer.resume(*left)
        for partition in list(left):
            batch = await consumer.getmany(partition, timeout_ms=100, max_records=1)
            if partition in batch:
                found[partition] = anchor(batch[partition][0])
            if partition in batch or partition in consumer.corrupt:
                consumer.pause(partition)
                left.discard(partition)
    return found


async def _before(consumer: Any, partition: TopicPartition, settled: Anchor, begin: int) -> int:
    """Where the first record is that may have replaced a lost one; the log's beginning when times do not tell."""
    times = await consumer.offsets_for_times({partition: max(0, settled.timestamp - SKEW_MS)})
    first = times.get(partition)
    if first is None or first.offset > settled.offset:
        return begin
    return int(first.offset)


def settled_at(metadata: str | None) -> float | None:
    """When the last settled record was written, in seconds, as the metadata of its commit says."""
    _, _, timestamp = (metadata or "").partition(":")
    return int(timestamp) / 1000 if timestamp.isdigit() else None


def _read(offset: int, metadata: str | None) -> Anchor | None:
    digest, _, timestamp = (metadata or "").partition(":")
    return Anchor(offset - 1, digest, int(timestamp)) if offset > 0 and timestamp.isdigit() else None
