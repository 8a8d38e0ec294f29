"""Letters on a real SMTP conversation and a real store: who gets what, what is withheld, what the relay's words do."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.notification.domain.ledger import Phase
from services.notification.mail.relay import Unreachable
from shared.contracts.events import LinkRequested
from shared.contracts.vocabulary import Language, Recipient, RequestorType
from shared.privacy.keys import SecretKey
from shared.privacy.links import Links
from tests.conftest import Servers
from tests.integration.mail_relay import DROP, HANG, ScriptedRelay, running
from tests.integration.mail_world import World, addresses, new_address
from tests.unit.notification_story import NUMBER, REJECTED, RESOLVED, amended, considered, submitted

pytestmark = pytest.mark.real

ALONE = RequestorType.NONCITIZEN


@pytest.fixture
async def relay() -> ScriptedRelay:
    return ScriptedRelay()


@pytest.fixture
async def world(servers: Servers, relay: ScriptedRelay) -> AsyncIterator[World]:
    async with running(relay) as port:
        made = await World.on(servers.mongodb, port)
        yield made
        await made.close()


async def a_case(world: World, who: RequestorType = ALONE, **people: str | None) -> UUID:
    case_id = uuid4()
    await world.hear(case_id, submitted(who), submitted=addresses(**people))
    return case_id


async def test_requestor_and_noncitizen_each_get_their_copy_in_their_language(
    world: World, relay: ScriptedRelay
) -> None:
    case_id = await a_case(world, RequestorType.ATTORNEY, noncitizen="luz@example.org")
    await world.settle(world.loop())
    assert sorted(to for _, to in relay.envelopes) == ["ana@example.org", "luz@example.org"]
    by_reader = {message["To"]: message for message in relay.taken}
    assert by_reader["ana@example.org"]["Content-Language"] == Language.EN
    assert by_reader["luz@example.org"]["Content-Language"] == Language.ES
    ids = {f"<{key}@agency.example>" for key in await world.letters(case_id)}
    assert set(relay.copies) == ids
    text = by_reader["ana@example.org"].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    links = Links(SecretKey(b"l" * 32))
    assert NUMBER in text
    assert f"https://second-look.example/status/{links.token(case_id, 1)}" in text
    own = by_reader["luz@example.org"].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert links.token(case_id, 1, Recipient.NONCITIZEN) in own
    assert links.token(case_id, 1) not in own
    assert "Ana Example" not in text
    assert await world.recorded(case_id) == [("sent", 0), ("sent", 0)]
    assert await world.one_each(case_id) == {Phase.SENT}


async def test_one_connection_serves_many_letters(world: World, relay: ScriptedRelay) -> None:
    for _ in range(10):
        await a_case(world)
    await world.settle(world.loop())
    assert len(relay.taken) == 10
    assert relay.connections <= world.knobs.group


async def test_the_newest_address_is_the_one_written_to_and_the_old_one_hears_of_it(
    world: World, relay: ScriptedRelay
) -> None:
    case_id = await a_case(world)
    await world.hear(case_id, amended(1, "contact", link_generation=2), amended_1=new_address("new@example.org"))
    await world.settle(world.loop())
    texts = [(mail["To"], mail.get_body(("plain",)).get_content()) for mail in relay.taken]  # type: ignore[union-attr]
    assert sorted(to for to, _ in texts) == ["ana@example.org", "new@example.org", "new@example.org"]
    for to, text in texts:
        assert (world.links.token(case_id, 2) in text) is (to == "new@example.org")
        assert ("one last time at this address" in text) is (to == "ana@example.org")


async def test_a_lost_link_is_sent_as_it_is_and_only_to_the_known_address(world: World, relay: ScriptedRelay) -> None:
    case_id = await a_case(world)
    await world.settle(world.loop())
    await world.hear(case_id, LinkRequested(to=Recipient.REQUESTOR))
    await world.settle(world.loop())
    sent = relay.taken[-1]
    assert sent["To"] == "ana@example.org"
    assert world.links.token(case_id, 1) in sent.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert (await world.one(case_id, "link_sent")).phase is Phase.SENT


async def test_without_an_address_the_letter_is_on_the_list_of_those_to_tell(
    world: World, relay: ScriptedRelay
) -> None:
    case_id = await a_case(world, email=None)
    await world.settle(world.loop())
    assert relay.taken == []
    assert (await world.one(case_id)).reason == "NO_ADDRESS"
    assert [view.case_id for view in await world.engine.listing({"queue.no_address": True})] == [case_id]


async def test_what_was_overtaken_while_it_was_due_is_suppressed_when_claimed(
    world: World, relay: ScriptedRelay
) -> None:
    case_id = await a_case(world)
    await world.hear(case_id, considered(), source="triage")
    await world.hear(case_id, RESOLVED, source="escalation")
    await world.settle(world.loop())
    assert (await world.one(case_id, "considered")).reason == "ALREADY_RESOLVED"
    assert len(relay.taken) == 2


async def test_an_erased_case_is_not_written_to(world: World, relay: ScriptedRelay) -> None:
    case_id = await a_case(world)
    await world.keyring.shred(case_id, ordered_by="privacy-1", reference="order 7")
    await world.settle(world.loop())
    assert relay.taken == []
    assert (await world.one(case_id)).reason == "ERASED"


async def test_a_letter_whose_cause_is_old_is_stale(world: World, relay: ScriptedRelay) -> None:
    case_id = await a_case(world)
    await world.settle(world.loop(age=lambda _: timedelta(days=4)))
    assert relay.taken == []
    assert (await world.one(case_id)).reason == "STALE"


async def test_rejections_to_one_address_are_limited_by_the_day(world: World, relay: ScriptedRelay) -> None:
    cases = [uuid4() for _ in range(4)]
    loop = world.loop()
    for case_id in cases:
        await world.hear(case_id, REJECTED, contact=addresses())
        await world.settle(loop)
    assert [(await world.one(case_id, "not_accepted")).phase for case_id in cases] == [
        Phase.SENT,
        Phase.SENT,
        Phase.SUPPRESSED,
        Phase.SUPPRESSED,
    ]
    assert len(relay.taken) == 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "dot"])
async def test_later_means_later_at_every_step(world: World, relay: ScriptedRelay, step: str) -> None:
    case_id = await a_case(world)
    relay.script = lambda at, _: "451 not now" if at == step else None
    loop = world.loop()
    await world.settle(loop)
    entry = await world.one(case_id)
    assert (entry.phase, entry.tries, entry.reason) == (Phase.DUE, 1, "451")
    relay.script = lambda _at, _to: None
    await world.settle(loop)
    assert relay.taken == []  # not before its time
    world.clocks.pass_(timedelta(minutes=1))
    await world.settle(loop)
    assert list(relay.copies.values()) == [1]
    assert await world.recorded(case_id) == [("sent", 0)]


@pytest.mark.parametrize(
    ("step", "phase"), [("MAIL", Phase.DUE), ("RCPT", Phase.FAILED), ("DATA", Phase.FAILED), ("dot", Phase.FAILED)]
)
async def test_never_means_never_but_for_our_own_sender(
    world: World, relay: ScriptedRelay, step: str, phase: Phase
) -> None:
    case_id = await a_case(world)
    relay.script = lambda at, _: "550 no" if at == step else None
    await world.settle(world.loop())
    entry = await world.one(case_id)
    assert (entry.phase, entry.reason) == (phase, "550")
    assert relay.taken == []


async def test_later_for_ever_ends_as_failed(world: World, relay: ScriptedRelay) -> None:
    case_id = await a_case(world)
    relay.script = lambda at, _: "451 not now" if at == "RCPT" else None
    loop = world.loop(knobs=dataclasses.replace(world.knobs, tries=3))
    for _ in range(3):
        await world.settle(loop)
        world.clocks.pass_(timedelta(hours=1))
    entry = await world.one(case_id)
    assert (entry.phase, entry.reason) == (Phase.FAILED, "GAVE_UP_451")
    assert await world.recorded(case_id) == [("failed", 0)]


async def test_one_refused_reader_holds_nobody_else_up(world: World, relay: ScriptedRelay) -> None:
    bad = await a_case(world, email="bad@example.org")
    others = [await a_case(world) for _ in range(3)]
    relay.script = lambda at, to: "550 no such user" if (at, to) == ("RCPT", "bad@example.org") else None
    await world.settle(world.loop())
    assert (await world.one(bad)).phase is Phase.FAILED
    assert [(await world.one(case_id)).phase for case_id in others] == [Phase.SENT] * 3


async def test_while_the_relay_is_away_nothing_is_claimed(world: World, relay: ScriptedRelay) -> None:
    case_id = await a_case(world)
    port, world.port = world.port, 1
    with pytest.raises(Unreachable):
        await world.loop().once()
    entry = await world.one(case_id)
    assert (entry.phase, entry.tries, entry.token) == (Phase.DUE, 0, None)
    world.port = port
    await world.settle(world.loop())
    assert list(relay.copies.values()) == [1]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", [DROP, HANG])
async def test_what_breaks_before_the_content_is_sent_again(
    world: World, relay: ScriptedRelay, step: str, fault: str
) -> None:
    case_id = await a_case(world)
    relay.script = lambda at, _: fault if at == step else None
    loop = world.loop()
    await world.settle(loop)
    entry = await world.one(case_id)
    assert (entry.phase, entry.tries) == (Phase.DUE, 0)
    relay.script = lambda _at, _to: None
    world.clocks.pass_(timedelta(minutes=1))
    await world.settle(loop)
    assert list(relay.copies.values()) == [1]


async def test_a_kept_connection_that_the_relay_has_dropped_is_opened_again(world: World, relay: ScriptedRelay) -> None:
    loop = world.loop()
    await a_case(world)
    await world.settle(loop)
    drops = iter([DROP])
    relay.script = lambda at, _: next(drops, None) if at == "MAIL" else None
    case_id = await a_case(world)
    await world.settle(loop)
    assert (await world.one(case_id)).phase is Phase.SENT


async def test_a_stopped_loop_finishes_what_is_under_way(world: World, relay: ScriptedRelay) -> None:
    case_id = await a_case(world)
    written = asyncio.Event()

    async def point(name: str) -> None:
        if name == "after DATA":
            written.set()

    running_loop = asyncio.create_task(world.loop(point=point).run())
    async with asyncio.timeout(10):
        await written.wait()
    running_loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running_loop
    assert (await world.one(case_id)).phase is Phase.SENT
    assert list(relay.copies.values()) == [1]
