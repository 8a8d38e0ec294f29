"""The reader on real Kafka: what is committed, what comes again, and that no record stops its neighbours."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from shared.errors import Outage
from shared.messaging.reader import Reader
from shared.messaging.records import Record
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.toy import Kept, make_topics

pytestmark = pytest.mark.real

TOPIC = "request.received"


@dataclass
class Seen:
    """What the reader handed over, and the corrupt batches that it met."""

    values: list[bytes | None] = field(default_factory=list)
    corrupt: Kept = field(default_factory=Kept)
    failing: int = 0

    async def handle(self, records: Sequence[Record]) -> None:
        if self.failing:
            self.failing -= 1
            raise Outage("the store is away")
        self.values += [record.value for record in records]


@dataclass
class Kafka:
    """A topic of one's own."""

    bootstrap: str
    prefix: str
    producer: AIOKafkaProducer

    @property
    def topic(self) -> str:
        return f"{self.prefix}{TOPIC}"

    async def send(self, value: bytes, partition: int = 0, headers: Any = ()) -> None:
        await self.producer.send_and_wait(self.topic, value, partition=partition, headers=list(headers))

    def reader(self, seen: Seen, group: str = "g", **options: Any) -> Reader:
        return Reader(
            self.bootstrap,
            [TOPIC],
            group=group,
            handle=seen.handle,
            corrupt=seen.corrupt,
            prefix=self.prefix,
            **options,
        )

    async def committed(self, group: str = "g") -> dict[int, tuple[int, str]]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            found = await admin.list_consumer_group_offsets(f"{self.prefix}{group}")
            return {tp.partition: (offset.offset, offset.metadata) for tp, offset in found.items()}
        finally:
            await admin.close()


@pytest.fixture
async def kafka(servers: Servers) -> AsyncIterator[Kafka]:
    prefix = f"r{uuid4().hex[:8]}."
    await make_topics(servers.kafka, prefix)
    producer = AIOKafkaProducer(bootstrap_servers=servers.kafka)
    await producer.start()
    yield Kafka(servers.kafka, prefix, producer)
    await producer.stop()


async def test_what_was_settled_is_committed_with_a_hash_and_the_rest_comes_again(kafka: Kafka) -> None:
    seen = Seen(failing=2)
    reader = kafka.reader(seen)
    await reader.start()
    await kafka.send(b"one")
    await kafka.send(b"two")

    async def both() -> bool:
        return seen.values == [b"one", b"two"]

    await eventually(both)
    await reader.stop()
    offset, metadata = (await kafka.committed())[0]
    assert offset == 2
    assert len(metadata.split(":")[0]) == 16
    after = Seen()
    second = kafka.reader(after)
    await second.start()
    await kafka.send(b"three")

    async def only_the_new_one() -> bool:
        return after.values == [b"three"]

    await eventually(only_the_new_one)
    await second.stop()


async def test_two_members_share_and_a_leaving_one_loses_nothing(kafka: Kafka) -> None:
    one, two = Seen(), Seen()
    first, second = kafka.reader(one), kafka.reader(two)
    await first.start()
    await second.start()

    async def shared() -> bool:
        return first.assigned and second.assigned

    await eventually(shared, within=20)
    values = [str(number).encode() for number in range(200)]
    sending = asyncio.create_task(_send_all(kafka, values))

    async def some() -> bool:
        return len(one.values) > 20

    await eventually(some, within=20)
    await first.stop()
    await sending

    async def everything() -> bool:
        return {*one.values, *two.values} == set(values)

    await eventually(everything, within=20)
    await second.stop()


async def _send_all(kafka: Kafka, values: Sequence[bytes]) -> None:
    for number, value in enumerate(values):
        await kafka.send(value, partition=number % 3)
