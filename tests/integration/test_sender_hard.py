"""The sender on real Kafka where it hurts: a record too large, a failure beside it, a producer that will not stop."""

import asyncio
import os
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.contracts.vocabulary import EventType
from shared.messaging.producer import KafkaSender
from shared.messaging.records import Outgoing, Receipt
from tests.conftest import Servers

pytestmark = pytest.mark.real

TOPIC = EventType.REQUEST_WITHDRAWN
NO_TOPIC = EventType.REVIEW_LAPSED


@pytest.fixture(name="sender")
async def _sender(servers: Servers) -> AsyncIterator[KafkaSender]:
    """A sender under a prefix that has a single topic."""
    prefix = f"s{uuid4().hex[:8]}."
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(f"{prefix}{TOPIC.value}", 3, 1)])
    await admin.close()
    made = KafkaSender(servers.kafka, client_id="hard", prefix=prefix, acknowledge_seconds=2)
    yield made
    await made.discard()


def record(value: bytes, case_id: UUID | None = None, topic: EventType = TOPIC) -> Outgoing:
    return Outgoing(topic, case_id or uuid4(), uuid4(), value)


async def configure(sender: KafkaSender, name: str, value: str) -> None:
    """Set one setting of the topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=sender._bootstrap)
    await admin.start()
    topic = ConfigResource(ConfigResourceType.TOPIC, f"{sender._prefix}{TOPIC.value}", {name: value})
    (answer,) = await admin.alter_configs([topic])
    await admin.close()
    assert answer.resources[0][0] == 0, answer


async def arrived(sender: KafkaSender) -> list[bytes]:
    """All values in the topic, up to its present end."""
    consumer = AIOKafkaConsumer(
        f"{sender._prefix}{TOPIC.value}", bootstrap_servers=sender._bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        found: list[bytes] = []
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [each.value for each in records]
        return found
    finally:
        await consumer.stop()


async def test_a_record_too_large_holds_up_its_case_and_no_other(sender: KafkaSender) -> None:
    case_id = uuid4()
    records = [record(b"x" * 2_000_000, case_id), record(b"later", case_id), record(b"another case")]
    assert await sender.send(records) == [Receipt.REFUSED, Receipt.REFUSED, Receipt.TAKEN]
    assert await arrived(sender) == [b"another case"]


async def test_what_the_broker_refuses_is_told_from_what_it_refuses_only_beside_others(sender: KafkaSender) -> None:
    """The topic takes less than the producer's batches hold: a batch is refused whole, whatever each record is like."""
    await configure(sender, "max.message.bytes", "60000")
    cases = [uuid4() for _ in range(4)]
    small = [record(os.urandom(20_000), case_id) for case_id in cases for _ in range(5)]
    large = record(os.urandom(70_000), cases[0])
    sent = await sender.send([small[0], large, *small[1:]])
    assert sent == [Receipt.TAKEN] + [Receipt.REFUSED] * 5 + [Receipt.TAKEN] * 15
    assert await sender.send([large]) == [Receipt.REFUSED]
    assert sorted(await arrived(sender)) == sorted(each.value for each in (small[0], *small[5:]))


async def test_one_failing_send_takes_nothing_from_the_others_and_leaves_no_copies(sender: KafkaSender) -> None:
    """A failing send throws the producer away that the others are sending on."""
    failing = [asyncio.create_task(sender.send([record(b"", topic=NO_TOPIC)])) for _ in range(2)]
    outcomes: dict[bytes, Receipt] = {}

    async def keep_sending(name: int) -> None:
        number = 0
        while not all(task.done() for task in failing):
            batch = [b"%d %d %d" % (name, number, each) for each in range(20)]
            outcomes.update(zip(batch, await sender.send([record(value) for value in batch]), strict=True))
            number += 1

    await asyncio.gather(*(keep_sending(name) for name in range(3)))
    assert [await task for task in failing] == [[Receipt.LATE], [Receipt.LATE]]
    found = await arrived(sender)
    assert len(found) == len(set(found))
    acknowledged = {value for value, receipt in outcomes.items() if receipt is Receipt.TAKEN}
    assert acknowledged <= set(found)
    assert len(acknowledged) > 0.9 * len(outcomes)


class WillNotStop:
    """A producer whose broker hangs: as aiokafka's, it never comes back from `stop`, nor does its sending task end."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self._sender = SimpleNamespace(sender_task=asyncio.create_task(self._for_ever()), close=self._close)
        self.client = SimpleNamespace(close=self._nothing)
        self._message_accumulator = SimpleNamespace(fail_all=lambda _: None, _pending_batches=set(), _batches={})
        self.released = asyncio.Event()

    async def send(self, *_: Any, **__: Any) -> "asyncio.Future[Any]":
        return asyncio.get_running_loop().create_future()

    async def stop(self) -> None:
        await asyncio.Event().wait()

    async def _for_ever(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.stopping.set()
            await self.released.wait()

    async def _close(self) -> None:
        self._sender.sender_task.cancel()
        await self._sender.sender_task

    async def _nothing(self) -> None:
        return


async def test_who_is_cancelled_while_a_producer_is_thrown_away_ends(servers: Servers) -> None:
    """A loop that swallowed this would keep its service from stopping."""
    stuck = WillNotStop()
    sender = KafkaSender(servers.kafka, client_id="hard", acknowledge_seconds=0.1)
    sender._producer = stuck

    async def loop() -> None:
        await sender.send([record(b"x")])
        await asyncio.Event().wait()

    looping = asyncio.create_task(loop())
    await asyncio.wait_for(stuck.stopping.wait(), 10)
    looping.cancel()
    done, _ = await asyncio.wait([looping], timeout=5)
    assert done
    stuck.released.set()
