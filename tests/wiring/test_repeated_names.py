"""A name that comes twice in a JSON body is refused by every composed service, whatever the path."""

from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from shared.contracts.vocabulary import Service
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.wiring.apps import applications

PATHS = {
    Service.INTAKE: f"/cases/{uuid4()}/withdrawal",
    Service.TRIAGE: "/decisions",
    Service.ESCALATION: f"/cases/{uuid4()}/decide",
    Service.NOTIFICATION: "/letters/resend",
}


@pytest.mark.parametrize("service", Service)
@pytest.mark.parametrize(
    ("body", "title"),
    [
        (b'{"confirmed": false, "confirmed": true}', "A name comes twice"),
        (b'{"deep": [{"outcome": "GRANTED", "outcome": "DECLINED"}]}', "A name comes twice"),
        (b'{"outcome": 1, "other": {"outcome": 1}}', None),
        (b'{"outcome": 1, "outcome"', None),
        (b"", None),
    ],
)
async def test_no_service_chooses_which_of_two_was_meant(
    tmp_path: Path, service: Service, body: bytes, title: str | None
) -> None:
    app = applications(tmp_path)[service]
    token = DevelopmentIssuer(tmp_path).staff("ana", list(Role), offices=["ELP"])
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k", "Content-Type": "application/json"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://s") as http:
        answer = await http.post(PATHS[service], content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    assert ("A name comes twice" in answer.json().get("detail", "")) is (title is not None)


async def test_where_requests_are_taken_it_is_left_to_whoever_says_which_name(tmp_path: Path) -> None:
    """Which is the reading of requests; here there is no store to ask whether it is a new one."""
    app = applications(tmp_path)[Service.INTAKE]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://s") as http:
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
        answer = await http.post("/requests", content=b'{"language": "en", "language": "es"}', headers=headers)
    assert answer.json()["code"] != "invalid_request"
