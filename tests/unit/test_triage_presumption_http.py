"""What officers see of a presumption: as a presumption, with reasons, sources, who said what, and what is open."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.triage.api import router
from services.triage.domain.states import State
from shared.contracts import events
from shared.policy.model import NOTE
from shared.web.sign_in import Role
from tests.unit.desks import Desks
from tests.unit.memory_collection import MemoryCollection
from tests.unit.one_case import CASE_ID
from tests.unit.triage_story import Triage, amended, escalated, submitted

DAY = date(2021, 3, 8)
SEALED = {"mitigating": [{"value": "HEALTH", "asserted_by": "requestor", "on": "2021-03-08"}]}


def said(value: Any, by: str = "requestor", claimed: Any = None) -> events.Fact[Any]:
    outranked = None if claimed is None else events.Claimed[Any](value=claimed, on=DAY)
    return events.Fact[Any](value=value, asserted_by=by, on=DAY, claimed=outranked)


FACTS = events.Facts(
    first_present_on=said(date(2020, 11, 3), "officer", claimed=date(2015, 1, 1)),
    threat_to_public_safety=said(value=True),
    gang_participation=said(events.GangParticipation(intentional=True, age_at_conduct=16)),
    final_order=said(value=True),
    mitigating=(said("FAMILY_TIES"), said("PIANIST")),
)


@pytest.fixture(name="desks")
async def _desks(tmp_path: Path) -> Desks[State]:
    desks: Desks[State] = Desks(tmp_path, router, http=httpx.AsyncClient(), services={}, turns=MemoryCollection())
    box = await desks.sealed(CASE_ID, "submitted", json.dumps(SEALED).encode())
    case = Triage()
    case.hear("intake", submitted(facts=FACTS, age_band="25_TO_44").model_copy(update={"sealed": box}))
    desks.engine.cases[CASE_ID] = case
    return desks


async def seen(desks: Desks[State], path: str) -> Any:
    answer = await desks.get(path, "officer-ana", Role.OFFICER, offices=["BAL"])
    assert answer.status_code == 200, answer.text
    return answer.json()


async def presumption(desks: Desks[State]) -> Any:
    return (await seen(desks, f"/cases/{CASE_ID}"))["presumption"]


async def test_the_case_shows_a_presumption_as_a_presumption_with_guidance_reasons_and_sources(
    desks: Desks[State],
) -> None:
    shown = await presumption(desks)
    assert shown["note"] == NOTE == "A presumption for the officer. It decides nothing, and nobody outside is told."
    assert shown["guidance"]["version"] == "JOHNSON_11090_1_2021_02_18"
    assert "neither require nor prohibit" in shown["reminder"]["sentence"]
    assert (shown["categories"], shown["undetermined"]) == (["BORDER_SECURITY", "PUBLIC_SAFETY"], ["NATIONAL_SECURITY"])
    _, border, public = shown["findings"]
    assert [reason["code"] for reason in border["reasons"]] == ["NOT_PRESENT_BEFORE"]
    assert all(reason["sentence"] and "11090.1" in reason["source"] for reason in public["reasons"])


async def test_facts_are_shown_with_who_asserted_them_and_what_they_outrank(desks: Desks[State]) -> None:
    _, border, public = (await presumption(desks))["findings"]
    assert border["facts"] == [
        {
            "fact": "first_present_on",
            "value": "2020-11-03",
            "asserted_by": "officer",
            "on": "2021-03-08",
            "claimed": {"value": "2015-01-01", "on": "2021-03-08"},
        }
    ]
    assert border["rests_on_claims"] is False
    assert public["rests_on_claims"] is True
    assert {fact["fact"]: fact["value"] for fact in public["facts"]} == {
        "threat_to_public_safety": True,
        "gang_participation.intentional": True,
        "gang_participation.age_at_conduct": 16,
    }


async def test_what_is_open_comes_with_the_question_that_would_settle_it(desks: Desks[State]) -> None:
    national, *_ = (await presumption(desks))["findings"]
    assert (national["standing"], national["facts"]) == ("UNDETERMINED", [])
    (question,) = national["questions"]
    assert question["code"] == "ASK_NATIONAL_SECURITY"
    assert question["sentence"].endswith("?")


async def test_sealed_factors_count_where_they_have_been_opened_and_nowhere_else(desks: Desks[State]) -> None:
    shown = await presumption(desks)
    (notice,) = shown["notices"]
    assert (notice["code"], notice["applies"]) == ("FINAL_ORDER_NEEDS_COMPELLING_REASON", "yes")
    assert {fact["value"] for fact in notice["facts"] if fact["fact"] == "mitigating"} >= {"HEALTH"}
    named = {factor["code"]: len(factor["named"]) for factor in shown["factors"]["mitigating"]}
    assert (named["HEALTH"], named["FAMILY_TIES"], named["REHABILITATION"]) == (1, 1, 0)
    assert [entry["value"] for entry in shown["factors"]["named_besides"]] == ["PIANIST"]
    told = desks.engine.cases[CASE_ID].told()[0]
    assert told["reasons"] == ["NOT_PRESENT_BEFORE", "POSES_A_THREAT", "GANG_PARTICIPATION"]


async def test_mayorkas_lays_the_factors_out_and_concludes_nothing_for_public_safety(desks: Desks[State]) -> None:
    case = desks.engine.cases[CASE_ID]
    facts = FACTS.model_copy(update={"aggravating": (said("FIREARM", "officer"),)})
    case.hear("intake", amended(1, facts=facts), datetime(2021, 12, 1, tzinfo=UTC))
    shown = await presumption(desks)
    assert shown["to_weigh"] == ["PUBLIC_SAFETY"]
    (public,) = [finding for finding in shown["findings"] if finding["category"] == "PUBLIC_SAFETY"]
    assert (public["standing"], public["facts"], public["questions"]) == ("LEFT_TO_THE_OFFICER", [], [])
    firearm = next(factor for factor in shown["factors"]["aggravating"] if factor["code"] == "FIREARM")
    assert [entry["asserted_by"] for entry in firearm["named"]] == ["officer"]


async def test_the_queue_shows_presumptions_by_codes_and_says_once_what_they_mean(desks: Desks[State]) -> None:
    page = await seen(desks, "/queue")
    (item,) = page["cases"]
    assert item["presumption"]["categories"] == ["BORDER_SECURITY", "PUBLIC_SAFETY"]
    assert item["presumption"]["questions"] == ["ASK_NATIONAL_SECURITY"]
    assert page["note"] == NOTE
    words = page["presumptions"][item["presumption"]["guidance"]]
    assert words.keys() == {*item["presumption"]["reasons"], *item["presumption"]["questions"]}
    assert all(each["sentence"] and each["source"] for each in words.values())


async def test_a_decided_case_shows_what_was_presumed_at_the_decision(desks: Desks[State]) -> None:
    case = desks.engine.cases[CASE_ID]
    assert isinstance(case, Triage)
    case.claim()
    assert case.decide() is None
    case.hear("intake", amended(1, facts=events.Facts()))
    shown = await presumption(desks)
    assert shown["categories"] == ["BORDER_SECURITY", "PUBLIC_SAFETY"]
    assert "findings" not in shown
    assert shown["sentences"][shown["guidance"]]["POSES_A_THREAT"]["source"]
    case.hear("escalation", escalated())
    assert await presumption(desks) is None


async def test_a_presumption_whose_guidance_is_no_longer_installed_still_shows_its_codes(desks: Desks[State]) -> None:
    case = desks.engine.cases[CASE_ID]
    state: Any = case.state
    object.__setattr__(state.presumption, "guidance", "A_FILE_THAT_IS_GONE")
    shown = await presumption(desks)
    assert (shown["guidance"], shown["categories"]) == ("A_FILE_THAT_IS_GONE", ["BORDER_SECURITY", "PUBLIC_SAFETY"])


async def test_a_participation_at_an_unknown_age_leaves_the_category_open_and_asks_for_the_age(
    desks: Desks[State],
) -> None:
    case = desks.engine.cases[CASE_ID]
    took_part = said(events.GangParticipationAgeUnknown(intentional=True), "officer")
    no = {name: said(value=False) for name in ("aggravated_felony", "gang_conviction")}
    facts = FACTS.model_copy(update={"gang_participation": None, "gang_participation_age_unknown": took_part, **no})
    case.hear("intake", amended(1, facts=facts))
    *_, public = (await presumption(desks))["findings"]
    assert public["standing"] == "UNDETERMINED"
    assert [question["code"] for question in public["questions"]] == ["ASK_GANG_PARTICIPATION"]
    told = (await seen(desks, f"/cases/{CASE_ID}"))["facts"]["gang_participation"]
    assert told["value"] == {"intentional": True}
    did_not = said(events.GangParticipationAgeUnknown(intentional=False), "officer")
    case.hear("intake", amended(2, facts=facts.model_copy(update={"gang_participation_age_unknown": did_not})))
    *_, public = (await presumption(desks))["findings"]
    assert public["standing"] == "NOT_PRESUMED"


async def test_the_officer_reads_how_far_an_order_of_a_court_reaches(desks: Desks[State]) -> None:
    case = desks.engine.cases[CASE_ID]
    case.hear("intake", amended(1, facts=FACTS), datetime(2022, 3, 30, tzinfo=UTC))
    guidance = (await presumption(desks))["guidance"]
    assert guidance["version"] == "MAYORKAS_2021_09_30"
    assert "enjoined in part" in guidance["in_force_because"]
