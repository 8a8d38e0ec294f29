"""One FastStream batch subscriber: fetch, hand over, commit explicitly; on an outage back off and come again.

The hander-over settles every record itself; nothing is ever committed that it did not settle, and nothing is dropped
because of an outage.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from shared.ending import ended
from shared.errors import Outage
from shared.failpoints import Point, Reached, no_point
from shared.messaging.corrupt import CorruptPlaces, Keeper
from shared.messaging.group import GroupConsumer
from shared.messaging.lost_tail import CHECK_SECONDS, Tails, anchor
from shared.messaging.progress import Progress
from shared.messaging.records import Record, bounds, record_of

MAX_RECORDS = 500
POLL_MS = 20
REVOKE_SECONDS = 20.0
STOP_SECONDS = 30.0
GAP_TRIES = 3
LONGEST_BACK_OFF_SECONDS = 3.0
"""Whoever waits no longer goes on soon after what was away has come back."""
METADATA_SECONDS = 30.0
"""How old may be what is known of the topics: one that was deleted and made again is read again after so long."""
MOST_DOUBLINGS = 10

Handle = Callable[[Sequence[Record]], Awaitable[None]]

log = structlog.get_logger()


class Reader(ConsumerRebalanceListener):  # type: ignore[misc]
    """Reads topics as one member of a consumer group. At least once, in order per partition, in batches."""

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        *,
        group: str,
        handle: Handle,
        corrupt: Keeper,
        prefix: str = "",
        session_seconds: float = 10.0,
        may_fetch: Callable[[], bool] = lambda: True,
        point: Point = no_point,
    ) -> None:
        """`handle(records)` settles a batch or raises; `corrupt` keeps where partitions stand at what cannot be read.

        Topic names are given and handed over without `prefix`. While `may_fetch` says no (what is handled could not be
        published), nothing is fetched.
        """
        self.group = f"{prefix}{group}"
        self.broker = KafkaBroker(
            bootstrap,
            logger=None,
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            client_id=group,
            graceful_timeout=REVOKE_SECONDS,
        )
        self._consumer = partial(
            GroupConsumer,
            may_fetch=may_fetch,
            bootstrap_servers=bootstrap,
            metadata_max_age_ms=int(METADATA_SECONDS * 1000),
        )
        self.topics = [f"{prefix}{topic}" for topic in topics]
        self._prefix = prefix
        self._handle = handle
        self._tails = Tails(bootstrap, self.group)
        self._progress = Progress(self.topics)
        self._corrupt = CorruptPlaces(corrupt, prefix=prefix)
        self._look = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._point = point
        self._subscriber = self._subscribed(self.topics, session_seconds)
        self._settled: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._gaps: dict[tuple[TopicPartition, int], int] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._hurry = asyncio.Event()
        self.assigned = False
        self.failures = 0

    def _subscribed(self, topics: Sequence[str], session_seconds: float) -> Any:
        """Batches from the earliest record on, committed by hand alone."""
        subscriber = self.broker.subscriber(
            *topics,
            group_id=self.group,
            batch=True,
            max_records=MAX_RECORDS,
            batch_timeout_ms=POLL_MS,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=int(session_seconds * 1000),
            heartbeat_interval_ms=int(session_seconds * 300),
            rebalance_timeout_ms=int((REVOKE_SECONDS + 10) * 1000),
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_wait_ms=100,
            listener=self,
            parser=self._message,
            decoder=_records,
        )
        subscriber(self._on_batch)
        return subscriber

    async def start(self) -> None:
        """Join the group; raises `Outage` while the broker cannot be reached (then start again)."""
        try:
            await self.broker.connect()
            self.broker.config.broker_config.builder = self._consumer  # connecting sets FastStream's own
            await self.broker.start()
        except Exception as error:
            await self.stop()
            if isinstance(error, KafkaError | OSError):
                raise Outage(f"Kafka does not answer ({type(error).__name__}).") from error
            raise
        self._looking = self._looking or asyncio.create_task(self._keep_looking())

    async def stop(self) -> None:
        """Finish the batch at hand (bounded), leave the group."""
        self._hurry.set()
        self.assigned = False
        if self._looking is not None:
            await ended(self._looking)
            self._looking = None
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.broker.stop()
        except (TimeoutError, KafkaError, OSError) as error:
            log.warning("left_without_goodbye", group=self.group, kind=type(error).__name__)

    async def through(self, now: datetime) -> datetime | None:
        """Up to which moment the whole group has settled all partitions: `now`, or moments before; None when it lags.

        Asks Kafka; None too when that cannot be known. A partition that stands at a corrupt batch counts as settled:
        see `standing`. Also notes whether this member settles what it is given.
        """
        consumer = self._subscriber.consumer
        if consumer is None or not self.assigned:
            return None
        return await self._progress.through(consumer, now, corrupt=self._corrupt.offsets)

    @property
    def standing(self) -> Sequence[tuple[str, int, int]]:
        """Where members of the group stand at a corrupt batch: topic, the partition, how many the topic has."""
        return self._corrupt.standing(self._subscriber.consumer)

    @property
    def stuck(self) -> bool:
        """Whether this member has had records to settle for long, and settled none; as seen when last asked."""
        return self._progress.stuck

    @property
    def lags(self) -> Mapping[tuple[str, int], int]:
        """(topic without prefix, partition) -> records not settled by the group; none while Kafka does not say."""
        found = self._progress.lags.items()
        return {(topic.removeprefix(self._prefix), partition): lag for (topic, partition), lag in found}

    @property
    def stuck_partitions(self) -> int:
        """In how many partitions of this member records wait, and none is settled."""
        return self._progress.stuck_partitions

    def settled(self) -> dict[tuple[str, int], int]:
        """Up to where this member has committed, since it was given its partitions: (topic, partition) -> offset."""
        return {(partition.topic, partition.partition): offset for partition, offset in self._committed.items()}

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Wait, bounded, until the batch at hand is settled and committed."""
        self.assigned = False
        self._hurry.set()
        await self._point(Reached.REVOKED)
        try:
            async with asyncio.timeout(REVOKE_SECONDS):
                await self._idle.wait()
        except TimeoutError:
            log.warning("revoked_while_busy", group=self.group, partitions=len(revoked))

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Start from the committed offsets."""
        self._settled.clear()
        self._committed.clear()
        self._gaps.clear()
        self._progress.forget()
        self._hurry.clear()
        self._tails.assigned(assigned)
        self._look.set()
        self.assigned = True
        log.info("partitions_assigned", group=self.group, partitions=len(assigned))

    async def _message(self, records: Any) -> KafkaAckableMessage:
        """FastStream's own parser decodes header values and raises on bytes that are not UTF-8: headers are dropped."""
        return KafkaAckableMessage(body=records, headers={}, raw_message=records, consumer=self._subscriber.consumer)

    async def _on_batch(self, records: Sequence[Any]) -> None:
        consumer = self._subscriber.consumer
        if consumer is None:
            return
        self._idle.clear()
        at_hand = bounds(records)
        try:
            await self._point(Reached.POLLED)
            if self._tails.unchecked & at_hand.keys():
                await self._tails.find()
            self._go_back(consumer)
            if await self._follows(consumer, records):
                await self._handle([record_of(record, self._prefix) for record in records])
                await self._point(Reached.SETTLED)
                await self._commit(consumer, records)
                self.failures = 0
        except Exception as error:  # noqa: BLE001 - nothing is committed; the same records come again
            self.failures += 1
            where = next(iter(at_hand), None)
            log.warning(
                "batch_failed",
                group=self.group,
                kind=type(error).__name__,
                failures=self.failures,
                topic=where and where.topic,
                partition=where and where.partition,
                offset=where and at_hand[where][0],
                partitions=len(at_hand),
            )
            await self._step_back(consumer, records)
        finally:
            self._idle.set()

    async def _follows(self, consumer: Any, records: Sequence[Any]) -> bool:
        """Whether each partition's batch starts where the last one ended; otherwise seek back (a gap may be real)."""
        first = bounds(records)
        for partition, (start, _) in first.items():
            if partition not in self._settled:
                # The first batch since the assignment: one may have been lost before it.
                self._settled[partition] = await consumer.settled(partition)
            expected = self._settled[partition]
            if start <= expected:
                continue
            tries = self._gaps[partition, expected] = self._gaps.get((partition, expected), 0) + 1
            if tries <= GAP_TRIES:
                for tp, (begin, _) in first.items():
                    consumer.seek(tp, self._settled.get(tp, begin))
                return False
            log.warning("offsets_missing", group=self.group, partition=partition.partition, count=start - expected)
        return True

    async def _commit(self, consumer: Any, records: Sequence[Any]) -> None:
        """Commit what was settled, with a hash and the time of each last record (to notice a lost tail)."""
        settled = {partition: anchor(last) for partition, (_, last) in bounds(records).items()}
        offsets = {tp: OffsetAndMetadata(last.offset + 1, last.metadata) for tp, last in settled.items()}
        self._settled |= {partition: last.offset + 1 for partition, last in settled.items()}
        self._tails.committed(settled)
        try:
            await consumer.commit(offsets)
            await self._point(Reached.COMMIT_APPLIED)
            self._committed |= {partition: offset.offset for partition, offset in offsets.items()}
        except KafkaError as error:
            # The group moved on: whoever has the partitions now reads these records again, and drops them.
            log.info("commit_refused", group=self.group, kind=type(error).__name__)

    async def _keep_looking(self) -> None:
        """Notice a log that lost its tail, also where nothing comes: at each assignment, then every few seconds."""
        while True:
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()
            try:
                await self._tails.find()
            except Exception as error:  # noqa: BLE001 - Kafka is away, or a defect: nothing is settled unlooked at
                log.info("logs_not_looked_at", group=self.group, kind=type(error).__name__)
            while not self._idle.is_set():
                await self._idle.wait()
            try:
                if self._subscriber.consumer is not None:
                    self._go_back(self._subscriber.consumer)
                    self._settled |= await self._corrupt.look(self._subscriber.consumer)
            except Exception as error:  # noqa: BLE001 - whoever ended here would never look again
                log.warning("logs_not_looked_at", group=self.group, kind=type(error).__name__)

    def _go_back(self, consumer: Any) -> None:
        """Read again from where a log may have lost records; what was handled before is dropped."""
        assigned = consumer.assignment()
        for partition, offset in self._tails.take().items():
            if partition in assigned:
                self._committed.pop(partition, None)
                self._settled[partition] = offset
                consumer.seek(partition, offset)

    async def _step_back(self, consumer: Any, records: Sequence[Any]) -> None:
        pause = min(0.2 * 2 ** min(self.failures, MOST_DOUBLINGS), LONGEST_BACK_OFF_SECONDS) * (
            0.5 + random.random() / 2
        )
        try:
            async with asyncio.timeout(pause):
                await self._hurry.wait()
        except TimeoutError:
            pass
        assigned = consumer.assignment()
        for partition, (start, _) in bounds(records).items():
            if partition in assigned:
                consumer.seek(partition, start)


async def _records(message: KafkaAckableMessage) -> Any:
    return message.raw_message
