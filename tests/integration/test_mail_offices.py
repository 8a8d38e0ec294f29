"""Mails to duty mailboxes on a real SMTP conversation and a real store: once each, also when the case's key is gone."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from services.notification.domain.ledger import Phase
from shared.contracts.events import TriageAssigned
from shared.contracts.vocabulary import Urgency
from tests.conftest import Servers
from tests.integration.mail_relay import ScriptedRelay, running
from tests.integration.mail_world import World
from tests.unit.notification_story import ERASED, NUMBER, OVERRIDDEN, assigned, submitted

pytestmark = pytest.mark.real

DUTY = "duty.bal@ero.example"


@pytest.fixture
async def relay() -> ScriptedRelay:
    return ScriptedRelay()


@pytest.fixture
async def world(servers: Servers, relay: ScriptedRelay) -> AsyncIterator[World]:
    async with running(relay) as port:
        made = await World.on(servers.mongodb, port)
        yield made
        await made.close()


async def told(world: World, case_id: UUID, *assignments: TriageAssigned) -> None:
    for seq, assignment in enumerate(assignments, start=1):
        await world.hear(case_id, assignment, seq=seq, source="triage")


async def test_an_office_is_told_once_of_each_and_the_requestor_reads_nothing_of_it(
    world: World, relay: ScriptedRelay
) -> None:
    case_id = uuid4()
    await world.hear(case_id, submitted())
    imminent = assigned(1, "BAL", Urgency.REMOVAL_IMMINENT)
    await told(world, case_id, imminent, imminent, assigned(3, "BAL", Urgency.REMOVAL_IMMINENT, overdue=True))
    await world.hear(case_id, OVERRIDDEN, source="escalation")
    await world.settle(world.loop())
    mails = [message for message in relay.taken if message["To"] == DUTY]
    (mail,) = mails  # the two before it were overtaken by the resolution
    body = mail.get_body(("plain",))
    assert body is not None
    assert "The decision has to be carried out." in body.get_content()
    assert NUMBER in body.get_content()
    entries = await world.letters(case_id)
    of_office = {entry.letter.value: entry.phase for entry in entries.values() if entry.role == "office"}
    assert of_office == {
        "office_imminent": Phase.SUPPRESSED,
        "office_overdue": Phase.SUPPRESSED,
        "office_to_carry_out": Phase.SENT,
    }


async def test_the_duty_mailbox_hears_of_an_imminent_removal_once_whatever_restarts(
    world: World, relay: ScriptedRelay
) -> None:
    case_id = uuid4()
    await world.hear(case_id, submitted())
    await told(world, case_id, assigned(1, "BAL", Urgency.REMOVAL_IMMINENT))
    for _ in range(3):
        await world.settle(world.loop())
    assert [message["To"] for message in relay.taken if message["To"] == DUTY] == [DUTY]
    assert set(relay.copies.values()) == {1}


async def test_an_erased_case_s_office_is_still_told(world: World, relay: ScriptedRelay) -> None:
    case_id = uuid4()
    await world.hear(case_id, submitted())
    await world.hear(case_id, ERASED)
    await told(world, case_id, assigned(1, "BAL", Urgency.REMOVAL_IMMINENT))
    await world.keyring.shred(case_id, ordered_by="privacy-1", reference="order 7")
    await world.settle(world.loop())
    assert [message["To"] for message in relay.taken] == [DUTY]
