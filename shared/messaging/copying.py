"""Copying whole topics from given offsets, beside all consumer groups: nothing is committed, nobody notices.

As `tap.py`, for who goes on where they stopped: every offset that is passed is accounted for.
"""

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, Protocol

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.messaging.consumer import Consumer
from shared.messaging.lenient import CorruptBatch
from shared.messaging.tap import NoTap

FETCH_BYTES = 512 * 1024
"""Of one partition in one answer: what lies unread in memory is at most this for each partition that is read."""
MOST_AT_ONCE = 5000
TRY_SECONDS = 30.0


class Place(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Raw(Protocol):
    """A record as the client read it."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970, as the broker or the sender says."""
        ...

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Run:
    """What came next of one place, in order. `following`: where it goes on; `corrupt`: what was passed before that."""

    place: Place
    records: Sequence[Raw]
    following: int
    corrupt: CorruptBatch | None = None


def digest(record: Raw) -> str:
    """Tells whether a record is still the one that lay at its offset."""
    parts = (str(record.timestamp).encode(), record.key, record.value)
    told = b"".join(b"-" if part is None else b"%d:%s" % (len(part), part) for part in parts)
    return hashlib.sha256(told).hexdigest()[:16]


class Copier:
    """Reads places from the offsets that it is told. Topics are named without `prefix`."""

    def __init__(self, bootstrap: str, *, prefix: str = "") -> None:
        self._prefix = prefix
        self._at: dict[Place, int] = {}
        self._consumer: Any = Consumer(
            bootstrap_servers=bootstrap,
            client_id="secondlook-archive",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=200,
        )

    async def __aenter__(self) -> "Copier":
        try:
            await self._consumer.start()
        except (KafkaError, OSError) as error:
            await self._consumer.stop()
            raise NoTap(f"Kafka does not answer ({type(error).__name__}).") from error
        return self

    async def __aexit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        await self._consumer.stop()

    async def places(self, topics: Collection[str]) -> list[Place]:
        """All partitions of these topics; a topic that is not there has none."""
        cluster = await self._answer(self._consumer._client.fetch_all_metadata())
        numbers = {topic: cluster.partitions_for_topic(f"{self._prefix}{topic}") or () for topic in topics}
        return [Place(topic, number) for topic in topics for number in sorted(numbers[topic])]

    async def bounds(self, places: Collection[Place]) -> dict[Place, tuple[int, int]]:
        """Of each place the first offset that is still there, and the one behind the last."""
        wanted = {self._partition(place): place for place in places}
        begins = await self._answer(self._consumer.beginning_offsets(list(wanted)))
        ends = await self._answer(self._consumer.end_offsets(list(wanted)))
        return {place: (begins[each], ends[each]) for each, place in wanted.items()}

    def go_to(self, offsets: Mapping[Place, int]) -> None:
        """Read these places from now on, and no others, each from its offset."""
        self._at = dict(offsets)
        self._consumer.assign([self._partition(place) for place in offsets])
        for place, offset in offsets.items():
            self._consumer.seek(self._partition(place), offset)

    async def more(self, *, within: float) -> list[Run]:
        """What comes next, as soon as something has come; nothing when `within` seconds have passed. Raises `NoTap`."""
        try:
            found = await self._consumer.getmany(timeout_ms=int(within * 1000), max_records=MOST_AT_ONCE)
        except KafkaError as error:
            raise NoTap(f"Kafka does not let these topics be read ({type(error).__name__}).") from error
        corrupt = dict(self._consumer.corrupt)
        for partition, batch in corrupt.items():
            self._consumer.go_past(partition, batch.following)
        runs: list[Run] = []
        for place, at in self._at.items():
            partition = self._partition(place)
            following = await self._consumer.position(partition)
            if following != at or partition in found:
                self._at[place] = following
                runs.append(Run(place, found.get(partition, ()), following, corrupt.get(partition)))
        return runs

    def _partition(self, place: Place) -> TopicPartition:
        return TopicPartition(f"{self._prefix}{place.topic}", place.partition)

    async def _answer(self, asked: Any) -> Any:
        try:
            async with asyncio.timeout(TRY_SECONDS):
                return await asked
        except (KafkaError, OSError, TimeoutError) as error:
            raise NoTap(f"Kafka does not answer ({type(error).__name__}).") from error
