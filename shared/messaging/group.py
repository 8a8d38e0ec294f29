"""A member of a consumer group: waits for records in one go, fetches only while it may, knows what is settled."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from shared.messaging.consumer import Consumer

PAUSE_SECONDS = 0.1
LISTEN_MS = 500
"""So long an idle consumer waits for records in one go; they are handed over the moment they come. FastStream asks with
its own time limit, and sleeps as long again after nothing came: it would wake up fifty times a second."""


class GroupConsumer(Consumer):
    """The consumer that FastStream's subscriber is given."""

    def __init__(self, *topics: str, may_fetch: Callable[[], bool], **options: Any) -> None:
        """While `may_fetch` says no, nothing is handed over."""
        super().__init__(*topics, **options)
        self._may_fetch = may_fetch

    async def getmany(self, *partitions: Any, timeout_ms: int = 0, max_records: int | None = None) -> Any:
        """As the lenient consumer's, but waits longer than it was asked to."""
        if not self._may_fetch():
            await asyncio.sleep(PAUSE_SECONDS)
            return {}
        return await super().getmany(*partitions, timeout_ms=max(timeout_ms, LISTEN_MS), max_records=max_records)

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
