"""A letter that comes back: a real SMTP conversation out, a delivery report in by LMTP, a real store between them."""

import asyncio
import os
import smtplib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.local.places import PROJECT
from deploy.local.probes import free_ports
from services.notification.app import build_app
from services.notification.domain.ledger import Phase
from services.notification.domain.telling import to_be_told
from services.notification.mail.returning import ReturnPaths
from services.notification.mail.returns import Returns
from services.notification.settings import NotificationSettings
from shared.casework.commands import Answered
from shared.casework.reaction import Command
from shared.contracts.vocabulary import Recipient, RequestorType
from shared.errors import Outage
from shared.privacy.keys import SecretKey, load_key
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.mail_relay import DROP, ScriptedRelay, running
from tests.integration.mail_world import World, addresses
from tests.integration.toy import make_topics
from tests.unit.notification_story import submitted
from tests.unit.test_mail_returning import of, report
from tests.wiring.apps import settings

pytestmark = pytest.mark.real

PATHS = ReturnPaths(SecretKey(b"l" * 32), "bounces@agency.example")
FAILED = report(of("failed", "5.1.1"))


class Desk:
    """The service's two ends: the relay that it writes to, and the port to which reports come."""

    def __init__(self, world: World, relay: ScriptedRelay, port: int) -> None:
        self.world, self.relay = world, relay
        self.came_back: list[str] = []
        self.away = False
        self.returns = Returns(
            paths=PATHS,
            carry_out=self._carry_out,
            host="127.0.0.1",
            port=port,
            now=world.clocks.real_now,
            count=self.came_back.append,
        )

    async def _carry_out(self, command: Command[Any]) -> Answered:
        if self.away:
            raise Outage
        return await self.world.engine.command(command)

    async def a_letter(self) -> tuple[UUID, str]:
        """A letter that the relay has taken: its case, and its envelope's sender."""
        case_id = uuid4()
        await self.world.hear(case_id, submitted(RequestorType.NONCITIZEN), submitted=addresses("ana@example.org"))
        await self.world.settle(self.world.loop(returns=PATHS))
        return case_id, self.relay.envelopes[-1][0]

    async def bring(self, to: str, content: bytes = FAILED, *, sender: str = "") -> int:
        """A relay brings a message; the code of the last reply."""
        return await asyncio.to_thread(bring, self.returns.port, to, content, sender)

    async def phase(self, case_id: UUID) -> tuple[Phase, str | None]:
        entry = await self.world.one(case_id)
        return entry.phase, entry.reason


def bring(port: int, to: str, content: bytes = FAILED, sender: str = "") -> int:
    """One conversation; the code of the last reply."""
    with smtplib.LMTP("127.0.0.1", port, timeout=20) as relay:
        relay.ehlo_or_helo_if_needed()
        for said in (lambda: relay.mail(sender), lambda: relay.rcpt(to), lambda: relay.data(content)):
            code = _code(said)
            if code >= 400:
                break
        return code


def _code(said: Callable[[], tuple[int, bytes]]) -> int:
    try:
        return said()[0]
    except smtplib.SMTPDataError as refused:
        return int(refused.smtp_code)


@pytest.fixture(name="desk")
async def _desk(servers: Servers) -> AsyncIterator[Desk]:
    relay = ScriptedRelay()
    async with running(relay) as port:
        world = await World.on(servers.mongodb, port)
        desk = Desk(world, relay, free_ports(1)[0])
        listening = asyncio.create_task(desk.returns.serve())

        async def answers() -> bool:
            with suppress(OSError):
                (await asyncio.open_connection("127.0.0.1", desk.returns.port))[1].close()
                return True
            return False

        await eventually(answers)
        yield desk
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        await world.close()


async def test_a_letter_that_comes_back_has_failed_and_its_reader_is_told_otherwise(desk: Desk) -> None:
    case_id, path = await desk.a_letter()
    assert await desk.phase(case_id) == (Phase.SENT, "250")
    assert await desk.bring(path) == 250
    assert await desk.phase(case_id) == (Phase.FAILED, "BOUNCED_5.1.1")
    view = await desk.world.engine.case(case_id)
    assert view is not None
    assert list(to_be_told(view.state, view.work).values()) == [Recipient.REQUESTOR]
    assert [each.case_id for each in await desk.world.engine.listing({"queue.no_address": True})] == [case_id]
    assert await desk.world.recorded(case_id) == [("sent", 0), ("failed", 0)]


async def test_a_report_that_comes_twice_changes_a_letter_once(desk: Desk) -> None:
    case_id, path = await desk.a_letter()
    assert [await desk.bring(path), await desk.bring(path.upper())] == [250, 250]
    assert await desk.bring(path, report(of("failed", "5.2.2"))) == 250
    assert await desk.world.recorded(case_id) == [("sent", 0), ("failed", 0)]
    assert desk.came_back == ["bounced"]


@pytest.mark.parametrize(
    "content", [report(of("delayed", "4.4.1")), report(of("delivered", "2.0.0")), b"Subject: away\r\n\r\nUntil Monday."]
)
async def test_what_does_not_say_failed_changes_nothing(desk: Desk, content: bytes) -> None:
    case_id, path = await desk.a_letter()
    assert await desk.bring(path, content) == 250
    assert await desk.phase(case_id) == (Phase.SENT, "250")


async def test_nobody_makes_up_a_report_for_a_letter_that_they_have_not_seen(desk: Desk) -> None:
    case_id, _ = await desk.a_letter()
    (letter,) = await desk.world.letters(case_id)
    forged = ReturnPaths(SecretKey(b"x" * 32), "bounces@agency.example").path(case_id, letter, 0)
    assert [await desk.bring(to) for to in (forged, "bounces@agency.example", "no-reply@agency.example")] == [550] * 3
    assert await desk.phase(case_id) == (Phase.SENT, "250")


async def test_who_has_an_address_writes_no_report(desk: Desk) -> None:
    case_id, path = await desk.a_letter()
    assert await desk.bring(path, sender="ana@example.org") == 550
    assert await desk.phase(case_id) == (Phase.SENT, "250")


async def test_while_the_store_is_away_a_report_comes_again_later(desk: Desk) -> None:
    case_id, path = await desk.a_letter()
    desk.away = True
    assert await desk.bring(path) == 451
    desk.away = False
    assert await desk.bring(path) == 250
    assert await desk.phase(case_id) == (Phase.FAILED, "BOUNCED_5.1.1")


async def test_a_letter_of_which_nobody_knew_whether_it_was_taken_has_failed_too(desk: Desk) -> None:
    desk.relay.script = lambda step, _: DROP if step == "dot" else None
    case_id, path = await desk.a_letter()
    assert (await desk.phase(case_id))[0] is Phase.UNCERTAIN
    assert await desk.bring(path) == 250
    assert await desk.phase(case_id) == (Phase.FAILED, "BOUNCED_5.1.1")


async def test_a_report_about_an_earlier_attempt_says_nothing_of_the_one_after_it(desk: Desk) -> None:
    desk.relay.script = lambda step, _: DROP if step == "dot" else None
    case_id, first = await desk.a_letter()
    desk.world.clocks.pass_(desk.world.knobs.lease + desk.world.knobs.under_way)
    desk.relay.script = lambda _step, _to: None
    assert await desk.world.resend(case_id) is None
    await desk.world.settle(desk.world.loop(returns=PATHS))
    second = desk.relay.envelopes[-1][0]
    assert first != second
    assert await desk.bring(first) == 250
    assert await desk.phase(case_id) == (Phase.SENT, "250")
    assert await desk.bring(second) == 250
    assert (await desk.phase(case_id))[0] is Phase.FAILED


async def test_the_service_as_it_is_started_knows_its_own_return_paths(servers: Servers, tmp_path: Path) -> None:
    prefix = f"l{uuid4().hex[:8]}_"
    await make_topics(servers.kafka, prefix)
    port, returns = free_ports(2)
    given = settings(tmp_path) | {
        "port": port,
        "kafka_bootstrap": servers.kafka,
        "mongodb_uri": servers.mongodb,
        "secondlook_prefix": prefix,
        "return_to": "bounces@agency.example",
        "returns_port": returns,
    }
    paths = ReturnPaths(load_key("LINK_KEY_FILE", given["link_key_file"]), "bounces@agency.example")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.notification.app"),
        env=os.environ | {name.upper(): str(value) for name, value in given.items()},
        stderr=asyncio.subprocess.DEVNULL,
        cwd=PROJECT,
    )

    async def takes(to: str) -> int | None:
        try:
            return await asyncio.to_thread(bring, returns, to)
        except OSError:
            return None

    try:
        ours = paths.path(uuid4(), uuid4(), 0)  # of a case that this store has not got: it may be an older copy
        assert await eventually(lambda: takes(ours), within=40) == 451
        assert await takes("bounces@agency.example") == 550
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize("return_to", ["", "a+b@agency.example"])
def test_a_port_for_reports_that_no_letter_names_stops_the_start(tmp_path: Path, return_to: str) -> None:
    given = settings(tmp_path) | {"returns_port": 1, "return_to": return_to}
    with pytest.raises(ValueError, match="RETURN_TO"):
        build_app(NotificationSettings(**given))
