"""The consumer under everything that reads here: records whose headers cannot be decoded come as any other.

A corrupt batch ends its partition until somebody has it skipped, or it can be read again (a replica mends it): it is
looked at every few seconds, and no other partition waits for it.
"""

import time
from collections.abc import Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.messaging.lenient import CorruptBatch, read_leniently

LOOK_AGAIN_SECONDS = 5.0

read_leniently()


class Consumer(AIOKafkaConsumer):  # type: ignore[misc]
    """aiokafka's consumer on the lenient record reader. It never raises for what lies in a topic."""

    def __init__(self, *topics: str, **options: Any) -> None:
        super().__init__(*topics, **options)
        self.corrupt: dict[TopicPartition, CorruptBatch] = {}
        """Where partitions of this consumer stand at a batch that cannot be read, as last seen."""
        self._look_again: dict[TopicPartition, float] = {}

    async def getmany(self, *partitions: Any, timeout_ms: int = 0, max_records: int | None = None) -> Any:
        """As aiokafka's, but a corrupt batch is noted in `corrupt`, and its partition paused for a while."""
        self._resume_what_is_due()
        found = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
        return {tp: good for tp, records in found.items() if (good := self._good(tp, records))}

    def go_past(self, partition: TopicPartition, offset: int) -> None:
        """Go on behind a corrupt batch."""
        self.seek(partition, offset)
        self._forget([partition])

    def _good(self, partition: TopicPartition, records: list[Any]) -> list[Any]:
        if not records:
            return records
        if not isinstance(records[-1], CorruptBatch):
            self.corrupt.pop(partition, None)
            return records
        self.corrupt[partition] = records[-1]
        self.pause(partition)  # it would be fetched again at once, and for ever
        self._look_again[partition] = time.monotonic() + LOOK_AGAIN_SECONDS
        return records[:-1]

    def _resume_what_is_due(self) -> None:
        if not self._look_again:
            return
        now, mine = time.monotonic(), self.assignment()
        self._forget([partition for partition in self._look_again if partition not in mine])
        for partition in [each for each, at in self._look_again.items() if at <= now]:
            del self._look_again[partition]
            self.resume(partition)

    def _forget(self, partitions: Collection[TopicPartition]) -> None:
        mine = self.assignment()
        for partition in partitions:
            self.corrupt.pop(partition, None)
            if self._look_again.pop(partition, None) is not None and partition in mine:
                self.resume(partition)
