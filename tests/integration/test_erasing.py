"""A case that was erased stays erased, whatever comes late or comes again, and nothing parks for it.

All four services on real servers; one of two orders breaks off between the key and the event.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from shared.contracts.vocabulary import EventType, Service
from shared.messaging.tap import Tap
from shared.mongo.driver import Driver, MongoClient
from shared.privacy.keyring import Erased, Keyring
from shared.privacy.keys import load_key
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.eventually import eventually
from tests.faults.checks import findings
from tests.faults.lane import Lane
from tests.faults.load import Asked, Notes, Outsiders, wave

pytestmark = pytest.mark.real

GOES_ON_SECONDS = 15.0


@dataclass
class House:
    """One instance of all services."""

    lane: Lane
    folder: Path
    http: httpx.AsyncClient
    client: MongoClient
    notes: Notes

    @property
    def outsiders(self) -> Outsiders:
        lane = self.lane
        return Outsiders(
            self.notes, kafka=lane.servers.kafka, topic=lane.arrivals, token=lane.token, url=lambda: lane.url
        )

    @property
    def keyring(self) -> Keyring:
        """As another process would have it."""
        kept = self.client.database(f"{self.lane.prefix}secondlook_keyring")["keys"]
        return Keyring(kept, load_key("MASTER_KEY_FILE", self.folder / "keys" / "master.key"))

    async def erase(self, asked: Asked) -> httpx.Response:
        token = DevelopmentIssuer(self.folder / "keys").staff("privacy-1", [Role.PRIVACY])
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}
        order = {"reference": "order/7"}
        return await self.http.post(f"intake/cases/{asked.case_id}/erase", json=order, headers=headers)

    async def said(self, kind: EventType, *asked: Asked) -> bool:
        """Whether each of these cases has just one event of that kind."""
        await self.lane.read()
        events = self.lane.log.events
        return all([event.type for event in events[each.case_id]].count(kind) == 1 for each in asked)

    async def deliver_again(self, *asked: Asked) -> None:
        """All events of these cases come once more."""
        names = [f"{self.lane.prefix}{kind}" for kind in EventType if kind is not EventType.REQUEST_RECEIVED]
        keys = {str(each.case_id).encode() for each in asked}
        producer = AIOKafkaProducer(bootstrap_servers=self.lane.servers.kafka)
        await producer.start()
        async with Tap(self.lane.servers.kafka, names) as tap:
            for record in await tap.to_the_end():
                if record.key in keys:
                    await producer.send_and_wait(record.topic, record.value, key=record.key)
        await producer.stop()

    async def all_told(self) -> bool:
        return await self.keyring.untold(9) == []

    async def documents(self, service: Service, asked: Asked) -> dict[str, Any]:
        (found,) = (await self.lane.documents(frozenset({asked.case_id})))[service]
        return dict(found)


@pytest.fixture(name="house")
async def _house(servers: Servers, tmp_path: Path) -> AsyncIterator[House]:
    lane = Lane(servers, tmp_path, tuple(Service))
    await lane.open()
    await lane.ready()
    client = MongoClient(servers.mongodb, Driver.PYMONGO)
    async with httpx.AsyncClient(base_url=lane.url, timeout=20.0) as http:
        yield House(lane, tmp_path, http, client, Notes())
    await client.close()
    await lane.close()


async def test_an_erased_case_stays_erased_whatever_comes_late_or_again(house: House) -> None:
    """Late events, a repeated submission, a redelivery of everything: nothing is held, sealed anew, or mailed."""
    over_http, marker, over_kafka = (wave(4, 0)[place] for place in (2, 0, 3))
    erased = [over_http, over_kafka]
    await house.outsiders.send(erased, poison=False)
    await eventually(lambda: house.said(EventType.TRIAGE_ASSIGNED, *erased), within=20.0)
    assert (await house.erase(over_http)).status_code == 200
    # Here the order breaks off: its process is gone before it could tell.
    await house.keyring.shred(over_kafka.case_id, ordered_by="privacy-1", reference="order/8")
    await eventually(lambda: house.said(EventType.CASE_ERASED, *erased), within=GOES_ON_SECONDS)
    await eventually(house.all_told)  # noted once the event is stored, which is published meanwhile

    again = await house.http.post("intake/requests", json=over_http.body, headers={"Idempotency-Key": over_http.key})
    assert again.status_code == 422, again.text  # as for any key that is used: nothing of the case is shown
    await house.outsiders.send([over_kafka], poison=False)
    await house.outsiders.decide(erased)  # late: intake and notification hear of it after the erasure
    await eventually(lambda: house.said(EventType.TRIAGE_COMPLETED, *erased), within=20.0)
    await house.deliver_again(*erased)
    await house.outsiders.send([marker], poison=False)
    await house.outsiders.decide([marker])
    await eventually(lambda: house.said(EventType.RESOLUTION_ISSUED, marker), within=20.0)

    async def well() -> bool:
        await house.lane.read()
        documents = await house.lane.documents(house.notes.case_ids)
        dead = await house.lane.count(Service.INTAKE, "dead_letters")
        assert findings(house.notes, house.lane.log, documents, dead) == []
        return True

    await eventually(well, within=20.0)
    keys = await house.keyring.get_or_create([each.case_id for each in erased])
    assert all(isinstance(key, Erased) for key in keys.values())
    for each in erased:
        assert set((await house.documents(Service.INTAKE, each))["state"]) <= {
            "_type",
            "number",
            "at",
            "link_generation",
        }
        letters = (await house.documents(Service.NOTIFICATION, each))["work"]["mail"].values()
        late = [entry["phase"] for entry in letters if entry["letter"] in {"considered", "resolved"}]
        assert set(late) == {"suppressed"}
