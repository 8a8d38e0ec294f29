"""Before a service's store was compared with Kafka, nothing is decided: one case or many, the answer is the same."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.contracts.vocabulary import Service
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.wiring.apps import applications

ITEMS: dict[Service, dict[str, Any]] = {
    Service.TRIAGE: {
        "facts_seen": 0,
        "outcome": "DECLINED",
        "declined": ["RELEASE"],
        "reasons": ["MITIGATING_FACTORS_OUTWEIGHED"],
    },
    Service.ESCALATION: {
        "facts_seen": 0,
        "outcome": "UPHELD",
        "declined": ["RELEASE"],
        "reasons": ["CONSISTENT_WITH_GUIDANCE"],
    },
}
STAFF = {Service.TRIAGE: (Role.OFFICER, ["BAL"]), Service.ESCALATION: (Role.SRO, [])}


@pytest.mark.parametrize("service", ITEMS)
@pytest.mark.parametrize("many", [False, True])
async def test_a_decision_is_answered_503_while_the_store_is_not_compared(
    service: Service, many: bool, tmp_path: Path
) -> None:
    app, case_id = applications(tmp_path)[service], str(uuid4())
    role, offices = STAFF[service]
    token = DevelopmentIssuer(tmp_path).staff("somebody", [role], offices=offices)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "key"}
    body = ITEMS[service]
    path, said = f"/cases/{case_id}/decide", body
    if many:
        path, said = "/decisions", {"decisions": [body | {"case_id": case_id}]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://s", headers=headers) as http:
        answer = await http.post(path, json=said)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_not_compared"), answer.text
