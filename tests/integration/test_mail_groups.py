"""Several groups of letters at once: what one of them meets costs the others nothing, and each step is one write."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notification.domain.ledger import Phase
from services.notification.mail.ledger_store import Current, LedgerStore, Seen
from services.notification.mail.loop import MailLoop
from services.notification.mail.relay import Patience
from shared.casework.commands import Answered
from shared.casework.moves import Move
from shared.casework.reaction import Command
from shared.contracts.events import Consent
from shared.contracts.vocabulary import ConsentKind, ConsentStatus, RequestorType
from shared.errors import CommandFailed
from shared.failpoints import Reached
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.mail_relay import HANG, ScriptedRelay, running
from tests.integration.mail_world import World, addresses, new_address
from tests.unit.notification_story import REJECTED, amended, submitted

pytestmark = pytest.mark.real

PATIENT = Patience(connect=5.0, envelope=20.0, reply=20.0)
SLOW = "slow@example.org"
REFUSAL = Consent(kind=ConsentKind.G28, status=ConsentStatus.REFUSED)


@pytest.fixture
async def relay() -> AsyncIterator[ScriptedRelay]:
    made = ScriptedRelay()
    yield made
    assert max(made.copies.values(), default=0) <= 1, made.copies


@pytest.fixture
async def world(servers: Servers, relay: ScriptedRelay) -> AsyncIterator[World]:
    async with running(relay) as port:
        made = await World.on(servers.mongodb, port)
        made.knobs = dataclasses.replace(made.knobs, patience=PATIENT)
        yield made
        await made.close()


async def cases(world: World, count: int, email: str = "ana@example.org") -> list[UUID]:
    made = [uuid4() for _ in range(count)]
    for case_id in made:
        await world.hear(case_id, submitted(RequestorType.NONCITIZEN), submitted=addresses(email))
    return made


async def phases(world: World, of: Iterable[UUID]) -> Counter[Phase]:
    return Counter([phase for case_id in of for phase in await world.one_each(case_id)])


@asynccontextmanager
async def working(loop: MailLoop) -> AsyncIterator[None]:
    """The loop works inside the block; afterwards it finishes what is under way."""
    task = asyncio.create_task(loop.run())
    try:
        yield
    finally:
        loop.stop()
        await task


class Watched:
    """The store, with a count of what is asked of it; a subclass makes something of it go wrong."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ledger = LedgerStore(world.engine)
        self.asked: Counter[str] = Counter()

    async def due(self, now: datetime, limit: int) -> list[Seen]:
        self.asked["due"] += 1
        return await self._ledger.due(now, limit)

    async def current(self, case_ids: Iterable[UUID]) -> dict[UUID, Current]:
        self.asked["current"] += 1
        return await self._ledger.current(case_ids)

    async def entries(self, case_ids: Iterable[UUID]) -> Any:
        self.asked["entries"] += 1
        return await self._ledger.entries(case_ids)

    async def sent_to(self, address_day: str, most: int) -> int:
        return await self._ledger.sent_to(address_day, most)

    async def commands(self, commands: Sequence[Command[Any]], *, wait: bool = True) -> list[Answered | CommandFailed]:
        self.asked["commands"] += 1
        return await self._ledger.commands(commands, wait=wait)

    async def move(self, moves: Sequence[Move]) -> bool:
        if moves:
            self.asked["move"] += 1
        return await self._ledger.move(moves)


async def test_a_group_costs_one_read_of_its_cases_and_three_writes(world: World, relay: ScriptedRelay) -> None:
    made = await cases(world, 24)
    ledger = Watched(world)
    loop = world.loop(ledger=ledger, knobs=dataclasses.replace(world.knobs, group=24, connections=24))
    assert await loop.once() == 24
    assert await phases(world, made) == {Phase.SENT: 24}
    assert ledger.asked == {"due": 1, "current": 1, "move": 2, "commands": 1}


async def test_one_look_feeds_several_groups(world: World, relay: ScriptedRelay) -> None:
    made = await cases(world, 12)
    ledger = Watched(world)
    loop = world.loop(ledger=ledger)
    for _ in range(3):
        assert await loop.once() == world.knobs.group
    assert await phases(world, made) == {Phase.SENT: 12}
    assert ledger.asked["due"] == 1


class Breaking(Watched):
    """The first group whose cases are read meets a defect."""

    broken: frozenset[UUID] = frozenset()

    async def current(self, case_ids: Iterable[UUID]) -> dict[UUID, Current]:
        case_ids = list(case_ids)
        if not self.broken:
            self.broken = frozenset(case_ids)
            raise ZeroDivisionError
        return await super().current(case_ids)


async def test_a_group_that_fails_does_not_stop_the_others(world: World, relay: ScriptedRelay) -> None:
    made = await cases(world, 16)
    ledger = Breaking(world)
    loop = world.loop(ledger=ledger)

    async def all_others_are_sent() -> bool:
        return await phases(world, made) == {Phase.SENT: 12, Phase.CLAIMED: 4}

    async with working(loop):
        await eventually(all_others_are_sent)
        world.clocks.pass_(timedelta(minutes=2, seconds=1))
        await eventually(lambda: _all(world, made, Phase.SENT))
    assert set(relay.copies.values()) == {1}
    assert len(ledger.broken) == 4


async def _all(world: World, made: Sequence[UUID], phase: Phase) -> bool:
    return await phases(world, made) == {phase: len(made)}


class Counting(Watched):
    """After each claim it counts the letters that are claimed and have not got their mark yet."""

    most_claimed = 0

    async def move(self, moves: Sequence[Move]) -> bool:
        done = await super().move(moves)
        claimed = await self._world.engine.store.collection.find({}, {"work.mail": 1}).to_list(None)
        in_phase = [entry["phase"] for case in claimed for entry in case["work"]["mail"].values()]
        self.most_claimed = max(self.most_claimed, in_phase.count(Phase.CLAIMED))
        return done


async def test_never_more_letters_are_claimed_than_connections_stand(world: World, relay: ScriptedRelay) -> None:
    made = await cases(world, 30)
    ledger = Counting(world)
    relay.script = lambda step, _: HANG if step == "RCPT" else None
    knobs = dataclasses.replace(world.knobs, group=4, connections=6)
    async with working(world.loop(ledger=ledger, knobs=knobs)):
        await eventually(lambda: _claimed(world, made, 6))
        relay.released.set()
        await eventually(lambda: _all(world, made, Phase.SENT))
    assert ledger.most_claimed == 6
    assert relay.connections == 6


async def _claimed(world: World, made: Sequence[UUID], count: int) -> bool:
    return (await phases(world, made))[Phase.CLAIMED] == count


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "dot"])
async def test_a_slow_reader_holds_up_its_own_connection_and_nobody_else(
    world: World, relay: ScriptedRelay, step: str
) -> None:
    """Where the relay is slow before it knows for whom the letter is, whichever comes first is the slow one."""
    (slow,) = await cases(world, 1, SLOW)
    others = await cases(world, 11)
    firsts = iter([HANG])
    relay.script = lambda at, to: (
        next(firsts, None) if at == step == "MAIL" else HANG if at == step and to == SLOW else None
    )
    knobs = dataclasses.replace(world.knobs, connections=4, together=timedelta(milliseconds=50))
    async with working(world.loop(knobs=knobs)):
        await eventually(lambda: _sent(world, [slow, *others], 11))
        relay.released.set()
        await eventually(lambda: _sent(world, [slow, *others], 12))
    assert relay.connections == 4


async def _sent(world: World, made: Sequence[UUID], count: int) -> bool:
    return (await phases(world, made))[Phase.SENT] == count


@pytest.mark.parametrize("point", [Reached.BEFORE_CLAIM, Reached.AFTER_CLAIM])
async def test_address_consent_and_erasure_count_as_they_stand_when_it_is_claimed(
    world: World, relay: ScriptedRelay, point: Reached
) -> None:
    """All of this happens after the look, while the letters wait for their turn."""
    (moved,) = await cases(world, 1)
    (usual,) = await cases(world, 1)
    (erased,) = await cases(world, 1)
    attorney = uuid4()
    await world.hear(attorney, submitted(RequestorType.ATTORNEY), submitted=addresses(noncitizen="luz@example.org"))

    async def meanwhile(name: str) -> None:
        if name == point:
            await world.hear(moved, amended(1, "contact"), amended_1=new_address("new@example.org"))
            await world.hear(attorney, amended(1, "consent", consent=REFUSAL))
            await world.keyring.shred(erased, ordered_by="privacy-1", reference="order 7")

    await world.loop(point=meanwhile, knobs=dataclasses.replace(world.knobs, group=8)).once()
    assert sorted(to for _, to in relay.envelopes) == ["ana@example.org", "luz@example.org", "new@example.org"]
    assert (await world.one(usual)).phase is Phase.SENT
    assert (await world.one(erased)).reason == "ERASED"
    assert {entry.reason for entry in (await world.letters(attorney)).values()} == {"NO_CONSENT", "250"}


async def test_rejections_to_one_address_are_limited_within_a_group_too(world: World, relay: ScriptedRelay) -> None:
    made = [uuid4() for _ in range(5)]
    for case_id in made:
        await world.hear(case_id, REJECTED, contact=addresses())
    loop = world.loop(knobs=dataclasses.replace(world.knobs, group=3))
    assert [await loop.once() for _ in range(3)] == [3, 2, 0]
    assert await phases(world, made) == {Phase.SENT: world.knobs.rejections_a_day, Phase.SUPPRESSED: 3}


async def test_a_letter_that_was_put_off_since_the_look_keeps_its_time(world: World, relay: ScriptedRelay) -> None:
    (case_id,) = await cases(world, 1)
    relay.script = lambda step, _: "451 not now" if step == "RCPT" else None
    other = world.loop()

    async def other_was_faster(name: str) -> None:
        if name == Reached.BEFORE_CLAIM:
            await other.once()
            relay.script = lambda _step, _to: None

    assert await world.loop(point=other_was_faster).once() == 0
    assert ((await world.one(case_id)).phase, (await world.one(case_id)).tries) == (Phase.DUE, 1)
    assert relay.taken == []


async def test_two_instances_that_have_found_the_same_letters_send_each_once(
    world: World, relay: ScriptedRelay
) -> None:
    made = await cases(world, 60)
    async with working(world.loop()), working(world.loop()), working(world.loop()):
        await eventually(lambda: _all(world, made, Phase.SENT), within=30)
    assert sorted(relay.copies.values()) == [1] * 60
    assert [await world.recorded(case_id) for case_id in made] == [[("sent", 0)]] * 60


async def test_a_loop_that_is_cancelled_finishes_every_group_that_is_under_way(
    world: World, relay: ScriptedRelay
) -> None:
    made = await cases(world, 20)
    relay.script = lambda step, _: HANG if step == "dot" else None
    task = asyncio.create_task(world.loop().run())
    await eventually(lambda: _in(world, made, Phase.DATA, world.knobs.connections))
    task.cancel()
    relay.released.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await phases(world, made) == {Phase.SENT: 8, Phase.DUE: 12}
    assert len(relay.taken) == 8


async def test_what_is_not_finished_when_the_time_to_stop_is_over_is_uncertain_and_never_sent_again(
    world: World, relay: ScriptedRelay
) -> None:
    made = await cases(world, 20)
    relay.script = lambda step, _: HANG if step == "dot" else None
    knobs = dataclasses.replace(world.knobs, drain=timedelta(milliseconds=100))
    task = asyncio.create_task(world.loop(knobs=knobs).run())
    await eventually(lambda: _in(world, made, Phase.DATA, knobs.connections))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    relay.script = lambda _step, _to: None
    loop = world.loop()
    await world.settle(loop)
    world.clocks.pass_(timedelta(minutes=2, seconds=1))
    await world.settle(loop)
    assert await phases(world, made) == {Phase.SENT: 12, Phase.UNCERTAIN: 8}


async def _in(world: World, made: Sequence[UUID], phase: Phase, count: int) -> bool:
    return (await phases(world, made))[phase] == count
