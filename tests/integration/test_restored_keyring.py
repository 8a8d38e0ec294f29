"""The keyring is put back from a copy that is older than an erasure, alone and with all stores, on real servers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from shared.contracts.events import CaseErased
from shared.contracts.vocabulary import EventType, Service
from shared.privacy.keyring import NOT_COMPARED, Erased
from shared.privacy.sealing import CaseKey
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.eventually import eventually
from tests.faults.lane import until
from tests.faults.load import Asked, wave
from tests.integration.toy import record
from tests.integration.whole_platform import ALL, Backup, Platform, copies, platform_of

pytestmark = pytest.mark.real

WITHIN = 120.0


@pytest.fixture(name="platform")
async def _platform(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    async with platform_of(servers, tmp_path, monkeypatch) as made:
        yield made


async def taken(platform: Platform, asked: list[Asked]) -> None:
    """These are at a field office."""
    await platform.outsiders.send(asked, poison=False)

    async def assigned() -> bool:
        await platform.lane.read()
        kinds = [{event.type for event in platform.lane.log.events[each.case_id]} for each in asked]
        return all(EventType.TRIAGE_ASSIGNED in each for each in kinds)

    await eventually(assigned, within=WITHIN)


async def erased(platform: Platform, asked: Asked) -> None:
    """By order, and everybody has heard of it."""
    token = DevelopmentIssuer(platform.folder / "keys").staff("privacy-1", [Role.PRIVACY])
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}
    async with httpx.AsyncClient(timeout=20.0) as http:
        order = {"reference": "order/7"}
        url = f"{platform.lane.url}/intake/cases/{asked.case_id}/erase"
        assert (await http.post(url, json=order, headers=headers)).status_code == 200

    async def told() -> bool:
        await platform.lane.read()
        kinds = {event.type for event in platform.lane.log.events[asked.case_id]}
        return EventType.CASE_ERASED in kinds and await platform.keyring.untold(9) == []

    await eventually(told, within=WITHIN)


async def counted_on(platform: Platform, backup: Backup) -> None:
    """The services have raised the keyring's number since, and told Kafka of it."""

    async def more() -> bool:
        newest, old = (each["keyring"]["standing"][0]["number"] for each in (await platform.copy(["keyring"]), backup))
        return bool(newest > old + len(ALL))  # each has told Kafka of one of them

    await eventually(more, within=WITHIN)


async def say_by_intakes_name(platform: Platform, case_id: UUID) -> None:
    """Somebody who may write to the topic says that a case was erased."""
    value = record(case_id, 1, CaseErased(ordered_by="privacy-1", reference="order/8"), source=Service.INTAKE)
    producer = AIOKafkaProducer(bootstrap_servers=platform.servers.kafka)
    await producer.start()
    topic = f"{platform.lane.prefix}{EventType.CASE_ERASED}"
    await producer.send_and_wait(topic, value, key=str(case_id).encode())
    await producer.stop()


async def checks(platform: Platform, service: Service) -> dict[str, str]:
    async with httpx.AsyncClient(timeout=20.0) as http:
        found: dict[str, str] = (await http.get(f"{platform.lane.url}/{service}/health/ready")).json()["checks"]
    return found


async def letters(platform: Platform, asked: Asked) -> list[dict[str, Any]]:
    documents = (await platform.lane.documents(frozenset({asked.case_id})))[Service.NOTIFICATION]
    return [entry for document in documents for entry in document["work"].get("mail", {}).values()]


async def is_erased(platform: Platform, asked: Asked) -> bool:
    return isinstance(await platform.key(asked), Erased)


async def test_an_erasure_survives_a_keyring_from_before_it(platform: Platform) -> None:
    """No service uses a key before intake has erased again; a record that intake's store does not have shreds none."""
    gone, other, marker = wave(3, 0)
    await platform.ready()
    await taken(platform, [gone, other])
    backup = await platform.copy(["keyring"])
    await erased(platform, gone)
    await counted_on(platform, backup)
    await platform.stop()
    await platform.put_back(backup)
    assert isinstance(await platform.key(gone), CaseKey)
    await say_by_intakes_name(platform, other.case_id)

    before = copies(platform.servers)
    platform.lane.services = (Service.TRIAGE, Service.NOTIFICATION)
    platform.lane.start()

    async def both_wait() -> bool:
        return all([(await checks(platform, each)).get("keyring") == NOT_COMPARED for each in platform.lane.services])

    assert await until(both_wait, within=WITHIN)
    assert copies(platform.servers) == before
    assert isinstance(await platform.key(gone), CaseKey)
    await platform.stop()

    platform.lane.services = ALL
    await platform.ready()
    await eventually(lambda: is_erased(platform, gone), within=WITHIN)
    assert isinstance(await platform.key(other), CaseKey)
    (undecided,) = await platform.says("keys", "erasures")
    assert (undecided["case_id"], undecided["withheld"]) == (str(other.case_id), False)
    assert (await platform.page(gone.case_id)).json()["stage"] == "erased"
    await platform.outsiders.send([marker], poison=False)
    await platform.outsiders.decide([gone, marker])
    await platform.ended([marker])

    async def suppressed() -> bool:
        late = {each["phase"] for each in await letters(platform, gone) if each["letter"] in {"considered", "resolved"}}
        return late == {"suppressed"}

    await eventually(suppressed, within=WITHIN)
    await platform.says("keys", "refuse", str(other.case_id), "--why", "no such order", role=Role.PRIVACY)
    assert await platform.says("keys", "erasures") == []
    assert isinstance(await platform.key(other), CaseKey)
    assert not any((await platform.says("keys", "gone")).values())

    # Put back once more, this time without anything by which that is noticed.
    unnoticed = {"keyring": {name: found for name, found in backup["keyring"].items() if name == "keys"}}
    await platform.put_back({"keyring": unnoticed["keyring"] | await standing(platform)})
    assert not await is_erased(platform, gone)
    await platform.says("keys", "restored", "--why", "put back by hand")
    await eventually(lambda: is_erased(platform, gone), within=WITHIN)
    assert await platform.says("keys", "erasures") == []


async def standing(platform: Platform) -> dict[str, list[dict[str, Any]]]:
    return {"standing": (await platform.copy(["keyring"]))["keyring"]["standing"]}


async def test_what_all_stores_have_forgotten_is_withheld_until_a_person_has_said_so(platform: Platform) -> None:
    """Also: a case that is newer than the keyring has no key, and never gets a second one."""
    gone, kept, by_http, by_kafka = (wave(4, 0)[place] for place in (0, 1, 2, 3))
    await platform.ready()
    await taken(platform, [gone, kept])
    backup = await platform.copy([*ALL, "keyring"])
    await taken(platform, [by_http, by_kafka])
    await erased(platform, gone)
    await counted_on(platform, backup)
    await platform.stop()
    await platform.put_back(backup)
    platform.lane.start()
    platform.name()
    await platform.stand_still(ALL)

    async def withheld() -> bool:
        return [each["case_id"] for each in await platform.says("keys", "erasures") if each["withheld"]] == [
            str(gone.case_id)
        ]

    await eventually(withheld, within=WITHIN)
    assert await platform.key(gone) is None
    for service in ALL:
        assert (await platform.says("reconcile", "--service", service))[service]["state"] == "finished"
    newer = sorted([str(by_http.case_id), str(by_kafka.case_id)])

    async def listed() -> bool:
        found = {name: sorted(cases) for name, cases in (await platform.says("keys", "gone")).items()}
        headquarters = found.pop(Service.ESCALATION)
        return set(headquarters) <= set(newer) and set(map(tuple, found.values())) == {tuple(newer)}

    await eventually(listed, within=WITHIN)
    async with httpx.AsyncClient(timeout=20.0) as http:
        url, key = f"{platform.lane.url}/intake/requests", {"Idempotency-Key": by_http.key}
        again = await http.post(url, json=by_http.body, headers=key)
    assert (again.status_code, again.json()["code"]) == (503, "key_gone")
    await platform.outsiders.send([by_kafka, marker := wave(1, 5)[0]], poison=False)
    await platform.outsiders.decide([kept, marker])
    await platform.ended([kept, marker])
    assert await platform.keyring.gone([by_http.case_id, by_kafka.case_id]) == [by_http.case_id, by_kafka.case_id]

    assert await platform.key(gone) is None
    said = await platform.says("keys", "confirm", str(gone.case_id), "--why", "order 7 is here", role=Role.PRIVACY)
    assert said["result"] == "erased"
    assert await is_erased(platform, gone)
    assert await platform.says("keys", "erasures") == []
    assert (await platform.page(gone.case_id)).json()["stage"] == "erased"
    await platform.lane.read()
    kinds = [event.type for event in platform.lane.log.events[gone.case_id]]
    assert kinds.count(EventType.CASE_ERASED) == 1
