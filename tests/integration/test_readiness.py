"""Readiness tells the truth about Kafka: of this moment, not of the last event that was sent."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local import probes
from services.escalation.domain.states import State
from services.escalation.reactions import BEHAVIOUR
from services.escalation.settings import EscalationSettings
from shared.runtime.foundation import Foundation
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.toy import make_topics
from tests.wiring.apps import settings

pytestmark = pytest.mark.real


@dataclass
class House:
    """Builds the foundation of a service with its store at hand."""

    servers: Servers
    folder: Path
    prefix: str

    def base(self, kafka: str) -> Foundation[State]:
        given = settings(self.folder) | {
            "kafka_bootstrap": kafka,
            "mongodb_uri": self.servers.mongodb,
            "secondlook_prefix": self.prefix,
        }
        return Foundation(BEHAVIOUR, EscalationSettings(**given))


@pytest.fixture(name="house")
async def _house(servers: Servers, tmp_path: Path) -> House:
    prefix = f"r{uuid4().hex[:8]}_"
    await make_topics(servers.kafka, prefix)
    return House(servers, tmp_path, prefix)


async def test_a_quiet_instance_is_ready_again_when_kafka_is(house: House) -> None:
    """Its last event was not taken, and it may be long before it has another: it would never have been ready again."""
    base = house.base(house.servers.kafka)

    async def ready() -> bool:
        return not any((await base.readiness.checks()).values())

    async def told_that_it_failed() -> bool:
        base.engine.outbox.breaker.failed()  # the pause grows each time, at last beyond what the checks take here
        return (await base.readiness.checks())["broker"] == "Kafka did not take the last event."

    async with base.running():
        await eventually(ready, within=20)
        await eventually(told_that_it_failed, within=20)
        await eventually(ready, within=10)


async def test_an_instance_that_has_sent_nothing_knows_that_kafka_is_away(house: House) -> None:
    base = house.base(f"127.0.0.1:{probes.free_ports(1)[0]}")
    async with base.running():
        assert (await base.readiness.checks())["broker"] == "Kafka does not answer."
