"""What a Senior Reviewing Official reads over HTTP: the queue and why, both sides' reasons, questions, drafts."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.escalation.api import router
from services.escalation.domain.states import State
from shared.contracts import events
from shared.contracts.vocabulary import (
    DecisionUnderReview,
    EventType,
    PriorityCategory,
    ReliefSought,
    RequestorType,
    ReviewGround,
    TriageOutcome,
    Urgency,
)
from shared.policy.model import NOTE
from shared.web.sign_in import Role
from tests.unit.desks import Desks
from tests.unit.escalation_story import ANA, SAM, TOM, Escalation, amended, completed, custody_in, given, requested
from tests.unit.one_case import CASE_ID, POLICY, T0, after

SUBMITTED = {"noncitizen": {"a_number": "012345678"}, "narrative": "She cares for her son."}


async def sealed(desks: Desks[State], name: str, **content: Any) -> dict[str, bytes]:
    return await desks.sealed(CASE_ID, name, json.dumps(content).encode())


@pytest.fixture(name="desks")
async def _desks(tmp_path: Path) -> Desks[State]:
    """A case that was declined, amended, asked about, and amended again."""
    desks: Desks[State] = Desks(tmp_path, router)
    case = Escalation(CASE_ID)
    saw = events.SeenFacts(custody=custody_in("AA"), removal=events.Removal(), facts=events.Facts())
    text = await sealed(desks, "completed_1", text="Weighed.")
    presumed = events.Presumed(
        categories=(PriorityCategory.BORDER_SECURITY,), reasons=("NOT_PRESENT_BEFORE",), questions=("ASK_THREAT",)
    )
    case.hear("triage", completed(TriageOutcome.DECLINED, sealed=text, saw=saw, presumption=presumed), after(days=1))
    first = await sealed(desks, "amended_1", text="She was moved.")
    moved = events.RequestAmended(amendment=1, changed=("custody",), custody=custody_in("MD"), sealed=first)
    case.hear("intake", moved, after(days=2))
    whole = await sealed(desks, "submitted", **SUBMITTED) | await sealed(desks, "review", text="Look at her son.")
    data = requested(
        1,
        custody=custody_in("MD"),
        urgency=Urgency.DETAINED,
        ground=ReviewGround.FACTORS_NOT_CONSIDERED,
        relief_sought=(ReliefSought.RELEASE,),
        decision_under_review=(DecisionUnderReview.CUSTODY,),
        requestor_type=RequestorType.ATTORNEY,
        sealed=whole | first,
    )
    case.hear("intake", data, after(days=3))
    desks.engine.cases[CASE_ID] = case
    desks.now = after(days=5)
    return desks


async def order(desks: Desks[State], what: str, who: str = SAM, **body: Any) -> httpx.Response:
    return await desks.post(f"/cases/{CASE_ID}/{what}", who, Role.SRO, body or None)


async def shown(desks: Desks[State], who: str = SAM) -> dict[str, Any]:
    answer = await desks.get(f"/cases/{CASE_ID}", who, Role.SRO)
    assert answer.status_code == 200, answer.text
    case: dict[str, Any] = answer.json()
    return case


async def queue(desks: Desks[State], who: str = SAM, **params: Any) -> list[dict[str, Any]]:
    answer = await desks.get("/queue", who, Role.SRO, **params)
    assert answer.status_code == 200, answer.text
    cases: list[dict[str, Any]] = answer.json()["cases"]
    return cases


async def test_what_the_office_had_before_it_as_a_presumption_is_shown_as_one(desks: Desks[State]) -> None:
    (record,) = (await shown(desks))["field_office"]
    presumed = record["presumed"]
    assert presumed["note"] == NOTE
    assert (presumed["guidance"], presumed["categories"]) == ("JOHNSON_11090_1_2021_02_18", ["BORDER_SECURITY"])
    assert [each["code"] for each in presumed["sentences"]] == ["NOT_PRESENT_BEFORE", "ASK_THREAT"]
    assert all(each["sentence"] and each["source"] for each in presumed["sentences"])


async def test_the_field_offices_side_has_its_reasons_with_sentence_and_source_and_its_text(
    desks: Desks[State],
) -> None:
    (record,) = (await shown(desks))["field_office"]
    (reason,) = record["why"]
    assert reason["code"] == "MITIGATING_FACTORS_OUTWEIGHED"
    assert reason["sentence"]["en"] == POLICY.reasons[reason["code"]].sentence["en"]
    assert reason["source"] == POLICY.reasons[reason["code"]].source
    assert (record["text"], record["saw"]["custody"]["state"]) == ("Weighed.", "AA")


async def test_the_requestors_side_has_the_ground_what_was_asked_for_and_the_words(desks: Desks[State]) -> None:
    side = (await shown(desks))["requestor"]
    assert side["ground"]["code"] == "FACTORS_NOT_CONSIDERED"
    assert "did not weigh" in side["ground"]["sentence"]
    assert (side["relief_sought"], side["decision_under_review"]) == (["RELEASE"], ["CUSTODY"])
    assert (side["requestor_type"], side["facts_version"]) == ("ATTORNEY", 1)
    assert (side["narrative"], side["text"]) == ("She cares for her son.", "Look at her son.")


async def test_after_a_hand_over_the_one_who_asks_now_is_shown(desks: Desks[State]) -> None:
    case = desks.engine.cases[CASE_ID]
    for number, kind in ((9, RequestorType.ATTORNEY), (8, RequestorType.NONCITIZEN)):  # the older one comes later
        case.hear("intake", events.RequestAmended(amendment=number, changed=("representative",), requestor_type=kind))
    assert (await shown(desks))["requestor"]["requestor_type"] == "ATTORNEY"


async def test_what_changed_since_the_decision_is_shown_with_the_words_that_came_with_it(desks: Desks[State]) -> None:
    text = await sealed(desks, "amended_2", text="It is in June now.")
    removal = events.Removal(scheduled_for=after(days=90).date())
    later = events.RequestAmended(amendment=2, changed=("removal",), removal=removal, sealed=text)
    desks.engine.cases[CASE_ID].hear("intake", later, after(days=4))
    first, second = (await shown(desks))["changed"]
    assert [(each["field"], each["before"], each["after"]) for each in first["changes"]] == [("state", "AA", "MD")]
    assert [each["added"]["text"] for each in first["amendments"]] == ["She was moved."]
    assert [each["field"] for each in second["changes"]] == ["scheduled_for"]
    assert [each["added"]["text"] for each in second["amendments"]] == ["It is in June now."]


async def test_questions_are_shown_with_their_answers_whoever_gave_them(desks: Desks[State]) -> None:
    await order(desks, "claim")
    said: dict[str, Any] = {"about": ["custody"], "text": "Since when?"}
    of_requestor = (await order(desks, "ask", **said)).json()["question"]
    of_office = (await order(desks, "ask", addressee="field_office", **said)).json()["question"]
    case = desks.engine.cases[CASE_ID]
    words = await sealed(desks, "amended_2", text="Since May.")
    told = events.RequestAmended(amendment=2, changed=(), answers=UUID(of_requestor), sealed=words)
    case.hear("intake", told, after(days=6))
    answer = given(UUID(of_office))
    sealed_answer = await sealed(desks, f"answer_{of_office}", text="Since April.")
    case.hear("triage", answer.model_copy(update={"sealed": sealed_answer}), after(days=7))
    requestor, office = (await shown(desks))["questions"]
    assert (requestor["text"], requestor["answer"], requestor["answered_at"][:10]) == (
        "Since when?",
        "Since May.",
        "2021-03-14",
    )
    assert (office["text"], office["answer"], office["answered_by"]) == ("Since when?", "Since April.", "officer-ben")
    assert (await shown(desks))["told_by_office"] == 2


async def test_what_may_be_given_as_a_reason_is_shown_with_its_source(desks: Desks[State]) -> None:
    case = await shown(desks)
    assert case["may_remand"] is True
    outcomes = {outcome for reason in case["reasons"] for outcome in reason["outcomes"]}
    assert {"UPHELD", "OVERRIDDEN", "NO_ACTION", "REMANDED"} <= outcomes
    assert all(reason["source"] for reason in case["reasons"])


async def test_a_draft_is_shown_to_its_author_and_to_who_has_the_case_in_hand(desks: Desks[State]) -> None:
    await order(desks, "claim")
    codes = {"facts_seen": 1, "outcome": "UPHELD", "declined": ["RELEASE"], "reasons": ["CONSISTENT_WITH_GUIDANCE"]}
    said: dict[str, Any] = {**codes, "text": "Half of it."}
    assert (await order(desks, "draft", **said)).status_code == 200
    (draft,) = (await shown(desks))["drafts"]
    assert (draft["by"], draft["outcome"], draft["text"], draft["facts_seen"]) == (SAM, "UPHELD", "Half of it.", 1)
    assert b"Half" not in repr(desks.engine.cases[CASE_ID].case.work).encode()
    assert (await shown(desks, TOM))["drafts"] == []
    answer = await order(desks, "hand-over", TOM, holder=SAM, to=TOM, why="ABSENT")
    assert answer.json()["to"] == TOM
    handed = await shown(desks, TOM)
    assert [draft["text"] for draft in handed["drafts"]] == ["Half of it."]
    assert [(one["from"], one["to"], one["by"]) for one in handed["handed"]] == [(SAM, TOM, TOM)]
    assert [draft["by"] for draft in (await shown(desks, SAM))["drafts"]] == [SAM]


async def test_an_erased_cases_draft_shows_its_codes_only(desks: Desks[State]) -> None:
    await order(desks, "claim")
    await order(desks, "draft", facts_seen=1, outcome="UPHELD", text="Half of it.")
    await desks.keyring.shred(CASE_ID, ordered_by="p", reference="E-1")
    (draft,) = (await shown(desks))["drafts"]
    assert (draft["outcome"], draft["text"]) == ("UPHELD", None)


async def test_who_recuses_is_offered_and_shown_the_case_no_more_and_it_is_noted(desks: Desks[State]) -> None:
    await order(desks, "claim")
    for _ in range(2):
        answer = await desks.post(f"/cases/{CASE_ID}/recuse", SAM, Role.SRO, {"why": "OWN_INTEREST"}, key="k")
        assert answer.json() == {"recused": SAM}
    assert await queue(desks) == []
    refused = await desks.get(f"/cases/{CASE_ID}", SAM, Role.SRO)
    assert (refused.status_code, refused.json()["code"]) == (403, "recused")
    claimed = await order(desks, "claim")
    assert (claimed.status_code, claimed.json()["code"]) == (403, "recused")
    (record,) = desks.accesses.documents.values()
    assert (record["who"], record["fields"], record["why"]) == (
        SAM,
        [],
        "recusal declared, nothing opened: OWN_INTEREST",
    )
    others = await shown(desks, TOM)
    assert [each["by"] for each in others["recused"]] == [SAM]
    assert "OWN_INTEREST" not in json.dumps(others)


async def test_who_had_the_case_at_the_field_office_is_not_offered_it(desks: Desks[State]) -> None:
    assert await queue(desks, ANA) == []
    assert [item["number"] for item in await queue(desks)] == ["ICR-1"]


async def test_the_queue_says_why_a_case_stands_where_it_stands(desks: Desks[State]) -> None:
    (item,) = await queue(desks)
    assert item["place"] == 1
    assert item["why"][0].startswith("Detained")
    assert item["why"][1].startswith("It is due ")
    assert (item["new_facts"], item["office_asked"]) == (False, False)


async def test_the_queue_is_filtered_by_ground_round_and_due_date_and_paged(desks: Desks[State]) -> None:
    for number in range(2, 5):
        case = Escalation(UUID(int=number))
        case.hear("triage", completed(TriageOutcome.DECLINED, number=f"ICR-{number}"))
        case.hear("intake", requested(number=f"ICR-{number}", urgency=Urgency.DETAINED))
        desks.engine.cases[case.case.id] = case
    assert [item["place"] for item in await queue(desks, skip=1, limit=2)] == [2, 3]
    assert len(await queue(desks, ground="FACTORS_NOT_CONSIDERED")) == 1
    assert len(await queue(desks, ground="FIELD_OFFICE_DECLINED")) == 3
    assert (len(await queue(desks, round=1)), len(await queue(desks, round=2))) == (4, 0)
    assert await queue(desks, overdue=True) == []
    desks.now = after(days=16)  # fourteen days, which began three days later for ICR-1
    assert [item["overdue"] for item in await queue(desks, overdue=True)] == [True] * 3
    assert [item["number"] for item in await queue(desks, overdue=False)] == ["ICR-1"]


async def test_a_decision_on_less_than_the_office_has_told_is_refused_where_that_is_said(desks: Desks[State]) -> None:
    await order(desks, "claim")
    seen = (await shown(desks))["told_by_office"]
    asked = await order(desks, "ask", addressee="field_office", about=["facts"], text="Was it vacated?")
    desks.engine.cases[CASE_ID].hear("triage", given(UUID(asked.json()["question"])))
    codes = {"outcome": "UPHELD", "declined": ["RELEASE"], "reasons": ["CONSISTENT_WITH_GUIDANCE"]}
    said: dict[str, Any] = {"facts_seen": 1, "told_seen": seen, **codes}
    refused = await order(desks, "decide", **said)
    assert (refused.status_code, refused.json()["code"]) == (409, "office_told_more")
    bulk = {"decisions": [{"case_id": str(CASE_ID), **said}], "dry_run": True}
    (dry,) = (await desks.post("/decisions", SAM, Role.SRO, bulk)).json()["results"]
    assert dry["code"] == "office_told_more"
    assert (await order(desks, "decide", **said | {"told_seen": seen + 1})).status_code == 200


async def test_a_dry_run_of_many_decisions_refuses_what_the_decisions_would_be_refused(desks: Desks[State]) -> None:
    numbers = {"recused": 11, "withdrawn": 12, "sent_back": 13, "touched_before": 14}
    for code, number in numbers.items():
        case = Escalation(UUID(int=number)).declined()
        if code == "recused":
            case.recuse(SAM)
        if code == "withdrawn":
            case.claim(SAM)
            case.hear("intake", events.RequestWithdrawn(by="requestor"))
        if code == "sent_back":
            case.claim(TOM)
            case.remand(TOM)
        if code == "touched_before":
            case.claim(TOM)
            case.hear("triage", given(case.ask_office(TOM), by=SAM))
        desks.engine.cases[case.case.id] = case
    decision = {"facts_seen": 0, "outcome": "UPHELD", "declined": ["RELEASE"], "reasons": ["CONSISTENT_WITH_GUIDANCE"]}
    body = {"claim": True, "decisions": [{"case_id": str(UUID(int=each)), **decision} for each in numbers.values()]}
    for dry_run in (True, False):
        done = (await desks.post("/decisions", SAM, Role.SRO, body | {"dry_run": dry_run})).json()
        assert [one["code"] for one in done["results"]] == list(numbers)
    issued = [case.told(EventType.RESOLUTION_ISSUED) for case in desks.engine.cases.values()]
    assert sum(map(len, issued)) == 1  # the withdrawal


async def test_nobody_takes_a_case_from_somebody_for_a_third(desks: Desks[State]) -> None:
    await order(desks, "claim")
    answer = await order(desks, "hand-over", TOM, holder=SAM, to="sro-una", why="OTHER")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_yours_to_give")


async def test_an_amendment_before_the_request_is_known_shows_no_requestors_side_yet(tmp_path: Path) -> None:
    desks: Desks[State] = Desks(tmp_path, router)
    case = Escalation(CASE_ID)
    case.hear("intake", amended(1, "MD"), T0)
    desks.engine.cases[CASE_ID] = case
    only = await shown(desks)
    assert (only["requestor"], only["field_office"], only["personal"]) == (None, [], None)
