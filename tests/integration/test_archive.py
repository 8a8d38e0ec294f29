"""The archive of the event topics, on real Kafka: every record once, whenever it is killed, whatever lies there."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import duckdb
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local import probes, servers
from deploy.local.places import PROJECT
from services.replay import manifest
from services.replay.archive import Limits, archive
from services.replay.columns import ARCHIVED
from services.replay.failing import CannotArchive
from services.replay.keeping import Moment
from services.replay.verify import verify
from shared.contracts.events import ReviewRecused
from shared.contracts.samples import record as sample
from shared.contracts.vocabulary import EventType
from shared.messaging.deleting import delete_before
from shared.messaging.tap import NoTap, Tap
from tests.eventually import eventually
from tests.integration.archive_killed import LIMITS
from tests.integration.batches import batch, send, strange
from tests.integration.starting import running
from tests.integration.test_corrupt_batches import Disk
from tests.integration.toy import NOW, make_topics
from tests.integration.toy import record as event

pytestmark = pytest.mark.real

RECUSED = EventType.REVIEW_RECUSED
Row = tuple[str, int, int, bytes | None, bytes | None]


@dataclass
class World:
    """A Kafka with the topics of this test."""

    disk: Disk
    prefix: str
    producer: AIOKafkaProducer

    @property
    def kafka(self) -> str:
        return self.disk.kafka

    async def say(self, kind: EventType, value: bytes | None, *, partition: int = 0, key: bytes | None = None) -> None:
        await self.producer.send_and_wait(f"{self.prefix}{kind}", value, key=key, partition=partition)

    async def recuse(self, *, days: Sequence[int], partition: int = 0, case: UUID | None = None) -> None:
        """One event for each day from the beginning of all."""
        for seq, day in enumerate(days, start=1):
            case_id = case or uuid4()
            value = event(case_id, seq, ReviewRecused(who="s"), source="escalation", time=NOW + timedelta(days=day))
            await self.say(RECUSED, value, partition=partition, key=str(case_id).encode())

    async def lies_there(self) -> Counter[Row]:
        """What the event topics hold, as another reader sees it."""
        async with Tap(self.kafka, [f"{self.prefix}{kind}" for kind in ARCHIVED]) as tap:
            records = await tap.to_the_end()
        return Counter((r.topic.removeprefix(self.prefix), r.partition, r.offset, r.key, r.value) for r in records)

    async def archived(self, folder: Path, **options: Any) -> Any:
        return await archive(self.kafka, folder, prefix=self.prefix, limits=LIMITS, **options)


def held(folder: Path) -> Counter[Row]:
    """What DuckDB reads of the folder without any help of ours."""
    with duckdb.connect() as alone:
        rows = alone.execute(
            f"""SELECT topic, partition, "offset", key, value
                FROM read_parquet('{folder}/events/*/*/*.parquet', union_by_name = true)"""
        ).fetchall()
    return Counter((topic, partition, offset, key, value) for topic, partition, offset, key, value in rows)


@pytest.fixture(name="disk", scope="module")
def _disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    folder = tmp_path_factory.mktemp("broker")
    port, controller = probes.free_ports(2)
    server = servers.kafka(folder / "kafka", port=port, controller_port=controller)
    with running(server, folder):
        yield Disk(server.url, folder)


@asynccontextmanager
async def _world(disk: Disk) -> AsyncIterator[World]:
    prefix = f"a{uuid4().hex[:8]}."
    await make_topics(disk.kafka, prefix)
    async with AIOKafkaProducer(bootstrap_servers=disk.kafka) as producer:
        yield World(disk, prefix, producer)


@pytest.fixture(name="world")
async def _own(disk: Disk) -> AsyncIterator[World]:
    async with _world(disk) as world:
        yield world


@pytest.fixture(name="full", scope="module")
async def _full(disk: Disk) -> AsyncIterator[World]:
    """Samples of all events, many days of one, and what strangers may write."""
    async with _world(disk) as world:
        for kind in ARCHIVED:
            key, value = sample(kind)
            for partition in range(3):
                await world.say(kind, value, partition=partition, key=key.encode())
        for partition in range(3):
            await world.recuse(days=[0, 0, 1, 0, 2, 2, 9] * 6, partition=partition)
        await world.say(EventType.REQUEST_RECEIVED, b"what outsiders submit")
        for odd in (None, b"", b"no JSON", b"\xff\xfe", b'{"time": "-5000-01-01T00:00:00Z"}', b"[" * 3000, b"{}\n{}"):
            await world.say(EventType.TRIAGE_ASSIGNED, odd, key=b"k")
            await world.say(EventType.TRIAGE_ASSIGNED, odd, key=b"\xff")
        topic = f"{world.prefix}{EventType.CASE_ERASED}"
        await send(world.producer, topic, 1, *strange([b"one", b"two"]), batch((None, None), (b"k", None)))
        yield world


@pytest.mark.parametrize("moment", Moment)
async def test_killed_at_any_moment_and_run_again_it_holds_every_record_once(
    full: World, tmp_path: Path, moment: Moment
) -> None:
    folder = tmp_path / "archive"
    for nth in (1, 2):
        assert _killed(full, folder, moment, nth) == -signal.SIGKILL
        await full.recuse(days=[0, 1, 0], partition=nth)
    await full.archived(folder)
    assert held(folder) == await full.lies_there()
    assert verify(folder).wrong == []
    assert not list(folder.rglob("*.tmp"))
    assert (await full.archived(folder)).records == 0


def _killed(world: World, folder: Path, moment: Moment, nth: int) -> int:
    name = "tests.integration.archive_killed"
    words = [sys.executable, "-m", name, world.kafka, world.prefix, str(folder), str(moment), str(nth)]
    return subprocess.run(words, cwd=PROJECT, check=False, capture_output=True).returncode


async def test_it_says_what_it_could_read_of_each_record_and_keeps_the_bytes(full: World, tmp_path: Path) -> None:
    await full.archived(tmp_path)
    with duckdb.connect() as alone:
        files = f"read_parquet('{tmp_path}/events/topic=triage.assigned/*/*.parquet')"
        readable = alone.execute(
            f"SELECT DISTINCT office, urgency, guidance FROM {files} WHERE problem IS NULL"
        ).fetchall()
        assert readable == [("SNA", "DETAINED", "interim-2021-02-18")]
        problems = alone.execute(
            f"SELECT problem, count(*) FROM {files} WHERE problem IS NOT NULL GROUP BY 1"
        ).fetchall()
    wrong_type = "type: not the type of this topic"
    assert dict(problems) == {"no text": 4, "no JSON": 8, wrong_type: 2}
    assert not [row for row in held(tmp_path) if row[0].startswith(EventType.REQUEST_RECEIVED)]


async def test_duckdb_reads_it_by_its_manifest_as_the_manifest_says(full: World, tmp_path: Path) -> None:
    await full.archived(tmp_path)
    (tmp_path / "events/topic=case.erased/day=1999-12-31").mkdir()
    (tmp_path / "events/topic=case.erased/day=1999-12-31/00000001.parquet").write_bytes(b"left from a killed run")
    told = json.loads((tmp_path / "manifest.json").read_text())
    with duckdb.connect() as alone:
        *_, (rows,) = (
            alone.execute(each).fetchone() or (0,)
            for each in told["about"]
            .partition("with: ")[2]
            .replace("FOLDER", str(tmp_path))
            .replace("*", "count(*)")
            .split(";")
            if each.strip()
        )
    assert rows == (await full.lies_there()).total()
    await full.archived(tmp_path)
    assert held(tmp_path) == await full.lies_there()


async def test_a_days_files_stay_few_however_often_it_is_written(world: World, tmp_path: Path) -> None:
    for _ in range(16):
        await world.recuse(days=[0])
        await world.archived(tmp_path)
    parts = manifest.load(tmp_path).parts
    assert sum(part.rows for part in parts) == 16
    assert len(parts) == len(list(tmp_path.rglob("*.parquet"))) == 1
    assert held(tmp_path) == await world.lies_there()


async def test_it_follows_a_live_system_until_it_is_told_to_stop(world: World, tmp_path: Path) -> None:
    stop = asyncio.Event()
    limits = Limits(seconds=0.1)
    following = asyncio.create_task(archive(world.kafka, tmp_path, prefix=world.prefix, follow=stop, limits=limits))
    for number in range(3):
        await world.recuse(days=[number], partition=number)

        async def kept(rows: int = number + 1) -> bool:
            if following.done():
                following.result()
            return (tmp_path / manifest.NAME).exists() and sum(p.rows for p in manifest.load(tmp_path).parts) == rows

        await eventually(kept, within=30)
    with pytest.raises(CannotArchive, match="Another archive is running"):
        await world.archived(tmp_path)
    with pytest.raises(CannotArchive, match="Another archive is running"):
        verify(tmp_path)
    stop.set()
    assert (await following).records == 3
    assert held(tmp_path) == await world.lies_there()


async def test_a_corrupt_batch_is_passed_told_and_listed(world: World, tmp_path: Path) -> None:
    topic = f"{world.prefix}{RECUSED}"
    await world.recuse(days=[0])
    await send(
        world.producer, topic, 0, batch((None, b"lost one"), (None, b"lost two"), headers=[("mark", b"0123456789")])
    )
    await world.recuse(days=[0])
    world.disk.damage(topic, 0, b"0123456789")
    done = await world.archived(tmp_path)
    assert [(place.topic, hole.first, hole.following, hole.why) for place, hole in done.holes] == [
        (RECUSED, 1, 3, "corrupt")
    ]
    found = verify(tmp_path)
    assert (found.wrong, found.records) == ([], 2)
    assert found.noted == ["review.recused, partition 0: the offsets 1 to 2 could not be read (a corrupt batch)."]
    assert (await world.archived(tmp_path)).holes == ()


async def test_what_was_deleted_before_it_was_read_is_told(world: World, tmp_path: Path) -> None:
    await world.recuse(days=[0, 0])
    await world.archived(tmp_path)
    await world.recuse(days=[0, 0, 0])
    await delete_before(world.kafka, {(f"{world.prefix}{RECUSED}", 0): 4})
    done = await world.archived(tmp_path)
    assert [(hole.first, hole.following, hole.why) for _, hole in done.holes] == [(2, 4, "deleted")]
    assert (verify(tmp_path).wrong, verify(tmp_path).records) == ([], 3)


async def test_another_kafka_is_not_mixed_into_an_archive(world: World, tmp_path: Path) -> None:
    await world.recuse(days=[0, 0])
    await world.archived(tmp_path)
    before = held(tmp_path)
    topic = f"{world.prefix}{RECUSED}"
    admin = AIOKafkaAdminClient(bootstrap_servers=world.kafka)
    await admin.start()
    await admin.delete_topics([topic])
    await admin.close()
    await eventually(lambda: _made_again(world), within=30)
    with pytest.raises(CannotArchive, match="archive this Kafka into a new folder"):
        await world.archived(tmp_path)
    await world.recuse(days=[0, 0, 0])
    with pytest.raises(CannotArchive, match="record at offset 1 is not the one"):
        await world.archived(tmp_path)
    assert held(tmp_path) == before
    assert verify(tmp_path).wrong == []


async def _made_again(world: World) -> bool:
    try:
        await make_topics(world.kafka, world.prefix)
    except Exception:  # noqa: BLE001 - until Kafka has forgotten the old one
        return False
    return True


async def test_verify_finds_what_is_missing_doubled_changed_and_left_over(full: World, tmp_path: Path) -> None:
    await full.archived(tmp_path)
    assert verify(tmp_path).wrong == []
    told = manifest.load(tmp_path)
    one, two = [part for part in told.parts if part.topic == RECUSED][:2]
    (tmp_path / one.path).unlink()
    found = verify(tmp_path).wrong
    assert f"{one.path} is missing." in found
    assert [each for each in found if "are missing" in each]
    changed = (tmp_path / two.path).read_bytes()
    (tmp_path / two.path).write_bytes(changed[:-9] + b"#" + changed[-8:])
    assert f"{two.path} was changed: its checksum is another." in verify(tmp_path).wrong
    (tmp_path / one.path).write_bytes(changed)
    doubled = two.model_copy(update={"path": one.path})
    (tmp_path / two.path).write_bytes(changed)
    manifest.replace(
        manifest.write_beside(told.model_copy(update={"parts": (*told.parts, doubled)}), tmp_path), tmp_path
    )
    assert [each for each in verify(tmp_path).wrong if "more than once" in each]


async def test_nothing_is_committed_and_no_group_is_made(full: World, tmp_path: Path) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=full.kafka)
    await admin.start()
    try:
        before, ends = await admin.list_consumer_groups(), await full.lies_there()
        await full.archived(tmp_path)
        assert (await admin.list_consumer_groups(), await full.lies_there()) == (before, ends)
    finally:
        await admin.close()


async def test_what_is_wrong_is_said_in_one_sentence(full: World, tmp_path: Path) -> None:
    with pytest.raises(NoTap, match="Kafka does not answer"):
        await archive("127.0.0.1:1", tmp_path / "new")
    with pytest.raises(CannotArchive, match="none of the event topics"):
        await archive(full.kafka, tmp_path / "new", prefix="nobody.")
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(CannotArchive, match="is no archive and not empty"):
        await full.archived(other)
    assert [path.name for path in other.iterdir() if path.name != "lock"] == ["thesis.txt"]
    with pytest.raises(CannotArchive, match="There is no archive in"):
        verify(other)
    old = tmp_path / "old"
    await full.archived(old)
    raw = (old / manifest.NAME).read_text()
    (old / manifest.NAME).write_text(raw.replace('"version": 1', '"version": 0'))
    with pytest.raises(CannotArchive, match="is of version 0"):
        await full.archived(old)
    (old / manifest.NAME).write_text(raw[:100])
    with pytest.raises(CannotArchive, match="is damaged"):
        await full.archived(old)


def test_the_command_archives_and_verifies_and_says_when_there_is_no_room(disk: Disk, tmp_path: Path) -> None:
    """The limit of a process on the size of a file stands for a disk that is full."""
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)); "
    asyncio.run(_one_event_without_prefix(disk))
    small, good = str(tmp_path / "small"), str(tmp_path / "good")
    full = _command(disk, "archive", "--into", small, before=limited)
    assert (full.returncode, full.stdout) == (1, "")
    assert f"{small} cannot be written (File too large): make room there" in full.stderr
    left = _command(disk, "archive", "verify", small)
    assert (left.returncode, left.stdout) == (1, "")
    assert "is in no manifest: the next archive removes it." in left.stderr
    again = _command(disk, "archive", "--into", small)
    assert (again.returncode, again.stdout) == (0, f"✓ 1 new records in {small}.\n")
    told = _command(disk, "archive", "--into", good, "--json")
    assert json.loads(told.stdout) == {"records": 1, "folder": good, "absent": [], "holes": []}
    assert _command(disk, "archive", "verify", good).stdout == "✓ 1 records in 1 files: each once, none changed.\n"
    next((tmp_path / "good").rglob("*.parquet")).unlink()
    missing = _command(disk, "archive", "verify", good)
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "is missing" in missing.stderr


async def _one_event_without_prefix(disk: Disk) -> None:
    await make_topics(disk.kafka, "")
    async with AIOKafkaProducer(bootstrap_servers=disk.kafka) as producer:
        await World(disk, "", producer).recuse(days=[0])


def _command(disk: Disk, *words: str, before: str = "") -> subprocess.CompletedProcess[str]:
    run = f"{before}import sys; from cli.main import app; app(sys.argv[1:])"
    environment = {**os.environ, "KAFKA_BOOTSTRAP": disk.kafka}
    return subprocess.run(
        [sys.executable, "-B", "-c", run, *words],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
