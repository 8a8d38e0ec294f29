"""Requests that were taken in before case ids were keyed are sent again after it, on real servers: the same cases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.intake import app as intake
from services.intake.settings import IntakeSettings
from shared.contracts.parsing import parse
from shared.contracts.vocabulary import EventType
from shared.messaging.submitting import SubmissionSender, cloud_event
from shared.messaging.tap import Tap
from shared.mongo.driver import MongoClient
from shared.privacy.case_ids import CaseIds, id_without_key
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.toy import make_topics
from tests.unit.intake_house import complete
from tests.wiring.apps import settings

pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]

PERSONAL = "A012345678"
"""What a client may well use as its idempotency key."""


class WithoutKey(CaseIds):
    """As ids were made before."""

    def case_id(self, namespace: str, key: str) -> UUID:
        return id_without_key(namespace, key)

    def told(self, namespace: str, key: str) -> str:
        return key


@dataclass
class Intake:
    """Intake's door, its store, and its topics."""

    http: httpx.AsyncClient
    servers: Servers
    folder: Path
    prefix: str

    async def submit(self, key: str, body: dict[str, Any], client: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key}
        if client:
            headers["Authorization"] = f"Bearer {DevelopmentIssuer(self.folder).client(client)}"
        return await self.http.post("/requests", json=body, headers=headers)

    async def send(self, key: str, body: dict[str, Any]) -> None:
        topic = f"{self.prefix}{EventType.REQUEST_RECEIVED}"
        async with SubmissionSender(self.servers.kafka, topic=topic) as sender:
            await sender.send(cloud_event(key, body, source="urn:test"))

    async def cases(self) -> dict[UUID, dict[str, Any]]:
        client = MongoClient(self.servers.mongodb)
        found = await client.database(f"{self.prefix}secondlook_intake")["cases"].find({}).to_list(None)
        await client.close()
        return {each["_id"]: each for each in found}

    async def submitted(self) -> list[bytes]:
        async with Tap(self.servers.kafka, [f"{self.prefix}{EventType.REQUEST_SUBMITTED}"]) as tap:
            return [(each.key or b"") + (each.value or b"") for each in await tap.to_the_end()]


@asynccontextmanager
async def running(servers: Servers, folder: Path, prefix: str) -> AsyncIterator[Intake]:
    given = settings(folder) | {"kafka_bootstrap": servers.kafka, "mongodb_uri": servers.mongodb}
    app = intake.build_app(IntakeSettings(**given, secondlook_prefix=prefix))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://s", timeout=30) as http,
    ):
        await eventually(lambda: ready(http), within=30)
        yield Intake(http, servers, folder, prefix)


async def ready(http: httpx.AsyncClient) -> bool:
    return (await http.get("/health/ready")).status_code == 200


async def test_what_was_taken_in_before_ids_were_keyed_is_found_by_its_key_after(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = f"i{uuid4().hex[:8]}_"
    await make_topics(servers.kafka, prefix)
    alone, body, by_kafka = str(uuid4()), complete(), complete(narrative="By the other way.")
    with monkeypatch.context() as before:
        before.setattr(intake, "CaseIds", WithoutKey)
        async with running(servers, tmp_path, prefix) as old:
            first = [await old.submit(alone, body), await old.submit(PERSONAL, body, "one")]
            await old.send(PERSONAL, by_kafka)
            known = await eventually(lambda: of(old, 3), within=30)
    async with running(servers, tmp_path, prefix) as new:
        again = [await new.submit(alone, body), await new.submit(PERSONAL, body, "one")]
        told = ("case_number", "status_url", "received_at")
        assert [[each.json()[name] for name in told] for each in again] == [
            [each.json()[name] for name in told] for each in first
        ]
        assert {each.headers.get("Idempotency-Replayed") for each in again} == {"true"}
        assert (await new.submit(PERSONAL, complete(narrative="Other."), "one")).status_code == 422
        await new.send(PERSONAL, by_kafka)
        assert (await new.submit(PERSONAL, complete(), "two")).status_code == 202
        await new.send("another", complete())
        after = await eventually(lambda: of(new, 5), within=30)
        assert known.keys() < after.keys()
        assert {id_without_key("client:one", PERSONAL), id_without_key("channel:kafka", PERSONAL)} < known.keys()
        events = await eventually(lambda: events_of(new, 5), within=30)
        later = [each for each in events if parse(each[36:], EventType.REQUEST_SUBMITTED).subject not in known]
        assert len(later) == 2
        for each in later:
            assert PERSONAL.encode() not in each
            assert str(id_without_key("client:two", PERSONAL)).encode() not in each


async def of(service: Intake, count: int) -> dict[UUID, dict[str, Any]] | None:
    cases = await service.cases()
    return cases if len(cases) == count else None


async def events_of(service: Intake, count: int) -> list[bytes] | None:
    events = await service.submitted()
    return events if len(events) == count else None
