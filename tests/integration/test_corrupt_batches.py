"""A batch damaged on the broker's disk: its partition stands, all else goes on, and a person passes it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from deploy.local import probes, servers
from services.escalation.settings import EscalationSettings
from shared.contracts.events import ReviewLapsed
from shared.messaging.lost_tail import Tails
from shared.messaging.records import partition_of
from shared.messaging.tap import Tap
from shared.runtime.foundation import Foundation
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.batches import batch, send
from tests.integration.starting import running
from tests.integration.test_reader import Kafka, Seen
from tests.integration.toy import TOY, make_topics, record
from tests.wiring.apps import settings

pytestmark = pytest.mark.real

WHY = "A disk lost this block; the emitters have published it again."


@dataclass
class Disk:
    """A broker, and the folder in which its logs are."""

    kafka: str
    folder: Path

    def damage(self, topic: str, partition: int, text: bytes, *, by: bytes = b"#") -> None:
        """Overwrite the first byte of a text in the log: the checksum of its batch is wrong from now on."""
        (log,) = self.folder.glob(f"**/{topic}-{partition}/*.log")
        at = log.read_bytes().index(text)
        with log.open("r+b") as file:
            file.seek(at)
            file.write(by)

    def lengthen(self, topic: str, partition: int, number: int) -> None:
        """Make a batch claim to be longer than all that follows."""
        (log,) = self.folder.glob(f"**/{topic}-{partition}/*.log")
        content, at = log.read_bytes(), 0
        for _ in range(number):
            at += 12 + int.from_bytes(content[at + 8 : at + 12], "big")
        with log.open("r+b") as file:
            file.seek(at + 8)
            file.write((1 << 20).to_bytes(4, "big"))


@pytest.fixture(name="disk", scope="module")
def _disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    folder = tmp_path_factory.mktemp("broker")
    port, controller = probes.free_ports(2)
    server = servers.kafka(folder / "kafka", port=port, controller_port=controller)
    with running(server, folder):
        yield Disk(server.url, folder)


@pytest.fixture(name="topic")
async def _topic(disk: Disk) -> AsyncIterator[Kafka]:
    prefix = f"c{uuid4().hex[:8]}."
    await make_topics(disk.kafka, prefix)
    async with AIOKafkaProducer(bootstrap_servers=disk.kafka) as producer:
        yield Kafka(disk.kafka, prefix, producer)


@pytest.mark.parametrize("compression", [0, 4])
async def test_its_partition_stands_and_all_else_goes_on_until_it_is_passed(
    topic: Kafka, disk: Disk, compression: int
) -> None:
    await topic.send(b"before")
    lost = [(None, b"lost %d" % number) for number in range(3)]
    await send(topic.producer, topic.topic, 0, batch(*lost, compression=compression, headers=[("mark", b"0123456789")]))
    await topic.send(b"after")
    for partition in (1, 2):
        await topic.send(b"elsewhere", partition=partition)
    disk.damage(topic.topic, 0, _inside(disk, topic.topic))
    seen = Seen()
    reader = topic.reader(seen)
    await reader.start()
    place = ("request.received", 0, 1)

    async def noted() -> bool:
        assert seen.corrupt.batches.keys() == {place}
        return await reader.through(datetime.now(UTC)) is not None

    await eventually(noted, within=30)
    assert sorted(seen.values, key=str) == [b"before", b"elsewhere", b"elsewhere"]
    assert reader.standing == [("request.received", 0, 3)]
    assert not reader.stuck
    assert (seen.corrupt.batches[place].following, seen.corrupt.batches[place].why) == (4, "CorruptRecordException")
    await topic.send(b"more elsewhere", partition=1)

    async def goes_on() -> bool:
        return b"more elsewhere" in seen.values

    await eventually(goes_on)
    assert b"after" not in seen.values
    assert (await topic.committed())[0][0] == 1
    seen.corrupt.skips[place] = 4

    async def passed() -> bool:
        return b"after" in seen.values and (await topic.committed())[0][0] == 5

    await eventually(passed, within=30)
    await reader.stop()
    assert seen.corrupt.gone == {place}
    assert not any(value and value.startswith(b"lost") for value in seen.values)


def _inside(disk: Disk, topic: str) -> bytes:
    """A few bytes near the end of the second batch, of whatever kind."""
    (log,) = disk.folder.glob(f"**/{topic}-0/*.log")
    content = log.read_bytes()
    first = 12 + int.from_bytes(content[8:12], "big")
    second = first + 12 + int.from_bytes(content[first + 8 : first + 12], "big")
    return content[second - 12 : second - 4]


async def test_what_can_be_read_again_is_read_and_leaves_the_list(topic: Kafka, disk: Disk) -> None:
    await topic.send(b"damaged")
    await topic.send(b"after")
    disk.damage(topic.topic, 0, b"damaged")
    seen = Seen()
    reader = topic.reader(seen)
    await reader.start()

    async def noted() -> bool:
        return bool(seen.corrupt.batches)

    await eventually(noted, within=30)
    disk.damage(topic.topic, 0, b"#amaged", by=b"d")

    async def read() -> bool:
        return seen.values == [b"damaged", b"after"] and bool(seen.corrupt.gone)

    await eventually(read, within=30)
    await reader.stop()


async def test_a_batch_whose_length_is_wrong_is_not_passed_without_a_word(topic: Kafka, disk: Disk) -> None:
    """aiokafka takes it for one that is too large, and goes one record further."""
    for value in (b"one", b"two", b"three"):
        await topic.send(value)
    await topic.send(b"elsewhere", partition=1)
    disk.lengthen(topic.topic, 0, 1)
    seen = Seen()
    reader = topic.reader(seen)
    await reader.start()

    async def elsewhere() -> bool:
        return b"elsewhere" in seen.values

    await eventually(elsewhere, within=30)
    seen.corrupt.skips["request.received", 0, 1] = 2

    async def committed() -> bool:
        return (await topic.committed()).get(0, (0, ""))[0] >= 2

    await eventually(committed, within=40)
    await reader.stop()
    assert set(seen.values) <= {b"one", b"three", b"elsewhere"}


async def test_a_tap_passes_it_and_says_so_and_no_tail_counts_as_lost(topic: Kafka, disk: Disk) -> None:
    for value in (b"one", b"damaged", b"three"):
        await topic.send(value)
    seen = Seen()
    reader = topic.reader(seen)
    await reader.start()

    async def settled() -> bool:
        return (await topic.committed()).get(0, (0, ""))[0] == 3

    await eventually(settled, within=30)
    await reader.stop()
    disk.damage(topic.topic, 0, b"damaged")
    async with Tap(topic.bootstrap, [topic.topic]) as tap:
        assert [record.value for record in await tap.to_the_end()] == [b"one", b"three"]
        assert [(each.offset, each.following) for each in tap.corrupt] == [(1, 2)]
    disk.damage(topic.topic, 0, b"three")
    tails = Tails(topic.bootstrap, f"{topic.prefix}g")
    tails.assigned([TopicPartition(topic.topic, 0)])
    await tails.find()
    assert tails.take() == {}


@dataclass
class Desk:
    """The toy service as composed, and an operator at its door."""

    base: Foundation[Any]
    http: httpx.AsyncClient

    async def numbers(self) -> set[str]:
        """The lines of `/metrics`."""
        return set((await self.http.get("/metrics")).text.splitlines())

    async def alarmed(self, case_id: UUID) -> bool:
        view = await self.base.engine.case(case_id)
        return view is not None and view.state.alarm is None


@asynccontextmanager
async def composed(given: EscalationSettings, folder: Path) -> AsyncIterator[Desk]:
    base = Foundation(TOY, given)
    app = base.app("toy")
    headers = {"Authorization": f"Bearer {DevelopmentIssuer(folder).staff('ops', [Role.OPERATOR])}"}
    async with (
        base.running(),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://s", headers=headers) as http,
    ):
        yield Desk(base, http)


async def test_no_deadline_waits_for_it_but_those_of_cases_that_may_lie_in_it(
    topic: Kafka, disk: Disk, servers: Servers, tmp_path: Path
) -> None:
    """Through the composed service: the operator sees it, passes it with a reason, and the deadlines behind it come."""

    def given(clock: str) -> EscalationSettings:
        asked = {
            "kafka_bootstrap": disk.kafka,
            "mongodb_uri": servers.mongodb,
            "secondlook_prefix": prefix,
            "secondlook_clock": f"{clock}@{datetime.now(UTC).isoformat(timespec='milliseconds')}",
        }
        return EscalationSettings(**settings(tmp_path) | asked)

    prefix = f"d{uuid4().hex[:8]}_"
    await make_topics(disk.kafka, prefix)
    lapsed = f"{prefix}review.lapsed"
    case_ids = [uuid4() for _ in range(40)]
    behind = next(each for each in case_ids if partition_of(str(each).encode(), 3) == 0)
    beside = next(each for each in case_ids if partition_of(str(each).encode(), 3) == 1)
    heard = datetime(2021, 3, 9, 14, tzinfo=UTC)
    async with composed(given("2021-03-08T09:00-05:00*1"), tmp_path) as desk:
        for case_id in (behind, beside):
            value = record(case_id, 1, ReviewLapsed(at=heard, waived=False), time=heard)
            await topic.producer.send_and_wait(lapsed, value, key=str(case_id).encode())

        async def known() -> bool:
            return all([await desk.base.engine.case(each) is not None for each in (behind, beside)])

        await eventually(known, within=30)
    await topic.producer.send_and_wait(lapsed, b"to be damaged", partition=0)
    disk.damage(lapsed, 0, b"to be damaged")
    async with composed(given("2021-04-08T09:00-05:00*36000"), tmp_path) as desk:

        async def beside_is_done() -> bool:
            return await desk.alarmed(beside)

        await eventually(beside_is_done, within=60)
        (shown,) = (await desk.http.get("/corrupt-batches")).json()["corrupt_batches"]
        assert (shown["topic"], shown["partition"], shown["skip_to"]) == ("review.lapsed", 0, None)
        assert {"secondlook_corrupt_batches 1.0", "secondlook_stuck_partitions 0.0"} <= await desk.numbers()
        assert not await desk.alarmed(behind)
        path = f"/corrupt-batches/review.lapsed/0/{shown['offset']}/skip"
        assert (await desk.http.post(path, json={"why": "short"})).status_code == 400
        assert (await desk.http.post(path, json={"why": WHY, "to": shown["offset"]})).status_code == 400
        unknown = f"/corrupt-batches/review.lapsed/0/{shown['offset'] + 7}/skip"
        assert (await desk.http.post(unknown, json={"why": WHY})).status_code == 404
        assert (await desk.http.post(path, json={"why": WHY})).json() == {"to": shown["offset"] + 1}

        async def behind_is_done() -> bool:
            return await desk.alarmed(behind)

        await eventually(behind_is_done, within=60)
        assert (await desk.http.get("/corrupt-batches")).json()["corrupt_batches"] == []
        assert "secondlook_corrupt_batches 0.0" in await desk.numbers()
        (kept,) = await desk.base.collection("corrupt_batches").find({}).to_list(None)
        assert (kept["skip"]["by"], kept["skip"]["why"]) == ("ops", WHY)
        assert b"to be damaged"[1:] not in kept["sealed"]
