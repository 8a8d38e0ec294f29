"""Why a case stands where it stands in its office's queue, and that it moves when custody changes."""

from datetime import date
from typing import Any

import pytest

from services.triage.domain.states import UnderConsideration
from services.triage.domain.why import why
from shared.contracts import events
from shared.contracts.vocabulary import CustodyStatus, RejectCode
from tests.unit.one_case import POLICY, T0, after
from tests.unit.triage_story import ANA, BELIEVED, Triage, amended, escalated, now_detained, remanded, submitted

HELD = events.Custody(status=CustodyStatus.DETAINED, state="MD", county="Baltimore City")
SOON = events.Removal(scheduled_for=date(2021, 4, 7))
NEAR = events.Removal(scheduled_for=date(2021, 4, 2))
FREE = events.Custody(status=CustodyStatus.NOT_DETAINED)


def reasons(case: Triage, at: Any = T0) -> dict[str, str]:
    assert isinstance(case.state, UnderConsideration)
    return {str(each.because): each.sentence for each in why(case.state, at, POLICY)}


def test_a_case_says_its_class_its_due_date_and_since_when_it_waits() -> None:
    assert reasons(Triage().submit()) == {
        "urgency": "Routine: after imminent removals and detained people.",
        "due": "It is due Mon 05 Apr 2021 17:00 EDT.",
        "waits_since": "It waits since Mon 08 Mar 2021 09:00 EST.",
    }


@pytest.mark.parametrize(
    ("before", "news", "rank", "sentence"),
    [
        ({}, {"custody": HELD}, 1, "It was routine; newer facts of custody moved it, Wed 10 Mar 2021 09:00 EST."),
        ({"custody": HELD}, {"custody": FREE}, 2, "It was detained; newer facts of custody moved it, "),
        ({"custody": HELD}, {"removal": BELIEVED}, 0, "It was detained; newer facts of the removal moved it, "),
        (
            {"removal": BELIEVED},
            {"removal": events.Removal()},
            2,
            "It was removal imminent; newer facts of the removal",
        ),
        ({}, {"custody": HELD, "removal": BELIEVED}, 0, "It was routine; newer facts of custody and the removal moved"),
    ],
)
def test_newer_facts_of_custody_and_removal_move_a_case_and_the_queue_says_so(
    before: dict[str, Any], news: dict[str, Any], rank: int, sentence: str
) -> None:
    case = Triage().submit(submitted(**before))
    case.hear("intake", amended(1, **news), after(days=2))
    assert case.queue["rank"] == rank
    assert reasons(case, after(days=2))["urgency_changed"].startswith(sentence)


def test_a_case_that_the_calendar_moves_says_so() -> None:
    case = Triage().submit(submitted(removal=SOON))
    assert case.queue["rank"] == 2
    case.clock_reaches(after(days=20))
    assert case.queue["rank"] == 0
    assert reasons(case, after(days=20))["urgency_changed"].startswith(
        "It was routine; the day of the scheduled removal came near, Tue 23 Mar 2021"
    )


def test_a_case_that_is_back_in_its_class_names_its_newest_move_only() -> None:
    case = Triage().submit()
    case.hear("intake", amended(1, custody=HELD), after(days=1))
    case.hear("intake", amended(2, custody=FREE), after(days=2))
    assert reasons(case)["urgency_changed"].startswith("It was detained;")
    case.hear("intake", amended(3, facts=events.Facts()), after(days=3))
    assert reasons(case)["urgency_changed"].startswith("It was detained;")


def test_newer_facts_that_move_nothing_are_no_move() -> None:
    case = Triage().submit()
    case.hear("intake", amended(1, facts=events.Facts(), removal=SOON), after(days=1))
    assert "urgency_changed" not in reasons(case)


def test_a_claimed_case_moves_up_too() -> None:
    case = Triage().submit()
    case.claim(ANA)
    case.hear("intake", now_detained(1))
    assert (case.queue["open"], case.queue["rank"], case.queue["claimed_by"]) == ("BAL", 1, "officer-ana")


@pytest.mark.parametrize(
    ("told", "at", "because", "sentence"),
    [
        ({"removal": NEAR}, T0, "due_before_removal", "It is due Thu 01 Apr 2021 00:00 EDT, before the "),
        ({}, after(days=30), "overdue", "It was due Mon 05 Apr 2021 17:00 EDT."),
        ({}, after(days=21), "old_routine", "It is older than 21 days: of 10 cases taken next, one is such a case."),
        ({"resubmitted_at": after(days=3)}, T0, "keeps_its_day", "It mends a request that was sent back"),
        ({"incomplete": (RejectCode.NO_NARRATIVE,)}, T0, "incomplete", "It came incomplete, and too urgent"),
    ],
)
def test_what_tells_a_case_apart_is_said(told: dict[str, Any], at: Any, because: str, sentence: str) -> None:
    assert reasons(Triage().submit(submitted(**told)), at)[because].startswith(sentence)


def test_an_asked_forwarded_or_remanded_case_says_so() -> None:
    case = Triage().submit()
    case.claim()
    case.ask_requestor()
    assert reasons(case)["requestor_asked"].startswith("The requestor is asked, at most until Mon 22 Mar 2021 23:59")
    assert case.forward("PHI", ANA, at=after(days=1)) is None
    assert reasons(case)["forwarded"].startswith("A person gave it to this office, Tue 09 Mar 2021")
    case.hear("escalation", escalated(), after(days=2))
    case.hear("escalation", remanded(), after(days=3))
    assert reasons(case)["after_remand"].startswith("Headquarters has sent it back")
    assert reasons(case)["waits_since"] == "It waits since Thu 11 Mar 2021 09:00 EST."


def test_a_case_that_is_old_in_its_class_says_as_of_when_it_stands() -> None:
    case = Triage().submit()
    case.claim()
    for day in (1, 16, 31):
        case.ask_requestor(at=after(days=day))
    told = reasons(case, after(days=61))
    assert told["aged"].startswith("It stands as if it were due Fri 07 May 2021")
    assert case.queue["due"] == T0 + POLICY.aged_after[case.state.urgency]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"custody": events.Custody(status=CustodyStatus.DETAINED)}, "held, and nobody said where"),
        ({"custody": events.Custody(status=CustodyStatus.DETAINED, state="TX")}, "its county is not known"),
        (
            {"custody": events.Custody(status=CustodyStatus.DETAINED, state="TX", county="Travers")},
            "none of its state's",
        ),
        ({"custody": events.Custody(status=CustodyStatus.DETAINED, state="TX", county="Tyler")}, "the name of a town"),
        ({"custody": events.Custody(status=CustodyStatus.DETAINED, state="AS")}, "in no office's area"),
        ({"place": events.Place(state="CA")}, "no county is known. Ask for it or the ZIP code"),
        ({"place": events.Place(state="CA", county="Oakland")}, "perhaps a city. Ask for the county"),
        ({"place": events.Place(state="TX", county="Austin")}, "the name of a town"),
        ({"place": None}, "Nobody said where the person lives"),
    ],
)
def test_a_case_that_no_office_has_says_what_of_its_place_is_to_be_asked_for(
    changed: dict[str, Any], says: str
) -> None:
    told = reasons(Triage().submit(submitted(**changed)))
    assert next(iter(told)) == "to_be_assigned"
    assert says in told["to_be_assigned"]
    placed = Triage().submit(submitted("MD", **changed))
    placed.hear("intake", amended(1, custody=HELD))
    assert "to_be_assigned" not in reasons(placed)
