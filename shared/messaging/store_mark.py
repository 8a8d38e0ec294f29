"""A number that Kafka keeps for a service's store, and putting its groups back: both as commits of consumer groups.

Nothing is read and nobody joins: an offset that a group has committed is a small value that outlives every process.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.casework.errors import Outage

ANSWER_SECONDS = 8.0
PUT_BACK_SECONDS = 30.0
STOP_SECONDS = 5.0


class StoreMark:
    """The largest number that a service's store has had, as Kafka knows it."""

    def __init__(self, bootstrap: str, *, group: str, topic: str) -> None:
        """`topic` is any whole topic of the service's own, `group` a group that reads nothing."""
        self._bootstrap = bootstrap
        self._group = group
        self._place = TopicPartition(topic, 0)
        self._consumer: Any = None

    async def read(self) -> int:
        """The number; 0 when there is none. Raises `Outage`."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return int(await (await self._connected()).committed(self._place) or 0)
        except (KafkaError, OSError) as error:
            raise await self._away(error) from error

    async def write(self, number: int) -> None:
        """Note a number. Raises `Outage`."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await (await self._connected()).commit({self._place: number})
        except (KafkaError, OSError) as error:
            raise await self._away(error) from error

    async def close(self) -> None:
        """Leave no connection behind."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await _ended(consumer)

    async def _connected(self) -> Any:
        if self._consumer is None:
            consumer = _of_group(self._bootstrap, self._group)
            try:
                await consumer.start()
            except BaseException:
                await _ended(consumer)
                raise
            _hold(consumer, [self._place])
            self._consumer = consumer
        return self._consumer

    async def _away(self, error: Exception) -> Outage:
        await self.close()
        return Outage(f"Kafka does not answer ({type(error).__name__}).")


async def put_back(bootstrap: str, group: str, topics: Sequence[str], noted: Callable[[str, int], int]) -> int:
    """Have a group that nobody is in go on no later than at the offset noted for each (topic, partition).

    Returns how many partitions went back. Raises `Outage`, also while somebody is in the group.
    """
    consumer = _of_group(bootstrap, group)
    try:
        async with asyncio.timeout(PUT_BACK_SECONDS):
            await consumer.start()
            cluster = await consumer._client.fetch_all_metadata()
            partitions = [
                TopicPartition(topic, number)
                for topic in topics
                for number in sorted(cluster.partitions_for_topic(topic) or ())
            ]
            _hold(consumer, partitions)
            committed = await consumer._coordinator.fetch_committed_offsets(partitions)
            wanted = {partition: noted(partition.topic, partition.partition) for partition in committed}
            back = {
                partition: wanted[partition] for partition, at in committed.items() if at.offset > wanted[partition]
            }
            if back:
                await consumer.commit(back)
            return len(back)
    except (KafkaError, OSError) as error:
        why = f"The group {group} cannot be put back ({type(error).__name__}): does an instance still read?"
        raise Outage(why) from error
    finally:
        await _ended(consumer)


def _hold(consumer: Any, partitions: Sequence[TopicPartition]) -> None:
    """Let the consumer speak of these partitions, and read nothing of them."""
    consumer.assign(list(partitions))
    consumer.pause(*partitions)


async def _ended(consumer: Any) -> None:
    with suppress(KafkaError, OSError):
        async with asyncio.timeout(STOP_SECONDS):
            await consumer.stop()


def _of_group(bootstrap: str, group: str) -> Any:
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap, client_id=group, group_id=group, enable_auto_commit=False, request_timeout_ms=8000
    )
