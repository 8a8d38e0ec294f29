"""The numbers of a service, as an operator's Prometheus reads them: through the composed services, on real servers."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from services.notification.app import build_app as notification
from services.notification.settings import NotificationSettings
from services.triage.app import build_app as triage
from services.triage.settings import TriageSettings
from shared.contracts.events import RequestSubmitted
from shared.contracts.vocabulary import RequestorType
from shared.messaging import progress
from shared.mongo.driver import MongoClient
from shared.privacy.sealing import CaseKey, seal
from shared.runtime.foundation import Foundation
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.mail_world import addresses
from tests.integration.toy import TOY, make_topics, record
from tests.unit.notification_story import submitted
from tests.wiring.apps import settings

pytestmark = pytest.mark.real

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@asynccontextmanager
async def looking(app: FastAPI, folder: Path) -> AsyncIterator[Callable[[], Any]]:
    """The running service, and how an operator reads its numbers."""
    token = DevelopmentIssuer(folder).staff("ops", [Role.OPERATOR])
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://s", timeout=30) as http,
    ):
        assert (await http.get("/metrics")).status_code == 401

        async def look() -> Samples:
            answer = await http.get("/metrics", headers=headers)
            assert answer.status_code == 200
            return {
                (sample.name, frozenset(sample.labels.items())): sample.value
                for family in text_string_to_metric_families(answer.text)
                for sample in family.samples
            }

        yield look


def of(samples: Samples, name: str, /, **labels: str) -> float | None:
    """The sum of all samples that have these labels; None when there is none."""
    found = [value for (each, has), value in samples.items() if each == name and labels.items() <= dict(has).items()]
    return sum(found) if found else None


@pytest.fixture(name="given")
async def _given(servers: Servers, tmp_path: Path) -> dict[str, Any]:
    prefix = f"m{uuid4().hex[:8]}_"
    await make_topics(servers.kafka, prefix)
    return settings(tmp_path) | {
        "kafka_bootstrap": servers.kafka,
        "mongodb_uri": servers.mongodb,
        "smtp_url": servers.smtp,
        "secondlook_prefix": prefix,
    }


async def with_addresses(asked: NotificationSettings, case_id: UUID) -> RequestSubmitted:
    """A request with somebody to write to, sealed with the case's key in the service's own keyring."""
    base = Foundation(TOY, asked)
    await base.keys.look()
    key = (await base.keyring.get_or_create([case_id]))[case_id]
    assert isinstance(key, CaseKey)
    box = seal(key, case_id=case_id, cause=case_id, name="submitted", plaintext=addresses().model_dump_json().encode())
    await base.keys.close()
    await base.client.close()
    await base.http.aclose()
    return submitted(RequestorType.ATTORNEY).model_copy(update={"sealed": {"submitted": box}})


async def test_an_operator_sees_what_came_what_is_parked_what_was_mailed_and_what_waits(
    given: dict[str, Any], tmp_path: Path
) -> None:
    prefix, case_id, parked = given["secondlook_prefix"], uuid4(), uuid4()
    asked = NotificationSettings(**given)
    data = await with_addresses(asked, case_id)
    topic = f"{prefix}request.submitted"
    value = record(case_id, 1, data, time=datetime.now(UTC))
    sent = [
        (case_id, value),
        (case_id, value),
        (case_id, record(case_id, 3, data)),
        (parked, b'{"source":"intake","of a version":"still to come"}'),
        (parked, b"rubbish"),
    ]
    async with AIOKafkaProducer(bootstrap_servers=given["kafka_bootstrap"]) as producer:
        for each, said in sent:
            await producer.send_and_wait(topic, said, key=str(each).encode(), partition=0)
    async with looking(notification(asked), tmp_path) as look:

        async def all_told() -> Samples:
            found: Samples = await look()
            records = {"kind": "record", "name": "request.submitted"}
            inputs = "secondlook_inputs_total"
            outcomes = {
                name: of(found, inputs, outcome=name, **records)
                for name in ("applied", "already", "held", "dead_letter")
            }
            assert outcomes == {"applied": 1, "already": 1, "held": 2, "dead_letter": 1}
            assert of(found, "secondlook_letters_total", result="sent") == 1
            assert of(found, inputs, kind="command") is not None
            assert of(found, "secondlook_held_cases") == 2
            assert of(found, "secondlook_parked_cases") == 1
            assert of(found, "secondlook_dead_letters") == 1
            assert of(found, "secondlook_lag_records", topic="request.submitted", partition="0") == 0
            assert of(found, "secondlook_letters_waiting_cases", state="due") == 0
            assert of(found, "secondlook_publish_backlog_cases") == 0
            assert (of(found, "secondlook_relay_seconds_count") or 0) >= 1
            assert (of(found, "secondlook_store_seconds_count", command="update") or 0) >= 1
            return found

        found = await eventually(all_told, within=40)
    assert of(found, "secondlook_look_failures_total") == 0
    labels = {value for _, has in found for _, value in has}
    assert not any(re.search(r"[0-9a-f]{8}-|@", label) for label in labels), "no case and no address"


async def test_what_lags_and_what_came_late_is_seen(given: dict[str, Any], tmp_path: Path) -> None:
    """A store that cannot be written: its records wait. And a deadline that nobody has carried out."""
    prefix = given["secondlook_prefix"]
    async with looking(triage(TriageSettings(**given)), tmp_path) as look:

        async def seen() -> bool:
            return of(await look(), "secondlook_lag_records", topic="request.submitted") == 0

        await eventually(seen, within=30)
        client = MongoClient(given["mongodb_uri"])
        cases = client.database(f"{prefix}secondlook_triage")["cases"]
        long_ago = datetime(2021, 1, 1, tzinfo=UTC)
        # Of a newer build: nobody here may touch it, so its deadline waits. And no other case gets its first version.
        case_id = uuid4()
        newer = {"v": 1, "schema": 99, "state": {}, "emitted": 1, "published": 0, "events": [], "due_at": long_ago}
        await cases.insert_one({"_id": uuid4(), "pending_since": long_ago, **newer})
        await cases.create_index([("v", 1)], unique=True)
        async with AIOKafkaProducer(bootstrap_servers=given["kafka_bootstrap"]) as producer:
            value = record(case_id, 1, submitted(RequestorType.ATTORNEY), time=datetime.now(UTC))
            await producer.send_and_wait(f"{prefix}request.submitted", value, key=str(case_id).encode())

        async def told() -> bool:
            found: Samples = await look()
            assert of(found, "secondlook_lag_records", topic="request.submitted") == 1
            assert of(found, "secondlook_late_deadlines") == 1
            assert (of(found, "secondlook_late_deadline_age_seconds") or 0) > 1e6
            assert of(found, "secondlook_publish_backlog_cases") == 1
            return (of(found, "secondlook_publish_backlog_age_seconds") or 0) > 1e6

        await eventually(told, within=30)
        await client.close()


async def test_a_partition_in_which_nobody_settles_anything_is_counted_until_it_moves(
    given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that takes no further case."""
    monkeypatch.setattr(progress, "STUCK_SECONDS", 3.0)
    prefix, case_id, client = given["secondlook_prefix"], uuid4(), MongoClient(given["mongodb_uri"])
    cases = client.database(f"{prefix}secondlook_triage")["cases"]
    async with looking(triage(TriageSettings(**given)), tmp_path) as look:
        other = uuid4()
        await cases.insert_one({"_id": other, "v": 1, "emitted": 0, "published": 0, "events": []})
        await cases.create_index([("v", 1)], unique=True)
        async with AIOKafkaProducer(bootstrap_servers=given["kafka_bootstrap"]) as producer:
            value = record(case_id, 1, submitted(RequestorType.ATTORNEY), time=datetime.now(UTC))
            await producer.send_and_wait(f"{prefix}request.submitted", value, key=str(case_id).encode())

        async def stuck_and_waiting() -> tuple[float | None, float | None]:
            found: Samples = await look()
            lag = of(found, "secondlook_lag_records", topic="request.submitted")
            return of(found, "secondlook_stuck_partitions"), lag

        async def stuck() -> bool:
            return await stuck_and_waiting() == (1, 1)

        async def moved_on() -> bool:
            return await stuck_and_waiting() == (0, 0)

        await eventually(stuck, within=60)
        await cases.update_one({"_id": other}, {"$set": {"v": 2}})
        await eventually(moved_on, within=60)
    await client.close()
