"""Under Policy 11090.1 nobody whom it presumes no priority is declined without a second person's written approval."""

import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.triage.api import router
from services.triage.approvals import MISSING, Approval, kept, resting_on
from services.triage.domain.classification import Presumption
from services.triage.domain.decision import Decision
from services.triage.domain.states import State
from services.triage.orders import Claim, Officer, Order
from shared.contracts import events
from shared.contracts.vocabulary import ApproverRole, EventType, MootBecause, ReferredTo, ReliefSought, TriageOutcome
from shared.policy.loading import load
from shared.web.sign_in import Role
from tests.unit.desks import Desks
from tests.unit.one_case import CASE_ID, POLICIES, T0, after
from tests.unit.test_triage_http import DECLINE, services
from tests.unit.triage_story import (
    ANA,
    BEN,
    DECLINED,
    DESK,
    DIRECTOR,
    ERASED,
    FAVOURABLE,
    KIM,
    PRESUMED,
    Triage,
    amended,
    escalated,
    remanded,
    submitted,
)


def fact(value: Any) -> events.Fact[Any]:
    return events.Fact[Any](value=value, asserted_by="officer", on=date(2021, 3, 9))


GUIDANCE = POLICIES.at(T0).guidance
AGENT = Officer("agent", frozenset({"BAL"}))
NONE = events.Facts(
    national_security_concern=fact(False),
    apprehended_entering_unlawfully=fact(False),
    first_present_on=fact(date(2015, 1, 1)),
    threat_to_public_safety=fact(False),
)
MOOT = Decision(TriageOutcome.MOOT, moot=(ReliefSought.RELEASE,), moot_because=MootBecause.RELEASED)
REFERRED = Decision(TriageOutcome.REFERRED, referred_to=ReferredTo.OPLA)


def in_hand(facts: events.Facts = NONE) -> Triage:
    case = Triage().submit(submitted(facts=facts))
    assert case.claim(ANA) is None
    return case


@pytest.mark.parametrize(
    ("facts", "decision", "refused"),
    [
        (NONE, DECLINED, "pre_approval_missing"),
        (events.Facts(), DECLINED, "pre_approval_missing"),  # what nobody knows presumes nothing
        (PRESUMED, DECLINED, None),
        (NONE, FAVOURABLE, None),
        (NONE, MOOT, None),
        (NONE, REFERRED, None),
    ],
)
def test_a_decline_of_somebody_presumed_no_priority_needs_it(
    facts: events.Facts, decision: Decision, refused: str | None
) -> None:
    case = in_hand(facts)
    assert case.decide(decision, approved=False) == refused


def test_the_guidance_says_so_with_its_source_and_only_this_one_does() -> None:
    versions = load().at(T0).timeline.versions
    asking = [name for name, guidance in versions.items() if guidance.pre_approval]
    assert asking == ["JOHNSON_11090_1_2021_02_18"]
    rule = versions[asking[0]].pre_approval
    assert rule is not None
    assert rule.by == frozenset(ApproverRole)
    assert "11090.1" in rule.source


def test_under_another_guidance_nobody_is_asked() -> None:
    mayorkas = after(days=300)
    assert POLICIES.at(mayorkas).guidance.startswith("MAYORKAS")
    case = Triage().submit(submitted(facts=NONE, received_at=mayorkas))
    case.clock_reaches(mayorkas)
    case.claim(ANA, mayorkas)
    assert case.approve(at=mayorkas) == "no_pre_approval_needed"
    assert case.decide(DECLINED, at=mayorkas, approved=False) is None


def test_the_event_says_who_in_which_capacity_and_when_and_carries_the_justification_sealed() -> None:
    case = in_hand()
    assert case.approve(at=after(hours=1), approver=AGENT, role=ApproverRole.SPECIAL_AGENT_IN_CHARGE) is None
    assert case.told(EventType.TRIAGE_COMPLETED) == []
    assert case.decide(DECLINED, at=after(hours=2), approved=False, box={"completed_1": b"text"}) is None
    (told,) = case.told(EventType.TRIAGE_COMPLETED)
    assert told["pre_approval"] == {
        "by": "agent",
        "role": "SPECIAL_AGENT_IN_CHARGE",
        "at": "2021-03-08T15:00:00.000Z",
    }
    assert told["touched_by"] == ["agent", "officer-ana"]  # neither may review it at headquarters
    assert set(case.case.changes.events[-1].blobs) == {"completed_1", "pre_approved_1"}
    assert case.case.changes.blobs["pre_approved_1"] == b"why"


def test_it_takes_a_second_person() -> None:
    case = in_hand()
    assert case.approve(approver=ANA) == "touched_before"
    assert case.approve(approver=BEN) is None
    case.claim(BEN, after(days=9))
    assert case.decide(DECLINED, BEN, at=after(days=9), approved=False) == "approved_by_yourself"
    case.claim(ANA, after(days=20))
    assert case.decide(DECLINED, ANA, at=after(days=20), approved=False) is None


def test_whoever_approved_before_another_one_did_may_not_review_it_either() -> None:
    case = in_hand()
    assert case.approve() is None
    assert case.approve(approver=AGENT, role=ApproverRole.SPECIAL_AGENT_IN_CHARGE) is None
    assert case.decide(DECLINED, approved=False) is None
    (told,) = case.told(EventType.TRIAGE_COMPLETED)
    assert (told["pre_approval"]["by"], told["touched_by"]) == ("agent", ["agent", "director", "officer-ana"])


@pytest.mark.parametrize(
    ("facts", "guidance", "counts"), [(2, GUIDANCE, True), (1, GUIDANCE, False), (2, "ANOTHER_GUIDANCE", False)]
)
def test_it_counts_on_the_facts_and_under_the_guidance_that_its_writer_saw(
    facts: int, guidance: str, counts: bool
) -> None:
    approval = Approval("director", ApproverRole.FIELD_OFFICE_DIRECTOR, T0, facts, guidance, {})
    work, policy = kept(approval, {}), POLICIES.at(T0)
    found = resting_on(DECLINED, Presumption(GUIDANCE), work, who="officer-ana", facts=2, policy=policy)
    assert found == (approval if counts else MISSING)


def test_whoever_approved_does_not_decline_though_somebody_else_has_approved_since() -> None:
    case = in_hand()
    assert case.approve(approver=BEN) is None
    assert case.approve(approver=AGENT, role=ApproverRole.SPECIAL_AGENT_IN_CHARGE) is None
    case.claim(BEN, after(days=9))
    assert case.decide(DECLINED, BEN, at=after(days=9), approved=False) == "approved_by_yourself"
    case.hear("intake", amended(1, facts=PRESUMED), after(days=9))  # none is needed any more
    assert case.decide(DECLINED, BEN, at=after(days=9), approved=False, facts_seen=1) == "approved_by_yourself"
    assert case.decide(FAVOURABLE, BEN, at=after(days=9), approved=False, facts_seen=1) is None


def test_it_is_for_the_office_that_has_the_case_and_needs_words() -> None:
    case = in_hand()
    assert case.approve(approver=KIM) == "not_your_office"
    assert case.approve(box={}) == "text_missing"
    assert case.approve(facts_seen=3) == "facts_changed"
    assert case.approve(box={"pre_approved_2": b"why"}) == "facts_changed"
    case.hear("intake", ERASED)
    assert case.approve(box={"pre_approved_1": b"why"}) == "case_erased"
    assert case.approve(box={}) is None
    assert case.decide(DECLINED, approved=False) is None


def test_newer_facts_and_another_round_ask_for_it_again() -> None:
    case = in_hand()
    assert case.approve() is None
    case.hear("intake", amended(1, facts=NONE), after(hours=1))
    assert "approval" not in case.case.work
    assert case.decide(DECLINED, facts_seen=1, at=after(hours=2), approved=False) == "pre_approval_missing"
    assert case.approve(1, after(hours=2)) is None  # the same person, who has not had it in hand
    assert case.decide(DECLINED, facts_seen=1, at=after(hours=3), approved=False) is None
    case.hear("escalation", escalated(), after(days=1))
    case.hear("escalation", remanded(), after(days=2))
    case.claim(ANA, after(days=2))
    assert case.decide(DECLINED, facts_seen=1, at=after(days=2), approved=False) == "pre_approval_missing"
    assert case.approve(1, after(days=2)) is None
    assert case.decide(DECLINED, facts_seen=1, at=after(days=2), approved=False) is None


def test_headquarters_hears_who_approved_even_where_no_answer_came() -> None:
    case = in_hand()
    assert case.approve() is None
    case.hear("escalation", escalated(), after(days=1))
    (told,) = case.told(EventType.TRIAGE_COMPLETED)
    assert (told["outcome"], told["touched_by"]) == ("NO_ANSWER", ["director", "officer-ana"])
    assert "pre_approval" not in told
    assert case.approve(at=after(days=2)) == "not_under_consideration"
    assert case.refusal(Order.CLAIM, Claim(DIRECTOR)) == "not_under_consideration"


def test_a_case_that_no_office_has_yet_is_not_approved_by_who_assigns_it() -> None:
    case = Triage().submit(submitted("TX", "Nowhere", facts=NONE))
    assert case.approve(approver=DESK) == "no_office"
    assert case.forward("BAL", DESK) is None
    assert case.approve() is None


# At the desk


@pytest.fixture(name="desks")
async def _desks(tmp_path: Path) -> Desks[State]:
    desks: Desks[State] = Desks(tmp_path, router, **services())
    box = await desks.sealed(CASE_ID, "submitted", json.dumps({"narrative": "She cares for her son."}).encode())
    case = Triage()
    case.hear("intake", submitted(facts=NONE).model_copy(update={"sealed": box}))
    case.claim(ANA)
    desks.engine.cases[CASE_ID] = case
    return desks


WRITTEN = {"facts_seen": 0, "text": "The conviction of last month outweighs what was put forward."}


async def test_the_director_reads_the_case_approves_it_and_the_officer_declines(desks: Desks[State]) -> None:
    director = "director-bal"
    path = f"/cases/{CASE_ID}/pre-approval"
    shown = (await desks.get(f"/cases/{CASE_ID}", director, Role.FIELD_OFFICE_DIRECTOR, offices=["BAL"])).json()
    assert shown["pre_approval"] == {"needed": True, "given": None}
    early = await desks.post(f"/cases/{CASE_ID}/decide", "officer-ana", Role.OFFICER, DECLINE, offices=["BAL"])
    assert (early.status_code, early.json()["code"]) == (409, "pre_approval_missing")

    assert (await desks.post(path, "officer-ben", Role.OFFICER, WRITTEN, offices=["BAL"])).status_code == 403
    wrong = await desks.post(
        path, director, Role.FIELD_OFFICE_DIRECTOR, WRITTEN | {"role": "SPECIAL_AGENT_IN_CHARGE"}, offices=["BAL"]
    )
    assert (wrong.status_code, wrong.json()["code"]) == (403, "not_your_role")
    mine = await desks.post(path, "officer-ana", Role.FIELD_OFFICE_DIRECTOR, WRITTEN, offices=["BAL"])
    assert (mine.status_code, mine.json()["code"]) == (403, "touched_before")
    done = await desks.post(path, director, Role.FIELD_OFFICE_DIRECTOR, WRITTEN, offices=["BAL"])
    assert done.json()["round"] == 1

    given = (await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["BAL"])).json()["pre_approval"]
    assert (given["given"]["by"], given["given"]["role"]) == ("director-bal", "FIELD_OFFICE_DIRECTOR")
    assert given["given"]["text"] == WRITTEN["text"]
    decided = await desks.post(f"/cases/{CASE_ID}/decide", "officer-ana", Role.OFFICER, DECLINE, offices=["BAL"])
    assert decided.status_code == 200, decided.text
    assert b"conviction" not in desks.engine.cases[CASE_ID].case.changes.blobs["pre_approved_1"]


@pytest.mark.parametrize("offices", [["PHI"], ["HQ"], []])
async def test_a_director_of_another_office_neither_reads_nor_approves(desks: Desks[State], offices: list[str]) -> None:
    unassigned = Triage(UUID(int=3)).submit(submitted("TX", "Nowhere", facts=NONE))
    desks.engine.cases[UUID(int=3)] = unassigned
    await desks.keyring.get_or_create([UUID(int=3)])
    for case_id in (CASE_ID, UUID(int=3)):
        shown = await desks.get(f"/cases/{case_id}", "director", Role.FIELD_OFFICE_DIRECTOR, offices=offices)
        path = f"/cases/{case_id}/pre-approval"
        told = await desks.post(path, "director", Role.FIELD_OFFICE_DIRECTOR, WRITTEN, offices=offices)
        for answer in (shown, told):
            assert (answer.status_code, answer.json()["code"]) == (403, "not_your_office")
    assert not desks.accesses.documents


async def test_the_form_of_before_is_told_what_is_missing_field_by_field(desks: Desks[State]) -> None:
    form = {"facts_seen": 0, "outcome": "DECLINED", "reasons": []}
    answer = await desks.post(f"/cases/{CASE_ID}/decide", "officer-ana", Role.OFFICER, form, offices=["BAL"])
    assert answer.status_code == 422
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [
        ("body.declined", "declined_missing"),
        ("body.reasons", "reasons_missing"),
    ]
    assert "RELEASE" in answer.json()["errors"][0]["message"]
    many = {"decisions": [form | {"case_id": str(CASE_ID)}]}
    (result,) = (await desks.post("/decisions", "officer-ana", Role.OFFICER, many, offices=["BAL"])).json()["results"]
    assert (result["status"], [each["field"] for each in result["errors"]]) == (
        "refused",
        ["body.declined", "body.reasons"],
    )
