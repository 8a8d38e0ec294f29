"""The demo's requests: made by their script, enough of each kind, nobody like another, true to the policy."""

import ast
import base64
import json
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from deploy.demo import make_requests
from deploy.demo.making.places import PLACES, TO_BE_ASSIGNED
from deploy.demo.making.plans import BY_THE_REQUESTOR
from services.intake.domain.completeness import Accepted, assess, gaps
from services.intake.from_body import content_of
from shared.contracts import vocabulary
from shared.contracts.reading import read_mapping
from shared.contracts.vocabulary import NEVER_REQUIRED, RejectCode, RequestorType, Stage
from shared.policy.loading import load

Line = dict[str, Any]
DEMO = Path(make_requests.__file__).parent
NOW = datetime(2021, 3, 8, 14, tzinfo=UTC)
POLICY = load().at(NOW)

LINES: list[Line] = [json.loads(line) for line in make_requests.FILE.read_text(encoding="utf-8").splitlines()]
BY_NUMBER = {line["line"]: line for line in LINES}


def counting_as(what: str, channel: str | None = None) -> list[Line]:
    return [
        line
        for line in LINES
        if line["expect"]["counts_as"] == what and (channel is None or line["channel"] == channel)
    ]


CASES = counting_as("submitted")


def share(matching: int) -> float:
    return matching / len(CASES)


def test_the_committed_file_is_what_its_script_makes() -> None:
    assert make_requests.FILE.read_text(encoding="utf-8") == make_requests.text()


def test_the_script_imports_nothing_of_the_product() -> None:
    sources = [DEMO / "make_requests.py", *sorted((DEMO / "making").glob("*.py"))]
    imported = {
        name
        for source in sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    foreign = {
        name
        for name in imported
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("deploy.demo.making")
    }
    assert foreign - {"deploy.demo.making"} == set()


def test_there_are_enough_of_each_kind() -> None:
    assert [line["line"] for line in LINES] == list(range(1, len(LINES) + 1))
    assert len(LINES) >= 300
    for channel in ("http", "kafka"):
        assert len(counting_as("submitted", channel)) >= 110
        assert len(counting_as("rejected", channel)) >= 8
        assert len(counting_as("refused", channel)) >= 8
        assert len(counting_as("duplicate", channel)) >= 4
    assert min(Counter(line["plan"]["ending"] for line in CASES).values()) >= 12
    assert len({line["plan"]["ending"] for line in CASES}) == 16


def test_the_proportions_are_those_of_the_field() -> None:
    custody = Counter(line["body"]["custody"]["status"] for line in CASES)
    urgency = Counter(line["expect"]["urgency"] for line in CASES)
    spanish = sum(line["body"]["requestor"]["language"] == "es" for line in CASES)
    assert share(custody["DETAINED"]) == pytest.approx(0.4, abs=0.03)
    assert share(urgency["REMOVAL_IMMINENT"]) == pytest.approx(0.12, abs=0.02)
    assert share(spanish) == pytest.approx(0.3, abs=0.03)
    assert custody["UNKNOWN"] >= 10
    assert min(Counter(line["body"]["requestor"]["type"] for line in CASES).values()) >= 20
    assert {line["body"]["requestor"]["type"] for line in CASES} == set(RequestorType)


def test_every_office_has_cases_and_some_cases_have_none() -> None:
    offices = Counter(line["expect"]["office"] for line in CASES)
    assert set(offices) == {*POLICY.office_map.offices, None} - {"HQ"}
    assert offices[None] >= 12
    assert min(offices.values()) >= 5


def test_the_places_chosen_by_hand_are_those_of_the_policy() -> None:
    office_for = POLICY.office_map.office_for
    for place in [place for places in PLACES.values() for place in places] + list(TO_BE_ASSIGNED):
        assert office_for(place.state, place.county) == place.office


def test_each_line_is_routed_by_facility_when_detained_and_by_residence_otherwise() -> None:
    for line in CASES:
        custody = line["body"]["custody"]
        place = custody.get("facility", {}) if custody["status"] == "DETAINED" else line["body"].get("place", {})
        expected = POLICY.office_map.office_for(place.get("state", ""), place.get("county"))
        assert line["expect"]["office"] == expected, line["line"]


def test_a_code_is_given_for_each_thing_that_can_be_missing() -> None:
    rejected = Counter(code for line in counting_as("rejected") for code in line["expect"]["codes"])
    incomplete = Counter(code for line in CASES for code in line["expect"]["incomplete"])
    assert set(rejected) == set(incomplete) - NEVER_REQUIRED == set(POLICY.required)
    assert incomplete["NO_EMAIL"] >= 10
    assert min(rejected.values()) >= 2
    for line in counting_as("rejected"):
        assert line["body"]["custody"]["status"] == "NOT_DETAINED"
        assert line["expect"]["codes"] == [code for code in RejectCode if code in line["expect"]["codes"]]
    lacking = [line for line in CASES if set(line["expect"]["incomplete"]) - NEVER_REQUIRED]
    assert all(line["expect"]["urgency"] != "ROUTINE" for line in lacking)


def test_what_each_line_lacks_is_what_intake_finds() -> None:
    for line in CASES:
        body = read_mapping(line["body"], today=NOW.date()).body
        found = assess(gaps(content_of(body, POLICY), POLICY.papers), required=POLICY.required, urgent=True)
        assert isinstance(found, Accepted)
        assert line["expect"]["incomplete"] == list(found.incomplete), line["line"]
    asked = Counter(code for line in CASES for code in line["expect"]["incomplete"])
    assert min(asked["NO_COUNTY"], asked["NO_FACILITY"]) >= 1


def test_dirty_values_occur() -> None:
    numbers = [str(line["body"]["noncitizen"].get("a_number")) for line in CASES]
    for mark in ("-", " ", "#"):
        assert sum(mark in number for number in numbers) >= 10
    lengths = Counter(sum(character.isdigit() for character in number) for number in numbers)
    assert min(lengths[7], lengths[8]) >= 6
    nobody = [
        line for line in CASES if "email" not in line["body"]["requestor"] and "email" not in line["body"]["noncitizen"]
    ]
    assert len(nobody) >= 6
    reasons = Counter(line["expect"]["reason"] for line in counting_as("refused"))
    assert set(reasons) == {"wrong_type", "wrong_value", "too_large", "key_reused", "not_json", "not_an_event"}
    assert sum("double_of_line" in line["expect"] for line in CASES) >= 4
    assert sum("resubmits_line" in line["plan"] for line in CASES) >= 8
    assert sum("headers" in line for line in CASES) >= 2


def test_a_line_that_comes_back_comes_later_and_to_the_right_kind_of_line() -> None:
    for line in LINES:
        for other, same_key in comes_back_to(line):
            earlier = BY_NUMBER[other]
            assert earlier["line"] < line["line"]
            assert earlier["channel"] == line["channel"]
            assert (earlier["key"] == line["key"]) is same_key
            expected = "rejected" if "resubmits_line" in line["plan"] else "submitted"
            assert earlier["expect"]["counts_as"] == expected
    keys = Counter(line["key"] for line in LINES if line["key"] and "of_line" not in line["expect"])
    assert max(keys.values()) == 1


def test_a_repeated_key_has_the_same_body_exactly_when_it_is_a_duplicate() -> None:
    for line in LINES:
        if "of_line" in line["expect"]:
            same = line["body"] == BY_NUMBER[line["expect"]["of_line"]]["body"]
            assert same is (line["expect"]["counts_as"] == "duplicate")


def comes_back_to(line: Line) -> list[tuple[int, bool]]:
    """The earlier lines that a line names, each with whether it has the same key."""
    expect, plan = line["expect"], line["plan"]
    named = [(expect.get("of_line"), True), (expect.get("double_of_line"), False), (plan.get("resubmits_line"), False)]
    return [(number, same) for number, same in named if number is not None]


def test_what_is_searched_for_occurs_for_one_person_only() -> None:
    owner: dict[int, int] = {}
    for line in LINES:
        owner[line["line"]] = next((owner[number] for number, _ in comes_back_to(line)), line["line"])
    owners: dict[str, set[int]] = defaultdict(set)
    for line in LINES:
        for kind, values in line["canaries"].items():
            for value in values if kind != "facility" else ():
                owners[value].add(owner[line["line"]])
    assert [value for value, found in owners.items() if len(found) > 1] == []
    assert len(owners) > 3 * len(CASES)
    text = make_requests.FILE.read_text(encoding="utf-8")
    plain = [value for value in owners if "@" not in value]
    assert [(one, other) for one, other in combinations(sorted(plain, key=len), 2) if one in other] == []
    assert all(value in text for value in plain if not value.isdigit())


def test_what_is_searched_for_stands_in_its_line() -> None:
    for line in LINES:
        said = json.dumps(line["body"], ensure_ascii=False) if "body" in line else decoded(line["raw"])
        for kind, values in line["canaries"].items():
            assert kind == "a_number" or all(value in said for value in values), line["line"]
        if line["expect"]["counts_as"] == "submitted" and "NO_NARRATIVE" not in line["expect"]["incomplete"]:
            assert line["canaries"]["word"], line["line"]


def decoded(raw: str) -> str:
    return base64.b64decode(raw).decode("utf-8", errors="replace")


def test_whoever_has_something_to_do_can_be_reached() -> None:
    for line in CASES:
        acts = any(step.startswith(BY_THE_REQUESTOR) for step in line["plan"]["steps"])
        assert not (acts and line["channel"] == "kafka") or "email" in line["body"]["requestor"], line["line"]


def test_plans_speak_the_words_of_the_policy_and_the_vocabulary() -> None:
    for line in CASES:
        plan = line["plan"]
        vocabulary.Stage(plan["resolution"]["stage"])
        vocabulary.ResolutionOutcome(plan["resolution"]["outcome"])
        for step in plan["steps"]:
            act, _, what = step.partition(":")
            if act in {"decide", "sro_decide", "sro_remand"}:
                stage = Stage.FIELD_OFFICE if act == "decide" else Stage.SRO
                assert plan["reasons"][step]
                outcome = "DECLINED" if what == "PARTLY" else what or "REMANDED"
                assert all(POLICY.may_give(code, stage, outcome) for code in plan["reasons"][step]), step
            if act == "review":
                vocabulary.ReviewGround(what)
        assert ("granted" in plan) is any(
            step.endswith(("FAVOURABLE", "OVERRIDDEN", "PARTLY")) for step in plan["steps"]
        )
        assert ("referred_to" in plan) is ("decide:REFERRED" in plan["steps"])
        assert ("moot_because" in plan) is ("decide:MOOT" in plan["steps"])
        assert ("forward_to" in plan) is (line["expect"]["office"] is None)


def test_nothing_refused_or_rejected_has_a_plan() -> None:
    assert all(line["plan"] == {} for line in LINES if line["expect"]["counts_as"] != "submitted")


def test_broken_records_are_no_json_objects_of_the_right_form() -> None:
    raw = [line for line in LINES if "raw" in line]
    assert len(raw) >= 10
    assert all(line["channel"] == "kafka" and line["expect"]["counts_as"] == "refused" for line in raw)
