"""A Kafka log that lost its tail and grew back: records that took the offsets of lost ones are read all the same."""

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.structs import OffsetAndMetadata

from deploy.local import probes, servers
from shared.messaging.lost_tail import SKEW_MS, Tails
from shared.messaging.reader import Reader
from shared.messaging.records import Record
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.starting import running
from tests.integration.toy import Kept

pytestmark = pytest.mark.real

TOPIC = "request.submitted"


@dataclass
class Seen:
    """What a reader handed over."""

    values: list[bytes | None] = field(default_factory=list)

    async def handle(self, records: Sequence[Record]) -> None:
        self.values += [record.value for record in records]


@dataclass
class Log:
    """A topic with one partition, and a group that reads it."""

    bootstrap: str
    prefix: str

    @property
    def partition(self) -> TopicPartition:
        return TopicPartition(f"{self.prefix}{TOPIC}", 0)

    def reader(self, seen: Seen) -> Reader:
        return Reader(self.bootstrap, [TOPIC], group="g", handle=seen.handle, corrupt=Kept(), prefix=self.prefix)

    async def make(self) -> None:
        async def made() -> bool:
            answer = await admin.create_topics([NewTopic(self.partition.topic, 1, 1)])
            return all(error[1] == 0 for error in answer.topic_errors)

        admin = await self._admin()
        await eventually(made)
        await admin.close()

    async def send(self, *values: str, at_ms: int | None = None) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        await producer.start()
        for value in values:
            await producer.send_and_wait(self.partition.topic, value.encode(), partition=0, timestamp_ms=at_ms)
        await producer.stop()

    async def read(self, seen: Seen, *values: str) -> None:
        """Read with a reader of its own until just these were handed over, and commit."""
        reader = self.reader(seen)
        await reader.start()
        await self.heard(seen, *values)
        await reader.stop()

    async def heard(self, seen: Seen, *values: str) -> None:
        async def all_of_them() -> bool:
            assert seen.values == [value.encode() for value in values]
            return True

        await eventually(all_of_them, within=30)

    async def committed(self) -> OffsetAndMetadata:
        admin = await self._admin()
        found = await admin.list_consumer_group_offsets(f"{self.prefix}g")
        await admin.close()
        offset: OffsetAndMetadata = found[self.partition]
        return offset

    async def commit(self, offset: OffsetAndMetadata) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, group_id=f"{self.prefix}g", enable_auto_commit=False
        )
        await consumer.start()
        consumer.assign([self.partition])
        await consumer.commit({self.partition: (offset.offset, offset.metadata)})
        await consumer.stop()

    async def lose_all(self) -> None:
        """The topic is made again, and the group's offset is as it was (Kafka forgets it with the topic)."""
        offset = await self.committed()
        admin = await self._admin()
        await admin.delete_topics([self.partition.topic])
        await admin.close()
        await self.make()
        await self.commit(offset)

    async def delete_before(self, offset: int) -> None:
        admin = await self._admin()
        await admin.delete_records({self.partition: RecordsToDelete(offset)})
        await admin.close()

    async def _admin(self) -> AIOKafkaAdminClient:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        return admin


@pytest.fixture(name="kafka")
async def _kafka(servers: Servers) -> Log:
    log = Log(servers.kafka, f"l{uuid4().hex[:8]}.")
    await log.make()
    return log


async def test_records_at_offsets_that_were_settled_before_are_read_once_the_log_is_another(kafka: Log) -> None:
    await kafka.send("a", "b", "c")
    await kafka.read(Seen(), "a", "b", "c")
    await kafka.lose_all()
    await kafka.send("A", "B", "C", "D")
    await kafka.read(Seen(), "A", "B", "C", "D")
    again = Seen()
    reader = kafka.reader(again)
    await reader.start()
    await kafka.send("E")
    await kafka.heard(again, "E")
    await reader.stop()


async def test_a_shorter_log_is_read_again_whatever_its_end(kafka: Log) -> None:
    await kafka.send("a", "b", "c")
    await kafka.read(Seen(), "a", "b", "c")
    await kafka.lose_all()
    await kafka.send("A")
    tails = Tails(kafka.bootstrap, f"{kafka.prefix}g")
    tails.assigned([kafka.partition])
    await tails.find()
    assert tails.take() == {kafka.partition: 0}
    seen = Seen()
    reader = kafka.reader(seen)
    await reader.start()

    async def read() -> bool:  # maybe twice: the client itself goes back from an offset beyond the end
        return b"A" in seen.values

    await eventually(read, within=20)
    await reader.stop()


async def test_a_log_that_is_as_it_was_is_not_read_again(kafka: Log) -> None:
    await kafka.send("a", "b", "c")
    await kafka.read(Seen(), "a", "b", "c")
    seen = Seen()
    reader = kafka.reader(seen)
    await reader.start()
    for value in "de":
        await kafka.send(value)
        await kafka.heard(seen, *"de"[: len(seen.values) or 1])
        await reader._tails.find()
    await kafka.heard(seen, "d", "e")
    assert reader._tails.take() == {}
    await reader.stop()
    await kafka.delete_before(5)  # as intake does with what it has settled
    await kafka.send("f")
    await kafka.read(Seen(), "f")


async def test_only_what_may_be_new_is_read_again(kafka: Log) -> None:
    """What is older than the last settled record, by more than clocks may differ, is not."""
    now = 1_700_000_000_000
    await kafka.send("long ago", at_ms=now - 2 * SKEW_MS)
    await kafka.send("a", "b", at_ms=now)
    await kafka.read(Seen(), "long ago", "a", "b")
    offset = await kafka.committed()
    await kafka.commit(OffsetAndMetadata(3, offset.metadata.replace(offset.metadata[:4], "0000")))
    await kafka.read(Seen(), "a", "b")


async def test_a_running_reader_goes_back_too_and_only_once(kafka: Log) -> None:
    seen = Seen()
    reader = kafka.reader(seen)
    await reader.start()
    await kafka.send("a", "b")
    await kafka.heard(seen, "a", "b")
    await reader._tails.find()
    settled = reader._tails._seen[kafka.partition]
    reader._tails._seen[kafka.partition] = replace(settled, digest="of another record")
    reader._look.set()
    await kafka.heard(seen, "a", "b", "a", "b")
    reader._tails._seen[kafka.partition] = replace(settled, digest="of another record")
    await reader._tails.find()
    reader._look.set()
    await kafka.send("marker")
    await kafka.heard(seen, "a", "b", "a", "b", "marker")
    await reader.stop()


async def test_nothing_is_settled_before_the_logs_were_looked_at(kafka: Log) -> None:
    """Otherwise the commit would put the new record's hash where the lost one's was."""
    seen = Seen()
    reader = kafka.reader(seen)
    looked = asyncio.Event()

    class Slow(Tails):
        async def find(self) -> None:
            await looked.wait()
            await super().find()

    await kafka.send("a", "b", "c")
    await kafka.read(Seen(), "a", "b", "c")
    await kafka.lose_all()
    await kafka.send("A", "B", "C", "D")
    reader._tails = Slow(kafka.bootstrap, reader.group)
    await reader.start()

    async def at_hand() -> bool:
        return not reader._idle.is_set()

    await eventually(at_hand, within=20)
    assert (seen.values, (await kafka.committed()).offset) == ([], 3)
    looked.set()
    await kafka.heard(seen, "A", "B", "C", "D")
    await reader.stop()


async def test_a_broker_that_lost_its_newest_records_in_a_power_cut(tmp_path: Path) -> None:
    """The broker is killed, the end of its log's file is cut off, and other records take the offsets."""
    ports = probes.free_ports(4)  # a killed broker's own stay in use for a while
    before, after = (
        servers.kafka(tmp_path / "kafka", port=port, controller_port=controller)
        for port, controller in (ports[:2], ports[2:])
    )
    log = Log(before.url, "")
    with running(before, tmp_path) as broker:
        await log.make()
        await log.send("a", "b", "c")
        file = next((tmp_path / "kafka").rglob(f"{log.partition.topic}-0/*.log"))
        kept = file.stat().st_size
        await log.send("lost", "lost too")
        await log.read(Seen(), "a", "b", "c", "lost", "lost too")
        os.kill(broker.pid, signal.SIGKILL)
    with file.open("r+b") as segment:
        segment.truncate(kept)
    log.bootstrap = after.url
    with running(after, tmp_path):
        await log.send("D", "E", "F")
        assert (await log.committed()).offset == 5
        await log.read(Seen(), "a", "b", "c", "D", "E", "F")
