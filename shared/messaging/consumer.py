"""aiokafka's consumer, made to survive what it cannot decode.

A header *name* that is not UTF-8 makes `getmany` raise, after it may have drained another partition and lost those
records. Then every partition goes back to its committed offset and records are read one by one; the one that cannot be
read is reported and passed (`passed` remembers it, for whoever checks that offsets follow one another).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

PAUSE_SECONDS = 0.1
LISTEN_MS = 500
"""So long an idle consumer waits for records in one go; they are handed over the moment they come. FastStream asks with
its own time limit, and sleeps as long again after nothing came: it would wake up fifty times a second."""

Unreadable = Callable[[str, int, int], Awaitable[None]]


class SteadyConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """A consumer that goes past a record which the client library cannot decode, having reported it."""

    def __init__(self, *topics: str, unreadable: Unreadable, may_fetch: Callable[[], bool], **options: Any) -> None:
        """`unreadable(topic, partition, offset)` is awaited before such a record is passed; if it raises, it is not.

        While `may_fetch` says no, nothing is handed over.
        """
        super().__init__(*topics, **options)
        self._unreadable = unreadable
        self._may_fetch = may_fetch
        self.passed: set[tuple[str, int, int]] = set()

    async def getmany(self, *partitions: Any, timeout_ms: int = 0, max_records: int | None = None) -> Any:
        """As aiokafka's, but never raises for a record's content, and waits longer than it was asked to."""
        if not self._may_fetch():
            await asyncio.sleep(PAUSE_SECONDS)
            return {}
        try:
            return await super().getmany(*partitions, timeout_ms=max(timeout_ms, LISTEN_MS), max_records=max_records)
        except UnicodeDecodeError:
            read = {tp: await self._carefully(tp, max_records or 500) for tp in self.assignment()}
            return {tp: records for tp, records in read.items() if records}

    async def _carefully(self, partition: TopicPartition, limit: int) -> list[Any]:
        """Read a partition one by one from its committed offset, up to and past the first unreadable record."""
        start = await self.settled(partition)
        end = (await self.end_offsets([partition]))[partition]
        self.seek(partition, start)
        records: list[Any] = []
        offset = start
        while offset < end and len(records) < limit:
            try:
                found = await super().getmany(partition, timeout_ms=2000, max_records=1)
            except UnicodeDecodeError:
                await self._report(partition, offset)
                self.passed.add((partition.topic, partition.partition, offset))
                self.seek(partition, offset + 1)
                break
            if not found:
                break
            records += found[partition]
            offset = records[-1].offset + 1
        return records

    async def settled(self, partition: TopicPartition) -> int:
        """The offset from which the group has to go on: the committed one, or the beginning."""
        committed = await self.committed(partition)
        if committed is not None:
            return int(committed)
        return int((await self.beginning_offsets([partition]))[partition])

    async def settled_by_group(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, OffsetAndMetadata]:
        """What the group has committed, of any partitions, whoever reads them; left out where it never did."""
        found: dict[TopicPartition, OffsetAndMetadata] = await self._coordinator.fetch_committed_offsets(partitions)
        return found

    async def _report(self, partition: TopicPartition, offset: int) -> None:
        try:
            await self._unreadable(partition.topic, partition.partition, offset)
        except Exception as error:
            # Of all errors FastStream's loop takes only Kafka's for an outage, and waits; others it repeats at once.
            raise KafkaError("An unreadable record could not be noted.") from error
