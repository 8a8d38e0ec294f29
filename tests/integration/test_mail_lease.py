"""How long a letter is held follows from how long the relay is waited for: in the composed service, by its setting."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from services.notification.app import build_app
from services.notification.mail.knobs import Knobs
from services.notification.settings import NotificationSettings
from shared.mongo.driver import MongoClient
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.mail_relay import HANG, ScriptedRelay, running
from tests.integration.test_metrics import with_addresses
from tests.integration.toy import make_topics, record
from tests.wiring.apps import settings

pytestmark = pytest.mark.real


@pytest.fixture(name="client")
async def _client(servers: Servers) -> AsyncIterator[MongoClient]:
    client = MongoClient(servers.mongodb)
    yield client
    await client.close()


@pytest.mark.parametrize("reply_seconds", [60, 1800])
async def test_a_letter_whose_reply_may_take_longer_is_held_for_longer(
    servers: Servers, client: MongoClient, tmp_path: Path, reply_seconds: int
) -> None:
    prefix, case_id = f"l{uuid4().hex[:8]}_", uuid4()
    await make_topics(servers.kafka, prefix)
    relay = ScriptedRelay(lambda step, _: HANG if step == "dot" else None)
    async with running(relay) as port:
        asked = NotificationSettings(
            **settings(tmp_path)
            | {
                "kafka_bootstrap": servers.kafka,
                "mongodb_uri": servers.mongodb,
                "secondlook_prefix": prefix,
                "smtp_url": f"smtp://127.0.0.1:{port}",
                "smtp_reply_seconds": reply_seconds,
            }
        )
        data = await with_addresses(asked, case_id)
        app, before = build_app(asked), datetime.now(UTC)
        cases = client.database(f"{prefix}secondlook_notification")["cases"]

        async def letter(phase: str) -> dict[str, Any] | None:
            found = await cases.find_one({"_id": case_id})
            entries = found["work"]["mail"].values() if found else ()
            return next((entry for entry in entries if entry["phase"] == phase), None)

        async with app.router.lifespan_context(app):
            async with AIOKafkaProducer(bootstrap_servers=servers.kafka) as producer:
                value = record(case_id, 1, data, time=before)
                await producer.send_and_wait(f"{prefix}request.submitted", value, key=str(case_id).encode())
            held = await eventually(lambda: letter("data"), within=30)
            lease = Knobs.waiting(reply_seconds).lease
            assert lease > timedelta(seconds=reply_seconds)
            assert before + lease <= held["claimed_until"] <= datetime.now(UTC) + lease
            relay.released.set()
            assert await eventually(lambda: letter("sent"), within=30)
