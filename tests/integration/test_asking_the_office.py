"""Headquarters asks the field office and is answered: two whole services, over HTTP, on real servers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI

from services.escalation.app import build_app as escalation
from services.escalation.settings import EscalationSettings
from services.triage.app import build_app as triage
from services.triage.settings import TriageSettings
from shared.contracts.envelope import EventData
from shared.mongo.driver import MongoClient
from shared.privacy.keyring import Keyring
from shared.privacy.keys import load_key
from shared.privacy.sealing import CaseKey, seal
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.toy import make_topics, record
from tests.unit.escalation_story import requested
from tests.unit.triage_story import PRESUMED, submitted
from tests.wiring.apps import settings

pytestmark = pytest.mark.real

ANA, BEN, SAM = "officer-ana", "officer-ben", "sro-sam"
WORDS = "She cares for her son."


@dataclass
class Stage:
    """Both services, and the people at their desks; intake's part is played by the test."""

    http: Mapping[str, httpx.AsyncClient]
    issuer: DevelopmentIssuer
    producer: AIOKafkaProducer
    prefix: str
    keyring: Keyring

    async def says(self, case_id: UUID, data: EventData) -> None:
        """Intake says something of a case."""
        topic = f"{self.prefix}{data.type}"
        await self.producer.send_and_wait(topic, record(case_id, 1, data), key=str(case_id).encode())

    async def call(self, service: str, who: str, path: str, body: Any = None, *, wanted: int = 200) -> Any:
        office = service == "triage"
        role, offices = (Role.OFFICER, ["BAL"]) if office else (Role.SRO, [])
        headers = {"Authorization": f"Bearer {self.issuer.staff(who, [role], offices=offices)}"}
        if body is None:
            answer = await self.http[service].get(path, headers=headers)
        else:
            answer = await self.http[service].post(path, headers=headers | {"Idempotency-Key": str(uuid4())}, json=body)
        assert answer.status_code == wanted, answer.text
        return answer.json()

    async def reviewed(self, who: str, case_id: UUID) -> dict[str, Any]:
        """The case as headquarters shows it."""
        found: dict[str, Any] = await self.call("escalation", who, f"/cases/{case_id}")
        return found


@pytest.fixture(name="stage")
async def _stage(servers: Servers, tmp_path: Path) -> AsyncIterator[Stage]:
    prefix = f"q{uuid4().hex[:8]}_"
    await make_topics(servers.kafka, prefix)
    given = settings(tmp_path) | {
        "kafka_bootstrap": servers.kafka,
        "mongodb_uri": servers.mongodb,
        "secondlook_prefix": prefix,
        "secondlook_clock": f"2021-03-08T09:00-05:00*1@{datetime.now(UTC).isoformat(timespec='milliseconds')}",
    }
    apps: dict[str, FastAPI] = {
        "triage": triage(TriageSettings(**given)),
        "escalation": escalation(EscalationSettings(**given)),
    }
    async with AsyncExitStack() as stack:
        for app in apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        clients = {
            name: await stack.enter_async_context(
                httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"http://{name}")
            )
            for name, app in apps.items()
        }
        client = MongoClient(servers.mongodb)
        keys = client.database(f"{prefix}secondlook_keyring")["keys"]
        producer = AIOKafkaProducer(bootstrap_servers=servers.kafka)
        await producer.start()
        keyring = Keyring(keys, load_key("MASTER_KEY_FILE", tmp_path / "master.key"))
        yield Stage(clients, DevelopmentIssuer(tmp_path), producer, prefix, keyring)
        await producer.stop()
        await client.close()


async def escalated(stage: Stage) -> UUID:
    """A case that Ana declined and that Sam has in hand at headquarters."""
    case_id = uuid4()
    key = (await stage.keyring.get_or_create([case_id]))[case_id]
    assert isinstance(key, CaseKey)
    content = b'{"narrative":"%s"}' % WORDS.encode()
    boxes = {"submitted": seal(key, case_id=case_id, cause=case_id, name="submitted", plaintext=content)}
    await stage.says(case_id, submitted(sealed=boxes, facts=PRESUMED))
    await eventually(lambda: stage.call("triage", ANA, f"/cases/{case_id}"), within=20.0)
    await stage.call("triage", ANA, f"/cases/{case_id}/claim", {})
    declined = {
        "facts_seen": 0,
        "outcome": "DECLINED",
        "declined": ["RELEASE"],
        "reasons": ["MITIGATING_FACTORS_OUTWEIGHED"],
        "text": "Weighed.",
    }
    await stage.call("triage", ANA, f"/cases/{case_id}/decide", declined)
    await stage.says(case_id, requested(sealed=boxes))

    async def complete() -> bool:
        case = await stage.reviewed(SAM, case_id)
        return case["standing"] == "InQueue" and bool(case["field_office"])

    await eventually(complete, within=20.0)
    await stage.call("escalation", SAM, f"/cases/{case_id}/claim", {})
    return case_id


async def asked(stage: Stage, case_id: UUID) -> str:
    """Sam asks the field office; the question's id, once it is on the office's list."""
    body = {"addressee": "field_office", "about": ["facts"], "text": "Was the conviction vacated?"}
    question: str = (await stage.call("escalation", SAM, f"/cases/{case_id}/ask", body))["question"]

    async def listed() -> bool:
        page = await stage.call("triage", BEN, "/questions?office=BAL")
        return question in {each["question"] for each in page["questions"]}

    await eventually(listed)
    return question


async def test_the_office_answers_headquarters_which_then_decides(stage: Stage) -> None:
    case_id = await escalated(stage)
    due = (await stage.reviewed(SAM, case_id))["due"]
    question = await asked(stage, case_id)
    shown = await stage.call("triage", BEN, f"/cases/{case_id}")
    assert shown["personal"][f"question_{question}"]["text"] == "Was the conviction vacated?"
    await stage.call("triage", BEN, f"/cases/{case_id}/answer", {"question": question, "text": "It was, in May."})

    async def answered() -> str | None:
        (only,) = (await stage.reviewed(SAM, case_id))["questions"]
        answer: str | None = only["answer"]
        return answer

    assert await eventually(answered) == "It was, in May."
    case = await stage.reviewed(SAM, case_id)
    assert (case["due"], case["touched_by"], case["told_by_office"]) == (due, [ANA, BEN], 2)
    assert case["requestor"]["narrative"] == WORDS
    assert case["field_office"][0]["text"] == "Weighed."
    assert (await stage.call("triage", BEN, "/questions?office=BAL"))["questions"] == []
    overridden = {"outcome": "OVERRIDDEN", "granted": ["RELEASE"], "reasons": ["NOT_A_PRIORITY"]}
    seen = {"facts_seen": 0, "told_seen": 2}
    done = await stage.call("escalation", SAM, f"/cases/{case_id}/decide", overridden | seen)
    assert done["outcome"] == "OVERRIDDEN"


async def test_whoever_answers_for_the_office_loses_the_case_at_headquarters(stage: Stage) -> None:
    """Sam is also an officer of the office that he asks."""
    case_id = await escalated(stage)
    question = await asked(stage, case_id)
    await stage.call("triage", SAM, f"/cases/{case_id}/answer", {"question": question, "text": "I asked myself."})

    async def let_go() -> bool:
        case = await stage.reviewed("sro-tom", case_id)
        return case["claim"] is None and SAM in case["kept_away"]

    await eventually(let_go)
    upheld = {"facts_seen": 0, "outcome": "UPHELD", "declined": ["RELEASE"], "reasons": ["CONSISTENT_WITH_GUIDANCE"]}
    refused = await stage.call("escalation", SAM, f"/cases/{case_id}/decide", upheld, wanted=403)
    assert refused["code"] == "touched_before"
    assert (await stage.call("escalation", SAM, "/queue"))["cases"] == []
    offered = (await stage.call("escalation", "sro-tom", "/queue"))["cases"]
    assert [each["case_id"] for each in offered] == [str(case_id)]
    await stage.call("escalation", "sro-tom", f"/cases/{case_id}/claim", {})
    assert (await stage.call("escalation", "sro-tom", f"/cases/{case_id}/decide", upheld))["outcome"] == "UPHELD"
