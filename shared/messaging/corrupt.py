"""Where a group stands at batches that cannot be read: told in the log and to the store, and passed only when asked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import structlog
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from shared.messaging.group import GroupConsumer
from shared.messaging.lenient import CorruptBatch

WHAT_TO_DO = (
    "Have the emitters publish again what it held (secondlook reconcile), "
    "then pass it (secondlook corrupt-batches skip)."
)

log = structlog.get_logger()


class Keeper(Protocol):
    """Keeps what all members of a service know of corrupt batches. Each raises `Outage`."""

    async def note(self, batch: CorruptBatch) -> None: ...
    async def passed(self, topic: str, partition: int, offset: int) -> None: ...
    async def standing(self) -> Sequence[Mapping[str, Any]]: ...


class CorruptPlaces:
    """What one member knows: where its own partitions stand, and where those of all members do."""

    def __init__(self, keeper: Keeper, *, prefix: str) -> None:
        self._keeper = keeper
        self._prefix = prefix
        self._noted: dict[TopicPartition, CorruptBatch] = {}
        self.offsets: dict[TopicPartition, int] = {}
        """Of all members, as last read. Nobody can settle what lies there."""

    def standing(self, consumer: GroupConsumer | None) -> Sequence[tuple[str, int, int]]:
        """Topic (without prefix), partition, and how many partitions the topic has, of all members' corrupt batches."""
        if consumer is None:
            return []
        counts = {each: len(consumer.partitions_for_topic(each.topic) or ()) for each in self.offsets}
        return [(each.topic.removeprefix(self._prefix), each.partition, n) for each, n in counts.items() if n]

    async def look(self, consumer: GroupConsumer) -> dict[TopicPartition, int]:
        """Note what is new and what has gone, and pass what a person has skipped: where partitions go on behind it.

        Never raises: what cannot be done now stays as it is, and is looked at again.
        """
        passed: dict[TopicPartition, int] = {}
        try:
            await self._note(consumer)
            standing = {self._partition(each): each for each in await self._keeper.standing()}
            self.offsets = {partition: each["offset"] for partition, each in standing.items()}
            for partition, each in standing.items():
                if "skip" in each and await self._pass(consumer, partition, each["offset"], each["skip"]["to"]):
                    passed[partition] = each["skip"]["to"]
        except Exception as error:  # noqa: BLE001 - a server is away, or a defect
            log.info("corrupt_batches_not_looked_at", kind=type(error).__name__)
        return passed

    async def _note(self, consumer: GroupConsumer) -> None:
        mine = consumer.assignment()
        for partition, batch in list(consumer.corrupt.items()):
            if partition in mine and self._noted.get(partition) != batch:
                place = {"topic": batch.topic, "partition": batch.partition, "offset": batch.offset}
                log.error("batch_corrupt", **place, why=batch.why, action=WHAT_TO_DO)
                await self._keeper.note(replace(batch, topic=batch.topic.removeprefix(self._prefix)))
                self._noted[partition] = batch
        for partition in self._noted.keys() - consumer.corrupt.keys():
            batch = self._noted.pop(partition)
            if partition in mine:  # it can be read again
                await self._passed(partition, batch.offset)

    async def _pass(self, consumer: GroupConsumer, partition: TopicPartition, offset: int, to: int) -> bool:
        """Go on at `to` if all before `offset` is settled: that is committed, so that nobody waits for it any more."""
        if partition not in consumer.assignment() or await consumer.settled(partition) != offset:
            return False
        await consumer.commit({partition: OffsetAndMetadata(to, "")})
        consumer.go_past(partition, to)
        self._noted.pop(partition, None)
        await self._passed(partition, offset)
        place = {"topic": partition.topic, "partition": partition.partition, "offset": offset}
        log.warning("corrupt_batch_skipped", **place, count=to - offset)
        return True

    async def _passed(self, partition: TopicPartition, offset: int) -> None:
        await self._keeper.passed(partition.topic.removeprefix(self._prefix), partition.partition, offset)

    def _partition(self, document: Mapping[str, Any]) -> TopicPartition:
        return TopicPartition(f"{self._prefix}{document['topic']}", document["partition"])
