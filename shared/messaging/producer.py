"""Sending events: each with its key, all acknowledgements gathered within a limit, a new producer after a failure."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts.envelope import CONTENT_TYPE, traceparent
from shared.contracts.vocabulary import EventType
from shared.messaging.records import Outgoing

ACKNOWLEDGE_SECONDS = 8.0
STOP_SECONDS = 3.0
_HEADER = ("content-type", CONTENT_TYPE.encode())

log = structlog.get_logger()


class KafkaSender:
    """An idempotent producer behind a small port.

    An idempotent producer keeps trying for ever and can hang at stop, and a sequence error makes it useless: so every
    wait has a limit, and after a failure the producer is thrown away and a new one is built at the next send.
    """

    def __init__(
        self, bootstrap: str, *, client_id: str, prefix: str = "", acknowledge_seconds: float = ACKNOWLEDGE_SECONDS
    ) -> None:
        """`prefix` is put before every topic's name (tests run side by side on one broker)."""
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._prefix = prefix
        self._seconds = acknowledge_seconds
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def send(self, records: Sequence[Outgoing]) -> Sequence[bool]:
        """Whether each record was acknowledged by all in-sync replicas within the limit. Never raises for an outage."""
        futures: list[asyncio.Future[Any]] = []
        try:
            async with asyncio.timeout(self._seconds):
                producer = await self._ready()
                for record in records:
                    futures.append(await self._enqueue(producer, record))  # noqa: PERF401 - one by one
                await asyncio.wait(futures)
        except (TimeoutError, KafkaError) as error:
            log.warning("publishing_failed", kind=type(error).__name__, records=len(records))
        except asyncio.CancelledError:
            await self.discard()
            raise
        sent = [future.done() and not future.cancelled() and future.exception() is None for future in futures]
        sent += [False] * (len(records) - len(sent))
        if not all(sent):
            await self.discard()
        return sent

    async def discard(self) -> None:
        """Throw the producer away, with what it still holds: otherwise a dead broker would collect copies."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        with contextlib.suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(STOP_SECONDS):
                await producer.stop()
                return
        # A timed-out stop leaves these running, and they would deliver later.
        with contextlib.suppress(TimeoutError, KafkaError, asyncio.CancelledError):
            async with asyncio.timeout(STOP_SECONDS):
                await producer._sender.close()
        with contextlib.suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(STOP_SECONDS):
                await producer.client.close()

    async def _ready(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    client_id=self._client_id,
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=2,
                    max_batch_size=256 * 1024,
                    max_request_size=1024 * 1024,
                    compression_type="zstd",
                    request_timeout_ms=int(self._seconds * 1000),
                )
                try:
                    await producer.start()
                except BaseException:
                    with contextlib.suppress(TimeoutError, KafkaError):
                        async with asyncio.timeout(STOP_SECONDS):
                            await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _enqueue(self, producer: AIOKafkaProducer, record: Outgoing) -> "asyncio.Future[Any]":
        kind = EventType(record.topic)
        headers = [_HEADER, ("traceparent", traceparent(record.case_id, record.event_id).encode())]
        future: asyncio.Future[Any] = await producer.send(
            f"{self._prefix}{kind.value}", record.value, key=str(record.case_id).encode(), headers=headers
        )
        return future
