"""How a request moves through the field office: given what was heard, when something comes, then where it stands."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.triage.domain.states import Considered, Resolved, UnderConsideration, Unheard, Withdrawn, WithHeadquarters
from services.triage.orders import Claim, Order
from shared.casework.offering import Verdict
from shared.contracts import events
from shared.contracts.envelope import EventData
from shared.contracts.vocabulary import ConsentKind, ConsentStatus, EventType, RequestorType, TriageOutcome, Urgency
from tests.unit.one_case import POLICY, after
from tests.unit.triage_story import (
    ANA,
    BELIEVED,
    BEN,
    ERASED,
    RESOLVED,
    WITHDRAWN,
    Triage,
    amended,
    escalated,
    now_detained,
    remanded,
    submitted,
)

EASTERN = "America/New_York"
ROUTINE, IMMINENT = Urgency.ROUTINE, Urgency.REMOVAL_IMMINENT


def test_a_new_request_is_assigned_with_its_due_dates_at_revision_one() -> None:
    case = Triage().submit()
    (told,) = case.told()
    assert (told["revision"], told["office"], told["urgency"]) == (1, "BAL", "ROUTINE")
    assert told["answer_due"] == "2021-04-05T21:00:00.000Z"  # 20 business days, 17:00 in Baltimore
    assert told["silence_ends_at"] == "2021-05-07T13:00:00.000Z"  # 60 days, over the change of clocks
    assert told["overdue"] is False
    assert case.queue["open"] == "BAL"


def test_a_place_in_no_area_waits_to_be_assigned() -> None:
    case = Triage().submit(submitted("TX", "Nowhere"))
    assert "office" not in case.told()[0]
    assert case.queue["open"] == "TO_BE_ASSIGNED"


@pytest.mark.parametrize(
    ("early", "source"),
    [
        (amended(1), "intake"),
        (WITHDRAWN, "intake"),
        (escalated(), "escalation"),
        (remanded(), "escalation"),
        (RESOLVED, "escalation"),
    ],
)
def test_what_comes_before_the_submission_waits_for_it(early: EventData, source: str) -> None:
    case = Triage()
    assert case.hear(source, early) is Verdict.HELD
    assert case.state is None


def test_an_erasure_waits_for_nothing_since_a_rejected_request_is_never_submitted() -> None:
    case = Triage()
    case.hear("intake", ERASED)
    assert case.state == Unheard()
    assert case.waiting == []
    case.submit()
    assert isinstance(case.state, UnderConsideration)
    assert case.state.case.erased


def test_newer_facts_that_change_nothing_for_others_make_no_new_revision() -> None:
    case = Triage().submit()
    case.hear("intake", amended(1, facts=events.Facts()), after(days=1))
    assert len(case.told(EventType.TRIAGE_ASSIGNED)) == 1


def test_newer_facts_move_the_case_to_another_office_and_urgency() -> None:
    case = Triage().submit()
    case.hear("intake", now_detained(1), after(days=1))
    told = case.told(EventType.TRIAGE_ASSIGNED)[-1]
    assert (told["revision"], told["office"], told["urgency"]) == (2, "PHI", "DETAINED")
    assert told["answer_due"] == "2021-03-15T21:00:00.000Z"  # 7 days from the receipt, not from the news


def test_facts_that_leave_the_office_leave_the_claim() -> None:
    case = Triage().submit()
    case.claim()
    case.hear("intake", amended(1, removal=BELIEVED))
    assert case.queue["claimed_by"] == "officer-ana"
    assert case.queue["rank"] == 0


def test_the_calendar_alone_makes_a_scheduled_removal_imminent() -> None:
    case = Triage().submit(submitted(removal=events.Removal(scheduled_for=date(2021, 3, 28))))
    assert case.clock_reaches(after(days=5)) is Verdict.ALREADY
    assert case.clock_reaches(after(days=6)) is Verdict.APPLIED
    told = case.told(EventType.TRIAGE_ASSIGNED)[-1]
    assert (told["revision"], told["urgency"], told["overdue"]) == (2, "REMOVAL_IMMINENT", False)


def test_facts_from_before_that_moment_do_not_make_it_routine_again() -> None:
    case = Triage().submit(submitted(removal=events.Removal(scheduled_for=date(2021, 3, 28))))
    case.clock_reaches(after(days=6))
    case.hear("intake", amended(1, facts=events.Facts()), after(days=1))
    assert case.queue["rank"] == 0


@pytest.mark.parametrize(
    ("ending", "source", "state"),
    [
        (WITHDRAWN, "intake", Withdrawn),
        (escalated(), "escalation", WithHeadquarters),
        (RESOLVED, "escalation", Resolved),
    ],
)
def test_a_case_that_leaves_the_office_leaves_the_queue_and_its_claim_and_cannot_be_decided(
    ending: EventData, source: str, state: type
) -> None:
    case = Triage().submit()
    case.claim()
    case.hear(source, ending)
    assert isinstance(case.state, state)
    assert case.queue == {}
    assert "claim" not in case.case.work
    assert case.decide() == "not_under_consideration"
    assert case.claim() == "not_under_consideration"


def test_without_a_decision_headquarters_is_told_that_there_was_none_and_who_had_the_case() -> None:
    case = Triage().submit()
    case.claim(BEN)
    case.ask(Order.RELEASE, Claim(BEN))
    case.claim(ANA)
    case.hear("escalation", escalated())
    (told,) = case.told(EventType.TRIAGE_COMPLETED)
    assert (told["round"], told["outcome"]) == (1, TriageOutcome.NO_ANSWER)
    assert told["touched_by"] == ["officer-ana", "officer-ben"]


def test_without_a_decision_headquarters_is_told_also_after_a_withdrawal() -> None:
    case = Triage().submit()
    case.claim()
    case.hear("intake", WITHDRAWN)
    case.hear("escalation", escalated())
    (told,) = case.told(EventType.TRIAGE_COMPLETED)
    assert told["touched_by"] == ["officer-ana"]


@pytest.mark.parametrize("withdrawn", [False, True])
def test_after_a_decision_headquarters_is_told_nothing_more(withdrawn: bool) -> None:
    case = Triage().submit()
    case.claim()
    assert case.decide() is None
    assert isinstance(case.state, Considered)
    if withdrawn:
        case.hear("intake", WITHDRAWN)
    case.hear("escalation", escalated())
    assert len(case.told(EventType.TRIAGE_COMPLETED)) == 1


def test_a_remand_waits_for_the_escalation_before_it() -> None:
    case = Triage().submit()
    assert case.hear("escalation", remanded()) is Verdict.HELD
    case.hear("escalation", escalated())
    assert isinstance(case.state, UnderConsideration)
    assert case.state.round == 2


def test_a_remanded_case_is_before_the_same_office_with_a_new_clock() -> None:
    case = Triage().submit()
    case.hear("escalation", escalated(), after(days=61))
    case.hear("escalation", remanded(), after(days=70))
    told = case.told(EventType.TRIAGE_ASSIGNED)[-1]
    assert (told["revision"], told["office"]) == (2, "BAL")
    assert isinstance(case.state, UnderConsideration)
    assert case.state.answer_due == POLICY.end_of(POLICY.answer_within[ROUTINE], after(days=70), EASTERN)
    assert case.state.assigned_at == after(days=70)


def test_the_second_rounds_decision_says_so() -> None:
    case = Triage().submit()
    case.hear("escalation", escalated())
    case.hear("escalation", remanded())
    case.claim()
    assert case.decide(box={"completed_2": b"box"}) is None
    assert case.told(EventType.TRIAGE_COMPLETED)[-1]["round"] == 2
    case.hear("escalation", escalated(2))
    assert case.state == WithHeadquarters(case.state.case, 2)  # type: ignore[union-attr]


def test_a_withdrawn_case_stays_so_when_it_is_sent_back() -> None:
    case = Triage().submit()
    case.hear("escalation", escalated())
    case.hear("intake", WITHDRAWN)
    case.hear("escalation", remanded())
    assert isinstance(case.state, Withdrawn)
    assert case.queue == {}


@pytest.mark.parametrize(
    ("source", "late"),
    [("intake", WITHDRAWN), ("escalation", escalated()), ("intake", now_detained(1)), ("intake", ERASED)],
)
def test_a_resolution_outranks_whatever_comes_later(source: str, late: EventData) -> None:
    case = Triage().submit()
    case.hear("escalation", RESOLVED)
    told = len(case.told())
    case.hear(source, late)
    assert isinstance(case.state, Resolved)
    assert len(case.told()) == told


def test_an_answer_moves_both_due_dates_by_the_time_that_it_took() -> None:
    case = Triage().submit()
    case.claim()
    question = case.ask_requestor(at=after(days=2))
    case.hear("intake", amended(1, answers=question), after(days=5))
    told = case.told(EventType.TRIAGE_ASSIGNED)[-1]
    assert told["answer_due"] == "2021-04-07T21:00:00.000Z"  # two business days later: the third is a Saturday
    assert told["silence_ends_at"] == "2021-05-10T13:00:00.000Z"  # three days later


def test_while_a_question_is_open_the_longest_pause_is_assumed_and_told() -> None:
    case = Triage().submit()
    case.claim()
    case.ask_requestor()
    (_, told) = case.told(EventType.TRIAGE_ASSIGNED)
    assert (told["revision"], told["answer_due"]) == (2, "2021-04-19T21:00:00.000Z")
    assert case.clock_reaches(datetime(2021, 4, 19, 20, 59, tzinfo=UTC)) is Verdict.ALREADY  # not overdue on 5 April


def test_an_amendment_that_answers_nothing_leaves_the_question_open() -> None:
    case = Triage().submit()
    case.claim()
    case.ask_requestor()
    case.hear("intake", amended(1, facts=events.Facts()), after(days=5))
    assert isinstance(case.state, UnderConsideration)
    assert case.state.question is not None
    assert len(case.told(EventType.TRIAGE_ASSIGNED)) == 2


def test_the_pause_ends_when_the_time_to_answer_is_over_and_needs_no_event() -> None:
    case = Triage().submit()
    case.claim()
    question = case.ask_requestor()
    assert isinstance(case.state, UnderConsideration)
    assert case.state.question is not None
    answer_by, due = case.state.question.answer_by, case.state.answer_due
    assert answer_by == datetime(2021, 3, 23, 3, 59, tzinfo=UTC)  # 14 days, by 23:59 in Baltimore
    assert [
        case.state.question.is_open(answer_by - timedelta(milliseconds=1)),
        case.state.question.is_open(answer_by),
    ] == [
        True,
        False,
    ]
    assert case.clock_reaches(answer_by) is Verdict.ALREADY
    case.hear("intake", amended(1, answers=question), after(days=20))  # too late to pause anything for longer
    answered = case.state
    assert isinstance(answered, UnderConsideration)
    assert answered.answer_due == due
    assert answered.question is None


REFUSED = events.Consent(kind=ConsentKind.FORM_60_001, status=ConsentStatus.REFUSED)


@pytest.mark.parametrize(
    ("known", "told", "stands_still"),
    [
        ({"noncitizen_reachable": False}, {"consent": REFUSED}, False),
        ({"noncitizen_reachable": True}, {"consent": REFUSED}, True),  # the noncitizen is written to
        ({}, {"consent": REFUSED}, True),  # told by an older build, which did not say
        ({"noncitizen_reachable": True}, {"consent": REFUSED, "noncitizen_status": ConsentStatus.REFUSED}, False),
        (
            {"noncitizen_reachable": True, "requestor_type": RequestorType.NONCITIZEN},
            {"consent": REFUSED},
            False,
        ),  # there is no other noncitizen
        ({"noncitizen_reachable": False}, {"facts": events.Facts()}, True),
        ({"noncitizen_reachable": False}, {"requestor_reachable": False}, False),
        ({"noncitizen_reachable": False}, {"requestor_reachable": True}, True),
        ({"noncitizen_reachable": True}, {"requestor_reachable": False}, True),
        (
            {"noncitizen_reachable": True, "requestor_type": RequestorType.NONCITIZEN},
            {"requestor_reachable": False},
            False,
        ),
    ],
)
def test_a_question_stops_no_clock_when_nobody_may_be_asked(
    known: dict[str, Any], told: dict[str, Any], stands_still: bool
) -> None:
    asked_after = Triage().submit(submitted(**known))
    asked_after.hear("intake", amended(1, **told), after(days=1))
    asked_after.claim()
    assert isinstance(asked_after.state, UnderConsideration)
    due = asked_after.state.answer_due
    asked_after.ask_requestor(at=after(days=2))
    assert (asked_after.state.answer_due > due, asked_after.state.question is not None) == (stands_still, stands_still)
    asked_before = Triage().submit(submitted(**known))
    asked_before.claim()
    asked_before.ask_requestor(at=after(days=2))
    asked_before.hear("intake", amended(1, **told), after(days=5))
    newest = asked_before.told(EventType.TRIAGE_ASSIGNED)[-1]
    # As where the answer came on the fifth day.
    assert (newest["answer_due"] != "2021-04-07T21:00:00.000Z") is stands_still


def test_a_removal_waits_for_no_answer() -> None:
    case = Triage().submit(submitted(removal=events.Removal(scheduled_for=date(2021, 3, 28))))
    case.claim()
    case.ask_requestor()
    assert isinstance(case.state, UnderConsideration)
    assert case.state.answer_due == datetime(2021, 3, 27, 4, tzinfo=UTC)  # a day before the day begins in Baltimore


def test_the_earlier_of_two_deadlines_comes_first() -> None:
    case = Triage().submit(submitted(removal=events.Removal(scheduled_for=date(2021, 3, 24))))
    case.claim()
    case.ask_requestor()
    case.clock_reaches(after(days=3))
    assert isinstance(case.state, UnderConsideration)
    assert case.state.urgency is IMMINENT
    assert case.state.question is not None


def test_the_same_event_twice_is_one() -> None:
    case = Triage()
    first = case.senders.event("intake", submitted())
    assert [case.offer(first), case.offer(first)] == [Verdict.APPLIED, Verdict.ALREADY]
    assert len(case.told()) == 1
