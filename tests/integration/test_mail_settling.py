"""Uncertain letters and the relay's own log: the command line, through HTTP, on a real store and a real SMTP relay."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest
from fastapi import FastAPI

from services.notification import api, many
from services.notification.domain.ledger import Phase
from services.notification.domain.relay_log import MARGIN
from shared.contracts.vocabulary import Letter, RequestorType
from shared.web.problems import install
from shared.web.sign_in import Role, SignIn
from shared.web.signing_keys import DevelopmentKeys
from shared.web.tokens import AUDIENCE, DEVELOPMENT_ISSUER, DevelopmentIssuer
from tests.conftest import Servers
from tests.integration.mail_relay import DROP, DROP_BEFORE_TAKING, ScriptedRelay, running
from tests.integration.mail_world import World, addresses
from tests.integration.serving import on_a_terminal, secondlook, serving
from tests.unit.notification_story import submitted

pytestmark = pytest.mark.real

ADDRESS = "ana@example.org"
TO = f"to=<{ADDRESS}>, relay=mx.example.org[192.0.2.1]:25, dsn=2.0.0"


@dataclass
class Desk:
    """The service on a port, and the relay's log as it is written."""

    world: World
    relay: ScriptedRelay
    log: Path
    token: str

    async def uncertain_letter(self, step: str = DROP) -> tuple[UUID, UUID]:
        """A letter whose reply never came, whether the relay took it or not: case and notification."""
        case_id = uuid4()
        await self.world.hear(case_id, submitted(RequestorType.NONCITIZEN), submitted=addresses(ADDRESS))
        self.relay.script = lambda at, _: step if at == "dot" else None
        await self.world.settle(self.world.loop())
        (letter,) = await self.world.letters(case_id)
        assert (await self.world.one(case_id)).phase is Phase.UNCERTAIN
        return case_id, letter

    def write(self, *lines: tuple[float, str]) -> None:
        """Lines of Postfix, each so many minutes from now."""
        now = self.world.clocks.real_now()
        stamped = [
            f"{(now + timedelta(minutes=minute)).isoformat()} relay-1 postfix/{said}" for minute, said in sorted(lines)
        ]
        self.log.write_text("\n".join(stamped), encoding="utf-8")

    async def run(self, *words: str) -> Any:
        """What the command says, as JSON."""
        told = await secondlook("mail", *words, "--json")
        assert told.exit_code == 0, told.output
        lines = told.stdout.splitlines()  # the service, in this process, logs there too
        return json.loads("\n".join(line for line in lines if "[info " not in line))

    async def settle(self, *words: str) -> dict[str, str]:
        """Letter -> what became of it."""
        told = await self.run("settle", "--from-log", str(self.log), *words)
        return {letter["notification"]: letter["result"] for letter in told["letters"]}


@pytest.fixture(name="desk")
async def _desk(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    relay = ScriptedRelay()
    issuer = DevelopmentIssuer(tmp_path)
    sign_in = SignIn(
        issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE, keys=DevelopmentKeys(issuer.public_keys, host="127.0.0.1")
    )
    async with running(relay) as port:
        world = await World.on(servers.mongodb, port)
        app = FastAPI()
        install(app)
        app.include_router(api.router(engine=world.engine, sign_in=sign_in, times=world.times))
        in_bulk = frozenset({Letter.RECEIVED})
        app.include_router(many.router(many=many.Many(world.engine, world.times), sign_in=sign_in, in_bulk=in_bulk))
        async with serving(app) as url:
            token = issuer.staff("operator-1", [Role.OPERATOR])
            monkeypatch.setenv("NOTIFICATION_URL", url)
            monkeypatch.setenv("SECONDLOOK_TOKEN", token)
            yield Desk(world, relay, tmp_path / "mail.log", token)
        await world.close()


def taken(letter: UUID, queue: str, minute: float = 0.1) -> list[tuple[float, str]]:
    return [
        (minute, f"cleanup[9]: {queue}: message-id=<{letter}@agency.example>"),
        (minute, f"qmgr[9]: {queue}: from=<no-reply@agency.example>, size=2214, nrcpt=1 (queue active)"),
    ]


def busy(first: int, last: int) -> list[tuple[float, str]]:
    """A log in which something is said every ten minutes, and another letter of ours is named."""
    other = uuid5(uuid4(), "another letter")
    return [
        *taken(other, "4XkZ1other00", first),
        *((minute, "smtpd[9]: connect from app[192.0.2.7]") for minute in range(first, last + 1, 10)),
    ]


async def test_a_letter_that_the_relay_sent_is_delivered_and_it_is_kept_who_said_so_and_where(desk: Desk) -> None:
    case_id, letter = await desk.uncertain_letter()
    desk.write(*taken(letter, "4XkZ1b2c3dz9"), (0.2, f"smtp[9]: 4XkZ1b2c3dz9: {TO}, status=sent (250 ok)"))
    assert await desk.settle("--dry-run") == {str(letter): "sent"}
    assert (await desk.world.one(case_id)).phase is Phase.UNCERTAIN
    assert await desk.settle() == {str(letter): "sent"}
    entry = await desk.world.one(case_id)
    assert (entry.phase, entry.reason, entry.by) == (Phase.SENT, "SENT_SAYS_THE_RELAY", "operator-1")
    assert entry.source == "mail.log line 1 queue id 4XkZ1b2c3dz9"
    assert await desk.world.recorded(case_id) == [("uncertain", 0), ("sent", 0)]
    assert await desk.settle() == {}
    assert ADDRESS not in str(await desk.world.letters(case_id))


async def test_a_letter_that_came_back_has_failed_and_one_that_waits_at_the_relay_stays(desk: Desk) -> None:
    returned, waiting = await desk.uncertain_letter(), await desk.uncertain_letter()
    desk.write(
        *taken(returned[1], "4XkZ1aaaaaaa"),
        (0.2, f"smtp[9]: 4XkZ1aaaaaaa: {TO}, status=bounced (550 no such user)"),
        (0.3, "qmgr[9]: 4XkZ1aaaaaaa: removed"),
        *taken(waiting[1], "4XkZ1bbbbbbb"),
        (0.2, f"smtp[9]: 4XkZ1bbbbbbb: {TO}, status=deferred (450 later)"),
    )
    dry = ("mail", "settle", "--from-log", str(desk.log), "--dry-run", "--json")
    said, told = await on_a_terminal(*dry)
    assert len(json.loads(said)["letters"]) == 2
    assert "settling by mail.log" in told
    assert "2/2" in told
    assert await desk.settle() == {str(returned[1]): "bounced", str(waiting[1]): "queued"}
    assert (await desk.world.one(returned[0])).reason == "BOUNCED_SAYS_THE_RELAY"
    assert (await desk.world.one(waiting[0])).phase is Phase.UNCERTAIN
    (listed,) = [each for each in await desk.run("uncertain") if each["phase"] == "uncertain"]
    assert (listed["log"], listed["by"]) == ("queued", "operator-1")
    desk.world.clocks.pass_(timedelta(hours=1))
    (kept,) = (await desk.run("resend", "--kind", "received", "--why", "relay_lost_it"))["results"]
    assert (kept["result"], kept["code"]) == ("refused", "still_queued")


async def test_silence_proves_something_only_where_the_log_covers_the_whole_time_with_a_margin(desk: Desk) -> None:
    case_id, letter = await desk.uncertain_letter(DROP_BEFORE_TAKING)
    under_way = desk.world.knobs.lease + desk.world.knobs.under_way + MARGIN
    enough = int(under_way / timedelta(minutes=1)) + 10
    for first, last in ((-5, enough), (-60, enough - 20)):  # it begins too late, or ends too early
        desk.write(*busy(first, last))
        assert await desk.settle() == {str(letter): "not_covered"}
    assert (await desk.world.one(case_id)).log is None
    desk.write(*busy(-60, enough))
    assert await desk.settle() == {str(letter): "absent"}
    entry = await desk.world.one(case_id)
    assert (entry.phase, entry.log) == (Phase.UNCERTAIN, "absent")
    version = (await desk.world.engine.cases([case_id]))[case_id].v
    assert await desk.settle() == {str(letter): "absent"}
    assert (await desk.world.engine.cases([case_id]))[case_id].v == version


async def test_what_was_never_taken_is_sent_again_together_once_the_first_copy_cannot_be_under_way(desk: Desk) -> None:
    proven, doubtful = await desk.uncertain_letter(DROP_BEFORE_TAKING), await desk.uncertain_letter()
    desk.write(*busy(-60, 60), (0.1, f"cleanup[9]: 4XkZ1b2c3dz9: message-id=<{doubtful[1]}@agency.example>"))
    assert await desk.settle() == {str(proven[1]): "absent", str(doubtful[1]): "unclear"}
    words = ("resend", "--kind", "received", "--never-taken", "--why", "never_taken")
    early = {each["notification"]: each["code"] for each in (await desk.run(*words))["results"]}
    assert early == {str(proven[1]): "too_early", str(doubtful[1]): "not_proven"}
    desk.world.clocks.pass_(desk.world.knobs.lease + desk.world.knobs.under_way)
    for _ in range(2):  # a dry run changes nothing
        tried = await desk.run(*words, "--dry-run")
        assert [each["result"] for each in tried["results"]].count("resent") == 1
    await desk.run(*words)
    desk.relay.script = lambda _step, _to: None
    await desk.world.settle(desk.world.loop())
    entry = await desk.world.one(proven[0])
    assert (entry.phase, entry.attempt, entry.why, entry.log) == (Phase.SENT, 1, "never_taken", None)
    assert (await desk.world.one(doubtful[0])).phase is Phase.UNCERTAIN


async def test_kinds_that_the_setting_does_not_name_are_sent_again_one_by_one(desk: Desk) -> None:
    case_id, letter = await desk.uncertain_letter()
    desk.world.clocks.pass_(desk.world.knobs.lease + desk.world.knobs.under_way)
    answer = await secondlook("mail", "resend", "--kind", "received", "--why", "reader_asked", "--dry-run")
    assert answer.exit_code == 0, answer.output
    body = {"letter": "resolved", "why": "reader_asked", "letters": [_named(case_id, letter)]}
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {desk.token}", "Idempotency-Key": "k"}) as http:
        refused = await http.post(f"{_url()}/letters/resend", json=body)
        other_kind = await http.post(f"{_url()}/letters/resend", json=body | {"letter": "received"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_in_bulk")
    assert other_kind.json()["results"][0]["result"] == "resent"


async def test_one_letter_is_sent_again_or_called_delivered_by_the_beginning_of_its_id(desk: Desk) -> None:
    (first_case, first), (second_case, second) = await desk.uncertain_letter(), await desk.uncertain_letter()
    assert {letter["notification"] for letter in await desk.run("uncertain")} == {str(first), str(second)}
    early = await secondlook("mail", "resend", str(first)[:18], "--why", "reader_asked")
    assert early.exit_code == 1
    assert "too_early" in early.output
    desk.world.clocks.pass_(desk.world.knobs.lease + desk.world.knobs.under_way)
    assert (await desk.run("resend", str(first)[:18], "--why", "reader_asked"))["attempt"] == 1
    assert (await desk.world.one(first_case)).why == "reader_asked"
    assert (await desk.run("delivered", str(second)[:18], "--why", "arrived"))["result"] == "sent"
    assert (await desk.world.one(second_case)).by == "operator-1"
    unknown = await secondlook("mail", "delivered", "00000000", "--why", "arrived")
    assert unknown.exit_code == 1
    assert "No listed letter begins with 00000000" in unknown.output


async def test_a_letter_without_an_address_is_listed_and_told_by_post(desk: Desk) -> None:
    case_id = uuid4()
    await desk.world.hear(case_id, submitted(RequestorType.NONCITIZEN), submitted=addresses(None))
    await desk.world.settle(desk.world.loop())
    (letter,) = await desk.run("unaddressed")
    assert (await desk.run("delivered", letter["notification"], "--why", "by_post"))["result"] == "suppressed"
    assert await desk.run("unaddressed") == []


async def test_the_log_must_go_back_to_when_the_letter_was_made(
    desk: Desk,
) -> None:
    _, letter = await desk.uncertain_letter(DROP_BEFORE_TAKING)
    (listed,) = await desk.run("uncertain")
    since, until = (datetime.fromisoformat(listed[name]) for name in ("tried_since", "tried_until"))
    assert until - since >= desk.world.knobs.lease + desk.world.knobs.under_way
    desk.world.clocks.pass_(timedelta(hours=3))
    for first, result in ((-120, "not_covered"), (-240, "absent")):
        desk.write(*busy(first, 0))
        assert await desk.settle() == {str(letter): result}


def _named(case_id: UUID, letter: UUID) -> dict[str, Any]:
    return {"case_id": str(case_id), "notification": str(letter), "attempt": 0}


def _url() -> str:
    return os.environ["NOTIFICATION_URL"]
