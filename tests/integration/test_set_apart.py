"""What stands in all others' way is set apart, and forgotten in time: composed services on real servers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4, uuid5

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI

from services.intake import app as intake
from services.intake.settings import IntakeSettings
from services.triage.app import build_app as triage
from services.triage.settings import TriageSettings
from shared.contracts.envelope import NAMESPACE
from shared.contracts.vocabulary import RequestorType
from shared.mongo.driver import MongoClient
from shared.privacy.keyring import Erased, Keyring
from shared.privacy.keys import load_key
from shared.privacy.sealing import CaseKey
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.toy import make_topics, record
from tests.unit.notification_story import submitted
from tests.wiring.apps import settings

pytestmark = pytest.mark.real


@pytest.fixture(name="given")
async def _given(servers: Servers, tmp_path: Path) -> dict[str, Any]:
    prefix = f"s{uuid4().hex[:8]}_"
    await make_topics(servers.kafka, prefix)
    return settings(tmp_path) | {
        "kafka_bootstrap": servers.kafka,
        "mongodb_uri": servers.mongodb,
        "secondlook_prefix": prefix,
    }


@pytest.fixture(name="client")
async def _client(servers: Servers) -> AsyncIterator[MongoClient]:
    client = MongoClient(servers.mongodb)
    yield client
    await client.close()


@asynccontextmanager
async def operating(app: FastAPI, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The running service, as an operator reaches it."""
    headers = {"Authorization": f"Bearer {DevelopmentIssuer(folder).staff('ops', [Role.OPERATOR])}"}
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://s", timeout=30, headers=headers) as http,
    ):
        yield http


async def test_a_damaged_document_holds_up_its_own_case_and_no_other(
    given: dict[str, Any], tmp_path: Path, client: MongoClient
) -> None:
    """A document that no build can read: its record waits as a dead letter until the document is mended."""
    prefix, damaged, well = given["secondlook_prefix"], uuid4(), uuid4()
    cases = client.database(f"{prefix}secondlook_triage")["cases"]
    await cases.insert_one({"_id": damaged, "what is left": "of a document"})

    async def there(case_id: Any) -> bool:
        return await cases.count_documents({"_id": case_id, "v": {"$gte": 1}}) == 1

    async with operating(triage(TriageSettings(**given)), tmp_path) as ops:
        async with AIOKafkaProducer(bootstrap_servers=given["kafka_bootstrap"]) as producer:
            for case_id in (damaged, well):
                value = record(case_id, 1, submitted(RequestorType.ATTORNEY), time=datetime.now(UTC))
                key = str(case_id).encode()
                await producer.send_and_wait(f"{prefix}request.submitted", value, key=key, partition=0)
        await eventually(lambda: there(well), within=60)
        (letter,) = (await ops.get("/dead-letters")).json()["dead_letters"]
        assert (letter["topic"], letter["offset"]) == ("request.submitted", 0)
        assert letter["reason"] == "It could not be handled (KeyError)."
        (again,) = (await ops.post("/dead-letters/redrive", json={})).json()["results"]
        assert again["result"] == "still_fails"
        await cases.delete_one({"_id": damaged})
        (again,) = (await ops.post("/dead-letters/redrive", json={})).json()["results"]
        assert again["result"] == "handled"
        assert await there(damaged)


async def test_originals_that_could_not_be_read_are_forgotten_after_their_months_and_none_sooner(
    given: dict[str, Any], tmp_path: Path, client: MongoClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "RETENTION_SECONDS", 0.2)
    kept = client.database(f"{given['secondlook_prefix']}secondlook_keyring")["keys"]
    ring = Keyring(kept, load_key("MASTER_KEY_FILE", given["master_key_file"]))
    now = datetime.now(UTC)
    months = [f"{(now.year * 12 + now.month - 1 - ago) // 12}-{(now.month - 1 - ago) % 12 + 1:02}" for ago in range(4)]
    owners = [uuid5(NAMESPACE, f"unreadable:{month}") for month in months]
    await ring.get_or_create(owners)

    async def forgotten() -> bool:
        keys = await Keyring(kept, load_key("MASTER_KEY_FILE", given["master_key_file"])).get(owners)
        return [type(keys[owner]) for owner in owners] == [CaseKey, CaseKey, CaseKey, Erased]

    async with operating(intake.build_app(IntakeSettings(**given, unreadable_months=2)), tmp_path):
        await eventually(forgotten, within=60)
    assert await kept.count_documents({"untold": True}) == 0
