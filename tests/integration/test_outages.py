"""Kafka, the store, the key store and the mail relay go away and come back, each while a whole instance works.

The instance waits and holds nothing, answers what it can, says the truth about itself within five seconds, and goes on
by itself within fifteen seconds of the return.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local import probes, servers
from shared.contracts.vocabulary import EventType, Service
from tests.conftest import Servers
from tests.eventually import eventually
from tests.faults.checks import findings
from tests.faults.lane import Lane
from tests.faults.load import Asked, Notes, Outsiders, decision, wave
from tests.integration.starting import Killable

pytestmark = pytest.mark.real

TRUTH_SECONDS = 5.0
GOES_ON_SECONDS = 15.0
KAFKA_AWAY_SECONDS = 20.0
SAID = EventType.REQUEST_SUBMITTED
ASSIGNED = EventType.TRIAGE_ASSIGNED
RESOLVED = EventType.RESOLUTION_ISSUED


@dataclass(frozen=True)
class Ours:
    """Servers of this module alone, since it kills them."""

    kafka: Killable
    store: Killable
    keys: Killable
    relay: Killable
    mail: Path


@dataclass
class World:
    """One instance of all four services, and people who use it."""

    ours: Ours
    lane: Lane
    http: httpx.AsyncClient
    notes: Notes = field(default_factory=Notes)

    def outsiders(self) -> Outsiders:
        return Outsiders(
            self.notes,
            kafka=self.lane.servers.kafka,
            topic=self.lane.arrivals,
            token=self.lane.token,
            url=lambda: self.lane.url,
        )

    async def submit(self, asked: Asked) -> httpx.Response:
        answer = await self.http.post("intake/requests", json=asked.body, headers={"Idempotency-Key": asked.key})
        if answer.status_code == 202:
            self.notes.asked.append(asked)
            self.notes.numbers[asked.case_id].add(answer.json()["case_number"])
        return answer

    async def taken(self, asked: Asked) -> bool:
        """Whether it was, at this try."""
        return (await self.submit(asked)).status_code == 202

    async def submitted(self, number: int) -> list[Asked]:
        """Requests that were taken, over HTTP."""
        asked = [each for each in wave(2 * number, len(self.notes.asked)) if each.by_http]
        assert [(await self.submit(each)).status_code for each in asked] == [202] * number
        return asked

    async def sent(self, number: int) -> list[Asked]:
        """Requests that are in Kafka."""
        asked = [each for each in wave(2 * number, len(self.notes.asked)) if not each.by_http]
        await self.outsiders().send(asked, poison=False)
        return asked

    async def decide(self, asked: Asked) -> httpx.Response:
        path, by = f"triage/cases/{asked.case_id}", {"Authorization": f"Bearer {self.lane.token}"}
        await self.http.post(f"{path}/claim", json={}, headers=by | {"Idempotency-Key": str(uuid4())})
        body = {"facts_seen": 0, **decision(asked)}
        return await self.http.post(f"{path}/decide", json=body, headers=by | {"Idempotency-Key": str(uuid4())})

    async def resolve(self, asked: list[Asked]) -> None:
        """All the rest of the way."""
        await self.outsiders().decide(asked)
        await eventually(lambda: self.said(RESOLVED, asked), within=60.0)

    async def said(self, kind: EventType, asked: list[Asked]) -> bool:
        """Whether each of these cases has an event of that kind."""
        await self.lane.read()
        return all(any(event.type is kind for event in self.lane.log.events[each.case_id]) for each in asked)

    async def readiness(self, service: Service) -> tuple[int, dict[str, str]]:
        answer = await self.http.get(f"{service}/health/ready")
        return answer.status_code, answer.json()["checks"]

    async def unready(self, check: str, *services: Service) -> None:
        """Within five seconds these services say that they are not ready, and why; a missing answer is no truth."""

        async def said(service: Service) -> bool:
            status, checks = await self.readiness(service)
            return status == 503 and checks.get(check, "well") != "well"

        await asyncio.gather(*(eventually(partial(said, each), within=TRUTH_SECONDS) for each in services))

    async def ready(self, *services: Service) -> None:
        """Within five seconds these services say that they are ready."""

        async def said(service: Service) -> bool:
            status, checks = await self.readiness(service)
            assert status == 200, checks
            return True

        await asyncio.gather(*(eventually(partial(said, each), within=TRUTH_SECONDS) for each in services or Service))

    async def letters_out(self, asked: list[Asked]) -> bool:
        """Whether nothing of these cases is still to be sent, and letters have gone out."""
        documents = (await self.lane.documents(frozenset(each.case_id for each in asked)))[Service.NOTIFICATION]
        entries = [entry for document in documents for entry in document["work"].get("mail", {}).values()]
        phases = Counter(entry["phase"] for entry in entries)
        assert len(documents) == len(asked)
        assert phases["sent"] >= len(asked), phases
        assert set(phases) <= {"sent", "suppressed"}, phases
        assert "ERASED" not in {entry.get("reason") for entry in entries}
        return True

    async def log_says(self, words: str, since: int) -> bool:
        return words in self.instances_log()[since:]

    def instances_log(self) -> str:
        return (self.lane._folder / "instances.log").read_text(encoding="utf-8")

    async def nothing_is_wrong(self) -> None:
        """Nothing lost, doubled, held, parked or a dead letter; at most one copy of a letter."""

        async def well() -> bool:
            await self.lane.read()
            documents = await self.lane.documents(self.notes.case_ids)
            dead = await self.lane.count(Service.INTAKE, "dead_letters")
            assert findings(self.notes, self.lane.log, documents, dead) == []
            return True

        await eventually(well, within=20.0)
        lines = (self.ours.mail / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
        copies = Counter(json.loads(line)["message_id"] for line in lines)
        assert max(copies.values()) == 1


@pytest.fixture(scope="module", name="ours")
def _ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    folder = tmp_path_factory.mktemp("outages")
    kafka, controller, store, keys, relay = probes.free_ports(5)
    made = Ours(
        Killable(servers.kafka(folder / "kafka", port=kafka, controller_port=controller), folder / "kafka.log"),
        Killable(servers.document_launcher(folder / "store", port=store), folder / "store.log"),
        Killable(servers.document_launcher(folder / "keys", port=keys), folder / "keys.log"),
        Killable(servers.mail_sink(folder / "mail", port=relay), folder / "relay.log"),
        folder / "mail",
    )
    with ExitStack() as stack:
        for each in (made.kafka, made.store, made.keys, made.relay):
            each.start()
            stack.callback(each.stop)
        yield made


@pytest.fixture(scope="module", name="world")
async def _world(ours: Ours, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    for each in (ours.kafka, ours.store, ours.keys, ours.relay):
        await each.answers()
    lane = Lane(
        Servers(ours.kafka.server.url, ours.store.server.url, ours.relay.server.url, ours.mail),
        tmp_path_factory.mktemp("lane"),
        tuple(Service),
        keyring_uri=ours.keys.server.url,
    )
    await lane.open()
    await lane.ready()
    async with httpx.AsyncClient(base_url=lane.url, timeout=30.0) as http:
        yield World(ours, lane, http)
    await lane.close()


async def timed(work: Awaitable[Any]) -> float:
    """How many seconds it took."""
    began = asyncio.get_running_loop().time()
    await work
    return asyncio.get_running_loop().time() - began


async def passed(seconds: float, since: float) -> None:
    """An outage lasts as long as it lasts."""

    async def over() -> bool:
        return asyncio.get_running_loop().time() - since >= seconds

    await eventually(over, within=seconds + 1.0)


async def test_kafka_is_gone_for_twenty_seconds(world: World) -> None:
    """Intake takes requests and triage decisions meanwhile; all of it goes out once, soon after the return."""
    before = await world.submitted(4) + await world.sent(2)
    await eventually(lambda: world.said(ASSIGNED, before), within=20.0)
    await world.ours.kafka.kill()
    gone = asyncio.get_running_loop().time()
    await world.unready("broker", *Service)
    meanwhile = await world.submitted(4)
    assert [(await world.decide(each)).status_code for each in before] == [200] * len(before)
    await passed(KAFKA_AWAY_SECONDS, gone)
    last = await world.submitted(2)
    await world.ours.kafka.back()
    truth = asyncio.create_task(world.ready())
    late = asyncio.create_task(world.sent(2))

    async def all_through() -> bool:
        favourable = [each for each in before if not each.declined]
        return await world.said(ASSIGNED, [*meanwhile, *last]) and await world.said(RESOLVED, favourable)

    await eventually(all_through, within=GOES_ON_SECONDS)
    await truth
    await world.resolve([*meanwhile, *last, *(await late)])
    await eventually(lambda: world.said(RESOLVED, before), within=20.0)
    await world.nothing_is_wrong()
    assert world.lane.log.copies <= len(world.lane.log.events)  # not one more a try


async def test_the_store_is_killed_and_comes_back(world: World) -> None:
    """Nothing can be promised without it: 503. What is in Kafka waits there, in no case and in no dead letter."""
    earlier = await world.submitted(2)
    await eventually(lambda: world.said(ASSIGNED, earlier), within=20.0)
    await world.ours.store.kill()
    since = len(world.instances_log())
    await world.unready("store", *Service)
    wanted = wave(2, 7)[0]
    refused = await world.submit(wanted)
    assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (503, "outage", "5")
    assert (await world.decide(earlier[0])).status_code == 503
    waiting = await world.sent(3)
    await eventually(lambda: world.log_says('"batch_failed"', since), within=30.0)
    await world.ours.store.back()
    truth = asyncio.create_task(world.ready())
    await eventually(lambda: world.taken(wanted), within=TRUTH_SECONDS)
    await eventually(lambda: world.said(ASSIGNED, [*waiting, wanted]), within=GOES_ON_SECONDS)
    await truth
    await world.resolve([*earlier, *waiting, wanted])
    await world.nothing_is_wrong()


async def test_the_key_store_is_killed_and_comes_back(world: World) -> None:
    """An outage, and no erasure: what needs no key goes on, what needs one waits, and no letter is suppressed."""
    earlier = await world.submitted(4)
    await eventually(lambda: world.said(ASSIGNED, earlier), within=20.0)
    await world.ours.keys.kill()
    since = len(world.instances_log())
    await world.unready("keys", *Service)
    wanted = wave(2, 7)[0]
    refused = await world.submit(wanted)
    assert (refused.status_code, refused.json()["code"]) == (503, "outage")
    assert [(await world.decide(each)).status_code for each in earlier] == [200] * len(earlier)
    waiting = await world.sent(2)
    await eventually(lambda: world.log_says('"batch_failed"', since), within=30.0)
    favourable = [each for each in earlier if not each.declined]
    await eventually(lambda: world.said(RESOLVED, favourable), within=20.0)
    await world.ours.keys.back()
    truth = asyncio.create_task(world.ready())
    await eventually(lambda: world.taken(wanted), within=TRUTH_SECONDS)
    await eventually(lambda: world.said(ASSIGNED, [*waiting, wanted]), within=GOES_ON_SECONDS)
    await eventually(lambda: world.letters_out(favourable), within=GOES_ON_SECONDS)
    await truth
    await world.resolve([*waiting, wanted])
    await eventually(lambda: world.said(RESOLVED, earlier), within=20.0)
    await world.nothing_is_wrong()


async def test_the_relay_is_gone_and_comes_back(world: World) -> None:
    """Everything but letters goes on, and these are sent, once each, when it is back."""
    await world.ours.relay.kill()
    since = len(world.instances_log())
    await world.unready("relay", Service.NOTIFICATION)
    asked = await world.submitted(3)
    await eventually(lambda: world.log_says('"mail_waits"', since), within=20.0)
    await world.resolve(asked)
    assert (await world.readiness(Service.INTAKE))[0] == 200
    await world.ours.relay.back()
    truth = asyncio.create_task(world.ready(Service.NOTIFICATION))
    await eventually(lambda: world.letters_out(asked), within=GOES_ON_SECONDS)
    await truth
    await world.nothing_is_wrong()
