"""What somebody invented is dismissed, over the command line and on real servers; what intake knows never is."""

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from cli import where
from deploy.keys import KEY_FILES
from services.escalation.app import build_app as escalation
from services.escalation.settings import EscalationSettings
from services.intake.app import build_app as intake
from services.intake.settings import IntakeSettings
from shared.messaging.producer import KafkaSender
from shared.messaging.records import Outgoing
from shared.mongo.driver import MongoClient
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests import known_ids
from tests.conftest import Servers
from tests.eventually import eventually
from tests.faults.load import wave
from tests.integration.serving import secondlook, serving
from tests.integration.toy import make_topics
from tests.wiring.apps import settings

pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]

WHY = "Forged from outside, ticket 12"


@pytest.fixture(name="given")
async def _given(servers: Servers, tmp_path: Path) -> dict[str, Any]:
    prefix = f"d{uuid4().hex[:8]}_"
    await make_topics(servers.kafka, prefix)
    known_ids.place(tmp_path)
    return settings(tmp_path) | {
        "id_key_file": tmp_path / "keys" / KEY_FILES["ID_KEY_FILE"],
        "kafka_bootstrap": servers.kafka,
        "mongodb_uri": servers.mongodb,
        "secondlook_prefix": prefix,
    }


async def forge(given: dict[str, Any], case_id: UUID) -> None:
    """Somebody writes what no service can read, in the name of intake."""
    sender = KafkaSender(given["kafka_bootstrap"], client_id="forger", prefix=given["secondlook_prefix"])
    value = json.dumps({"source": "intake", "seq": 1, "subject": str(case_id)}).encode()
    await sender.send([Outgoing("review.lapsed", case_id, uuid4(), value)])
    await sender.discard()


async def ready(url: str) -> bool:
    async with httpx.AsyncClient() as http:
        return (await http.get(f"{url}/health/ready")).status_code == 200


async def test_an_invented_case_is_dismissed_and_a_real_one_or_one_that_intake_cannot_tell_is_not(
    given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = DevelopmentIssuer(tmp_path).staff("ops", [Role.OPERATOR])
    monkeypatch.setenv("SECONDLOOK_TOKEN", token)
    monkeypatch.setattr(where, "PATIENCE_SECONDS", 0.5)
    invented, later = uuid4(), uuid4()
    (asked,) = wave(1, 0)

    async def held() -> set[str]:
        said = await secondlook("held", "list", "--service", "escalation", "--json")
        return {each["case_id"] for each in json.loads(said.stdout[said.stdout.index("[") :])}

    async with AsyncExitStack() as stack:
        numbers = await stack.enter_async_context(AsyncExitStack())
        asking = intake(IntakeSettings(**given))
        await numbers.enter_async_context(asking.router.lifespan_context(asking))
        address = await numbers.enter_async_context(serving(asking))
        desk = escalation(EscalationSettings(**given | {"intake_url": address}))
        await stack.enter_async_context(desk.router.lifespan_context(desk))
        url = await stack.enter_async_context(serving(desk))
        monkeypatch.setenv("ESCALATION_URL", url)
        for each in (address, url):
            await eventually(lambda each=each: ready(each), within=40)  # type: ignore[misc]
        async with httpx.AsyncClient() as http:
            sent = await http.post(f"{address}/requests", json=asked.body, headers={"Idempotency-Key": asked.key})
        assert sent.status_code == 202
        for case_id in (invented, asked.case_id, later):
            await forge(given, case_id)
        everything = {str(each) for each in (invented, asked.case_id, later)}

        async def all_are_held() -> bool:
            return await held() == everything

        await eventually(all_are_held, within=30)
        done = await secondlook("held", "discard", str(invented), "--why", WHY, "--service", "escalation")
        assert (done.exit_code, "escalation: dismissed." in done.output) == (0, True), done.output
        known = await secondlook("held", "discard", str(asked.case_id), "--why", WHY, "--service", "escalation")
        assert (known.exit_code, "Intake knows this case" in known.output) == (1, True)
        again = await secondlook("held", "discard", str(invented), "--why", WHY, "--service", "escalation")
        assert "No service holds anything" in again.output
        await numbers.aclose()
        untold = await secondlook("held", "discard", str(later), "--why", WHY, "--service", "escalation")
        assert untold.exit_code == 1
        assert await held() == everything - {str(invented)}
    client = MongoClient(given["mongodb_uri"])
    (kept,) = (
        await client.database(f"{given['secondlook_prefix']}secondlook_escalation")["discarded"].find({}).to_list(None)
    )
    await client.close()
    assert (kept["case_id"], kept["by"], kept["why"]) == (invented, "ops", WHY)
    assert kept["held"][0]["value"]
    assert str(invented).encode() not in kept["held"][0]["value"]
