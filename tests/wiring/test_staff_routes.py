"""No staff route answers without the right token: every route of every service, from its OpenAPI document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from shared.contracts.vocabulary import Service
from shared.mongo.driver import Driver
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.wiring.apps import applications

ANY = frozenset(Role)
DESK = frozenset({Role.OFFICER})
APPROVERS = frozenset({Role.FIELD_OFFICE_DIRECTOR, Role.SPECIAL_AGENT_IN_CHARGE})
HEADQUARTERS = frozenset({Role.SRO})
SETTLING = frozenset({Role.OFFICER, Role.SRO, Role.OPERATOR})
OPERATING = frozenset({Role.OPERATOR})
OF_OPERATORS = (
    "GET /held",
    "GET /held/{case_id}",
    "POST /held/{case_id}/discard",
    "POST /held/{case_id}/redrive",
    "POST /held/redrive",
    "GET /dead-letters",
    "POST /dead-letters/redrive",
    "POST /dead-letters/{letter_id}/redrive",
    "GET /corrupt-batches",
    "POST /corrupt-batches/{topic}/{partition}/{offset}/skip",
    "GET /keys/gone",
    "GET /metrics",
    "POST /reconcile",
    "GET /reconcile/{run}",
)

EXPECTED: dict[str, frozenset[Role]] = {
    "intake GET /cases": ANY,
    "intake GET /cases/{case_id}": ANY,  # clear fields; personal data only for those whose case it is
    "intake POST /cases/find": DESK | HEADQUARTERS | {Role.PRIVACY},
    "intake POST /cases/{case_id}/facts": DESK | HEADQUARTERS,
    "intake POST /cases/{case_id}/consent": DESK | HEADQUARTERS,
    "intake POST /cases/{case_id}/representative": DESK | HEADQUARTERS,
    "intake POST /cases/{case_id}/representative/ruling": DESK | HEADQUARTERS,
    "intake GET /hand-overs": DESK | HEADQUARTERS,
    "intake POST /cases/{case_id}/withdrawal": DESK | HEADQUARTERS,
    "intake GET /cases/{case_id}/doubles": DESK | HEADQUARTERS,
    "intake GET /withdrawals": DESK | HEADQUARTERS,
    "intake POST /cases/{case_id}/link": SETTLING,
    "intake POST /cases/{case_id}/erase": frozenset({Role.PRIVACY}),
    "intake GET /erasures": OPERATING | {Role.PRIVACY},
    "intake POST /erasures/{case_id}/confirm": frozenset({Role.PRIVACY}),
    "intake POST /erasures/{case_id}/refuse": frozenset({Role.PRIVACY}),
    "intake POST /keyring/restored": OPERATING,
    "triage GET /queue": DESK,
    "triage GET /cases/{case_id}": DESK | APPROVERS,
    "triage POST /cases/{case_id}/pre-approval": APPROVERS,
    "triage POST /claims/next": DESK,
    "triage POST /cases/{case_id}/claim": DESK,
    "triage POST /cases/{case_id}/release": DESK,
    "triage POST /cases/{case_id}/hand-over": DESK,
    "triage POST /cases/{case_id}/draft": DESK,
    "triage POST /cases/{case_id}/seen": DESK,
    "triage POST /cases/{case_id}/forward": DESK,
    "triage POST /cases/{case_id}/decide": DESK,
    "triage POST /cases/{case_id}/take-back": DESK,
    "triage POST /cases/{case_id}/ask": DESK,
    "triage POST /decisions": DESK,
    "triage GET /questions": DESK,
    "triage POST /cases/{case_id}/answer": DESK,
    "triage GET /to-carry-out": DESK,
    "triage POST /cases/{case_id}/take": DESK,
    "triage POST /cases/{case_id}/carried-out": DESK,
    "triage GET /cases/{case_id}/history": ANY,
    "escalation GET /queue": HEADQUARTERS,
    "escalation GET /cases/{case_id}": HEADQUARTERS,
    "escalation POST /cases/{case_id}/claim": HEADQUARTERS,
    "escalation POST /cases/{case_id}/release": HEADQUARTERS,
    "escalation POST /cases/{case_id}/hand-over": HEADQUARTERS,
    "escalation POST /cases/{case_id}/draft": HEADQUARTERS,
    "escalation POST /cases/{case_id}/recuse": HEADQUARTERS,
    "escalation POST /cases/{case_id}/decide": HEADQUARTERS,
    "escalation POST /cases/{case_id}/remand": HEADQUARTERS,
    "escalation POST /cases/{case_id}/ask": HEADQUARTERS,
    "escalation POST /decisions": HEADQUARTERS,
    "notification GET /cases/{case_id}/notifications": ANY,
    "notification GET /uncertain": SETTLING,
    "notification GET /unaddressed": SETTLING,
    "notification POST /notifications/{notification}/resend": SETTLING,
    "notification POST /notifications/{notification}/delivered": SETTLING,
    "notification POST /letters/settle": OPERATING,
    "notification POST /letters/resend": OPERATING,
    **{f"{service} GET /cases/{{case_id}}/events": ANY for service in Service},
    **{f"{service} {route}": OPERATING for service in Service for route in OF_OPERATORS},
}
"""Who may use which staff route, written by hand: a route that is not here fails the test."""

PUBLIC = {
    "GET /",
    "GET /health/live",
    "GET /health/ready",
    "POST /requests",
    "GET /requests",
    "GET /requests/export",
    "GET /requests/columns",
    "GET /status/{link}",
    "GET /status/{link}/dates.ics",
    "GET /your-data",
    "GET /lost-link",
    "POST /lost-link",
    "POST /status/{link}/review",
    "POST /status/{link}/waive",
    "POST /status/{link}/withdraw",
    "POST /status/{link}/amend",
    "POST /status/{link}/representative",
    "POST /status/{link}/stand_down",
}


@dataclass(frozen=True)
class Route:
    """One operation of one service."""

    service: Service
    method: str
    path: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def url(self) -> str:
        return re.sub(r"{[a-z_]+}", str(uuid4()), self.path)


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module", name="apps", params=list(Driver))
def _apps(folder: Path, request: pytest.FixtureRequest) -> dict[Service, FastAPI]:
    return applications(folder, request.param)


def routes(apps: dict[Service, FastAPI]) -> Iterator[Route]:
    for service, app in apps.items():
        for path, operations in app.openapi()["paths"].items():
            for method in operations:
                yield Route(service, method.upper(), path)


async def call(app: FastAPI, route: Route, token: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(route.method, route.url, headers=headers)


def test_public_routes_are_just_these(apps: dict[Service, FastAPI]) -> None:
    open_to_all = {
        route.name
        for route in routes(apps)
        if "staff" not in str(apps[route.service].openapi()["paths"][route.path][route.method.lower()].get("security"))
    }
    assert open_to_all == PUBLIC


async def test_no_staff_route_lets_in_a_token_that_is_not_valid_here(
    apps: dict[Service, FastAPI], folder: Path, tmp_path: Path
) -> None:
    ours, theirs = DevelopmentIssuer(folder), DevelopmentIssuer(tmp_path)
    past = DevelopmentIssuer(folder, now=lambda: 1_600_000_000)
    everything = list(Role)
    bad = {
        "none": None,
        "nonsense": "not.a.token",
        "expired": past.staff("ana", everything, minutes=1),
        "another key": theirs.staff("ana", everything),
        "another audience": ours.staff("ana", everything, audience="elsewhere"),
        "another issuer": DevelopmentIssuer(folder, issuer="urn:somebody:else").staff("ana", everything),
        "a client's": ours.client("a-system"),
    }
    tried = [route for route in routes(apps) if route.name not in PUBLIC]
    assert len(tried) > 20
    for route in tried:
        for kind, token in bad.items():
            answer = await call(apps[route.service], route, token)
            wanted = {403} if kind == "a client's" else {401}
            assert answer.status_code in wanted, (route, kind, answer.status_code)
            assert answer.headers["content-type"] == "application/problem+json"


async def test_a_role_that_a_route_does_not_name_is_turned_away_and_the_others_are_not(
    apps: dict[Service, FastAPI], folder: Path
) -> None:
    issuer = DevelopmentIssuer(folder)
    tried = {f"{route.service} {route.name}": route for route in routes(apps) if route.name not in PUBLIC}
    assert set(tried) == set(EXPECTED)
    for name, route in tried.items():
        for role in Role:
            if route.method == "GET" and role in EXPECTED[name]:
                continue  # would ask the store, which is not there; a POST without a body is answered before that
            answer = await call(apps[route.service], route, issuer.staff("ana", [role], offices=["SNA"]))
            assert (answer.status_code == 403) == (role not in EXPECTED[name]), (name, role, answer.text)


async def test_a_client_sees_its_own_cases_only_with_a_client_token(apps: dict[Service, FastAPI], folder: Path) -> None:
    for path in ("/requests?client_reference=x", "/requests", "/requests/export"):
        route = Route(Service.INTAKE, "GET", path)
        for token in (None, DevelopmentIssuer(folder).staff("ana", list(Role)), "not.a.token"):
            assert (await call(apps[Service.INTAKE], route, token)).status_code in {401, 403}
