"""A whole platform on real servers whose databases can be put back, with an operator at the command line."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from shared.contracts.vocabulary import EventType, Service
from shared.errors import RESTORED
from shared.mongo.driver import Driver, MongoClient
from shared.privacy.keyring import Keyring
from shared.privacy.keys import load_key
from shared.privacy.links import Links
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.eventually import eventually
from tests.faults.checks import findings
from tests.faults.lane import Lane, until
from tests.faults.load import Asked, Notes, Outsiders
from tests.integration.serving import secondlook

ALL: Final = tuple(Service)
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
        assert await self.lane.current.stop(), self.lane.last_lines()
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
        """What a backup of these databases holds. The place in the topics comes first: never later than a case."""
        found: Backup = {}
        for name in databases:
            database: Any = self.client.database(f"{self.lane.prefix}secondlook_{name}")
            collections = sorted(await database.list_collection_names(), key=lambda each: each != "standing")
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

    @property
    def keyring(self) -> Keyring:
        """As another process would have it, which knows nothing of older copies."""
        kept = self.client.database(f"{self.lane.prefix}secondlook_keyring")["keys"]
        return Keyring(kept, load_key("MASTER_KEY_FILE", self.folder / "keys" / "master.key"))

    async def key(self, asked: Asked) -> Any:
        """The case's key now: a key, a tombstone, or nothing."""
        return (await self.keyring.get([asked.case_id]))[asked.case_id]

    async def page(self, case_id: UUID) -> httpx.Response:
        """What the holder of the case's link is shown."""
        links = Links(load_key("LINK_KEY_FILE", self.folder / "keys" / "link.key"))
        async with httpx.AsyncClient(timeout=20.0) as http:
            path = f"{self.lane.url}/intake/status/{links.token(case_id, 1)}"
            return await http.get(path, headers={"Accept": "application/json"})

    async def says(self, *words: str, role: Role = Role.OPERATOR) -> Any:
        """What a command of the runbook says, as JSON."""
        token = DevelopmentIssuer(self.folder / "keys").staff("ops", [role])
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


@asynccontextmanager
async def platform_of(servers: Servers, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    """A platform with topics and databases of its own; nothing of it runs yet."""
    lane, client = Lane(servers, folder, ALL), MongoClient(servers.mongodb, Driver.PYMONGO)
    await lane.open()
    try:
        yield Platform(lane, servers, folder, monkeypatch, client)
    finally:
        await lane.close()
        await client.close()


def copies(servers: Servers) -> Counter[str]:
    """How often the relay was handed each letter."""
    ledger = servers.mail / "ledger.jsonl"
    lines = ledger.read_text(encoding="utf-8").splitlines() if ledger.exists() else []
    return Counter(json.loads(line)["message_id"] for line in lines)
