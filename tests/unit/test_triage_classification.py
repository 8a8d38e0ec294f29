"""The truth tables of the guidance versions, with their edges. What nobody knows is never a no.

Sources: DHS memorandum of 20 January 2021 (Pekoske), ICE Policy 11090.1 (Johnson), DHS guidelines of 30 September 2021
(Mayorkas); where each rule is from stands in `shared/policy/guidance`.
"""

from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.domain.classification import Classification, Standing, classify, presume
from services.triage.domain.known import known
from shared.contracts import events
from shared.contracts.vocabulary import PriorityCategory
from shared.policy.conditions import (
    DAYS,
    YES_NO,
    AllOf,
    AnyNamed,
    AnyOf,
    AtLeast,
    Before,
    Condition,
    Known,
    No,
    OnOrAfter,
    Truth,
    Yes,
    weigh,
)
from shared.policy.model import Guidance
from tests.unit.one_case import POLICIES, POLICY, T0

TIMELINE = POLICY.timeline
VERSIONS = tuple(TIMELINE.versions)
YES, NO, OPEN, LEFT = Standing.PRESUMED, Standing.NOT_PRESUMED, Standing.UNDETERMINED, Standing.LEFT_TO_THE_OFFICER
NATIONAL, BORDER, PUBLIC = PriorityCategory

THREAT: dict[str, Any] = {"threat_to_public_safety": True}
FELON: dict[str, Any] = {"aggravated_felony": True}
NO_GANG: dict[str, Any] = {"gang_conviction": False, "gang_participation.intentional": False}


def guidance(name: str) -> Guidance:
    found = TIMELINE.named(name)
    assert found is not None
    return found


PEKOSKE = guidance("PEKOSKE_2021_01_20")
JOHNSON = guidance("JOHNSON_11090_1_2021_02_18")
MAYORKAS = guidance("MAYORKAS_2021_09_30")


def standing(of: Guidance, category: PriorityCategory, what: Known) -> Standing:
    (found,) = [each for each in classify(of, what).findings if each.category is category]
    return found.standing


def gang(age: int, *, intentional: bool = True) -> dict[str, Any]:
    return {"gang_participation.intentional": intentional, "gang_participation.age_at_conduct": age}


def notices(of: Guidance, what: Known) -> set[str]:
    return {note.remark.code for note in classify(of, what).notes if note.applies}


@pytest.mark.parametrize("of", [PEKOSKE, JOHNSON, MAYORKAS])
@pytest.mark.parametrize(("concern", "stands"), [(True, YES), (False, NO), (None, OPEN)])
def test_a_concern_for_national_security_is_presumed_by_every_guidance(
    of: Guidance, concern: bool | None, stands: Standing
) -> None:
    assert standing(of, NATIONAL, {} if concern is None else {"national_security_concern": concern}) is stands


@pytest.mark.parametrize("of", [PEKOSKE, JOHNSON])
@pytest.mark.parametrize(
    ("entering", "apprehended", "first_present", "stands"),
    [
        # Apprehended while attempting to enter unlawfully, on or after 1 November 2020: the day itself counts.
        (True, date(2020, 11, 1), date(2015, 1, 1), YES),
        (True, date(2020, 10, 31), date(2015, 1, 1), NO),
        (True, date(2021, 2, 1), None, YES),  # one limb is enough, whatever the other one is
        (True, date(2020, 10, 31), None, OPEN),
        (True, None, date(2015, 1, 1), OPEN),
        (False, date(2020, 11, 1), date(2015, 1, 1), NO),  # apprehended inside the country
        (None, date(2020, 11, 1), date(2015, 1, 1), OPEN),
        (None, date(2020, 10, 31), date(2015, 1, 1), NO),  # too early, however it was
        (False, None, date(2015, 1, 1), NO),
        # Not physically present before 1 November 2020.
        (False, None, date(2020, 11, 1), YES),
        (False, None, date(2020, 10, 31), NO),
        (None, None, date(2020, 11, 1), YES),
        (False, None, None, OPEN),
        (None, None, None, OPEN),
        # Present in 2015, and lawfully back in 2021: neither.
        (False, date(2021, 6, 1), date(2015, 5, 1), NO),
    ],
)
def test_border_security_under_the_interim_priorities(
    of: Guidance, entering: bool | None, apprehended: date | None, first_present: date | None, stands: Standing
) -> None:
    told = {
        "apprehended_entering_unlawfully": entering,
        "apprehended_on": apprehended,
        "first_present_on": first_present,
    }
    what = {name: value for name, value in told.items() if value is not None}
    assert standing(of, BORDER, what) is stands


@pytest.mark.parametrize(
    ("what", "stands"),
    [
        ({}, OPEN),
        (THREAT, OPEN),
        (THREAT | FELON, YES),  # a threat and a ground: both limbs
        (FELON, OPEN),
        (FELON | {"threat_to_public_safety": False}, NO),  # an aggravated felony without a threat
        ({"threat_to_public_safety": False}, NO),
        (THREAT | {"aggravated_felony": False}, OPEN),
        (THREAT | {"aggravated_felony": False} | NO_GANG, NO),  # a threat without any ground
        (THREAT | {"aggravated_felony": False, "gang_conviction": True}, YES),
        ({"gang_conviction": True}, OPEN),
        (THREAT | gang(16), YES),
        (THREAT | gang(15), OPEN),  # the other two grounds are not known
        (THREAT | gang(15) | {"aggravated_felony": False, "gang_conviction": False}, NO),
        (THREAT | gang(16) | {"aggravated_felony": False, "gang_conviction": False}, YES),
        (THREAT | gang(16, intentional=False) | {"aggravated_felony": False, "gang_conviction": False}, NO),
        (gang(16) | {"threat_to_public_safety": False}, NO),
        (gang(16), OPEN),
        (
            THREAT | {"gang_participation.intentional": True, "aggravated_felony": False, "gang_conviction": False},
            OPEN,  # at which age is not known
        ),
        ({"aggravated_felony": False} | NO_GANG, NO),  # no ground: whether there is a threat does not matter
    ],
)
def test_public_safety_under_the_johnson_guidance_needs_a_threat_and_a_ground(what: Known, stands: Standing) -> None:
    assert standing(JOHNSON, PUBLIC, what) is stands


RELEASED = "released_from_incarceration_on"


@pytest.mark.parametrize(
    ("what", "stands"),
    [
        (THREAT | FELON | {RELEASED: date(2021, 1, 20)}, YES),  # on the day of the memorandum
        (THREAT | FELON | {RELEASED: date(2021, 1, 19)}, NO),
        (THREAT | FELON, OPEN),
        (THREAT | {RELEASED: date(2021, 2, 1)}, OPEN),
        (FELON | {RELEASED: date(2021, 2, 1)}, OPEN),
        (FELON | {RELEASED: date(2021, 2, 1), "threat_to_public_safety": False}, NO),
        ({"aggravated_felony": False}, NO),  # no other ground: gangs are not in the memorandum
        ({"aggravated_felony": False, "gang_conviction": True} | THREAT, NO),
        (THREAT | FELON | gang(30), OPEN),
        ({}, OPEN),
    ],
)
def test_public_safety_under_the_pekoske_memorandum_is_narrower(what: Known, stands: Standing) -> None:
    assert standing(PEKOSKE, PUBLIC, what) is stands


@pytest.mark.parametrize("what", [{}, THREAT | FELON, FELON | gang(30), {"threat_to_public_safety": False}])
def test_mayorkas_leaves_public_safety_to_the_officer_whatever_is_known(what: Known) -> None:
    found = classify(MAYORKAS, what)
    (finding,) = [each for each in found.findings if each.category is PUBLIC]
    assert finding.standing is LEFT
    assert (finding.facts, finding.open) == ((), ())
    assert [remark.code for remark in finding.reasons] == ["NO_BRIGHT_LINE"]
    factors = MAYORKAS.factors
    assert {factor.code for factor in factors.aggravating} >= {"SERIOUS_CONVICTION", "FIREARM", "PRIOR_RECORD"}
    assert {factor.code for factor in factors.mitigating} >= {"LONG_RESIDENCE", "HEALTH", "CAREGIVER", "REHABILITATION"}
    assert all(factor.source for factor in (*factors.aggravating, *factors.mitigating))


@pytest.mark.parametrize(
    ("what", "stands"),
    [
        ({"apprehended_entering_unlawfully": True}, YES),  # no date is named
        ({"apprehended_entering_unlawfully": True, "apprehended_on": date(2019, 1, 1)}, YES),
        ({"apprehended_entering_unlawfully": False}, OPEN),
        ({}, OPEN),
        (
            {
                "apprehended_entering_unlawfully": False,
                "last_entry_unlawful": True,
                "last_entry_on": date(2020, 11, 2),  # after 1 November: the day itself does not count
                "apprehended_on": date(2021, 5, 1),
            },
            YES,
        ),
        (
            {
                "apprehended_entering_unlawfully": False,
                "last_entry_unlawful": True,
                "last_entry_on": date(2020, 11, 1),
                "apprehended_on": date(2021, 5, 1),
            },
            NO,
        ),
        ({"apprehended_entering_unlawfully": False, "last_entry_unlawful": False}, NO),  # lawfully back in 2021
        ({"apprehended_entering_unlawfully": False, "last_entry_on": date(2015, 5, 1)}, NO),
        ({"apprehended_entering_unlawfully": False, "last_entry_on": date(2021, 5, 1)}, OPEN),
        ({"apprehended_entering_unlawfully": None, "last_entry_unlawful": False}, OPEN),
        ({"first_present_on": date(2021, 1, 1), "apprehended_entering_unlawfully": False}, OPEN),  # no limb any more
    ],
)
def test_border_security_under_the_mayorkas_guidelines(what: dict[str, Any], stands: Standing) -> None:
    assert standing(MAYORKAS, BORDER, {name: value for name, value in what.items() if value is not None}) is stands


@pytest.mark.parametrize(
    ("version", "says"), [("NO_GUIDANCE", "NO_GUIDANCE_IN_FORCE"), ("EO_14159_2025_01_20", "PRIORITIES_NOT_KNOWN")]
)
@pytest.mark.parametrize("what", [{}, THREAT | FELON, {"national_security_concern": True}])
def test_without_known_rules_nothing_is_concluded_and_that_is_said(version: str, says: str, what: Known) -> None:
    found = classify(guidance(version), what)
    assert found.findings == ()
    assert [note.remark.code for note in found.notes] == [says]
    assert found.open == ()


NONE_OF_THEM: dict[str, Any] = {
    "national_security_concern": False,
    "apprehended_entering_unlawfully": False,
    "first_present_on": date(2015, 1, 1),
    "threat_to_public_safety": False,
    "final_order": False,
}


def test_in_none_of_the_three_an_action_needs_justification_and_pre_approval() -> None:
    found = classify(JOHNSON, NONE_OF_THEM)
    assert {finding.standing for finding in found.findings} == {NO}
    (note,) = found.notes
    assert (note.remark.code, note.applies) == ("OTHER_NEEDS_PRE_APPROVAL", True)
    assert "Field Office Director or the Special Agent in Charge" in note.remark.sentence
    assert found.open == ()


@pytest.mark.parametrize("forgotten", ["national_security_concern", "first_present_on", "threat_to_public_safety"])
def test_pre_approval_is_not_concluded_while_a_category_is_open(forgotten: str) -> None:
    what = {name: value for name, value in NONE_OF_THEM.items() if name != forgotten}
    assert "OTHER_NEEDS_PRE_APPROVAL" not in notices(JOHNSON, what)


@pytest.mark.parametrize(
    ("changed", "needs_approval"),
    [
        (FELON, True),
        (FELON | {"threat_to_public_safety": True}, False),  # presumed a priority
        ({"aggravated_felony": False}, False),
        (FELON | {"national_security_concern": True}, False),  # presumed for another reason
    ],
)
def test_an_aggravated_felony_without_a_threat_needs_pre_approval_instead(changed: Known, needs_approval: bool) -> None:
    found = notices(JOHNSON, {**NONE_OF_THEM, **changed})
    assert ("FELONY_WITHOUT_THREAT_NEEDS_PRE_APPROVAL" in found) is needs_approval


@pytest.mark.parametrize(
    ("final_order", "age_band", "mitigating", "applies"),
    [
        (True, "65_PLUS", None, True),
        (True, "45_TO_64", None, None),  # a factor that nobody named is not known to be absent
        (True, "45_TO_64", "HEALTH", True),
        (True, "45_TO_64", "PENDING_RELIEF", True),
        (True, "45_TO_64", "FAMILY_TIES", None),
        (True, None, None, None),
        (None, "65_PLUS", None, None),
        (None, None, None, None),
        (False, "65_PLUS", "HEALTH", False),
    ],
)
def test_some_final_orders_need_a_compelling_reason(
    final_order: bool | None, age_band: str | None, mitigating: str | None, applies: bool | None
) -> None:
    what: dict[str, Any] = {} if final_order is None else {"final_order": final_order}
    what |= {"age_band": age_band} if age_band else {}
    what |= {"mitigating": frozenset({mitigating})} if mitigating else {}
    notes = [note for note in classify(JOHNSON, what).notes if note.remark.code.startswith("FINAL_ORDER")]
    assert [note.applies for note in notes] == ([] if applies is False else [applies is True])
    if applies is None:
        asks_for_the_order = notes[0].open[:1] == ("final_order",)
        assert asks_for_the_order is (final_order is None)


def test_categories_are_a_set() -> None:
    what: Known = {"national_security_concern": True, "first_present_on": date(2021, 1, 1), **THREAT, **FELON}
    assert classify(JOHNSON, what).standing(YES) == (NATIONAL, BORDER, PUBLIC)


def test_a_finding_names_its_reasons_their_sources_and_the_facts_that_led_to_it() -> None:
    what: Known = {
        "apprehended_entering_unlawfully": True,
        "apprehended_on": date(2020, 12, 1),
        "first_present_on": date(2020, 12, 1),
        **THREAT,
        **gang(16),
    }
    _, border, public = classify(JOHNSON, what).findings
    assert [remark.code for remark in border.reasons] == ["APPREHENDED_ENTERING", "NOT_PRESENT_BEFORE"]
    assert border.facts == ("apprehended_entering_unlawfully", "apprehended_on", "first_present_on")
    assert [remark.code for remark in public.reasons] == ["POSES_A_THREAT", "GANG_PARTICIPATION"]
    assert public.facts == (
        "threat_to_public_safety",
        "gang_participation.intentional",
        "gang_participation.age_at_conduct",
    )
    assert all(remark.sentence and remark.source for finding in (border, public) for remark in finding.reasons)


def test_an_open_category_names_what_would_settle_it_and_nothing_that_would_not() -> None:
    what: Known = {"apprehended_on": date(2020, 10, 31), "aggravated_felony": False, "gang_conviction": False}
    national, border, public = classify(JOHNSON, what).findings
    assert national.open == ("national_security_concern",)
    assert border.open == ("first_present_on",)  # apprehended too early: how it was does not matter
    assert public.open == (
        "threat_to_public_safety",
        "gang_participation.intentional",
        "gang_participation.age_at_conduct",
    )
    kept = presume('{"apprehended_on": {"value": "2020-10-31"}}', "UNKNOWN", POLICY, at=T0)
    assert kept.undetermined == (NATIONAL, BORDER, PUBLIC)
    assert kept.questions[:2] == ("ASK_NATIONAL_SECURITY", "ASK_FIRST_PRESENT_ON")
    asked = {remark.code: remark.sentence for remark in POLICY.questions.values()}
    assert asked["ASK_FIRST_PRESENT_ON"] == (
        "On which day was the person first physically present in the United States?"
    )


def test_every_answer_to_an_open_question_can_be_entered_as_a_fact() -> None:
    fields = set(events.Facts.model_fields)
    for version in VERSIONS:
        for fact in classify(guidance(version), {}).open:
            assert fact.partition(".")[0] in fields | {"age_band"}


def test_facts_are_known_by_their_values_whoever_asserted_them() -> None:
    told = events.Facts.model_validate(
        {
            "first_present_on": {"value": "2015-01-02", "asserted_by": "officer", "on": "2021-03-08"},
            "gang_participation": {
                "value": {"intentional": True, "age_at_conduct": 15},
                "asserted_by": "requestor",
                "on": "2021-03-08",
            },
            "mitigating": [{"value": "FAMILY_TIES", "asserted_by": "requestor", "on": "2021-03-08"}],
        }
    )
    assert known(told.model_dump_json(exclude_none=True), "65_PLUS", also_named=[("mitigating", "HEALTH")]) == {
        "first_present_on": date(2015, 1, 2),
        "gang_participation.intentional": True,
        "gang_participation.age_at_conduct": 15,
        "mitigating": frozenset({"FAMILY_TIES", "HEALTH"}),
        "age_band": "65_PLUS",
    }
    assert known("{}", "UNKNOWN") == {}


@pytest.mark.parametrize(("one", "other"), [*product(Truth, Truth)])
def test_conditions_are_joined_as_kleene_has_it(one: Truth, other: Truth) -> None:
    values = {Truth.YES: True, Truth.NO: False}
    what = {
        fact: values[truth] for fact, truth in (("final_order", one), ("aggravated_felony", other)) if truth in values
    }
    parts: tuple[Condition, ...] = (Yes("final_order"), Yes("aggravated_felony"))
    order = (Truth.NO, Truth.UNKNOWN, Truth.YES)
    assert weigh(AllOf(parts), what).truth is min(one, other, key=order.index)
    assert weigh(AnyOf(parts), what).truth is max(one, other, key=order.index)


FACTS = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.booleans() for name in sorted(YES_NO)},
        **{name: st.dates(date(2020, 10, 28), date(2021, 1, 25)) for name in sorted(DAYS)},
        "gang_participation.age_at_conduct": st.integers(13, 18),
        "age_band": st.sampled_from(["25_TO_44", "65_PLUS"]),
        "mitigating": st.frozensets(st.sampled_from(["HEALTH", "FAMILY_TIES", "PENDING_RELIEF"])),
    },
)

CONDITIONS = st.recursive(
    st.one_of(
        st.builds(Yes, st.sampled_from(sorted(YES_NO))),
        st.builds(No, st.sampled_from(sorted(YES_NO))),
        st.builds(OnOrAfter, st.sampled_from(sorted(DAYS)), st.dates(date(2020, 10, 28), date(2021, 1, 25))),
        st.builds(Before, st.sampled_from(sorted(DAYS)), st.dates(date(2020, 10, 28), date(2021, 1, 25))),
        st.just(AtLeast("gang_participation.age_at_conduct", 16)),
        st.just(AnyNamed("mitigating", frozenset({"HEALTH"}))),
    ),
    lambda parts: st.one_of(
        st.builds(AllOf, st.lists(parts, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(parts, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=12,
)


@given(CONDITIONS, FACTS, st.data())
def test_a_settled_condition_is_never_unsettled_by_learning_an_unknown_fact(
    condition: Condition, everything: dict[str, Any], data: st.DataObject
) -> None:
    forgotten = data.draw(st.sets(st.sampled_from(sorted(everything)))) if everything else set()
    less = {name: value for name, value in everything.items() if name not in forgotten}
    before, after = weigh(condition, less), weigh(condition, everything)
    assert before.truth in (Truth.UNKNOWN, after.truth)
    unknown = set(before.because) - less.keys()
    assert bool(unknown) is (before.truth is Truth.UNKNOWN) or "mitigating" in before.because


@given(st.sampled_from(VERSIONS), FACTS, st.data())
def test_a_settled_finding_is_never_unsettled_by_learning_an_unknown_fact(
    version: str, everything: dict[str, Any], data: st.DataObject
) -> None:
    forgotten = data.draw(st.sets(st.sampled_from(sorted(everything)))) if everything else set()
    less = {name: value for name, value in everything.items() if name not in forgotten}
    before, after = classify(guidance(version), less), classify(guidance(version), everything)
    for one, other in zip(before.findings, after.findings, strict=True):
        assert one.standing in (OPEN, other.standing)
        settled_by_what_is_known(one.facts, less)
        assert not set(one.open) & (less.keys() - {"mitigating", "aggravating"})
    assert applying(before) <= applying(after)


def settled_by_what_is_known(facts: tuple[str, ...], what: Known) -> None:
    assert set(facts) <= what.keys()


def applying(found: Classification) -> set[str]:
    return {note.remark.code for note in found.notes if note.applies}


@given(FACTS)
def test_what_is_open_can_be_settled_by_answering_all_questions(what: dict[str, Any]) -> None:
    found = classify(JOHNSON, what)
    answers: dict[str, Any] = {fact: date(2015, 1, 1) if fact in DAYS else False for fact in found.open}
    answers |= {fact: 15 for fact in answers if fact.endswith("age_at_conduct")}
    assert OPEN not in {finding.standing for finding in classify(JOHNSON, {**answers, **what}).findings}


@pytest.mark.parametrize(
    ("at", "categories"),
    [
        (datetime(2021, 2, 17, tzinfo=UTC), ()),
        (datetime(2021, 3, 8, tzinfo=UTC), (PUBLIC,)),
        (datetime(2021, 8, 20, tzinfo=UTC), ()),
        (datetime(2021, 9, 1, tzinfo=UTC), (PUBLIC,)),
        (datetime(2021, 10, 1, tzinfo=UTC), (PUBLIC,)),
        (datetime(2022, 1, 1, tzinfo=UTC), ()),
    ],
)
def test_the_guidance_in_force_at_the_moment_decides_what_is_presumed(
    at: datetime, categories: tuple[PriorityCategory, ...]
) -> None:
    told = '{"threat_to_public_safety": {"value": true}, "gang_conviction": {"value": true}}'
    for policy in (POLICY, POLICIES.at(at)):
        assert presume(told, "UNKNOWN", policy, at=at).categories == categories
