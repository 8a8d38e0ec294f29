"""What staff see and do about letters, through HTTP, on a real store and a real SMTP conversation."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.notification import api
from services.notification.domain.ledger import Phase
from shared.contracts.vocabulary import ConsentStatus, RequestorType
from shared.web.problems import install
from shared.web.sign_in import Role, SignIn
from shared.web.signing_keys import DevelopmentKeys
from shared.web.tokens import AUDIENCE, DEVELOPMENT_ISSUER, DevelopmentIssuer
from tests.conftest import Servers
from tests.integration.mail_relay import DROP_BEFORE_TAKING, ScriptedRelay, running
from tests.integration.mail_world import World, addresses
from tests.unit.notification_story import NUMBER, considered, submitted

pytestmark = pytest.mark.real


@pytest.fixture
def relay() -> ScriptedRelay:
    return ScriptedRelay()


@pytest.fixture
async def world(servers: Servers, relay: ScriptedRelay) -> AsyncIterator[World]:
    async with running(relay) as port:
        made = await World.on(servers.mongodb, port)
        yield made
        await made.close()


@pytest.fixture
async def staff(world: World, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in operator."""
    issuer = DevelopmentIssuer(tmp_path)
    keys = DevelopmentKeys(issuer.public_keys, host="127.0.0.1")
    sign_in = SignIn(issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE, keys=keys)
    app = FastAPI()
    install(app)
    app.include_router(api.router(engine=world.engine, sign_in=sign_in, times=world.times))
    token = issuer.staff("operator-1", roles=[Role.OPERATOR])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://here", headers={"Authorization": f"Bearer {token}"}
    ) as client:
        yield client


async def a_case(world: World, email: str | None = "ana@example.org") -> UUID:
    case_id = uuid4()
    await world.hear(case_id, submitted(RequestorType.NONCITIZEN), submitted=addresses(email))
    return case_id


async def test_an_uncertain_letter_is_listed_and_sent_again_by_a_person(
    world: World, relay: ScriptedRelay, staff: httpx.AsyncClient
) -> None:
    case_id = await a_case(world)
    relay.script = lambda step, _: DROP_BEFORE_TAKING if step == "dot" else None
    await world.settle(world.loop())
    relay.script = lambda _step, _to: None
    (listed,) = (await staff.get("/uncertain")).json()["notifications"]
    assert (listed["case_id"], listed["case_number"], listed["phase"]) == (str(case_id), NUMBER, "uncertain")
    address = f"/notifications/{listed['notification']}/resend"
    body, key = {"case_id": str(case_id)}, {"Idempotency-Key": "k1"}
    early = await staff.post(address, json=body, headers=key)
    assert (early.status_code, early.json()["code"]) == (409, "too_early")
    world.clocks.pass_(world.knobs.lease + world.knobs.under_way)
    first, again = [await staff.post(address, json=body, headers=key) for _ in range(2)]
    assert (first.json()["attempt"], again.json()["attempt"]) == (1, 1)
    assert again.headers["Idempotency-Replayed"] == "true"
    await world.settle(world.loop())
    shown = (await staff.get(f"/cases/{case_id}/notifications")).json()["notifications"]
    assert [(one["phase"], one["attempt"]) for one in shown] == [("sent", 1)]
    assert (await staff.get("/uncertain")).json() == {"notifications": []}
    assert "ana@example.org" not in str(shown)


async def test_whoever_cannot_be_written_to_is_told_by_phone(world: World, staff: httpx.AsyncClient) -> None:
    case_id = await a_case(world, email=None)
    await world.settle(world.loop())
    (listed,) = (await staff.get("/unaddressed")).json()["notifications"]
    said = await staff.post(
        f"/notifications/{listed['notification']}/delivered",
        json={"case_id": str(case_id), "heard": "by_phone"},
        headers={"Idempotency-Key": "k1"},
    )
    assert (said.status_code, said.json()["result"]) == (200, "suppressed")
    assert (await staff.get("/unaddressed")).json() == {"notifications": []}
    entry = await world.one(case_id)
    assert (entry.phase, entry.reason, entry.by) == (Phase.SUPPRESSED, "TOLD_BY_PHONE", "operator-1")


async def test_where_consent_was_refused_the_list_names_the_noncitizen_and_their_own_copy_goes_out_where_it_can(
    world: World, relay: ScriptedRelay, staff: httpx.AsyncClient
) -> None:
    with_address, without = uuid4(), uuid4()
    refused = submitted(RequestorType.FAMILY, ConsentStatus.REFUSED)
    await world.hear(with_address, refused, submitted=addresses("cousin@example.org", "luz@example.org"))
    await world.hear(without, refused, submitted=addresses("cousin@example.org"))
    for case_id in (with_address, without):
        await world.hear(case_id, considered(), source="triage")
    await world.settle(world.loop())
    assert {message["To"] for message in relay.taken} == {"luz@example.org"}
    listed = (await staff.get("/unaddressed")).json()["notifications"]
    assert sorted((one["case_id"], one["letter"], one["role"]) for one in listed) == [
        (str(without), "considered", "noncitizen"),
        (str(without), "received", "noncitizen"),
    ]


async def test_an_unknown_case_or_letter_is_a_problem_document(world: World, staff: httpx.AsyncClient) -> None:
    case_id = await a_case(world)
    assert (await staff.get(f"/cases/{uuid4()}/notifications")).status_code == 404
    key = {"Idempotency-Key": "k"}
    for of, status in ((uuid4(), 404), (case_id, 409)):
        answer = await staff.post(f"/notifications/{uuid4()}/resend", json={"case_id": str(of)}, headers=key)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("path", ["/uncertain", "/unaddressed", f"/cases/{UUID(int=7)}/notifications"])
async def test_nobody_sees_anything_without_a_token(staff: httpx.AsyncClient, path: str) -> None:
    assert (await staff.get(path, headers={"Authorization": ""})).status_code == 401
