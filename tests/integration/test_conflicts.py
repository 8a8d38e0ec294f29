"""Several instances at the same cases: who loses a race publishes what is stored, or nothing.

Once with the engine alone, where every way in meets every other; once with whole instances that join, leave, stand
still in the middle of a batch, and wake up when others have done their work.
"""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from shared.casework.document import arrive
from shared.casework.engine import Engine
from shared.casework.reaction import Behaviour, Command, Context, Deadline, Due, Emit, Step
from shared.casework.sweeping import Sweeper
from shared.contracts.envelope import splice
from shared.contracts.events import RequestWithdrawn, ReviewLapsed
from shared.contracts.vocabulary import EventType, Recipient, Service
from shared.errors import CommandFailed, Outage
from shared.failpoints import Reached
from shared.messaging.tap import Tap
from tests.conftest import Servers
from tests.faults.checks import Documents, Log, findings
from tests.faults.faulty import Fault, Kind, Way
from tests.faults.lane import Instance, Lane, until
from tests.faults.load import Asked, Notes, Outsiders, wave
from tests.integration.toy import NOW, engine, make_topics, record

pytestmark = pytest.mark.real

SESSION_SECONDS = 6.0
"""The shortest that a broker takes unless told otherwise."""
WHILE_FROZEN_SECONDS = 3 * SESSION_SECONDS


@dataclass(frozen=True)
class Counted:
    """How much was heard, asked and due; every lapse sets the alarm again."""

    lapses: int = 0
    asked: int = 0
    alarms: int = 0
    alarm: datetime | None = None

    @property
    def inputs(self) -> int:
        return self.lapses + self.asked + self.alarms


def sealed_anew(state: Counted) -> Step[Counted]:
    """A step whose blob is other bytes each time it is made, as sealing is: a loser's bytes are not the winner's."""
    name = f"note_{state.inputs}"
    emit = Emit(RequestWithdrawn(by=Recipient.REQUESTOR), sealed=(name,))
    return Step(state, emits=(emit,), keep={name: os.urandom(8)})


def on_lapsed(state: Counted | None, _: Any, context: Context) -> Step[Counted]:
    state = state or Counted()
    return sealed_anew(replace(state, lapses=state.lapses + 1, alarm=context.now + timedelta(hours=state.lapses + 1)))


def on_add(state: Counted | None, _: Command[int], __: Context) -> Step[Counted]:
    state = state or Counted()
    return sealed_anew(replace(state, asked=state.asked + 1))


def on_alarm(state: Counted | None, _: Deadline, __: Context) -> Step[Counted]:
    assert state is not None
    return sealed_anew(replace(state, alarms=state.alarms + 1, alarm=None))


MEETING: Behaviour[Counted] = Behaviour(
    service="toy",
    state=Counted,
    reactions={EventType.REVIEW_LAPSED: on_lapsed, "add": on_add, "alarm": on_alarm},
    due=lambda state, _: Due("alarm", state.alarm) if state.alarm else None,
    creates=frozenset({"add"}),
)


@dataclass
class Bench:
    """Two instances of one service on real servers."""

    instances: tuple[Engine[Any], Engine[Any]]
    kafka: str
    prefix: str

    async def log(self) -> Log:
        """What their topic has got."""
        log = Log(self.prefix)
        async with Tap(self.kafka, [f"{self.prefix}{EventType.REQUEST_WITHDRAWN}"]) as tap:
            log.add(await tap.to_the_end())
        return log


@pytest.fixture(name="bench")
async def _bench(servers: Servers) -> AsyncIterator[Bench]:
    prefix = f"m{uuid4().hex[:8]}_"
    await make_topics(servers.kafka, prefix)
    made = [engine(servers.mongodb, servers.kafka, prefix, behaviour=MEETING) for _ in range(2)]
    await made[0][0].store.prepare()
    yield Bench((made[0][0], made[1][0]), servers.kafka, prefix)
    for instance, client, sender in made:
        await instance.drain(5)
        await sender.discard()
        await client.close()


async def until_settled(work: Callable[[], Awaitable[Any]]) -> None:
    """What a reader or a client does: the same once more, until it is done."""
    while True:
        with suppress(Outage, CommandFailed):
            await work()
            return


async def again_and_again(work: Callable[[], Awaitable[Any]], done: asyncio.Event) -> None:
    """What a loop beside the readers does."""
    while not done.is_set():
        with suppress(Outage):
            await work()
        await asyncio.sleep(0)


async def test_commands_records_deadlines_and_sweepers_of_two_instances_meet_on_the_same_cases(bench: Bench) -> None:
    case_ids, numbers = [uuid4() for _ in range(12)], (1, 2, 3)
    lapses = [
        [arrive(case, "review.lapsed", record(case, seq, ReviewLapsed(at=NOW, waived=False))) for case in case_ids]
        for seq in numbers
    ]
    asked = [Command("add", uuid5(case, f"{number}"), case, NOW, 1) for number in numbers for case in case_ids]
    done = asyncio.Event()
    loops = [
        asyncio.create_task(again_and_again(work, done))
        for each in bench.instances
        for work in (each.deadlines, each.deadlines, Sweeper(each, stale_seconds=0.0).sweep, each.outbox.flush_marks)
    ]

    async def read(instance: Engine[Any]) -> None:
        for batch in lapses:
            await until_settled(lambda batch=batch: instance.handle(batch))  # type: ignore[misc]

    async def ask(instance: Engine[Any], command: Command[int]) -> None:
        await until_settled(lambda: instance.command(command))

    one, two = bench.instances
    later = [replace(command, at=NOW + timedelta(minutes=1)) for command in asked]
    await asyncio.gather(
        *(read(instance) for instance in bench.instances),
        *(ask(one, command) for command in asked),
        *(ask(two, command) for command in later),
    )
    while await one.deadlines():
        pass
    done.set()
    await asyncio.gather(*loops)
    for each in bench.instances:
        await each.drain(5)
        await Sweeper(each, stale_seconds=0.0).sweep()
        await each.outbox.flush_marks()
    log = await bench.log()
    assert log.findings == []
    for case in case_ids:
        view = await one.case(case)
        assert view is not None
        assert (view.state.lapses, view.state.asked, view.state.alarm) == (3, 3, None)
        assert 1 <= view.state.alarms <= 3
        sealed = await one.sealed(case)
        stored = {
            each.id: splice(each.body, {name: sealed[name] for name in each.blobs}) for each in await one.events(case)
        }
        assert len(stored) == view.state.inputs
        assert stored == log.payloads(case, "toy")
    assert await one.store.pending(100) == []


@dataclass
class Rota:
    """The instances that may be asked, one after the other."""

    lane: Lane
    on: list[Instance]

    def __post_init__(self) -> None:
        self._turn: Iterator[int] = count()

    def url(self) -> str:
        return self.on[next(self._turn) % len(self.on)].url


class Load:
    """Waves of requests that are submitted, decided and resolved while instances come and go."""

    def __init__(self, rota: Rota) -> None:
        lane = rota.lane
        self.notes = Notes()
        self._lane = lane
        self._outsiders = Outsiders(
            self.notes, kafka=lane.servers.kafka, topic=lane.arrivals, token=lane.token, url=rota.url
        )

    async def wave(self, number: int = 6) -> None:
        """One wave, until every request of it is resolved."""
        asked = wave(number, len(self.notes.asked))
        await self._outsiders.send(asked, poison=False)
        await self._outsiders.decide(asked)
        assert await until(lambda: self._resolved(asked), within=60.0)

    async def flow(self, done: asyncio.Event) -> None:
        """Wave after wave."""
        while not done.is_set():
            await self.wave()

    async def _resolved(self, asked: list[Asked]) -> bool:
        await self._lane.read()
        events = self._lane.log.events
        return all(any(e.type is EventType.RESOLUTION_ISSUED for e in events[each.case_id]) for each in asked)


@dataclass(frozen=True)
class Frozen:
    """An instance that stands still; somebody has to let it go on."""

    instance: Instance

    async def stands_still(self) -> bool:
        stat = Path(f"/proc/{self.instance.process.pid}/stat").read_text(encoding="ascii")
        return stat.rpartition(")")[2].split()[0] == "T"

    def wake(self) -> None:
        os.kill(self.instance.process.pid, signal.SIGCONT)


@pytest.fixture(name="lane")
async def _lane(servers: Servers, tmp_path: Path) -> AsyncIterator[Lane]:
    lane = Lane(servers, tmp_path, tuple(Service), kafka_session_seconds=SESSION_SECONDS)
    await lane.open()
    yield lane
    await lane.close()


async def test_instances_that_join_leave_stand_still_and_wake_up_lose_and_double_nothing(lane: Lane) -> None:
    first, second = lane.start(), lane.start()
    rota = Rota(lane, [first, second])
    for lane.current in rota.on:
        await lane.ready()
    load, done = Load(rota), asyncio.Event()
    flowing = asyncio.create_task(load.flow(done))
    rota.on = [first, second, (third := lane.start())]
    await lane.ready()
    rota.on = [second, third]
    assert await first.stop()
    fourth = lane.start()
    await lane.ready()
    frozen = [Frozen(second), Frozen(third)]
    try:
        # One with cases loaded and not written, one with events written and not published.
        for lane.current, service, point in (
            (second, Service.TRIAGE, Reached.WRITING),
            (third, Service.ESCALATION, Reached.SENDING),
        ):
            await lane.install(Fault(service, point, Kind.STOP, Way.RECORDS))
        rota.on = [fourth]
        for each in frozen:
            assert await until(each.stands_still, within=30.0)
        asleep = asyncio.get_running_loop().time()
        done.set()
        await flowing  # what they had in hands is resolved by others, who must have taken their partitions for it
        await load.wave()

        async def long_enough() -> bool:
            return asyncio.get_running_loop().time() - asleep >= WHILE_FROZEN_SECONDS

        assert await until(long_enough, within=WHILE_FROZEN_SECONDS + 1)
    finally:
        for each in frozen:
            each.wake()
    rota.on = [second, third, fourth]
    for lane.current in rota.on:
        await lane.ready()
    await load.wave(12)
    assert await quiet(lane, load.notes) == []


async def quiet(lane: Lane, notes: Notes) -> list[str]:
    """What is still wrong when it had time to get right; also what is wrong with the letters."""
    wrong: list[str] = []

    async def well() -> bool:
        await lane.read()
        documents = await lane.documents(notes.case_ids)
        dead = await lane.count(Service.INTAKE, "dead_letters")
        wrong[:] = [*findings(notes, lane.log, documents, dead), *letters(lane.servers.mail, documents)]
        return not wrong

    await until(well, within=30.0)
    return wrong


def letters(mail: Path, documents: Documents) -> list[str]:
    """No letter is in the mail sink twice; one that is `sent` is there, and none is still under way."""
    lines = (mail / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    copies = Counter(json.loads(line)["message_id"].strip("<>").partition("@")[0] for line in lines)
    phases = {
        str(UUID(name)): entry["phase"]
        for document in documents[Service.NOTIFICATION]
        for name, entry in document["work"].get("mail", {}).items()
    }
    most = {"sent": 1, "uncertain": 1, "failed": 1, "suppressed": 0}
    return [
        f"{copies[letter]} copies of a letter that is {phase}"
        for letter, phase in phases.items()
        if copies[letter] > most.get(phase, -1) or (phase == "sent" and copies[letter] != 1)
    ]
