"""What the queue and a case tell the officer beside the facts: the zone, what is overdue, another area, hints."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.triage.api import router
from services.triage.domain.states import State
from shared.contracts import events
from shared.web.sign_in import Role
from tests.unit.desks import Desks
from tests.unit.one_case import CASE_ID, T0, after
from tests.unit.test_triage_http import services
from tests.unit.triage_story import ANA, Triage, now_detained, submitted

PENDING = events.Facts(pending_in_court=events.Fact[bool](value=True, asserted_by="requestor", on=T0.date()))


@pytest.fixture(name="desks")
async def _desks(tmp_path: Path) -> Desks[State]:
    """One case of a person in Maryland who has a court case."""
    desks: Desks[State] = Desks(tmp_path, router, **services())
    box = await desks.sealed(CASE_ID, "submitted", json.dumps({"narrative": "She cares for her son."}).encode())
    case = Triage()
    case.hear("intake", submitted(facts=PENDING).model_copy(update={"sealed": box}))
    desks.engine.cases[CASE_ID] = case
    return desks


async def listed(desks: Desks[State], office: str = "BAL") -> Mapping[str, Any]:
    (item,) = (await desks.get("/queue", "officer-ana", Role.OFFICER, offices=[office])).json()["cases"]
    return dict(item)


async def shown(desks: Desks[State]) -> Mapping[str, Any]:
    answer = await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["BAL"])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_case_is_overdue_from_the_moment_on_though_nothing_was_told_yet(desks: Desks[State]) -> None:
    item = await listed(desks)
    due = datetime.fromisoformat(item["answer_due"])
    for now, overdue in ((due - timedelta(milliseconds=1), False), (due, True)):
        desks.now = now
        for seen in (await listed(desks), await shown(desks)):
            assert (seen["overdue"], seen["zone"]) == (overdue, "America/New_York")


async def test_whoever_has_a_case_in_hand_sees_that_it_is_in_another_area_now(desks: Desks[State]) -> None:
    case = desks.engine.cases[CASE_ID]
    assert isinstance(case, Triage)
    case.claim(ANA)
    assert (await listed(desks))["now_in_area_of"] is None
    case.hear("intake", now_detained(1), after(days=1))
    for seen in (await listed(desks), await shown(desks)):
        assert (seen["office"], seen["now_in_area_of"]) == ("BAL", "PHI")
    answer = await desks.get("/queue", "officer-kim", Role.OFFICER, offices=["PHI"])
    assert answer.json()["cases"] == []
    body = {"facts_seen": 1, "office": "PHI", "text": "She is held in Pennsylvania now."}
    path = f"/cases/{CASE_ID}/forward"
    answer = await desks.post(path, "officer-ana", Role.OFFICER, body, offices=["BAL"], key="k")
    assert answer.json() == {"office": "PHI", "revision": 3}
    assert (await listed(desks, "PHI"))["now_in_area_of"] is None


async def test_a_question_whose_time_is_over_is_shown_as_open_no_more(desks: Desks[State]) -> None:
    case = desks.engine.cases[CASE_ID]
    assert isinstance(case, Triage)
    case.claim(ANA)
    case.ask_requestor()
    answer_by = datetime.fromisoformat((await shown(desks))["question"]["answer_by"])
    for now, is_open in ((answer_by - timedelta(milliseconds=1), True), (answer_by, False)):
        desks.now = now
        assert (await listed(desks))["question_open"] is is_open
        assert ((await shown(desks))["question"] is not None) is is_open


async def test_a_case_pending_in_court_comes_with_a_hint_that_custody_stays_to_be_decided_here(
    desks: Desks[State],
) -> None:
    (hint,) = (await shown(desks))["hints"]
    assert hint["code"] == "PENDING_IN_COURT"
    assert "decide on those here" in hint["sentence"]
    assert hint["source"]
