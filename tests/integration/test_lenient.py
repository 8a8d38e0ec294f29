"""Records that aiokafka itself cannot read, on real Kafka: they come as any other, and stop nobody."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch

from shared.contracts.vocabulary import EventType
from shared.messaging import tap
from shared.messaging.deleting import delete_before
from shared.messaging.lost_tail import Tails
from shared.messaging.reader import Reader
from shared.messaging.tap import NoTap, Tap
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.batches import GZIP, LZ4, NONE, SNAPPY, ZSTD, batch, send, strange
from tests.integration.test_reader import Kafka, Seen
from tests.integration.toy import make_topics

pytestmark = pytest.mark.real


@pytest.fixture(name="topic")
async def _topic(servers: Servers) -> AsyncIterator[Kafka]:
    prefix = f"s{uuid4().hex[:8]}."
    await make_topics(servers.kafka, prefix)
    async with AIOKafkaProducer(bootstrap_servers=servers.kafka) as producer:
        yield Kafka(servers.kafka, prefix, producer)


def test_the_client_is_still_in_need_of_this() -> None:
    """When this fails, aiokafka reads such records itself, and half of `shared/messaging/lenient.py` can go."""
    with pytest.raises((UnicodeDecodeError, CorruptRecordException)):
        list(DefaultRecordBatch(batch((None, b"x"))))


async def _read(reader: Reader, seen: Seen, values: Sequence[bytes | None]) -> None:
    """Until the reader has handed over just these, has committed behind them, and nobody waits for anything."""
    await reader.start()

    async def settled() -> bool:
        assert sorted(seen.values, key=str) == sorted(values, key=str)
        return await reader.through(datetime.now(UTC)) is not None

    await eventually(settled, within=30)
    await reader.stop()


@pytest.mark.parametrize("compression", [NONE, GZIP, SNAPPY, LZ4, ZSTD])
@pytest.mark.parametrize("count", [1, 2, 20])
async def test_headers_that_cannot_be_decoded_are_left_out_wherever_they_come(
    topic: Kafka, count: int, compression: int
) -> None:
    """Alone on a partition, first, last, and between others; each in a batch of its own, and all in one."""
    values = [b"strange %d" % number for number in range(count)]
    separate = strange(values, compression=compression)
    together = batch(*((b"key", value) for value in values), compression=compression)
    await send(topic.producer, topic.topic, 0, *separate)
    await send(topic.producer, topic.topic, 1, *separate)
    await topic.send(b"good", partition=1)
    await send(topic.producer, topic.topic, 1, together)
    await topic.send(b"good", partition=2)
    await send(topic.producer, topic.topic, 2, together)
    seen = Seen()
    await _read(topic.reader(seen), seen, [*values * 4, b"good", b"good"])
    committed = await topic.committed()
    assert {partition: offset for partition, (offset, _) in committed.items()} == {
        0: count,
        1: 2 * count + 1,
        2: count + 1,
    }
    again = Seen()
    await topic.send(b"new")
    await _read(topic.reader(again), again, [b"new"])


async def test_a_strange_record_alone_on_every_topic_keeps_no_group_from_being_up_to_date(topic: Kafka) -> None:
    for kind in EventType:
        await send(topic.producer, f"{topic.prefix}{kind}", 1, *strange([kind.encode()]))
    seen = Seen()
    reader = Reader(
        topic.bootstrap, list(EventType), group="all", handle=seen.handle, corrupt=seen.corrupt, prefix=topic.prefix
    )
    await _read(reader, seen, [kind.encode() for kind in EventType])


async def test_null_keys_and_values_are_handed_over(topic: Kafka) -> None:
    await send(topic.producer, topic.topic, 0, batch((None, None), (b"k", None), (None, b"v")))
    await send(topic.producer, topic.topic, 0, batch((None, None), headers=[]))
    seen = Seen()
    await _read(topic.reader(seen), seen, [None, None, b"v", None])


async def test_a_tap_says_which_partition_it_is_not_given_whatever_comes_in_others(
    topic: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that has no leader, say. Whoever waits for it otherwise would wait for ever."""
    await topic.send(b"never given", partition=1)
    given = asyncio.Event()

    async def goes_on_elsewhere() -> None:
        while not given.is_set():
            await topic.send(b"elsewhere")

    async with Tap(topic.bootstrap, [topic.topic]) as opened, asyncio.TaskGroup() as group:
        opened._consumer.pause(TopicPartition(topic.topic, 1))
        monkeypatch.setattr(tap, "SILENT_SECONDS", 2.0)
        group.create_task(goes_on_elsewhere())
        with pytest.raises(NoTap, match=r"request\.received, partition 1, from offset 0"):
            await opened.to_the_end()
        given.set()


async def test_a_tap_and_the_look_for_a_lost_tail_read_them_too(topic: Kafka) -> None:
    await send(topic.producer, topic.topic, 0, *strange([b"one", b"two"]))
    async with Tap(topic.bootstrap, [topic.topic]) as tap:
        assert [record.value for record in await tap.to_the_end()] == [b"one", b"two"]
    seen = Seen()
    await _read(topic.reader(seen), seen, [b"one", b"two"])
    tails = Tails(topic.bootstrap, f"{topic.prefix}g")
    tails.assigned([TopicPartition(topic.topic, 0)])
    await tails.find()
    assert (tails.take(), tails.unchecked) == ({}, set())


async def test_what_was_deleted_at_the_beginning_of_the_log_is_not_waited_for(topic: Kafka) -> None:
    await send(topic.producer, topic.topic, 0, *strange([b"one", b"two"]))
    await delete_before(topic.bootstrap, {(topic.topic, 0): 1})
    seen = Seen()
    await _read(topic.reader(seen), seen, [b"two"])
