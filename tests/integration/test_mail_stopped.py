"""A sender's process is stopped in the middle (SIGSTOP), others go on without it, and it wakes up."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.notification.domain.ledger import Phase
from shared.contracts.vocabulary import RequestorType
from shared.failpoints import OF_MAIL, Reached
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.mail_relay import ScriptedRelay, running
from tests.integration.mail_sleeper import START_CONTENT_WITHIN, STOPS
from tests.integration.mail_world import World, addresses
from tests.unit.notification_story import submitted

pytestmark = pytest.mark.real

MEANWHILE = {
    Reached.BEFORE_CLAIM: Phase.SENT,
    Reached.AFTER_CLAIM: Phase.SENT,
    Reached.AFTER_RCPT: Phase.SENT,
    Reached.AFTER_DATA_MARK: Phase.UNCERTAIN,
    Reached.AFTER_CONTENT: Phase.UNCERTAIN,
    Reached.BEFORE_RECORD: Phase.UNCERTAIN,
}
"""What another instance makes of the letter while its sender stands still at this point."""

AT_THE_END = MEANWHILE | {Reached.AFTER_CONTENT: Phase.SENT, Reached.BEFORE_RECORD: Phase.SENT}
"""Who has the relay's reply after all says so; who has handed nothing over hands nothing over any more."""


@pytest.fixture
def relay() -> ScriptedRelay:
    return ScriptedRelay()


@pytest.fixture
async def world(servers: Servers, relay: ScriptedRelay) -> AsyncIterator[World]:
    async with running(relay) as port:
        made = await World.on(servers.mongodb, port)
        yield made
        await made.close()


class Sleeper:
    """The other process, once it stands still."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._since = time.monotonic()

    async def wake(self) -> str:
        """Let it go on, when it has slept for longer than content may be late; its last words."""
        await eventually(self._slept_enough)
        self._process.send_signal(signal.SIGCONT)
        said, _ = await asyncio.wait_for(self._process.communicate(), 20)
        return said.decode().strip()

    async def _slept_enough(self) -> bool:
        return time.monotonic() - self._since > START_CONTENT_WITHIN.total_seconds()


@asynccontextmanager
async def stopped(world: World, servers: Servers, at: Reached) -> AsyncIterator[Sleeper]:
    """A sender that has stopped at a point."""
    command = (sys.executable, "-m", "tests.integration.mail_sleeper", servers.mongodb, str(world.port), world.prefix)
    process = await asyncio.create_subprocess_exec(*command, at.value, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        assert line.decode().strip() == STOPS
        yield Sleeper(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def a_case(world: World) -> UUID:
    case_id = uuid4()
    await world.hear(case_id, submitted(RequestorType.NONCITIZEN), submitted=addresses())
    return case_id


async def others_go_on(world: World) -> None:
    """Another instance looks, a lease passes, and it looks again, twice."""
    loop = world.loop()
    for _ in range(3):
        await world.settle(loop)
        world.clocks.pass_(timedelta(minutes=2, seconds=1))


@pytest.mark.parametrize("point", OF_MAIL)
async def test_a_sender_that_was_stopped_and_wakes_up_makes_no_second_copy(
    world: World, relay: ScriptedRelay, servers: Servers, point: Reached
) -> None:
    case_id = await a_case(world)
    async with stopped(world, servers, point) as sleeper:
        await others_go_on(world)
        assert (await world.one(case_id)).phase is MEANWHILE[point]
        await sleeper.wake()
    await others_go_on(world)
    assert (await world.one(case_id)).phase is AT_THE_END[point]
    assert sum(relay.copies.values()) == (AT_THE_END[point] is Phase.SENT)
    results = {MEANWHILE[point].value, AT_THE_END[point].value}
    assert [result for result, _ in await world.recorded(case_id)] == sorted(results, reverse=True)


async def test_a_sender_that_wakes_up_after_a_person_had_the_letter_sent_again_sends_nothing(
    world: World, relay: ScriptedRelay, servers: Servers
) -> None:
    case_id = await a_case(world)
    async with stopped(world, servers, Reached.AFTER_DATA_MARK) as sleeper:
        await others_go_on(world)
        world.clocks.pass_(world.knobs.relay_idle)
        assert await world.resend(case_id) is None
        await world.settle(world.loop())
        assert await sleeper.wake() == "1"  # It reports "too late", which moves nothing any more.
    assert (await world.one(case_id)).phase is Phase.SENT
    assert await world.recorded(case_id) == [("uncertain", 0), ("sent", 1)]
    assert list(relay.copies.values()) == [1]
