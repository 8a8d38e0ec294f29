"""Facts with their provenance: an officer's word outranks the requestor's, both stay visible, each can be entered."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from services.intake.domain.asserted import (
    NAMES,
    OFFICER,
    REQUESTOR,
    Asserted,
    Claim,
    Facts,
    merged,
    without_officers_word,
)
from services.intake.domain.case import Accepted
from services.intake.from_body import CLEAR_FACTORS
from shared.contracts import events
from shared.contracts.received import FactsPart
from shared.web.sign_in import Role
from tests.unit.intake_house import House, complete
from tests.unit.one_case import POLICY
from tests.unit.test_intake_http import staff

MONDAY, TUESDAY, WEDNESDAY = date(2021, 3, 8), date(2021, 3, 9), date(2021, 3, 10)

CLAIMED = Asserted(False, REQUESTOR, MONDAY)
CORRECTED = Asserted(True, OFFICER, TUESDAY)
BOTH = Asserted(True, OFFICER, TUESDAY, claimed=Claim(False, MONDAY))


@pytest.fixture(name="house")
def _house(tmp_path: Path) -> House:
    return House(tmp_path)


def threat(fact: Asserted[bool] | None) -> Facts:
    return Facts(threat_to_public_safety=fact, final_order=Asserted(True, REQUESTOR, MONDAY))


@pytest.mark.parametrize(
    ("known", "new", "after"),
    [
        (None, CLAIMED, CLAIMED),
        (None, CORRECTED, CORRECTED),
        (CLAIMED, Asserted(True, REQUESTOR, TUESDAY), Asserted(True, REQUESTOR, TUESDAY)),
        (CLAIMED, CORRECTED, BOTH),
        (CORRECTED, CLAIMED, BOTH),  # a claim that comes later is outranked, too
        (BOTH, Asserted(False, OFFICER, WEDNESDAY), Asserted(False, OFFICER, WEDNESDAY, Claim(False, MONDAY))),
        (
            BOTH,
            Asserted(True, REQUESTOR, WEDNESDAY),
            Asserted(True, OFFICER, TUESDAY, claimed=Claim(True, WEDNESDAY)),
        ),
        (CORRECTED, None, CORRECTED),
    ],
)
def test_an_officers_word_outranks_the_requestors_and_both_stay_visible(
    known: Asserted[bool] | None, new: Asserted[bool] | None, after: Asserted[bool]
) -> None:
    now = merged(threat(known), Facts(threat_to_public_safety=new))
    assert now == threat(after)


@pytest.mark.parametrize(("known", "after"), [(BOTH, CLAIMED), (CORRECTED, None), (CLAIMED, CLAIMED), (None, None)])
def test_an_officers_word_taken_back_leaves_the_claim_or_nothing(
    known: Asserted[bool] | None, after: Asserted[bool] | None
) -> None:
    assert without_officers_word(threat(known), ["threat_to_public_safety"]) == threat(after)


def test_factors_of_both_stand_side_by_side_and_only_the_officers_can_be_taken_back() -> None:
    theirs = (Asserted("FAMILY_TIES", REQUESTOR, MONDAY), Asserted("EMPLOYMENT", REQUESTOR, MONDAY))
    ours = (Asserted("FAMILY_TIES", OFFICER, TUESDAY), Asserted("REHABILITATION", OFFICER, TUESDAY))
    both = merged(Facts(mitigating=theirs), Facts(mitigating=ours))
    assert both.mitigating == (*theirs, *ours)
    again = merged(both, Facts(mitigating=(Asserted("REHABILITATION", OFFICER, WEDNESDAY),)))
    assert again.mitigating == (*theirs, ours[0], Asserted("REHABILITATION", OFFICER, WEDNESDAY))
    assert without_officers_word(again, ["mitigating"]).mitigating == theirs


WORDS = st.lists(
    st.tuples(st.sampled_from([OFFICER, REQUESTOR]), st.booleans(), st.dates(MONDAY, WEDNESDAY)), min_size=1
)


@given(WORDS)
def test_whoever_speaks_last_the_last_word_of_an_officer_counts_and_the_last_claim_is_kept(
    words: list[tuple[str, bool, date]],
) -> None:
    known = Facts()
    for by, value, on in words:
        known = merged(known, Facts(final_order=Asserted(value, by, on)))
    last = {by: (value, on) for by, value, on in words}
    fact = known.final_order
    assert fact is not None
    assert (fact.value, fact.on) == last.get(OFFICER, last.get(REQUESTOR))
    assert fact.asserted_by == (OFFICER if OFFICER in last else REQUESTOR)
    claim = fact.claimed and (fact.claimed.value, fact.claimed.on)
    assert claim == (last.get(REQUESTOR) if OFFICER in last else None)
    back = without_officers_word(known, ["final_order"]).final_order
    assert (back and (back.value, back.on)) == last.get(REQUESTOR)


def test_the_facts_that_intake_takes_keeps_and_tells_are_the_same() -> None:
    assert set(FactsPart.model_fields) == set(events.Facts.model_fields) - {"gang_participation_age_unknown"} == NAMES
    told = events.Facts.model_validate(asdict(threat(BOTH)))
    assert told.threat_to_public_safety is not None
    assert told.threat_to_public_safety.claimed == events.Claimed[bool](value=False, on=MONDAY)


def test_factors_of_the_guidance_travel_in_clear_but_for_health_and_victims() -> None:
    factors = [guidance.factors for guidance in POLICY.timeline.versions.values()]
    codes = {factor.code for each in factors for factor in (*each.aggravating, *each.mitigating)}
    assert codes - CLEAR_FACTORS == {"HEALTH", "VICTIM_OF_CRIME", "HARM_CAUSED"}


ENTERED: Mapping[str, Any] = {
    "apprehended_on": {"value": "2020-11-01"},
    "first_present_on": {"value": "2015-05-01"},
    "last_entry_on": {"value": "2021-02-01"},
    "released_from_incarceration_on": {"value": "2021-01-20"},
    "gang_participation": {"value": {"intentional": True, "age_at_conduct": 16}},
    "mitigating": [{"value": "FAMILY_TIES"}],
    "aggravating": [{"value": "FIREARM"}],
}


@pytest.mark.parametrize("name", sorted(NAMES))
async def test_officers_can_enter_every_fact_with_its_provenance(house: House, name: str) -> None:
    case_id, _ = await house.opened(complete(facts={}))
    given = ENTERED.get(name, {"value": True})
    answer = await correct(house, case_id, 0, facts={name: given})
    assert answer.status_code == 200, answer.text
    (told,) = [event for event in await house.engine.events(case_id) if event.type == "request.amended"]
    facts = events.Facts.model_validate(facts_of(told.body))
    told_one = getattr(facts, name)
    told_one = told_one[0] if isinstance(told_one, tuple) else told_one
    assert (told_one.asserted_by, told_one.on, told_one.claimed) == ("officer", house.now().date(), None)
    assert name in (await shown(house, case_id))["facts"]


async def test_a_correction_is_told_with_the_claim_that_it_outranks_and_taken_back_with_it(
    house: House,
) -> None:
    case_id, _ = await house.opened(complete(facts={"threat_to_public_safety": {"value": False}}))
    assert (await correct(house, case_id, 0, facts={"threat_to_public_safety": {"value": True}})).status_code == 200
    fact = (await shown(house, case_id))["facts"]["threat_to_public_safety"]
    assert (fact["value"], fact["asserted_by"], fact["claimed"]["value"]) == (True, "officer", False)
    assert (await correct(house, case_id, 1, takes_back=["threat_to_public_safety"])).status_code == 200
    fact = (await shown(house, case_id))["facts"]["threat_to_public_safety"]
    assert (fact["value"], fact["asserted_by"], "claimed" in fact) == (False, "requestor", False)
    told = [event for event in await house.engine.events(case_id) if event.type == "request.amended"]
    assert facts_of(told[0].body)["threat_to_public_safety"]["claimed"]["value"] is False
    assert facts_of(told[1].body)["threat_to_public_safety"]["asserted_by"] == "requestor"


async def test_taking_back_what_nobody_said_changes_nothing(house: House) -> None:
    case_id, _ = await house.opened(complete(facts={"final_order": {"value": False}}))
    nothing = await correct(house, case_id, 0, takes_back=["final_order"])
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_changed")
    unknown = await correct(house, case_id, 0, takes_back=["shoe_size"])
    assert unknown.status_code == 400


async def test_what_a_requestor_sends_is_the_requestors_word_whoever_it_claims_to_be(house: House) -> None:
    case_id, _ = await house.opened(complete(facts={"final_order": {"value": False, "asserted_by": "officer"}}))
    state = house.engine.cases[case_id].state
    assert isinstance(state, Accepted)
    assert state.filing.facts.final_order is not None
    assert state.filing.facts.final_order.asserted_by == REQUESTOR


async def correct(house: House, case_id: Any, seen: int, **wish: Any) -> Any:
    headers = {"Idempotency-Key": f"k{seen}{sorted(wish)}", **staff(house, Role.OFFICER, "ELP", "HQ")}
    return await house.http.post(f"/cases/{case_id}/facts", json={"facts_seen": seen, **wish}, headers=headers)


async def shown(house: House, case_id: Any) -> Any:
    answer = await house.http.get(f"/cases/{case_id}", headers=staff(house, Role.OFFICER, "ELP", "HQ"))
    return answer.json()["filing"]


def facts_of(body: bytes) -> Any:
    return from_json(body)["data"]["facts"]


@pytest.mark.parametrize(
    ("entered", "field", "value"),
    [
        (
            {"intentional": True, "age_at_conduct": 16},
            "gang_participation",
            {"intentional": True, "age_at_conduct": 16},
        ),
        ({"intentional": True}, "gang_participation_age_unknown", {"intentional": True}),
        ({"intentional": True, "age_at_conduct": None}, "gang_participation_age_unknown", {"intentional": True}),
        ({"intentional": False}, "gang_participation_age_unknown", {"intentional": False}),
    ],
)
async def test_a_participation_is_told_in_the_field_that_says_whether_the_age_is_known(
    house: House, entered: Any, field: str, value: Any
) -> None:
    """Builds that know the older field alone read the other as not known, never as a no."""
    case_id, _ = await house.opened(complete(facts={}))
    assert (await correct(house, case_id, 0, facts={"gang_participation": {"value": entered}})).status_code == 200
    (told,) = [event for event in await house.engine.events(case_id) if event.type == "request.amended"]
    assert {name: fact["value"] for name, fact in facts_of(told.body).items() if fact} == {field: value}
    facts = (await shown(house, case_id))["facts"]
    assert facts["gang_participation"]["value"]["intentional"] is value["intentional"]


async def test_a_requestor_may_say_that_the_age_is_not_known(house: House) -> None:
    case_id, _ = await house.opened(complete(facts={"gang_participation": {"value": {"intentional": True}}}))
    (event,) = await house.engine.events(case_id)
    assert [name for name, fact in facts_of(event.body).items() if fact] == ["gang_participation_age_unknown"]


async def test_staff_who_do_not_know_the_age_outrank_a_claimed_one_and_leave_it_standing(house: House) -> None:
    claimed = {"intentional": False, "age_at_conduct": 14}
    case_id, _ = await house.opened(complete(facts={"gang_participation": {"value": claimed}}))
    entered = {"gang_participation": {"value": {"intentional": True}}}
    assert (await correct(house, case_id, 0, facts=entered)).status_code == 200
    (told,) = [event for event in await house.engine.events(case_id) if event.type == "request.amended"]
    fact = facts_of(told.body)["gang_participation_age_unknown"]
    assert (fact["value"], fact["claimed"]["value"]) == ({"intentional": True}, claimed)
    read = events.Facts.model_validate(facts_of(told.body))
    assert events.Facts.telling(read.told()) == read
