"""Reading topics from their beginning, beside all consumer groups: to look, to count, never to settle anything."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.messaging.consumer import Consumer
from shared.messaging.lenient import CorruptBatch
from shared.messaging.records import Record, record_of

MOST_AT_ONCE = 2000
FETCH_MS = 200
SILENT_SECONDS = 30.0

log = structlog.get_logger()


class NoTap(Exception):
    """Kafka does not answer, or a topic is not there."""


class Tap:
    """Follows topics without a group. It commits nothing, so that nobody else notices it."""

    def __init__(self, bootstrap: str, topics: Iterable[str]) -> None:
        self._topics = tuple(topics)
        self.corrupt: list[CorruptBatch] = []
        """What could not be read, and was passed: nobody waits for a tap."""
        self._consumer: Any = Consumer(
            bootstrap_servers=bootstrap,
            client_id="secondlook-tap",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_MS,
        )

    async def __aenter__(self) -> "Tap":
        """Start before the first record of every topic; raises `NoTap`."""
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                await self._consumer.start()
                partitions = [tp for topic in self._topics for tp in await self._partitions(topic)]
                self._consumer.assign(partitions)
                await self._consumer.seek_to_beginning(*partitions)
        except (KafkaError, OSError) as error:
            await self._consumer.stop()
            raise NoTap(f"Kafka does not answer ({type(error).__name__}).") from error
        except BaseException:
            await self._consumer.stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        await self._consumer.stop()

    async def to_the_end(self) -> list[Record]:
        """Everything not returned yet, up to where the topics end now; in order within a partition."""
        return [record async for batch in self.in_batches() for record in batch]

    async def in_batches(self) -> AsyncIterator[list[Record]]:
        """As `to_the_end`, a batch at a time. Raises `NoTap` when Kafka does not say where the topics end."""
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
        except (KafkaError, OSError) as error:
            raise NoTap(f"Kafka does not answer ({type(error).__name__}).") from error
        behind = await self._behind(ends)
        silent = dict.fromkeys(behind, 0.0)
        while behind:
            asked = time.monotonic()
            batches = await self._consumer.getmany(timeout_ms=FETCH_MS, max_records=MOST_AT_ONCE)
            waited = time.monotonic() - asked
            self._pass_what_is_corrupt()
            yield [record_of(each) for batch in batches.values() for each in batch]
            before, behind = behind, await self._behind(ends)
            # Each by itself: others may have records for ever, and the client waits for one without a leader as long.
            silent = {each: silent[each] + waited if at == before[each] else 0.0 for each, at in behind.items()}
            for each, at in behind.items():
                if silent[each] > SILENT_SECONDS:
                    raise NoTap(f"Kafka does not give out {each.topic}, partition {each.partition}, from offset {at}.")

    async def more(self, *, within: float) -> list[Record]:
        """What comes next, as soon as something has come; nothing when `within` seconds have passed."""
        batches = await self._consumer.getmany(timeout_ms=int(within * 1000), max_records=MOST_AT_ONCE)
        self._pass_what_is_corrupt()
        return [record_of(each) for batch in batches.values() for each in batch]

    def _pass_what_is_corrupt(self) -> None:
        for partition, batch in list(self._consumer.corrupt.items()):
            self.corrupt.append(batch)
            place = {"topic": batch.topic, "partition": batch.partition, "offset": batch.offset}
            log.error("batch_passed_by_a_tap", **place, why=batch.why)
            self._consumer.go_past(partition, batch.following)

    async def _behind(self, ends: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Which partitions are not read to these ends, and where they are. Raises `NoTap`."""
        found = {}
        for partition, end in ends.items():
            try:
                async with asyncio.timeout(SILENT_SECONDS):
                    at = await self._consumer.position(partition)
            except (KafkaError, OSError) as error:
                place = f"{partition.topic}, partition {partition.partition}"
                raise NoTap(f"Kafka does not say where {place} begins ({type(error).__name__}).") from error
            if at < end:
                found[partition] = at
        return found

    async def _partitions(self, topic: str) -> list[TopicPartition]:
        known = self._consumer.partitions_for_topic(topic)
        if known is None:
            await self._consumer._client.force_metadata_update()
            self._consumer._client.add_topic(topic)
            await self._consumer._client.force_metadata_update()
            known = self._consumer.partitions_for_topic(topic)
        if not known:
            raise NoTap(f"There is no topic {topic}.")
        return [TopicPartition(topic, number) for number in sorted(known)]
