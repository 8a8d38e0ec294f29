"""Headquarters asks the field office: when the question is open, who answers, and that whoever does is known there."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.triage.answering import Answer, open_questions
from services.triage.api import router
from services.triage.domain.states import State, WithHeadquarters
from services.triage.orders import Officer, Order
from shared.contracts.vocabulary import EventType
from shared.errors import CommandRefused
from shared.web.sign_in import Role
from tests.unit.desks import Desks
from tests.unit.memory_collection import MemoryCollection
from tests.unit.one_case import CASE_ID, after
from tests.unit.triage_story import (
    ANA,
    BEN,
    ERASED,
    KIM,
    PRESUMED,
    QUESTION,
    RESOLVED,
    Triage,
    asked,
    escalated,
    now_detained,
    remanded,
    submitted,
)


def answer(case: Triage, officer: Officer = ANA, question: UUID = QUESTION, **more: Any) -> str | None:
    box = more.get("box", {f"answer_{question}": b"box"})
    return case.refusal(Order.ANSWER, Answer(officer, question, box), more.get("at", after(days=6)))


@pytest.fixture(name="case")
def _case() -> Triage:
    """Declined by Ana, with headquarters, and asked about."""
    case = Triage().submit(submitted(facts=PRESUMED))
    case.claim()
    case.decide()
    case.hear("escalation", escalated(), after(days=3))
    case.hear("escalation", asked(), after(days=4))
    return case


def test_a_question_is_listed_for_the_office_that_had_the_case(case: Triage) -> None:
    assert (case.queue["asked"], case.queue["due"], case.queue["number"]) == ("BAL", after(days=9), "ICR-1")
    assert "open" not in case.queue


def test_an_answer_goes_to_headquarters_with_everybody_who_had_the_case_in_hand(case: Triage) -> None:
    assert answer(case, BEN) is None
    (told,) = case.told(EventType.OFFICE_ANSWERED)
    assert told == {
        "question": str(QUESTION),
        "answered_by": BEN.subject,
        "touched_by": sorted([ANA.subject, BEN.subject]),
    }
    assert isinstance(case.state, WithHeadquarters)
    assert open_questions(case.state) == ()
    assert case.queue == {}


def test_a_question_is_answered_once_by_its_office_in_words(case: Triage) -> None:
    assert answer(case, KIM) == "not_your_office"
    assert answer(case, box={}) == "text_missing"
    assert answer(case, box={"answer_other": b"box"}) == "text_missing"
    assert answer(case, question=UUID(int=78)) == "question_unknown"
    assert answer(case) is None
    assert answer(case, BEN) == "question_answered"
    assert len(case.told(EventType.OFFICE_ANSWERED)) == 1


def test_the_office_that_considered_the_case_answers_though_the_person_is_elsewhere_now(case: Triage) -> None:
    case.hear("intake", now_detained(1), after(days=5))
    assert isinstance(case.state, WithHeadquarters)
    assert (case.state.case.office, case.queue["asked"]) == ("PHI", "BAL")
    assert answer(case, KIM) == "not_your_office"
    assert answer(case, ANA) is None


def test_an_erased_case_cannot_be_answered_about(case: Triage) -> None:
    case.hear("intake", ERASED)
    assert answer(case) == "case_erased"


def test_whoever_answers_stays_known_in_the_next_rounds_record(case: Triage) -> None:
    answer(case, BEN)
    case.hear("escalation", remanded(), after(days=8))
    case.claim()
    case.decide()
    (_, second) = case.told(EventType.TRIAGE_COMPLETED)
    assert second["touched_by"] == sorted([ANA.subject, BEN.subject])


def test_a_question_is_over_when_the_case_comes_back_and_when_it_ends(case: Triage) -> None:
    case.hear("escalation", remanded(), after(days=8))
    assert "asked" not in case.queue
    assert answer(case) == "not_with_headquarters"
    case.claim()
    case.decide()
    case.hear("escalation", escalated(2), after(days=9))
    assert answer(case) == "question_over"
    case.hear("escalation", asked(2, UUID(int=78)), after(days=9))
    assert answer(case, question=UUID(int=78)) is None
    case.hear("escalation", RESOLVED)
    assert answer(case) == "not_with_headquarters"


def test_a_question_may_come_before_what_tells_that_headquarters_has_the_case() -> None:
    case = Triage()
    case.hear("escalation", asked(), after(days=4))
    assert case.waiting == ["office.asked"]
    case.submit()
    assert case.waiting == []
    assert answer(case) == "not_with_headquarters"
    case.hear("escalation", escalated(), after(days=3))
    assert case.queue["asked"] == "BAL"
    assert answer(case) is None


def test_an_answer_refused_marks_nobody(case: Triage) -> None:
    result = case.ask(Order.ANSWER, Answer(BEN, QUESTION, {}), after(days=6))
    assert isinstance(result, CommandRefused)
    assert BEN.subject not in case.case.work["touched"]


@pytest.fixture(name="desks")
async def _desks(tmp_path: Path, case: Triage) -> Desks[State]:
    desks: Desks[State] = Desks(tmp_path, router, http=None, services={}, turns=MemoryCollection())
    text = await desks.sealed(CASE_ID, f"question_{QUESTION}", b'{"text":"Was it vacated?"}')
    fresh = Triage(CASE_ID).submit(submitted(sealed={}, facts=PRESUMED))
    fresh.claim()
    fresh.decide()
    fresh.hear("escalation", escalated(), after(days=3))
    fresh.hear("escalation", asked(sealed=text), after(days=4))
    desks.engine.cases[CASE_ID] = fresh
    desks.now = after(days=5)
    return desks


async def test_an_officer_lists_reads_and_answers_what_headquarters_asks(desks: Desks[State]) -> None:
    listed = await desks.get("/questions", BEN.subject, Role.OFFICER, offices=["BAL"])
    (item,) = listed.json()["questions"]
    assert (item["number"], item["question"], item["about"], item["late"]) == ("ICR-1", str(QUESTION), ["facts"], False)
    shown = (await desks.get(f"/cases/{CASE_ID}", BEN.subject, Role.OFFICER, offices=["BAL"])).json()
    assert [each["id"] for each in shown["asked_by_headquarters"]] == [str(QUESTION)]
    assert shown["personal"][f"question_{QUESTION}"]["text"] == "Was it vacated?"
    body = {"question": str(QUESTION), "text": "It was, in May."}
    for _ in range(2):
        path = f"/cases/{CASE_ID}/answer"
        told = await desks.post(path, BEN.subject, Role.OFFICER, body, offices=["BAL"], key="k")
        assert told.json()["question"] == str(QUESTION)
    assert b"May" not in desks.engine.cases[CASE_ID].case.changes.blobs[f"answer_{QUESTION}"]
    empty = await desks.get("/questions", BEN.subject, Role.OFFICER, offices=["BAL"])
    assert empty.json() == {"questions": [], "more": False}


async def test_an_officer_of_the_office_that_was_asked_reads_a_case_that_belongs_elsewhere_now(
    desks: Desks[State],
) -> None:
    desks.engine.cases[CASE_ID].hear("intake", now_detained(1), after(days=5))
    shown = await desks.get(f"/cases/{CASE_ID}", BEN.subject, Role.OFFICER, offices=["BAL"])
    assert shown.status_code == 200
    assert (await desks.get(f"/cases/{CASE_ID}", "officer-lee", Role.OFFICER, offices=["ATL"])).status_code == 403


async def test_an_officer_reads_why_headquarters_sent_a_case_back(desks: Desks[State]) -> None:
    desks.engine.cases[CASE_ID].hear("escalation", remanded(), after(days=8))
    shown = (await desks.get(f"/cases/{CASE_ID}", BEN.subject, Role.OFFICER, offices=["BAL"])).json()
    (reason,) = shown["sent_back_for"]
    assert reason["code"] == "FACTORS_NOT_CONSIDERED"
    assert reason["sentence"]["en"]


async def test_questions_of_other_offices_are_not_listed_and_not_answered(desks: Desks[State]) -> None:
    assert (await desks.get("/questions", KIM.subject, Role.OFFICER, offices=["PHI"])).json()["questions"] == []
    refused = await desks.get("/questions", KIM.subject, Role.OFFICER, offices=["PHI"], office="BAL")
    assert refused.status_code == 403
    body = {"question": str(QUESTION), "text": "No."}
    answered = await desks.post(f"/cases/{CASE_ID}/answer", KIM.subject, Role.OFFICER, body, offices=["PHI"])
    assert (answered.status_code, answered.json()["code"]) == (403, "not_your_office")
