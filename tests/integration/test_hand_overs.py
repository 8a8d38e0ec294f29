"""Hand-overs that wait for a second person, listed by intake from the real document server, by an index."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pymongo import MongoClient as Plain
from pymongo.errors import OperationFailure

from shared.privacy.keys import load_key
from shared.privacy.links import Links
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.integration.test_case_ids import Intake, running
from tests.integration.toy import make_topics
from tests.unit.intake_house import complete
from tests.unit.test_intake_second_person import FERNBACH

pytestmark = pytest.mark.real

FIRST, SECOND = "person-1", "person-2"
INDEX = [("queue.hand_over", 1)]


async def opened(intake: Intake) -> UUID:
    """A case that no office has yet: whoever assigns such cases sees to it."""
    answer = await intake.submit(str(uuid4()), complete())
    assert answer.status_code == 202, answer.text
    links = Links(load_key("LINK_KEY_FILE", intake.folder / "link.key"))
    case_id = links.case_of(answer.json()["status_url"].rpartition("/")[2])
    assert case_id is not None
    return case_id


def signed_in(intake: Intake, who: str, office: str = "HQ") -> dict[str, str]:
    token = DevelopmentIssuer(intake.folder).staff(who, [Role.OFFICER], offices=[office])
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}


async def send(intake: Intake, who: str, path: str, **wish: Any) -> None:
    answer = await intake.http.post(path, json=wish, headers=signed_in(intake, who))
    assert answer.status_code == 200, answer.text


async def waiting(intake: Intake, office: str = "HQ", **page: int) -> tuple[list[UUID], bool]:
    answer = await intake.http.get("/hand-overs", params=page, headers=signed_in(intake, SECOND, office))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert {each["asked_by"] for each in found["hand_overs"]} <= {FIRST}
    return [UUID(each["case_id"]) for each in found["hand_overs"]], found["more"]


async def test_what_waits_is_listed_the_oldest_first_and_leaves_the_list_when_it_is_ruled_on(
    servers: Servers, tmp_path: Path
) -> None:
    prefix = f"h{uuid4().hex[:8]}_"
    await make_topics(servers.kafka, prefix)
    async with running(servers, tmp_path, prefix) as intake:
        cases = [await opened(intake) for _ in range(4)]
        asked = [cases[2], cases[0], cases[1]]
        for case_id in asked:
            await send(intake, FIRST, f"/cases/{case_id}/representative", facts_seen=0, representative=FERNBACH)
        assert await waiting(intake) == (asked, False)
        assert await waiting(intake, limit=2) == (asked[:2], True)
        assert await waiting(intake, limit=2, skip=2) == (asked[2:], False)
        assert await waiting(intake, office="ELP") == ([], False)
        for case_id, confirmed in ((asked[0], True), (asked[1], False)):
            path = f"/cases/{case_id}/representative/ruling"
            await send(intake, SECOND, path, facts_seen=1, confirmed=confirmed)
        assert await waiting(intake) == (asked[2:], False)
    with Plain[Any](servers.mongodb) as plain:
        kept = plain[f"{prefix}secondlook_intake"]["cases"]
        assert INDEX in [each["key"] for each in kept.index_information().values()]
        try:
            plan = kept.find({"queue.hand_over": {"$exists": True}}).sort(INDEX).explain()
        except OperationFailure:
            return  # The local server cannot say how it finds.
        assert "'queue.hand_over_1'" in str(plan["queryPlanner"]["winningPlan"])
