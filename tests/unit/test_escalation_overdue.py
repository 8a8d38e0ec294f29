"""When the SRO does not answer in time: it is told, once for each due date, and nothing is decided by it."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.states import InQueue
from shared.casework.offering import Verdict
from shared.contracts import events
from shared.contracts.vocabulary import EventType, TriageOutcome
from shared.policy.model import RANK
from tests.unit.escalation_story import SAM, WITHDRAWN, Escalation, amended, completed, requested
from tests.unit.one_case import after


def queued(case: Escalation) -> InQueue:
    assert isinstance(case.state, InQueue)
    return case.state


def overdue(case: Escalation) -> list[tuple[int, str]]:
    """The rounds and due dates that were told to have passed."""
    return [(said["round"], said["due"]) for said in case.told(EventType.REVIEW_OVERDUE)]


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_a_due_date_that_passes_is_told_once_and_nothing_is_decided() -> None:
    case = Escalation().declined()
    due = case.queue["due"]
    assert case.clock_reaches(due - timedelta(milliseconds=1)) is Verdict.ALREADY
    assert case.clock_reaches(due) is Verdict.APPLIED
    assert case.clock_reaches(due + timedelta(days=100)) is Verdict.ALREADY
    assert overdue(case) == [(1, written(due))]
    assert case.queue["open"] == "HQ"
    assert case.claim(at=due + timedelta(days=1)) is None
    assert case.decide(at=due + timedelta(days=1)) is None


def test_the_holder_of_a_claim_keeps_it_when_the_due_date_passes() -> None:
    case = Escalation().declined()
    due = case.queue["due"]
    assert case.claim(SAM, at=due - timedelta(hours=1)) is None
    case.clock_reaches(due)
    assert case.decide(at=due + timedelta(minutes=1)) is None


def test_a_question_moves_the_due_date_and_that_one_is_told_when_it_passes_too() -> None:
    case = Escalation().declined()
    first = case.queue["due"]
    case.clock_reaches(first)
    case.claim(SAM, at=first + timedelta(hours=1))
    case.ask_requestor(at=first + timedelta(hours=2))
    second = case.queue["due"]
    assert second > first
    assert case.clock_reaches(second - timedelta(milliseconds=1)) is Verdict.ALREADY
    assert case.clock_reaches(second) is Verdict.APPLIED
    assert overdue(case) == [(1, written(first)), (1, written(second))]


def test_news_that_bring_the_due_date_nearer_are_not_told_again() -> None:
    case = Escalation().declined()
    due = case.queue["due"]
    case.clock_reaches(due)
    removal = events.Removal(scheduled_for=due.date() + timedelta(days=3))
    case.hear("intake", amended(1, "AA", removal=removal), due + timedelta(hours=1))
    assert case.queue["due"] <= due
    assert case.clock_reaches(due + timedelta(days=30)) is Verdict.ALREADY
    assert len(overdue(case)) == 1


def test_each_round_has_a_due_date_of_its_own() -> None:
    case = Escalation().declined()
    first = case.queue["due"]
    case.clock_reaches(first)
    case.claim(SAM, at=first)
    case.remand(at=first + timedelta(hours=1))
    assert case.clock_reaches(first + timedelta(days=300)) is Verdict.ALREADY  # not before headquarters
    case.hear("triage", completed(TriageOutcome.DECLINED, 2), first + timedelta(days=5))
    second = case.queue["due"]
    case.clock_reaches(second)
    assert [round_ for round_, _ in overdue(case)] == [1, 2]


def test_who_withdrew_is_not_waited_for() -> None:
    case = Escalation().declined()
    due = case.queue["due"]
    case.hear("intake", WITHDRAWN, after(days=4))
    assert case.clock_reaches(due) is Verdict.ALREADY
    assert overdue(case) == []


@given(
    days=st.lists(st.integers(0, 60), min_size=1, max_size=6),
    removals=st.lists(st.none() | st.integers(0, 90), max_size=4),
)
def test_it_is_never_told_early_nor_twice_for_one_date(days: list[int], removals: list[int | None]) -> None:
    case = Escalation()
    case.hear("intake", requested(), after(days=3))
    for number, day in enumerate(removals, start=1):
        scheduled = date(2021, 3, 8) + timedelta(days=day) if day is not None else None
        case.hear("intake", amended(number, removal=events.Removal(scheduled_for=scheduled)), after(days=3 + number))
    for day in sorted(days):
        now = after(days=10 + day)
        before = overdue(case)
        while case.clock_reaches(now) is Verdict.APPLIED:
            pass
        due = case.queue["due"]
        told = overdue(case)[len(before) :]
        assert all(written(due) <= when <= written(now) for _, when in told)
        assert queued(case).told_overdue(now) == (due <= now)
        assert (case.queue["rank"], due) == (RANK[queued(case).urgency_at(now)], queued(case).due_at(now))
    assert len(set(overdue(case))) == len(overdue(case))
