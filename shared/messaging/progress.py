"""How far a group has got: in all partitions of its topics, also in those that other members read, or nobody.

A deadline may only come where nothing is unread that could have moved it, and that may lie in anybody's partition. And
a member that is given records and settles none for long is stuck, whatever it thinks of itself.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from shared.messaging.group import GroupConsumer
from shared.messaging.lost_tail import settled_at

MOMENTS_SECONDS = 5.0
"""A group whose last settled record is no older than this is up to date, as far as that, while more keep coming."""
ANSWER_SECONDS = 5.0
"""After so long without an answer from Kafka, where a group stands is not known."""
STUCK_SECONDS = 30.0
"""A member that has unread records and settles none for so long is stuck (well above the longest back-off)."""
TELL_SECONDS = 60.0
"""How often the log says that a partition stands still."""

WHAT_TO_DO = (
    "See batch_failed in this log for why it cannot be settled; if there is none, the broker does not give it out."
)
NOWHERE: Mapping[TopicPartition, int] = {}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group stands in one partition: `settled` is what it has committed (with its metadata), if anything."""

    begin: int
    settled: OffsetAndMetadata | None
    end: int

    @property
    def offset(self) -> int:
        """From which offset the group goes on."""
        return self.begin if self.settled is None else self.settled.offset

    @property
    def lag(self) -> int:
        """How many offsets are not settled."""
        return max(0, self.end - self.offset)

    def through(self, now: datetime) -> datetime | None:
        """Up to which moment all is settled here: up to `now`, or moments before; None when that is longer ago.

        A record far ahead of `now` proves nothing: a clock that is wrong has written it. Nor does an offset behind the
        end: the log has lost its tail, and new records may lie below that offset.
        """
        if self.offset >= self.end:
            return now if self.offset == self.end else None
        written = None if self.settled is None else settled_at(self.settled.metadata)
        if written is None or abs(now.timestamp() - written) >= MOMENTS_SECONDS:
            return None
        return min(now, datetime.fromtimestamp(written, UTC))


class Progress:
    """Watches one group. Asks through the consumer of a member, and remembers which of its partitions stand still."""

    def __init__(self, topics: Sequence[str], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._topics = topics
        self._monotonic = monotonic
        self._standing: dict[TopicPartition, tuple[int, float]] = {}
        self._told: dict[TopicPartition, float] = {}
        self._seen: Mapping[TopicPartition, Place] = {}

    @property
    def stuck(self) -> bool:
        """Whether, as last seen, records have been waiting in a partition of this member without one being settled."""
        return self.stuck_partitions > 0

    async def through(
        self, consumer: GroupConsumer, now: datetime, *, corrupt: Mapping[TopicPartition, int] = NOWHERE
    ) -> datetime | None:
        """Up to which moment the group has settled every partition; None when it is behind, or that is not known.

        `corrupt`: at these offsets nobody can settle anything, so nobody waits for it.
        """
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                places = await self._places(consumer)
        except (TimeoutError, KafkaError):
            self._seen = {}
            return None
        self._seen = places
        open_places = {each: place for each, place in places.items() if corrupt.get(each) != place.offset}
        self._note(open_places, consumer.assignment())
        moments = [place.through(now) for place in open_places.values()]
        known = [moment for moment in moments if moment is not None]
        return min(known, default=now) if places and len(known) == len(moments) else None

    @property
    def lags(self) -> Mapping[tuple[str, int], int]:
        """Of each partition of the group's topics, how many records are not settled; none while Kafka does not say."""
        return {(each.topic, each.partition): place.lag for each, place in self._seen.items()}

    @property
    def stuck_partitions(self) -> int:
        """In how many partitions of this member records wait, and none is settled."""
        now = self._monotonic()
        return sum(now - since >= STUCK_SECONDS for _, since in self._standing.values())

    def forget(self) -> None:
        """Other partitions were given to this member: none of them stands still yet."""
        self._standing.clear()

    async def _places(self, consumer: GroupConsumer) -> Mapping[TopicPartition, Place]:
        known = {topic: consumer.partitions_for_topic(topic) for topic in self._topics}
        if not all(known.values()):
            return {}
        partitions = [TopicPartition(topic, number) for topic, numbers in known.items() for number in numbers or ()]
        # In this order: what is settled in between may make the group look behind, never ahead.
        settled = await consumer.settled_by_group(partitions)
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets([each for each in partitions if each not in settled])
        return {each: Place(begins.get(each, 0), settled.get(each), ends[each]) for each in partitions}

    def _note(self, places: Mapping[TopicPartition, Place], assigned: Collection[TopicPartition]) -> None:
        now = self._monotonic()
        behind = {each: place.offset for each, place in places.items() if each in assigned and place.offset < place.end}
        self._standing = {
            each: self._standing[each] if self._standing.get(each, (None, 0.0))[0] == offset else (offset, now)
            for each, offset in behind.items()
        }
        self._told = {each: at for each, at in self._told.items() if each in behind}
        for each, (offset, since) in self._standing.items():
            if now - since >= STUCK_SECONDS and now - self._told.get(each, now - TELL_SECONDS) >= TELL_SECONDS:
                self._told[each] = now
                place = {"topic": each.topic, "partition": each.partition, "offset": offset}
                log.error("partition_stands_still", **place, seconds=round(now - since), action=WHAT_TO_DO)
