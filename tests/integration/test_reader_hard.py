"""The reader where it hurts: long outages, records lost on the way, a store that is away, stopping, being behind."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from deploy.local import probes
from shared.errors import Outage
from shared.messaging.reader import Reader
from shared.messaging.records import Record
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.test_reader import TOPIC, Kafka, Seen
from tests.integration.toy import make_topics

pytestmark = pytest.mark.real

HOUR_MS = 3_600_000


@pytest.fixture(name="topic")
async def _topic(servers: Servers) -> AsyncIterator[Kafka]:
    prefix = f"h{uuid4().hex[:8]}."
    await make_topics(servers.kafka, prefix)
    producer = AIOKafkaProducer(bootstrap_servers=servers.kafka)
    await producer.start()
    yield Kafka(servers.kafka, prefix, producer)
    await producer.stop()


async def test_an_outage_of_hours_passes_no_record(topic: Kafka) -> None:
    """A back-off that doubled without end could no longer be computed, and the batch was passed."""
    seen = Seen(failing=1)
    reader = topic.reader(seen)
    reader.failures = 2000
    await reader.start()
    await topic.send(b"one")

    async def read() -> bool:
        return seen.values == [b"one"]

    await eventually(read, within=20)
    await reader.stop()


async def test_what_the_client_lost_before_the_first_batch_is_read_again(topic: Kafka) -> None:
    seen = Seen()
    reader = topic.reader(seen)
    await reader.start()
    consumer: Any = reader._subscriber.consumer
    fetch, lost = consumer.getmany, list[Any]()

    async def loses_the_first(*partitions: Any, **options: Any) -> Any:
        found = await fetch(*partitions, **options)
        if found and not lost:
            lost.append(found)
            return {}
        return found

    consumer.getmany = loses_the_first
    await topic.send(b"one")

    async def gone() -> bool:
        return bool(lost)

    await eventually(gone)
    await topic.send(b"two")

    async def both() -> bool:
        return seen.values == [b"one", b"two"]

    await eventually(both)
    await reader.stop()


async def test_nothing_is_fetched_while_what_is_handled_could_not_be_published(topic: Kafka) -> None:
    seen, asked = Seen(), asyncio.Event()
    closed = True

    def may_fetch() -> bool:
        asked.set()
        return not closed

    await topic.send(b"one")
    reader = topic.reader(seen, may_fetch=may_fetch)
    await reader.start()
    for _ in range(3):  # it asks again and again, and fetches nothing
        asked.clear()
        await asyncio.wait_for(asked.wait(), 5)
    assert seen.values == []
    closed = False

    async def read() -> bool:
        return seen.values == [b"one"]

    await eventually(read)
    await reader.stop()


async def test_stopping_while_it_backs_off_takes_no_time_and_commits_nothing(topic: Kafka) -> None:
    seen = Seen(failing=10**9)
    reader = topic.reader(seen)
    await reader.start()
    await topic.send(b"one")

    async def failed_often() -> bool:
        return reader.failures > 3

    await eventually(failed_often)
    began = time.monotonic()
    await reader.stop()
    assert time.monotonic() - began < 2
    assert await topic.committed() == {}


class Blocked(Seen):
    """Handles nothing before it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.go_on = asyncio.Event(), asyncio.Event()

    async def handle(self, records: Sequence[Record]) -> None:
        self.entered.set()
        await self.go_on.wait()
        await super().handle(records)


async def test_nobody_is_current_before_what_was_there_is_settled(topic: Kafka) -> None:
    """Otherwise a deadline fires right after a start, before records that would have moved it are read."""
    then = int(time.time() * 1000) - HOUR_MS
    await topic.producer.send_and_wait(topic.topic, b"an hour old", partition=1, timestamp_ms=then)
    seen = Blocked()
    reader = topic.reader(seen)
    starting = asyncio.create_task(reader.start())
    said: list[datetime | None] = []
    while not seen.entered.is_set():
        said.append(await reader.through(datetime.now(UTC)))
        await asyncio.sleep(0)
    said.append(await reader.through(datetime.now(UTC)))
    await starting
    assert set(said) == {None}
    seen.go_on.set()

    async def current() -> bool:
        return await reader.through(datetime.now(UTC)) is not None

    await eventually(current)
    await reader.stop()
    assert await reader.through(datetime.now(UTC)) is None


async def test_a_reader_that_could_not_start_starts_later_and_leaves_nothing_behind(
    topic: Kafka, servers: Servers
) -> None:
    (port,) = probes.free_ports(1)
    seen = Seen()
    reader = Reader(
        f"127.0.0.1:{port}", [TOPIC], group="g", handle=seen.handle, corrupt=seen.corrupt, prefix=topic.prefix
    )
    before = len(asyncio.all_tasks())
    for _ in range(3):
        with pytest.raises(Outage):
            await reader.start()
    gc.collect()
    assert len(asyncio.all_tasks()) == before
    host, kafka_port = servers.kafka.split(",")[0].split(":")

    async def forward(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, int(kafka_port))
        await asyncio.gather(_pipe(reading, back), _pipe(there, writing))

    async with await asyncio.start_server(forward, "127.0.0.1", port):
        await reader.start()
        await topic.send(b"one")

        async def read() -> bool:
            return seen.values == [b"one"]

        await eventually(read)
        await reader.stop()


async def _pipe(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
    while data := await reading.read(65536):
        writing.write(data)
    writing.close()
