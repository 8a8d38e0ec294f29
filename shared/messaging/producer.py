"""Sending events: each with its key, all acknowledgements gathered within a limit, a new producer after a failure."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, ProducerClosed

from shared.contracts.envelope import CONTENT_TYPE, traceparent
from shared.contracts.vocabulary import EventType
from shared.messaging.records import Outgoing, Receipt

ACKNOWLEDGE_SECONDS = 8.0
STOP_SECONDS = 3.0
ANSWER_SECONDS = 2.0
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

    async def send(self, records: Sequence[Outgoing]) -> Sequence[Receipt]:
        """Whether each record was acknowledged by all in-sync replicas within the limit. Never raises for an outage.

        A record that is refused holds up later ones of its case, and nobody else's.
        """
        receipts = await self._send_together(records)
        return receipts if len(records) == 1 else await self._one_by_one(records, receipts)

    async def _one_by_one(self, records: Sequence[Outgoing], receipts: list[Receipt]) -> list[Receipt]:
        """The broker refuses what lies in one batch together, so only a record that is alone shows whether it fits."""
        stuck: set[UUID] = set()
        gone = False
        for place, record in enumerate(records):
            if receipts[place] is Receipt.REFUSED and gone:
                receipts[place] = Receipt.LATE
            elif receipts[place] is Receipt.REFUSED and record.case_id not in stuck:
                (receipts[place],) = await self._send_together([record])
                gone = receipts[place] is Receipt.LATE
            if receipts[place] is not Receipt.TAKEN:
                stuck.add(record.case_id)
        return receipts

    async def _send_together(self, records: Sequence[Outgoing]) -> list[Receipt]:
        producer: AIOKafkaProducer | None = None
        futures: list[asyncio.Future[Any] | None] = []
        try:
            async with asyncio.timeout(self._seconds):
                producer = await self._ready()
                await self._enqueue_all(producer, records, futures)
                if waiting := [future for future in futures if future is not None]:
                    await asyncio.wait(waiting)
        except (TimeoutError, KafkaError, OSError) as error:
            log.warning("publishing_failed", kind=type(error).__name__, records=len(records))
        except BaseException:
            await self._throw_away(producer)
            raise
        receipts = [_receipt(future) for future in futures]
        if len(futures) < len(records) or not all(_acknowledged(future) for future in futures if future is not None):
            await self._throw_away(producer)
        return receipts + [Receipt.LATE] * (len(records) - len(receipts))

    async def answers(self) -> bool:
        """Whether the broker answers now. Asked of the broker itself: the last send may be long ago."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                producer = await self._ready()
                await producer.client.fetch_all_metadata()
        except (TimeoutError, KafkaError, OSError):
            return False
        return True

    async def discard(self) -> None:
        """Throw the producer away, with what it still holds."""
        await self._throw_away(self._producer)

    async def _throw_away(self, producer: Any) -> None:
        """Otherwise a dead broker would collect copies. Whoever else is sending on it is told by its futures."""
        if producer is None:
            return
        if self._producer is producer:
            self._producer = None
        with contextlib.suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(STOP_SECONDS):
                await producer.stop()
                return
        # A timed-out stop leaves these running, and they would deliver later.
        if (sending := producer._sender.sender_task) is not None:
            sending.cancel()
            await asyncio.wait([sending], timeout=STOP_SECONDS)  # never awaited itself: that would swallow our own end
        with contextlib.suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(STOP_SECONDS):
                await producer.client.close()
        if sending is not None:
            sending.cancel()  # once more: the first time it only stopped taking more, and waited for what was under way
        waiting = producer._message_accumulator
        waiting._pending_batches.update(batch for batches in waiting._batches.values() for batch in batches)
        waiting.fail_all(ProducerClosed())

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

    async def _enqueue_all(
        self, producer: AIOKafkaProducer, records: Sequence[Outgoing], futures: list[asyncio.Future[Any] | None]
    ) -> None:
        """Add one future per record, None for one that is too large; stops at an error that is not the record's own."""
        stuck: set[UUID] = set()
        for record in records:
            future = None
            if record.case_id not in stuck:
                try:
                    future = await self._enqueue(producer, record)
                    future.add_done_callback(_acknowledged)  # also when it fails after we have given up on it
                except MessageSizeTooLargeError:
                    stuck.add(record.case_id)
                except KafkaError as error:
                    log.warning("publishing_failed", kind=type(error).__name__, records=len(records))
                    return
            futures.append(future)

    async def _enqueue(self, producer: AIOKafkaProducer, record: Outgoing) -> "asyncio.Future[Any]":
        kind = EventType(record.topic)
        headers = [_HEADER, ("traceparent", traceparent(record.case_id, record.event_id).encode())]
        future: asyncio.Future[Any] = await producer.send(
            f"{self._prefix}{kind.value}", record.value, key=str(record.case_id).encode(), headers=headers
        )
        return future


def _receipt(future: "asyncio.Future[Any] | None") -> Receipt:
    if future is None:
        return Receipt.REFUSED
    if _acknowledged(future):
        return Receipt.TAKEN
    too_large = future.done() and not future.cancelled() and isinstance(future.exception(), MessageSizeTooLargeError)
    return Receipt.REFUSED if too_large else Receipt.LATE


def _acknowledged(future: "asyncio.Future[Any]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
