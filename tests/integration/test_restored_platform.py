"""The stores of a whole platform, or of one service, are put back and brought forward by the runbook's own commands."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from shared.casework.errors import RESTORED
from shared.contracts.vocabulary import EventType, Service
from shared.mongo.driver import Driver, MongoClient
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.eventually import eventually
from tests.faults.checks import findings
from tests.faults.lane import Lane, until
from tests.faults.load import Asked, Notes, Outsiders, wave
from tests.integration.serving import secondlook

pytestmark = pytest.mark.real

ALL: Final = tuple(Service)
BEHIND = 200
"""So many cases are new, or have gone on, since the backup was made."""
DONE_SECONDS = 180.0
Backup = dict[str, dict[str, list[dict[str, Any]]]]


@dataclass
class Platform:
    """All four services, their outsiders, and an operator with the command line."""

    lane: Lane
    servers: Servers
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    client: MongoClient
    notes: Notes = field(default_factory=Notes)

    @property
    def outsiders(self) -> Outsiders:
        return Outsiders(
            self.notes,
            kafka=self.servers.kafka,
            topic=self.lane.arrivals,
            token=self.lane.token,
            url=lambda: self.lane.url,
        )

    async def ready(self) -> None:
        await self.lane.ready()
        self.name()

    def name(self) -> None:
        """The command line finds the services."""
        for service in ALL:
            self.monkeypatch.setenv(f"{service.upper()}_URL", f"{self.lane.url}/{service}")

    async def stop(self) -> None:
        assert self.lane.current is not None
        assert await self.lane.current.stop()
        self.lane.current = None

    async def ended(self, asked: Sequence[Asked]) -> None:
        """All of these are resolved, everywhere, and nothing is pending."""
        wanted = [each.case_id for each in asked]

        async def all_ended() -> bool:
            for service in ALL:
                pending = {"$or": [{"pending_since": {"$exists": True}}, {"held_since": {"$exists": True}}]}
                if await self.cases(service).count_documents(pending):
                    return False
            await self.lane.read()
            kinds = [{event.type for event in self.lane.log.events[case_id]} for case_id in wanted]
            return all(EventType.RESOLUTION_ISSUED in each for each in kinds)

        await eventually(all_ended, within=DONE_SECONDS)

    def cases(self, service: Service) -> Any:
        return self.client.database(f"{self.lane.prefix}secondlook_{service}")["cases"]

    async def copy(self, databases: Sequence[str]) -> Backup:
        """What a backup of these databases holds."""
        found: Backup = {}
        for name in databases:
            database: Any = self.client.database(f"{self.lane.prefix}secondlook_{name}")
            collections = await database.list_collection_names()
            found[name] = {each: await database[each].find({}).to_list(None) for each in collections}
        return found

    async def put_back(self, backup: Backup) -> None:
        """The databases hold what the backup has, and nothing else."""
        for name, collections in backup.items():
            database: Any = self.client.database(f"{self.lane.prefix}secondlook_{name}")
            for each in await database.list_collection_names():
                documents = collections.get(each, [])
                kept = {document["_id"] for document in documents}
                for document in await database[each].find({}, {"_id": 1}).to_list(None):
                    if document["_id"] not in kept:
                        await database[each].delete_one({"_id": document["_id"]})
                for document in documents:
                    await database[each].replace_one({"_id": document["_id"]}, document, upsert=True)

    async def says(self, *words: str) -> Any:
        """What a command of the runbook says, as JSON."""
        token = DevelopmentIssuer(self.folder / "keys").staff("ops", [Role.OPERATOR])
        self.monkeypatch.setenv("SECONDLOOK_TOKEN", token)
        said = await secondlook(*words, "--json")
        assert said.exit_code == 0, said.output
        return json.loads(said.stdout)

    async def stand_still(self, services: Sequence[Service]) -> None:
        """The restored ones say so."""

        async def all_do() -> bool:
            async with httpx.AsyncClient() as http:
                answers = [await http.get(f"{self.lane.url}/{service}/health/ready") for service in services]
            return all(answer.json()["checks"].get("standing") == RESTORED for answer in answers)

        assert await until(all_do, within=60)

    async def is_whole(self) -> None:
        """Nothing is lost, doubled or left over, once the letters are out too."""

        async def nothing_found() -> bool:
            found = await self.findings()
            assert not found, found[:10]
            return True

        await eventually(nothing_found, within=DONE_SECONDS)

    async def findings(self) -> list[str]:
        await self.lane.read()
        documents = await self.lane.documents(self.notes.case_ids)
        letters = await self.lane.count(Service.INTAKE, "dead_letters")
        return findings(self.notes, self.lane.log, documents, letters)


@pytest.fixture(name="platform")
async def _platform(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    lane, client = Lane(servers, tmp_path, ALL), MongoClient(servers.mongodb, Driver.PYMONGO)
    await lane.open()
    try:
        yield Platform(lane, servers, tmp_path, monkeypatch, client)
    finally:
        await lane.close()
        await client.close()


async def goes_on(platform: Platform, databases: Sequence[str]) -> Backup:
    """Some cases have ended and some lie before an office when the backup is made; then it all goes on."""
    outsiders = platform.outsiders
    done, waiting, new = wave(8, 0), wave(BEHIND // 4, 8), wave(BEHIND - BEHIND // 4, 8 + BEHIND // 4)
    await platform.ready()
    await outsiders.send(done, poison=False)
    await outsiders.decide(done)
    await platform.ended(done)
    await outsiders.send(waiting, poison=False)
    backup = await platform.copy(databases)
    await outsiders.decide(waiting)
    await outsiders.send(new, poison=False)
    await outsiders.decide(new)
    await platform.ended([*waiting, *new])
    await platform.is_whole()
    return backup


async def brought_forward(platform: Platform, restored: Sequence[Service], keyless: int = 0) -> None:
    """What the runbook has an operator do, and what is there at the end."""
    before = copies(platform.servers)
    await platform.stand_still(restored)
    for service in restored:
        told = (await platform.says("reconcile", "--service", service))[service]
        assert (told["state"], told["doubtful"]) == ("finished", [])
        assert told["keyless_cases"] == keyless
    asked = [each for each in platform.notes.asked if each.case_id in platform.notes.case_ids]
    try:
        await platform.ended(asked)
    finally:
        left = await platform.says("held", "list")
        print(Counter((each["service"], each["topic"], each["reason"]) for each in left))
    assert left == []
    more = wave(8, 3)
    await platform.outsiders.send(more, poison=False)
    await platform.outsiders.decide(more)
    await platform.ended(more)
    await platform.is_whole()
    after = copies(platform.servers)
    assert max(after.values()) == 1
    assert len(after) > len(before)


def copies(servers: Servers) -> Counter[str]:
    """How often the relay was handed each letter."""
    ledger = servers.mail / "ledger.jsonl"
    lines = ledger.read_text(encoding="utf-8").splitlines() if ledger.exists() else []
    return Counter(json.loads(line)["message_id"] for line in lines)


@asynccontextmanager
async def restored(platform: Platform, backup: Backup) -> AsyncIterator[None]:
    """All instances are stopped, the backup is put back, and they are started again."""
    await platform.stop()
    await platform.put_back(backup)
    platform.lane.start()
    platform.name()
    yield


@pytest.mark.parametrize("keyring", ["older", "newer"])
async def test_the_whole_document_server_is_put_back(platform: Platform, keyring: str) -> None:
    databases = [*ALL, "keyring"] if keyring == "older" else list(ALL)
    backup = await goes_on(platform, databases)
    async with restored(platform, backup):
        await brought_forward(platform, ALL, keyless=BEHIND - BEHIND // 4 if keyring == "older" else 0)


@pytest.mark.parametrize("service", ALL)
async def test_the_store_of_one_service_is_put_back(platform: Platform, service: Service) -> None:
    backup = await goes_on(platform, [service])
    async with restored(platform, backup):
        await brought_forward(platform, [service])
