"""Questions of headquarters: whose clock stands still, how the office answers, and what an answer decides: nothing."""

from datetime import timedelta
from typing import Any

import pytest

from services.escalation.asking import Ask
from services.escalation.domain.file import Addressee
from services.escalation.domain.states import InQueue, Remanded, Resolved
from services.escalation.orders import Order
from shared.contracts import events
from shared.contracts.vocabulary import (
    ConsentKind,
    ConsentStatus,
    EventType,
    TriageOutcome,
    Urgency,
)
from tests.unit.escalation_story import ERASED, SAM, TOM, Escalation, amended, completed, given, requested
from tests.unit.one_case import POLICY, after

OFFICE = Addressee.FIELD_OFFICE


def test_a_question_to_the_office_says_so_names_the_round_and_stops_no_clock() -> None:
    case = Escalation().declined()
    case.claim()
    due = case.queue["due"]
    question = case.ask_office(at=after(days=4))
    (told,) = case.told(EventType.OFFICE_ASKED)
    assert (told["question"], told["office"], told["round"]) == (str(question), "BAL", 1)
    assert case.told(EventType.INFORMATION_REQUESTED) == []
    assert case.queue["due"] == due
    case.hear("triage", given(question), after(days=6))
    assert case.queue["due"] == due
    assert isinstance(case.state, InQueue)


@pytest.mark.parametrize("urgency", list(Urgency))
def test_how_soon_the_office_should_answer_goes_by_the_urgency(urgency: Urgency) -> None:
    case = Escalation()
    case.hear("triage", completed(TriageOutcome.DECLINED))
    case.hear("intake", requested(urgency=urgency))
    case.claim()
    case.ask_office(at=after(days=1))
    (told,) = case.told(EventType.OFFICE_ASKED)
    by = POLICY.end_of(POLICY.office_answers_within[urgency], after(days=1), "America/New_York")
    assert told["answer_by"] == by.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_the_requestor_and_the_office_may_be_asked_at_once_but_each_once() -> None:
    case = Escalation().declined()
    case.claim()
    case.ask_requestor()
    case.ask_office()
    assert case.refusal(Order.ASK, Ask(SAM, ("facts",), {}, OFFICE)) == "question_open"
    assert case.refusal(Order.ASK, Ask(SAM, ("facts",), {})) == "question_open"
    late = POLICY.end_of(POLICY.office_answers_within[Urgency.ROUTINE], after(), "America/New_York")
    assert case.refusal(Order.ASK, Ask(SAM, ("facts",), {}, OFFICE), late) is None


def test_an_answered_office_may_be_asked_again() -> None:
    case = Escalation().declined()
    case.claim()
    case.hear("triage", given(case.ask_office()))
    assert case.refusal(Order.ASK, Ask(SAM, ("facts",), {}, OFFICE)) is None


def test_where_no_office_has_had_the_case_there_is_none_to_ask() -> None:
    case = Escalation()
    case.hear("intake", requested())
    case.hear("triage", completed(TriageOutcome.NO_ANSWER, office=None, touched_by=()))
    case.claim()
    assert case.refusal(Order.ASK, Ask(SAM, ("place",), {}, OFFICE)) == "no_office"
    assert case.refusal(Order.ASK, Ask(SAM, ("place",), {})) is None


def test_nothing_is_asked_about_an_erased_case() -> None:
    case = Escalation().declined()
    case.claim()
    case.hear("intake", ERASED)
    assert case.refusal(Order.ASK, Ask(SAM, ("facts",), {}, OFFICE)) == "case_erased"


def test_a_remand_ends_the_question_and_a_late_answer_is_only_filed() -> None:
    case = Escalation().declined()
    case.claim()
    question = case.ask_office()
    assert case.remand() is None
    case.hear("triage", given(question, by=TOM))
    assert isinstance(case.state, Remanded)
    case.hear("triage", completed(TriageOutcome.DECLINED, 2))
    assert isinstance(case.state, InQueue)
    assert case.state.file.office_question(2) is None
    assert case.claim(TOM) == "touched_before"


def test_a_question_left_open_before_a_remand_does_not_stand_in_the_way_after_it() -> None:
    case = Escalation().declined()
    case.claim()
    case.ask_office()
    case.remand()
    case.hear("triage", completed(TriageOutcome.DECLINED, 2), after(days=8))
    assert isinstance(case.state, InQueue)
    assert case.state.file.office_question(2) is None
    case.claim(at=after(days=9))
    assert case.refusal(Order.ASK, Ask(SAM, ("facts",), {}, OFFICE), after(days=9)) is None


def test_an_answer_after_the_end_changes_nothing_but_the_file() -> None:
    case = Escalation().declined()
    case.claim()
    question = case.ask_office()
    case.decide()
    resolution = case.state
    case.hear("triage", given(question))
    assert isinstance(case.state, Resolved)
    assert isinstance(resolution, Resolved)
    assert case.state.resolution == resolution.resolution
    assert case.state.file.answer_of_office(question) is not None
    assert len(case.told(EventType.RESOLUTION_ISSUED)) == 1


def test_the_first_answer_to_a_question_stays() -> None:
    case = Escalation().declined()
    case.claim()
    question = case.ask_office()
    case.hear("triage", given(question, by="officer-ben"))
    case.hear("triage", events.OfficeAnswered(question=question, answered_by="officer-cy", touched_by=()))
    assert isinstance(case.state, InQueue)
    answer = case.state.file.answer_of_office(question)
    assert answer is not None
    assert answer.by == "officer-ben"


def test_what_the_office_told_since_one_looked_refuses_the_decision_where_that_was_said() -> None:
    case = Escalation().declined()
    case.claim()
    assert isinstance(case.state, InQueue)
    seen = case.state.file.told_by_office
    case.hear("triage", given(case.ask_office()))
    assert case.decide(told_seen=seen) == "office_told_more"
    assert case.remand(told_seen=seen) == "office_told_more"
    assert case.decide(told_seen=seen + 1) is None


def test_an_answer_of_the_requestor_names_its_question_and_sets_the_clock_going() -> None:
    case = Escalation().declined()
    case.claim()
    due = case.queue["due"]
    question = case.ask_requestor(at=after(days=4))
    assert case.queue["due"] > due
    case.hear("intake", amended(1, answers=question), after(days=6))
    assert case.queue["due"] == due + timedelta(days=2)
    assert isinstance(case.state, InQueue)
    assert [told.answers for told in case.state.file.amendments] == [question]


REFUSED = events.Consent(kind=ConsentKind.FORM_60_001, status=ConsentStatus.REFUSED)


def consent(amendment: int, **told: Any) -> events.RequestAmended:
    return events.RequestAmended(amendment=amendment, changed=("consent",), **told)


@pytest.mark.parametrize(
    ("reachable", "told", "stands_still"),
    [
        (False, {"consent": REFUSED}, False),
        (True, {"consent": REFUSED}, True),  # the noncitizen is written to
        (None, {"consent": REFUSED}, True),  # told by an older build, which did not say
        (True, {"consent": REFUSED, "noncitizen_status": ConsentStatus.REFUSED}, False),
        (True, {"consent": REFUSED, "noncitizen_reachable": False}, False),
        (False, {}, True),
        (False, {"requestor_reachable": True}, True),
        (False, {"requestor_reachable": False}, False),
        (True, {"requestor_reachable": False}, True),
    ],
)
def test_a_question_stops_no_clock_when_nobody_may_be_asked(
    reachable: bool | None, told: dict[str, Any], stands_still: bool
) -> None:
    def waiting() -> Escalation:
        case = Escalation()
        case.hear("triage", completed(TriageOutcome.DECLINED), after(days=1))
        case.hear("intake", requested(noncitizen_reachable=reachable), after(days=2))
        case.claim()
        return case

    asked_after = waiting()
    asked_after.hear("intake", consent(1, **told), after(days=3))
    due = asked_after.queue["due"]
    asked_after.ask_requestor(at=after(days=4))
    assert (asked_after.queue["due"] > due) is stands_still
    asked_before = waiting()
    asked_before.ask_requestor(at=after(days=4))
    asked_before.hear("intake", consent(1, **told), after(days=6))
    assert (asked_before.queue["due"] != due + timedelta(days=2)) is stands_still
