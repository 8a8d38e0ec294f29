"""Writing to `request.received`, as an agency's other systems do. The key of a record means nothing there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts.vocabulary import EventType

CHANNEL: Final = "kafka"
"""The channel of the plain topic; a channel of its own has the topic `request.received.<channel>`."""

PATIENCE_SECONDS = 20


class NotTaken(Exception):
    """Kafka did not acknowledge the record. It may be there nonetheless: send it again under the same id."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record came to lie."""

    topic: str
    partition: int
    offset: int


def cloud_event(key: str, body: Mapping[str, Any], *, source: str) -> bytes:
    """A request as a CloudEvent. Its id is the idempotency key; `source` is only a claim."""
    event = {"specversion": "1.0", "id": key, "type": EventType.REQUEST_RECEIVED.value, "source": source}
    return json.dumps(event | {"datacontenttype": "application/json", "data": body}, ensure_ascii=False).encode()


class SubmissionSender:
    """Sends records one by one, each acknowledged; several may be under way at once."""

    def __init__(self, bootstrap: str, *, topic: str = EventType.REQUEST_RECEIVED.value) -> None:
        self._topic = topic
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            client_id="secondlook-submit",
            acks="all",
            enable_idempotence=True,
            linger_ms=2,
            compression_type="zstd",
            request_timeout_ms=PATIENCE_SECONDS * 1000,
        )

    async def __aenter__(self) -> "SubmissionSender":
        """Raises `NotTaken` when Kafka does not answer."""
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            await self._producer.stop()
            raise NotTaken(f"Kafka does not answer ({type(error).__name__}).") from error
        return self

    async def __aexit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        await self._producer.stop()

    async def send(self, value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> Place:
        """Return where the record is, once all in-sync replicas have it. Raises `NotTaken`."""
        try:
            kept = await self._producer.send_and_wait(self._topic, value, headers=list(headers))
        except (KafkaError, OSError) as error:
            raise NotTaken(f"Kafka did not acknowledge the record ({type(error).__name__}).") from error
        return Place(kept.topic, kept.partition, kept.offset)
