"""What changed between decision, request and now, and why a case stands where it stands in the queue."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.escalation.domain.changes import Look, stretches
from services.escalation.domain.states import InQueue
from services.escalation.domain.why import Because, why
from shared.contracts import events
from shared.contracts.comparing import Change, differences
from shared.contracts.vocabulary import Belief, CustodyStatus, TriageOutcome, Urgency
from tests.unit.escalation_story import Escalation, amended, completed, custody_in, given, requested
from tests.unit.one_case import POLICY, after

FREE = events.Custody(status=CustodyStatus.NOT_DETAINED)
SOON = events.Removal(scheduled_for=date(2021, 3, 20))
AT_ONCE = events.Removal(scheduled_for=date(2021, 3, 12))
"""Sooner than the two days that headquarters has for it."""


def saw(**changed: Any) -> events.SeenFacts:
    told = {"custody": custody_in("AA"), "removal": events.Removal(), "facts": events.Facts()}
    return events.SeenFacts(**(told | changed))


def item(case: Escalation) -> InQueue:
    assert isinstance(case.state, InQueue)
    return case.state


def urgency_of(case: Escalation) -> Urgency:
    return item(case).urgency_at(item(case).heard_at)


def test_what_changed_is_told_field_by_field_in_two_stretches() -> None:
    case = Escalation()
    case.hear("triage", completed(TriageOutcome.DECLINED, saw=saw(), facts_seen=0), after(days=1))
    case.hear("intake", amended(1, "MD"), after(days=2))
    case.hear("intake", requested(1, custody=custody_in("MD")), after(days=3))
    case.hear("intake", amended(2, removal=SOON), after(days=4))
    first, second = stretches(item(case).file, after(days=5))
    assert (first.since, first.until, second.since, second.until) == (
        Look.DECISION,
        Look.REQUEST,
        Look.REQUEST,
        Look.NOW,
    )
    assert first.changes == (Change("custody", "state", "AA", "MD", before_was_told=True),)
    assert [told.number for told in first.amendments] == [1]
    assert second.changes == (Change("removal", "scheduled_for", None, "2021-03-20", before_was_told=True),)
    assert [(told.number, told.at) for told in second.amendments] == [(2, after(days=4))]


def test_after_a_remand_only_what_came_after_the_second_decision_is_told() -> None:
    case = Escalation().declined()
    case.claim()
    case.remand()
    case.hear("intake", amended(1, "MD"), after(days=6))
    case.hear(
        "triage", completed(TriageOutcome.DECLINED, 2, saw=saw(custody=custody_in("MD")), facts_seen=1), after(days=8)
    )
    (only,) = stretches(item(case).file, after(days=9))
    assert (only.since, only.until, only.changes, only.amendments) == (Look.DECISION, Look.NOW, (), ())


def test_a_field_office_that_never_answered_has_no_decision_to_compare_with() -> None:
    case = Escalation()
    case.hear("intake", requested(), after(days=3))
    case.hear("triage", completed(TriageOutcome.NO_ANSWER), after(days=3, hours=1))
    (only,) = stretches(item(case).file, after(days=5))
    assert (only.since, only.until) == (Look.REQUEST, Look.NOW)


def test_a_record_that_does_not_say_what_it_rests_on_leaves_the_earlier_value_open() -> None:
    case = Escalation()
    case.hear("triage", completed(TriageOutcome.DECLINED), after(days=1))
    case.hear("intake", requested(custody=custody_in("MD")), after(days=3))
    first, _ = stretches(item(case).file, after(days=5))
    assert Change("custody", "state", None, "MD", before_was_told=False) in first.changes


def test_a_fact_that_was_corrected_shows_who_asserted_it() -> None:
    before = {"facts": '{"final_order":{"value":true,"asserted_by":"requestor","on":"2021-03-01"}}'}
    after_ = {"facts": '{"final_order":{"value":false,"asserted_by":"officer","on":"2021-03-09"}}'}
    (change,) = differences(before, after_)
    assert (change.field, change.before["value"], change.after["asserted_by"]) == ("final_order", True, "officer")


@pytest.mark.parametrize(
    ("custody", "removal", "urgency"),
    [
        (FREE, None, Urgency.ROUTINE),
        (custody_in("MD"), None, Urgency.DETAINED),
        (custody_in("MD"), SOON, Urgency.REMOVAL_IMMINENT),
        (FREE, events.Removal(believed_imminent=Belief.YES), Urgency.REMOVAL_IMMINENT),
        (FREE, events.Removal(scheduled_for=date(2021, 6, 1)), Urgency.ROUTINE),
    ],
)
def test_newer_facts_of_custody_and_removal_move_the_case_in_the_queue(
    custody: events.Custody, removal: events.Removal | None, urgency: Urgency
) -> None:
    case = Escalation()
    case.hear("triage", completed(TriageOutcome.DECLINED))
    case.hear("intake", requested(urgency=Urgency.ROUTINE), after(days=3))
    data = events.RequestAmended(amendment=1, changed=("custody",), custody=custody, removal=removal)
    case.hear("intake", data, after(days=4))
    assert urgency_of(case) is urgency
    assert case.queue["rank"] == [Urgency.REMOVAL_IMMINENT, Urgency.DETAINED, Urgency.ROUTINE].index(urgency)
    by_the_clock = POLICY.end_of(POLICY.sro_answer_within[urgency], after(days=3), "America/New_York")
    assert item(case).by_the_clock(item(case).heard_at) == by_the_clock
    changed = Because.URGENCY_CHANGED in {each.because for each in why(item(case), after(days=5))}
    assert changed == (urgency is not Urgency.ROUTINE)


def test_facts_that_the_request_knew_do_not_outrank_the_urgency_that_it_told() -> None:
    case = Escalation()
    case.hear("triage", completed(TriageOutcome.DECLINED))
    data = events.RequestAmended(amendment=1, changed=("custody",), custody=FREE)
    case.hear("intake", data, after(days=2))
    case.hear("intake", requested(1, custody=FREE, urgency=Urgency.DETAINED), after(days=3))
    assert urgency_of(case) is Urgency.DETAINED


def test_nor_does_what_the_request_told_outrank_facts_that_it_tells_itself() -> None:
    case = Escalation()
    case.hear("triage", completed(TriageOutcome.DECLINED))
    case.hear("intake", requested(1, custody=custody_in("MD"), urgency=Urgency.ROUTINE), after(days=3))
    assert urgency_of(case) is Urgency.DETAINED


def test_the_reasons_for_a_cases_place_are_said() -> None:
    case = Escalation()
    case.hear("intake", requested(urgency=Urgency.DETAINED), after(days=3))
    assert [each.because for each in why(item(case), after(days=4))] == [
        Because.URGENCY,
        Because.DUE,
        Because.GROUND,
        Because.RECORD_MISSING,
    ]
    case.hear("triage", completed(TriageOutcome.NO_ANSWER))
    case.claim()
    case.ask_requestor(at=after(days=4))
    office = case.ask_office(at=after(days=4))
    case.hear("intake", amended(1), after(days=5))
    late = case.queue["due"] + timedelta(seconds=1)
    told = {each.because: each.sentence for each in why(item(case), after(days=5))}
    assert "the clock stands still" in told[Because.REQUESTOR_ASKED]
    assert told[Because.OFFICE_ASKED] == "The field office is asked; the clock goes on."
    assert Because.NEW_FACTS in told
    assert Because.OVERDUE in {each.because for each in why(item(case), late)}
    assert "late" in {each.because: each.sentence for each in why(item(case), late)}[Because.OFFICE_ASKED]
    case.hear("triage", given(office))
    assert Because.OFFICE_ASKED not in {each.because for each in why(item(case), late)}


def test_a_removal_that_draws_near_is_the_reason_for_the_due_date() -> None:
    case = Escalation()
    case.hear("intake", requested(urgency=Urgency.REMOVAL_IMMINENT, removal=AT_ONCE), after(days=1))
    case.hear("triage", completed(TriageOutcome.NO_ANSWER))
    (due,) = (each for each in why(item(case), after(days=2)) if each.because is Because.DUE_BEFORE_REMOVAL)
    assert "before the scheduled removal" in due.sentence


def test_what_came_back_after_a_remand_says_so() -> None:
    case = Escalation().declined()
    case.claim()
    case.remand()
    case.hear("triage", completed(TriageOutcome.DECLINED, 2), after(days=8))
    assert Because.AFTER_REMAND in {each.because for each in why(item(case), after(days=9))}
