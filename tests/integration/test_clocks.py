"""Deadlines and leases when clocks are wrong or jump, and when another instance lags: nothing comes early, or twice.

Two instances of the toy service on real servers. An hour of policy time is a second, also the policy's grace.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

from services.notification.domain.ledger import Phase
from shared.contracts.events import ReviewLapsed
from shared.contracts.vocabulary import EventType, RequestorType
from shared.failpoints import Reached
from shared.runtime.foundation import Foundation
from shared.runtime.settings import ServiceSettings
from tests.conftest import Servers
from tests.eventually import eventually
from tests.faults.lane import short_policy
from tests.integration.mail_relay import ScriptedRelay, running
from tests.integration.mail_world import Clocks, World, addresses
from tests.integration.toy import TOY, Tally, make_topics, record
from tests.unit.notification_story import submitted
from tests.wiring.apps import settings

pytestmark = pytest.mark.real

HOUR = timedelta(hours=1)


@dataclass
class Gate:
    """Where an instance can be held up: with a batch in its hands."""

    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, name: str) -> None:
        if name == Reached.POLLED:
            await self.open.wait()


@dataclass
class Machine:
    """One instance, its wall clock, and how it sees the store's."""

    base: Foundation[Tally]
    gate: Gate
    off: timedelta = timedelta()
    store_off: timedelta = timedelta()

    def __post_init__(self) -> None:
        clock, truth = self.base.clock, self.base.client.time

        async def store_time() -> datetime:
            return await truth() + self.store_off

        clock._local = lambda: datetime.now(UTC) + self.off
        clock._store_time = store_time

    @property
    def partitions(self) -> set[int]:
        consumer = self.base.readers[0]._subscriber.consumer
        return {each.partition for each in consumer.assignment()} if consumer else set()

    async def unwell(self) -> str | None:
        """What readiness says of the clock."""
        return (await self.base.readiness.checks())["clock"]


@dataclass
class Two:
    """Two instances of one service."""

    one: Machine
    two: Machine
    producer: AIOKafkaProducer
    prefix: str

    def now(self) -> datetime:
        """Policy time, as it really is."""
        return self.one.base.clock.at(datetime.now(UTC))

    async def lapse(self, case_id: UUID, partition: int, *, at: datetime, seq: int = 1) -> None:
        """An event that sets the case's alarm to an hour after `at`."""
        data = ReviewLapsed(at=at, waived=False)
        value = record(case_id, seq, data, time=at)
        topic = f"{self.prefix}{EventType.REVIEW_LAPSED}"
        await self.producer.send_and_wait(topic, value, key=str(case_id).encode(), partition=partition)

    async def lapses(self, case_id: UUID) -> int:
        view = await self.one.base.engine.case(case_id)
        return view.state.lapses if view else 0

    async def known(self, case_id: UUID) -> bool:
        return await self.lapses(case_id) > 0

    async def alarms(self, case_id: UUID) -> int:
        """How often the case's deadline came."""
        return len(await self.one.base.engine.events(case_id))

    async def came(self, case_id: UUID) -> bool:
        return await self.alarms(case_id) > 0

    async def it_is(self, moment: datetime) -> None:
        """Policy time passes."""

        async def is_it() -> bool:
            return self.now() >= moment

        await eventually(is_it)

    async def look_again(self) -> None:
        """Both instances do what their loops do: no deadline is missing only because nobody has looked."""
        for machine in (self.one, self.two):
            await machine.base.punctuality.look()
            await machine.base.punctuality.carry_out()


@pytest.fixture(scope="module", name="both")
async def _both(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Two]:
    prefix, folder = f"k{uuid4().hex[:8]}_", tmp_path_factory.mktemp("clocks")
    await make_topics(servers.kafka, prefix)
    anchor = datetime.now(UTC).isoformat(timespec="milliseconds")
    given = settings(folder) | {
        "kafka_bootstrap": servers.kafka,
        "mongodb_uri": servers.mongodb,
        "secondlook_prefix": prefix,
        "secondlook_clock": f"2021-03-08T09:00-05:00*3600@{anchor}",
        "policy_dir": short_policy(folder / "policy"),
    }
    producer = AIOKafkaProducer(bootstrap_servers=servers.kafka)
    await producer.start()
    async with AsyncExitStack() as stack:
        machines = []
        for _ in range(2):
            gate = Gate()
            gate.open.set()
            machines.append(Machine(Foundation(TOY, ServiceSettings(**given), point=gate), gate))
            await stack.enter_async_context(machines[-1].base.running())

        async def shared() -> bool:
            return (
                all(machine.partitions for machine in machines) and not machines[0].partitions & machines[1].partitions
            )

        await eventually(shared, within=20.0)
        yield Two(machines[0], machines[1], producer, prefix)
        for machine in machines:
            machine.gate.open.set()
    await producer.stop()


async def test_no_deadline_comes_while_another_instance_lags(both: Two) -> None:
    """What would have moved the deadline is in the hands of an instance that does not get on."""
    moved, other = uuid4(), uuid4()
    theirs, ours = min(both.two.partitions), min(both.one.partitions)
    began = both.now()
    await both.lapse(moved, theirs, at=began + 2 * HOUR)
    await both.lapse(other, ours, at=began + 2 * HOUR)
    await eventually(lambda: both.known(moved))
    await eventually(lambda: both.known(other))
    both.two.gate.open.clear()
    await both.lapse(moved, theirs, at=began + 100 * HOUR, seq=2)
    assert both.now() < began + 3 * HOUR, "the machine is too slow for this test"
    for hours in (3.5, 7):  # moments after what was settled last, and later
        await both.it_is(began + hours * HOUR)
        await both.look_again()
        assert (await both.alarms(moved), await both.alarms(other)) == (0, 0)
    both.two.gate.open.set()
    await eventually(lambda: both.came(other))
    await both.it_is(both.now() + HOUR)
    assert (await both.lapses(moved), await both.alarms(moved), await both.alarms(other)) == (2, 0, 1)


async def test_with_a_wrong_clock_an_instance_is_not_ready_and_brings_no_deadline(both: Two) -> None:
    case_id, began = uuid4(), both.now()
    both.one.off, both.two.off = HOUR, -HOUR
    for machine in (both.one, both.two):
        assert (await machine.unwell() or "").startswith("The clock of this machine is too far")
    await both.lapse(case_id, 0, at=began)
    await eventually(lambda: both.known(case_id))
    await both.it_is(began + 2 * HOUR)
    await both.look_again()
    assert await both.alarms(case_id) == 0
    both.two.off = timedelta()  # one clock is set right: that instance alone brings it
    await eventually(lambda: both.came(case_id))
    assert (await both.two.unwell(), bool(await both.one.unwell())) == (None, True)
    both.one.off = timedelta()
    assert await both.one.unwell() is None
    await both.look_again()
    assert await both.alarms(case_id) == 1


async def test_when_the_clock_of_the_store_jumps_an_hour_nothing_comes_before_its_time(both: Two) -> None:
    """By the store's clock it would be due long since."""
    case_id, began = uuid4(), both.now()
    await both.lapse(case_id, 0, at=began + 3 * HOUR)
    await eventually(lambda: both.known(case_id))
    both.one.store_off = both.two.store_off = HOUR
    for machine in (both.one, both.two):
        assert await machine.unwell()
    await both.it_is(began + 2 * HOUR)
    await both.look_again()
    both.one.store_off = both.two.store_off = timedelta()
    for machine in (both.one, both.two):
        assert await machine.unwell() is None
        await machine.base.punctuality.look()
    await both.it_is(began + 3 * HOUR)
    assert await both.alarms(case_id) == 0
    await eventually(lambda: both.came(case_id))
    assert both.now() >= began + 4 * HOUR
    await both.look_again()
    assert await both.alarms(case_id) == 1


class WallClock(Clocks):
    """Somebody sets the wall clock: the process's own goes on as ever."""

    def monotonic(self) -> float:
        return Clocks().monotonic()


@pytest.mark.parametrize("reached", [Reached.AFTER_CLAIM, Reached.AFTER_DATA_MARK])
async def test_a_jumping_clock_takes_no_letter_out_of_the_hands_of_who_is_at_it(
    servers: Servers, reached: Reached
) -> None:
    relay, clocks = ScriptedRelay(), WallClock()
    case_id, go_on, at_it = uuid4(), asyncio.Event(), asyncio.Event()

    async def hold(name: str) -> None:
        if name == reached:
            at_it.set()
            await go_on.wait()

    async with running(relay) as port:
        world = await World.on(servers.mongodb, port)
        world.clocks = clocks
        await world.hear(case_id, submitted(RequestorType.NONCITIZEN), submitted=addresses())
        working = asyncio.create_task(world.loop(point=hold).once())
        await at_it.wait()
        held, other = await world.one_each(case_id), world.loop()
        for jump in (HOUR, -2 * HOUR, HOUR):
            clocks.pass_(jump)
            await other.once()
            assert await world.one_each(case_id) == held
        assert held <= {Phase.CLAIMED, Phase.DATA}
        go_on.set()
        await working
        await world.settle(other)
        assert await world.one_each(case_id) == {Phase.SENT}
        assert list(relay.copies.values()) == [1]
        await world.close()
