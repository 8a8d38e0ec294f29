"""By when the office should answer, before a removal above all; and what happens when it does not: it is told."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.domain.clock import paused, started
from services.triage.domain.states import UnderConsideration
from shared.casework.offering import Verdict
from shared.contracts import events
from shared.contracts.vocabulary import EventType, Urgency
from tests.unit.one_case import POLICY, T0, after
from tests.unit.triage_story import ANA, Triage, amended, escalated, now_detained, submitted

EASTERN = "America/New_York"
DUE = datetime(2021, 4, 5, 21, tzinfo=UTC)
"""Of a routine request received on 8 March: 20 business days."""


def scheduled(day: date) -> dict[str, Any]:
    return {"removal": events.Removal(scheduled_for=day)}


def state_of(case: Triage) -> UnderConsideration:
    assert isinstance(case.state, UnderConsideration)
    return case.state


@pytest.mark.parametrize(
    ("removal", "answer_due", "silence_ends"),
    [
        # Received on 8 March, 09:00 in Baltimore: 2 days and 4 days by the clock, for a removal that is imminent.
        (date(2021, 3, 20), "2021-03-10T14:00", "2021-03-12T14:00"),
        (date(2021, 3, 12), "2021-03-10T14:00", "2021-03-11T05:00"),  # a day before the 12th begins
        (date(2021, 3, 11), "2021-03-10T05:00", "2021-03-10T05:00"),
        (date(2021, 3, 9), "2021-03-09T05:00", "2021-03-09T05:00"),  # no whole day is left: before the day begins
        (date(2021, 3, 8), "2021-03-10T14:00", "2021-03-12T14:00"),  # today, or in the past: by the clock
        (date(2020, 3, 8), "2021-03-10T14:00", "2021-03-12T14:00"),
        (date(2021, 3, 30), "2021-03-29T04:00", "2021-03-29T04:00"),  # still routine: its 20 business days are cut
    ],
)
def test_due_is_the_earlier_of_the_clock_and_the_removal_less_a_margin(
    removal: date, answer_due: str, silence_ends: str
) -> None:
    state = state_of(Triage().submit(submitted(**scheduled(removal))))
    due, silence = (datetime.fromisoformat(f"{each}+00:00") for each in (answer_due, silence_ends))
    assert (state.answer_due, state.silence_ends_at) == (due, silence)


def test_news_of_a_removal_brings_the_due_date_nearer_and_its_cancellation_moves_it_back() -> None:
    case = Triage().submit()
    case.hear("intake", amended(1, **scheduled(date(2021, 3, 30))), after(days=1))
    assert case.told()[-1]["answer_due"] == "2021-03-29T04:00:00.000Z"
    case.hear("intake", amended(2, removal=events.Removal()), after(days=2))
    assert case.told()[-1]["answer_due"] == "2021-04-05T21:00:00.000Z"


def test_when_nobody_answers_in_time_this_is_told_once_and_nothing_is_decided() -> None:
    case = Triage().submit()
    assert case.clock_reaches(DUE - timedelta(milliseconds=1)) is Verdict.ALREADY
    assert case.clock_reaches(DUE) is Verdict.APPLIED
    assert case.clock_reaches(DUE + timedelta(days=100)) is Verdict.ALREADY
    told = case.told()
    assert [(one["revision"], one["overdue"]) for one in told] == [(1, False), (2, True)]
    assert {one["answer_due"] for one in told} == {"2021-04-05T21:00:00.000Z"}
    assert case.queue["open"] == "BAL"
    assert case.claim(at=DUE + timedelta(days=1)) is None
    assert case.decide(at=DUE + timedelta(days=1)) is None


def test_a_case_that_was_answered_in_time_is_never_overdue() -> None:
    case = Triage().submit()
    case.claim()
    case.decide()
    assert case.clock_reaches(DUE + timedelta(days=100)) is Verdict.ALREADY


def test_a_question_s_pause_moves_the_moment_and_a_case_overdue_before_is_so_no_more() -> None:
    case = Triage().submit()
    case.clock_reaches(DUE)
    case.claim(at=DUE)
    question = case.ask_requestor(at=DUE + timedelta(days=1))
    assert [one["overdue"] for one in case.told(EventType.TRIAGE_ASSIGNED)] == [False, True, False]
    case.hear("intake", amended(1, answers=question), DUE + timedelta(days=3))
    again = state_of(case).answer_due
    assert again == DUE + timedelta(days=2)
    assert case.clock_reaches(again) is Verdict.ALREADY  # the answer came later than that
    assert case.clock_reaches(DUE + timedelta(days=3)) is Verdict.APPLIED
    assert [one["overdue"] for one in case.told(EventType.TRIAGE_ASSIGNED)] == [False, True, False, False, True]


def test_a_case_that_is_overdue_at_once_is_so_from_the_moment_that_made_it_so() -> None:
    case = Triage().submit()
    case.hear("intake", now_detained(1), after(days=10))  # the 7 days of a detained person are over
    assert case.told()[-1]["overdue"] is False
    assert case.clock_reaches(after(days=10) - timedelta(milliseconds=1)) is Verdict.ALREADY
    assert case.clock_reaches(after(days=10)) is Verdict.APPLIED
    assert case.told()[-1]["overdue"] is True


def test_an_earlier_due_date_makes_no_second_notice() -> None:
    case = Triage().submit()
    case.clock_reaches(DUE)
    case.hear("intake", now_detained(1), after(days=40))
    assert case.told()[-1]["overdue"] is True
    assert case.clock_reaches(after(days=150)) is Verdict.ALREADY


def test_a_case_at_headquarters_is_no_longer_overdue_at_the_office() -> None:
    case = Triage().submit()
    case.hear("escalation", escalated(), after(days=5))
    assert case.clock_reaches(after(days=150)) is Verdict.ALREADY


def test_a_forwarded_case_keeps_its_due_date() -> None:
    case = Triage().submit()
    case.forward("LOS", ANA, at=after(days=10))
    assert case.clock_reaches(DUE) is Verdict.APPLIED
    told = case.told()[-1]
    assert (told["office"], told["overdue"], told["answer_due"]) == ("LOS", True, "2021-04-05T21:00:00.000Z")


MOMENTS = st.integers(0, 4 * 365 * 86400).map(
    lambda seconds: datetime(2021, 2, 19, tzinfo=UTC) + timedelta(seconds=seconds)
)
REMOVALS = st.none() | st.dates(date(2021, 1, 1), date(2024, 12, 31))


@given(MOMENTS, MOMENTS, REMOVALS)
def test_due_dates_are_monotone_in_the_received_time(one: datetime, other: datetime, removal: date | None) -> None:
    first, second = (state_of(_received(each, removal)) for each in sorted((one, other)))
    for urgency in Urgency:
        assert first.clock.answer_due[urgency] <= second.clock.answer_due[urgency]
        assert first.clock.silence_ends[urgency] <= second.clock.silence_ends[urgency]
    if first.urgency is second.urgency:
        assert first.answer_due <= second.answer_due
        assert first.silence_ends_at <= second.silence_ends_at
    assert first.answer_due > first.opened_at
    assert first.answer_due <= first.silence_ends_at


def _received(at: datetime, removal: date | None) -> Triage:
    case = Triage()
    data = submitted(received_at=at, removal=events.Removal(scheduled_for=removal))
    case.hear("intake", data, at)
    return case


@given(MOMENTS, st.timedeltas(timedelta(), timedelta(days=20)), st.timedeltas(timedelta(), timedelta(days=20)))
def test_a_longer_pause_never_brings_a_due_date_nearer(since: datetime, one: timedelta, other: timedelta) -> None:
    clock = started(since, POLICY, EASTERN)
    short, long = (paused(clock, POLICY, since=since, until=since + each) for each in sorted((one, other)))
    for urgency in Urgency:
        assert clock.answer_due[urgency] <= short.answer_due[urgency] <= long.answer_due[urgency]
        assert clock.silence_ends[urgency] <= short.silence_ends[urgency] <= long.silence_ends[urgency]


def test_silence_is_never_over_before_the_answer_is_due() -> None:
    clock = started(T0, POLICY, EASTERN)
    assert all(clock.answer_due[urgency] < clock.silence_ends[urgency] for urgency in Urgency)
