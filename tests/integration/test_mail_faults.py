"""At most one copy of each letter, whatever breaks and wherever; what nobody can know is uncertain, and stays so.

After each test the relay's own count is looked at: more than one copy of a Message-ID fails it, unless a person asked.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notification.domain.ledger import Phase
from services.notification.mail.ledger_store import Current, LedgerStore
from services.notification.mail.relay import Patience
from shared.casework.commands import Answered
from shared.casework.document import arrive
from shared.casework.moves import Move
from shared.casework.reaction import Command
from shared.contracts.vocabulary import RequestorType
from shared.errors import CommandFailed, Outage
from shared.failpoints import OF_MAIL, Point, Reached
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.mail_relay import DROP, DROP_BEFORE_TAKING, DROP_IN_THE_CONTENT, HANG, ScriptedRelay, running
from tests.integration.mail_world import Crash, World, addresses
from tests.unit.notification_story import RESOLVED, submitted

pytestmark = pytest.mark.real

ABOUT_A_LEASE = timedelta(minutes=2, seconds=1)


@pytest.fixture
async def relay() -> AsyncIterator[ScriptedRelay]:
    made = ScriptedRelay()
    yield made
    assert max(made.copies.values(), default=0) <= 1, made.copies


@pytest.fixture
async def world(servers: Servers, relay: ScriptedRelay) -> AsyncIterator[World]:
    async with running(relay) as port:
        made = await World.on(servers.mongodb, port)
        yield made
        await made.close()


async def a_case(world: World) -> UUID:
    case_id = uuid4()
    await world.hear(case_id, submitted(RequestorType.NONCITIZEN), submitted=addresses())
    return case_id


def fails_once(at: str, error: BaseException) -> Point:
    """A point at which something happens once."""
    errors = iter([error])

    async def point(name: str) -> None:
        if name == at and (next_error := next(errors, None)):
            raise next_error

    return point


async def after_a_lease(world: World) -> None:
    """Another process looks, a lease passes, and it looks again."""
    loop = world.loop()
    await world.settle(loop)
    world.clocks.pass_(ABOUT_A_LEASE)
    await world.settle(loop)
    world.clocks.pass_(timedelta(hours=1))
    await world.settle(loop)


@pytest.mark.parametrize(
    ("fault", "reason", "copies"),
    [
        (DROP, "DROPPED", 1),
        (DROP_BEFORE_TAKING, "DROPPED", 0),
        (DROP_IN_THE_CONTENT, "DROPPED", 0),
        (HANG, "TIMED_OUT", 1),
        ("gibberish", "NO_VALID_REPLY", 1),
        ("354 what", "NO_VALID_REPLY", 0),
        ("999 what", "NO_VALID_REPLY", 0),
    ],
)
async def test_without_a_valid_reply_to_the_final_dot_a_letter_is_uncertain_and_never_sent_again(
    world: World, relay: ScriptedRelay, fault: str, reason: str, copies: int
) -> None:
    case_id = await a_case(world)
    relay.script = lambda step, _: fault if step == "dot" else None
    await world.settle(world.loop())
    entry = await world.one(case_id)
    assert (entry.phase, entry.reason) == (Phase.UNCERTAIN, reason)
    relay.script = lambda _step, _to: None
    await after_a_lease(world)
    assert (await world.one(case_id)).phase is Phase.UNCERTAIN
    assert sum(relay.copies.values()) == copies
    assert await world.recorded(case_id) == [("uncertain", 0)]
    assert [view.case_id for view in await world.engine.listing({"queue.uncertain": True})] == [case_id]


CRASHES = {
    Reached.BEFORE_CLAIM: (Phase.SENT, 1),
    Reached.AFTER_CLAIM: (Phase.SENT, 1),
    Reached.AFTER_RCPT: (Phase.SENT, 1),
    Reached.AFTER_DATA_MARK: (Phase.UNCERTAIN, 0),
    Reached.AFTER_CONTENT: (Phase.UNCERTAIN, 1),
    Reached.BEFORE_RECORD: (Phase.UNCERTAIN, 1),
}


@pytest.mark.parametrize("point", OF_MAIL)
async def test_a_process_that_dies_anywhere_leaves_at_most_one_copy(
    world: World, relay: ScriptedRelay, point: Reached
) -> None:
    case_id = await a_case(world)
    with pytest.raises(Crash):
        await world.loop(point=fails_once(point, Crash())).once()
    await after_a_lease(world)
    phase, copies = CRASHES[point]
    assert (await world.one(case_id)).phase is phase
    assert sum(relay.copies.values()) == copies


async def test_what_a_dead_process_had_only_claimed_waits_for_no_lease(world: World, relay: ScriptedRelay) -> None:
    case_id = await a_case(world)
    with pytest.raises(Crash):
        await world.loop(point=fails_once(Reached.AFTER_CLAIM, Crash())).once()
    loop = world.loop()
    await world.settle(loop)
    assert (await world.one(case_id)).phase is Phase.CLAIMED
    world.clocks.pass_(world.knobs.abandoned)
    await world.settle(loop)
    assert (await world.one(case_id)).phase is Phase.SENT
    assert sum(relay.copies.values()) == 1


async def test_a_claim_that_was_given_back_while_its_sender_lived_sends_no_second_copy(
    world: World, relay: ScriptedRelay
) -> None:
    case_id = await a_case(world)
    at_the_mark, goes_on = asyncio.Event(), asyncio.Event()

    async def held_up(name: str) -> None:
        if name == Reached.AFTER_RCPT:
            at_the_mark.set()
            await goes_on.wait()

    slow = asyncio.create_task(world.loop(point=held_up).once())
    await at_the_mark.wait()
    other = world.loop()
    await world.settle(other)
    world.clocks.pass_(world.knobs.abandoned)
    await world.settle(other)
    assert (await world.one(case_id)).phase is Phase.SENT
    goes_on.set()
    assert await slow == 0
    assert (await world.one(case_id)).phase is Phase.SENT
    assert sum(relay.copies.values()) == 1
    assert await world.recorded(case_id) == [("sent", 0)]


@pytest.mark.parametrize("point", OF_MAIL)
async def test_a_cancelled_round_leaves_at_most_one_copy_and_no_used_connection(
    world: World, relay: ScriptedRelay, point: Reached
) -> None:
    case_id = await a_case(world)
    loop = world.loop(point=fails_once(point, asyncio.CancelledError()))
    with pytest.raises(asyncio.CancelledError):
        await loop.once()
    second = await a_case(world)
    await world.settle(loop)
    assert (await world.one(second)).phase is Phase.SENT
    await after_a_lease(world)
    phase, _ = CRASHES[point]
    assert (await world.one(case_id)).phase is phase


EXCEPTIONS = CRASHES | {Reached.AFTER_DATA_MARK: (Phase.SENT, 1), Reached.BEFORE_RECORD: (Phase.SENT, 1)}
"""A process that lives on knows more than one that died: that nothing was sent, or what the relay said."""


@pytest.mark.parametrize("point", OF_MAIL)
async def test_a_defect_anywhere_leaves_at_most_one_copy(world: World, relay: ScriptedRelay, point: Reached) -> None:
    case_id = await a_case(world)
    loop = world.loop(point=fails_once(point, ZeroDivisionError()))
    try:
        await world.settle(loop)
    except ZeroDivisionError:
        await world.settle(loop)
    await after_a_lease(world)
    phase, copies = EXCEPTIONS[point]
    assert (await world.one(case_id)).phase is phase
    assert sum(relay.copies.values()) == copies


async def test_a_250_that_comes_after_all_settles_an_uncertain_letter(world: World, relay: ScriptedRelay) -> None:
    case_id = await a_case(world)
    relay.script = lambda step, _: HANG if step == "dot" else None
    patient = dataclasses.replace(world.knobs, patience=Patience(envelope=1.0, reply=30.0))
    slow = asyncio.create_task(world.loop(knobs=patient).once())
    await eventually(lambda: _is_taken(relay))
    await after_a_lease(world)
    assert (await world.one(case_id)).phase is Phase.UNCERTAIN
    relay.released.set()
    assert await slow == 1
    assert (await world.one(case_id)).phase is Phase.SENT
    assert await world.recorded(case_id) == [("uncertain", 0), ("sent", 0)]


async def _is_taken(relay: ScriptedRelay) -> bool:
    return bool(relay.taken)


async def test_a_sender_that_slept_past_its_lease_does_not_hand_its_letter_over(
    world: World, relay: ScriptedRelay
) -> None:
    case_id = await a_case(world)
    asleep = Sleeper(Reached.AFTER_RCPT)
    sleeper = asyncio.create_task(world.loop(point=asleep.point).once())
    await asleep.reached.wait()
    await after_a_lease(world)
    assert (await world.one(case_id)).phase is Phase.SENT
    asleep.awake.set()
    await sleeper
    assert sum(relay.copies.values()) == 1
    assert await world.recorded(case_id) == [("sent", 0)]


async def test_a_sender_that_slept_cannot_mark_what_another_has_claimed_since(
    world: World, relay: ScriptedRelay
) -> None:
    case_id = await a_case(world)
    first, second = Sleeper(Reached.AFTER_RCPT), Sleeper(Reached.AFTER_RCPT)
    tasks = [asyncio.create_task(world.loop(point=first.point).once())]
    await first.reached.wait()
    other = world.loop(point=second.point)
    await other.once()
    world.clocks.pass_(ABOUT_A_LEASE)
    await other.once()  # takes the claim back
    tasks.append(asyncio.create_task(other.once()))
    await second.reached.wait()
    first.awake.set()
    await tasks[0]
    assert (await world.one(case_id)).phase is Phase.CLAIMED
    second.awake.set()
    await tasks[1]
    assert (await world.one(case_id)).phase is Phase.SENT
    assert sum(relay.copies.values()) == 1


class Sleeper:
    """A process that stands still at a point until it is woken."""

    def __init__(self, at: str) -> None:
        self._at = at
        self.reached, self.awake = asyncio.Event(), asyncio.Event()

    async def point(self, name: str) -> None:
        if name == self._at:
            self.reached.set()
            await self.awake.wait()


async def test_the_late_reply_to_one_letter_is_never_read_as_the_reply_to_the_next(
    world: World, relay: ScriptedRelay
) -> None:
    loop = world.loop(knobs=dataclasses.replace(world.knobs, group=1, connections=1))
    first = await a_case(world)
    relay.script = lambda step, _: HANG if step == "dot" else None
    await world.settle(loop)
    relay.script = lambda step, _: DROP_BEFORE_TAKING if step == "dot" else None
    second = await a_case(world)
    relay.released.set()
    await world.settle(loop)
    assert [(await world.one(case_id)).phase for case_id in (first, second)] == [Phase.UNCERTAIN] * 2
    assert relay.connections == 2


async def test_a_reply_too_many_is_not_read_as_the_reply_to_the_next_letter(world: World, relay: ScriptedRelay) -> None:
    loop = world.loop(knobs=dataclasses.replace(world.knobs, group=1, connections=1))
    replies = iter(["250 taken\r\n550 never", None])
    relay.script = lambda step, _: next(replies) if step == "dot" else None
    cases = [await a_case(world) for _ in range(2)]
    await world.settle(loop)
    assert [(await world.one(case_id)).phase for case_id in cases] == [Phase.SENT] * 2
    assert relay.connections == 2


async def test_a_reply_that_comes_before_the_content_is_not_the_reply_to_it(world: World, relay: ScriptedRelay) -> None:
    case_id = await a_case(world)
    early = {"DATA": "354 go ahead\r\n250 taken", "dot": "550 never"}
    relay.script = lambda step, _: early.get(step)
    await world.settle(world.loop())
    entry = await world.one(case_id)
    assert (entry.phase, entry.reason, relay.taken) == (Phase.DUE, "Dropped", [])


async def test_a_sender_that_slept_after_its_mark_starts_no_content(world: World, relay: ScriptedRelay) -> None:
    case_id = await a_case(world)

    async def sleeps(name: str) -> None:
        if name == Reached.AFTER_DATA_MARK:
            world.clocks.pass_(timedelta(seconds=30))

    await world.loop(point=sleeps).once()
    entry = await world.one(case_id)
    assert (entry.phase, entry.reason) == (Phase.DUE, "TOO_LATE")
    assert relay.taken == []


async def test_two_instances_with_two_lanes_each_send_each_letter_once(world: World, relay: ScriptedRelay) -> None:
    cases = [await a_case(world) for _ in range(40)]
    loops = [world.loop() for _ in range(2)]
    tasks = [asyncio.create_task(loop.run()) for loop in loops]

    async def all_sent() -> bool:
        return all([await world.one_each(case_id) == {Phase.SENT} for case_id in cases])

    await eventually(all_sent, within=30)
    for loop in loops:
        loop.stop()
    await asyncio.gather(*tasks)
    assert sorted(relay.copies.values()) == [1] * 40
    assert [await world.recorded(case_id) for case_id in cases] == [[("sent", 0)]] * 40


async def test_an_event_in_the_middle_turns_no_phase_back(world: World, relay: ScriptedRelay) -> None:
    case_id = await a_case(world)

    async def resolved(name: str) -> None:
        if name == Reached.AFTER_CONTENT and not await _knows(world, case_id):
            await world.hear(case_id, RESOLVED, source="escalation")

    await world.settle(world.loop(point=resolved))
    assert await world.one_each(case_id) == {Phase.SENT}
    assert sorted(relay.copies.values()) == [1, 1]


async def _knows(world: World, case_id: UUID) -> bool:
    return len(await world.letters(case_id)) > 1


async def test_a_person_may_send_an_uncertain_letter_again_once_the_first_attempt_is_over(
    world: World, relay: ScriptedRelay
) -> None:
    case_id = await a_case(world)
    relay.script = lambda step, _: DROP_BEFORE_TAKING if step == "dot" else None
    loop = world.loop()
    await world.settle(loop)
    relay.script = lambda _step, _to: None
    assert await world.resend(case_id) == "too_early"
    world.clocks.pass_(world.knobs.lease + world.knobs.under_way)
    assert await world.resend(case_id) is None
    await world.settle(loop)
    assert await world.recorded(case_id) == [("uncertain", 0), ("sent", 1)]
    assert sum(relay.copies.values()) == 1


async def test_the_due_letters_of_a_parked_case_still_go_and_are_recorded_when_it_is_mended(
    world: World, relay: ScriptedRelay
) -> None:
    case_id = await a_case(world)
    await world.engine.handle([arrive(case_id, "triage.assigned", b"no event")])
    await after_a_lease(world)
    entry = await world.one(case_id)
    assert (entry.phase, entry.outcome) == (Phase.DATA, "sent:250")
    await world.engine.store.collection.update_one({"_id": case_id}, {"$set": {"held": []}})
    await world.settle(world.loop())
    assert (await world.one(case_id)).phase is Phase.SENT
    assert sum(relay.copies.values()) == 1


class Flaky:
    """A store that fails once, at one operation, before it was carried out or after."""

    def __init__(self, ledger: LedgerStore, operation: str, *, at: int, carried_out: bool) -> None:
        self._ledger = ledger
        self._operation = operation
        self.left = at
        self._carried_out = carried_out
        self.due, self.entries, self.sent_to = ledger.due, ledger.entries, ledger.sent_to

    async def current(self, case_ids: Iterable[UUID]) -> dict[UUID, Current]:
        found: dict[UUID, Current] = await self._do("current", lambda: self._ledger.current(case_ids))
        return found

    async def commands(self, commands: Sequence[Command[Any]], *, wait: bool = True) -> list[Answered | CommandFailed]:
        done: list[Answered | CommandFailed] = await self._do(
            "commands", lambda: self._ledger.commands(commands, wait=wait)
        )
        return done

    async def move(self, moves: Sequence[Move]) -> bool:
        return bool(await self._do("move", lambda: self._ledger.move(moves)))

    async def _do(self, operation: str, carry_out: Any) -> Any:
        if self._carried_out:
            done = await carry_out()
            await self._fail(operation)
            return done
        await self._fail(operation)
        return await carry_out()

    async def _fail(self, operation: str) -> None:
        if operation == self._operation:
            self.left -= 1
            if self.left == 0:
                raise Outage("The store does not answer.")


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize(("operation", "at"), [("move", 1), ("current", 1), ("move", 2), ("commands", 1)])
async def test_a_store_that_fails_at_any_step_costs_time_and_no_copy(
    world: World, relay: ScriptedRelay, operation: str, at: int, carried_out: bool
) -> None:
    case_id = await a_case(world)
    flaky = Flaky(LedgerStore(world.engine), operation, at=at, carried_out=carried_out)
    loop = world.loop(ledger=flaky)
    with suppress(Outage):
        await loop.once()
    assert flaky.left == 0
    await world.settle(loop)
    for _ in range(2):
        world.clocks.pass_(ABOUT_A_LEASE)
        await world.settle(loop)
    assert (await world.one(case_id)).phase is Phase.SENT
    assert sum(relay.copies.values()) == 1
    assert await world.recorded(case_id) == [("sent", 0)]
