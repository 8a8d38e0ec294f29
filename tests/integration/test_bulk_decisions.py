"""Many decisions in one request, over HTTP and on real servers: each by itself, claimed and decided in one write."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.triage.api import router
from services.triage.reactions import BEHAVIOUR
from shared.casework.document import arrive
from shared.casework.engine import Engine
from shared.contracts.vocabulary import EventType
from shared.failpoints import Reached
from shared.policy.loading import load
from shared.privacy.access import AccessLog
from shared.privacy.keyring import Keyring
from shared.privacy.keys import SecretKey
from shared.web import problems
from shared.web.sign_in import Role, SignIn
from shared.web.signing_keys import DevelopmentKeys
from shared.web.tokens import AUDIENCE, DEVELOPMENT_ISSUER, DevelopmentIssuer
from tests.conftest import Servers
from tests.integration.toy import engine, make_topics, record
from tests.unit.one_case import T0
from tests.unit.triage_story import PRESUMED, submitted

pytestmark = pytest.mark.real

ANA, BEN = "officer-ana", "officer-ben"
DECLINE = {
    "facts_seen": 0,
    "outcome": "DECLINED",
    "declined": ["RELEASE"],
    "reasons": ["MITIGATING_FACTORS_OUTWEIGHED"],
}


@dataclass
class Office:
    """Triage's endpoints over a real engine, and its officers. `reached` counts the points that the engine passed."""

    engine: Engine[Any]
    keyring: Keyring
    http: httpx.AsyncClient
    issuer: DevelopmentIssuer
    reached: Counter[str] = field(default_factory=Counter)

    async def cases(self, count: int, **told: Any) -> list[UUID]:
        """So many open cases of one office, with their keys."""
        ids = [uuid4() for _ in range(count)]
        await self.keyring.get_or_create(ids)
        arrived = [
            arrive(each, "request.submitted", record(each, 1, submitted(facts=PRESUMED, **told))) for each in ids
        ]
        await self.engine.handle(arrived)
        return ids

    async def post(self, path: str, body: Any, *, who: str, key: str = "") -> Any:
        token = self.issuer.staff(who, [Role.OFFICER], offices=["BAL"])
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or str(uuid4())}
        answer = await self.http.post(path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def decisions(self, *items: dict[str, Any], who: str, key: str = "", **more: Any) -> list[Any]:
        body = {"claim": True, "decisions": [DECLINE | item for item in items], **more}
        said = await self.post("/decisions", body, who=who, key=key)
        return [(one["status"], one["code"], one["replayed"]) for one in said["results"]]

    async def told(self, case_id: UUID) -> list[str]:
        return [event.type for event in await self.engine.events(case_id)]

    async def claimed_by(self, case_id: UUID) -> str | None:
        view = await self.engine.case(case_id)
        assert view is not None
        claim = view.work.get("claim")
        return claim["by"] if claim else None


@pytest.fixture(name="office")
async def _office(servers: Servers, tmp_path: Path) -> AsyncIterator[Office]:
    prefix, reached = f"b{uuid4().hex[:8]}_", Counter[str]()

    async def point(place: str) -> None:
        reached[place] += 1

    await make_topics(servers.kafka, prefix)
    made: Any
    made, client, sender = engine(servers.mongodb, servers.kafka, prefix, behaviour=BEHAVIOUR, point=point)
    await made.store.prepare()
    issuer, own = DevelopmentIssuer(tmp_path), client.database(f"{prefix}beside")
    keyring = Keyring(own["keys"], SecretKey(b"k" * 32))
    app = FastAPI()
    problems.install(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://triage") as http:
        keys = DevelopmentKeys(issuer.public_keys, host="127.0.0.1")
        app.include_router(
            router(
                engine=made,
                sign_in=SignIn(issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE, keys=keys),
                keyring=keyring,
                access=AccessLog(own["accesses"]),
                policies=load(),
                now=lambda: T0,
                http=http,
                services={},
                turns=own["turns"],
            )
        )
        yield Office(made, keyring, http, issuer, reached)
    await made.drain(5)
    await sender.discard()
    await client.close()


async def test_fifty_are_claimed_and_decided_in_one_write_but_for_what_is_refused(office: Office) -> None:
    ids = await office.cases(50)
    await office.post(f"/cases/{ids[7]}/claim", {}, who=BEN)
    items: list[dict[str, Any]] = [{"case_id": str(case_id), "text": "Weighed."} for case_id in ids]
    items[9]["facts_seen"] = 3
    office.reached.clear()
    expected: list[tuple[str, str | None, bool]] = [("decided", None, False)] * 50
    expected[7], expected[9] = ("refused", "claimed_by_another", False), ("refused", "facts_changed", False)

    dry = await office.decisions(*items, who=ANA, key="bulk", dry_run=True)
    assert dry == [("would_be_decided", None, False) if each[0] == "decided" else each for each in expected]
    assert not office.reached

    assert await office.decisions(*items, who=ANA, key="bulk") == expected
    assert (office.reached[Reached.LOADING], office.reached[Reached.WRITING]) == (1, 1)
    assert await office.claimed_by(ids[7]) == BEN
    assert await office.claimed_by(ids[9]) is None

    replayed = [(status, code, status == "decided") for status, code, _ in expected]
    assert await office.decisions(*items, who=ANA, key="bulk") == replayed
    decided = [case_id for case_id in ids if EventType.TRIAGE_COMPLETED in await office.told(case_id)]
    assert decided == [case_id for place, case_id in enumerate(ids) if place not in {7, 9}]
    for case_id in ids:
        assert (await office.told(case_id)).count(EventType.TRIAGE_COMPLETED) == (case_id in decided)


async def test_of_two_officers_at_once_exactly_one_decides_each_case(office: Office) -> None:
    ids = await office.cases(20)
    items = [{"case_id": str(case_id)} for case_id in ids]
    ana, ben = await asyncio.gather(*(office.decisions(*items, who=who) for who in (ANA, BEN)))
    for case_id, *both in zip(ids, ana, ben, strict=True):
        assert sorted(both) == [("decided", None, False), ("refused", "not_under_consideration", False)]
        assert (await office.told(case_id)).count(EventType.TRIAGE_COMPLETED) == 1
