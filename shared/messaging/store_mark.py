"""A number that Kafka keeps for a service's store, and putting its groups back: both as commits of consumer groups.

Nothing is read and nobody joins: an offset that a group has committed is a small value that outlives every process.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from shared.errors import Outage

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
        self._one_at_a_time = asyncio.Lock()

    async def read(self) -> int:
        """The number; 0 when there is none. Raises `Outage`."""
        async with self._asking() as coordinator:
            known = await coordinator.fetch_committed_offsets([self._place])
            return max(0, known[self._place].offset) if self._place in known else 0

    async def write(self, number: int) -> None:
        """Note a number. Raises `Outage`."""
        async with self._asking() as coordinator:
            await coordinator.commit_offsets(None, {self._place: OffsetAndMetadata(number, "")})

    async def close(self) -> None:
        """Leave no connection behind."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await _ended(consumer)

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Any]:
        """The group's coordinator, as long as it answers in time; whatever goes wrong, the next asking begins anew."""
        try:
            async with self._one_at_a_time, asyncio.timeout(ANSWER_SECONDS):
                if self._consumer is None:
                    self._consumer = _of_group(self._bootstrap, self._group)
                    await self._consumer.start()
                yield self._consumer._coordinator
        except (KafkaError, OSError) as error:
            await self.close()
            raise Outage(f"Kafka does not answer ({type(error).__name__}).") from error
        except BaseException:
            await self.close()
            raise


async def put_back(bootstrap: str, group: str, topics: Sequence[str], noted: Callable[[str, int], int]) -> int:
    """Have a group that nobody is in go on no later than at the offset noted for each (topic, partition).

    What was deleted since is not gone back to: a group that stands before the beginning of its log is never up to date.
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
            committed = await consumer._coordinator.fetch_committed_offsets(partitions)
            begins = await consumer.beginning_offsets(partitions)
            wanted = {each: max(noted(each.topic, each.partition), begins[each]) for each in committed}
            back = {
                partition: OffsetAndMetadata(wanted[partition], "")
                for partition, at in committed.items()
                if at.offset > wanted[partition]
            }
            if back:
                await consumer._coordinator.commit_offsets(None, back)
            return len(back)
    except (KafkaError, OSError) as error:
        why = f"The group {group} cannot be put back ({type(error).__name__}): does an instance still read?"
        raise Outage(why) from error
    finally:
        await _ended(consumer)


async def _ended(consumer: Any) -> None:
    with suppress(KafkaError, OSError):
        async with asyncio.timeout(STOP_SECONDS):
            await consumer.stop()


def _of_group(bootstrap: str, group: str) -> Any:
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap, client_id=group, group_id=group, enable_auto_commit=False, request_timeout_ms=8000
    )
