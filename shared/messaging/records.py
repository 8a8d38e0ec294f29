"""Kafka records as the rest of the system sees them: no client library beyond this package."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


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


class Sender(Protocol):
    """Sends records and says of each whether the broker has acknowledged it; never raises for an outage."""

    async def send(self, records: Sequence[Outgoing]) -> Sequence[bool]:
        """In the given order, each to the partition of its case; waits a bounded time for the acknowledgements."""
        ...
