"""Kafka records as the rest of the system sees them: no client library beyond this package."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, unique
from typing import Any, Protocol
from uuid import UUID

from aiokafka import TopicPartition
from aiokafka.partitioner import murmur2


@dataclass(frozen=True, slots=True)
class Record:
    """A record as read, without headers. `timestamp` is the broker's or the sender's, as the topic is configured."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to send: an event of a case."""

    topic: str
    case_id: UUID
    event_id: UUID
    value: bytes


def record_of(raw: Any, prefix: str = "") -> Record:
    """A record as the client read it, its topic without `prefix`."""
    return Record(
        topic=raw.topic.removeprefix(prefix),
        partition=raw.partition,
        offset=raw.offset,
        key=raw.key,
        value=raw.value,
        timestamp=datetime.fromtimestamp(raw.timestamp / 1000, UTC),
    )


def partition_of(key: bytes, count: int) -> int:
    """Where a record with this key lies in a topic of so many partitions, as every Kafka client places it."""
    return int(murmur2(key) & 0x7FFFFFFF) % count


def bounds(records: Sequence[Any]) -> dict[TopicPartition, tuple[int, Any]]:
    """Of a batch as the client read it, per partition: the first offset and the last record."""
    found: dict[TopicPartition, tuple[int, Any]] = {}
    for record in records:
        partition = TopicPartition(record.topic, record.partition)
        start, _ = found.get(partition, (record.offset, record))
        found[partition] = (start, record)
    return found


@unique
class Receipt(Enum):
    """What became of a record that was sent."""

    TAKEN = "acknowledged"
    LATE = "not acknowledged"
    """The broker may have it or not: send it again."""
    REFUSED = "refused"
    """The broker does not take it as it is (it is too large), or refused an earlier one of the same case."""


class Sender(Protocol):
    """Sends records and says of each what became of it; never raises for an outage."""

    async def send(self, records: Sequence[Outgoing]) -> Sequence[Receipt]:
        """In the given order, each to the partition of its case; waits a bounded time for the acknowledgements."""
        ...
