"""Whose queue a case is in: what moves it, who keeps it, and the notice that it belongs elsewhere."""

from typing import Any

import pytest

from services.triage.domain.hints import PENDING_IN_COURT, hints
from services.triage.domain.states import UnderConsideration
from services.triage.orders import Claim, Order
from services.triage.routing import now_in_area_of, office_now
from shared.contracts import events
from shared.contracts.vocabulary import CustodyStatus, EventType
from tests.unit.one_case import POLICY, after
from tests.unit.triage_story import ANA, BEN, DESK, KIM, Triage, amended, escalated, now_detained, remanded, submitted

CLAIM_ENDS = after() + POLICY.claim_lasts


def held(state: str | None, county: str | None = None) -> dict[str, Any]:
    return {"custody": events.Custody(status=CustodyStatus.DETAINED, state=state, county=county)}


def where(case: Triage) -> tuple[str | None, str | None]:
    """The office that has the case, and the one that it belongs to by the newest facts if that is another."""
    assert isinstance(case.state, UnderConsideration)
    assert case.queue["open"] == (office_now(case.state, case.case.work) or "TO_BE_ASSIGNED")
    return office_now(case.state, case.case.work), now_in_area_of(case.state, case.case.work)


@pytest.mark.parametrize(
    ("changed", "office"),
    [
        ({}, "BAL"),
        (held("PA"), "PHI"),  # the facility's place, not the residence
        (held("TX", "Kleberg County"), "SNA"),  # Harlingen opened later
        (held(None), None),  # held nobody knows where: the residence would be a guess
        (held("TX"), None),
        (held("American Samoa"), None),
        ({"custody": events.Custody(status=CustodyStatus.UNKNOWN, state="PA")}, "BAL"),
        ({"custody": events.Custody(status=CustodyStatus.NOT_DETAINED, state="PA")}, "BAL"),
    ],
)
def test_a_detained_person_is_routed_by_the_facility_and_everybody_else_by_residence(
    changed: dict[str, Any], office: str | None
) -> None:
    case = Triage().submit(submitted("MD", **changed))
    assert case.told()[0].get("office") == office
    assert case.queue["open"] == (office or "TO_BE_ASSIGNED")


@pytest.mark.parametrize(
    ("state", "county", "zone", "due"),
    [
        ("MD", None, "America/New_York", "2021-03-15T21:00:00.000Z"),
        ("AZ", None, "America/Phoenix", "2021-03-16T00:00:00.000Z"),
        ("PR", "San Juan", "America/Puerto_Rico", "2021-03-15T21:00:00.000Z"),
        ("GU", None, "Pacific/Guam", "2021-03-16T07:00:00.000Z"),  # received on Tuesday there
        ("NV", "Clark", "America/Los_Angeles", "2021-03-16T00:00:00.000Z"),  # its office is in Utah
        ("NV", "West Wendover", "America/Denver", "2021-03-15T23:00:00.000Z"),
        ("TN", "Knox County", "America/New_York", "2021-03-15T21:00:00.000Z"),  # its office is in Louisiana
        ("FL", "Escambia", "America/Chicago", "2021-03-15T22:00:00.000Z"),  # its office is in Miami
        ("AS", None, "Pacific/Pago_Pago", "2021-03-16T04:00:00.000Z"),  # no office, and a clock of its own
        ("TX", None, "America/Chicago", "2021-03-15T22:00:00.000Z"),
        (None, None, "America/New_York", "2021-03-15T21:00:00.000Z"),  # to be assigned: headquarters' clock
    ],
)
def test_seven_days_end_at_five_o_clock_where_the_person_is(
    state: str | None, county: str | None, zone: str, due: str
) -> None:
    case = Triage().submit(submitted("MD", **held(state, county)))
    assert case.told()[0]["answer_due"] == due
    assert isinstance(case.state, UnderConsideration)
    assert case.state.clock.zone == zone


def test_facts_move_a_case_that_nobody_has_in_hand() -> None:
    case = Triage().submit()
    case.hear("intake", now_detained(1), after(days=1))
    assert where(case) == ("PHI", None)
    assert case.claim(ANA, at=after(days=1)) == "not_your_office"
    assert case.claim(KIM, at=after(days=1)) is None


def test_an_officer_at_work_keeps_the_case_and_is_shown_that_it_is_in_another_area() -> None:
    case = Triage().submit()
    case.claim(ANA)
    case.hear("intake", now_detained(1), after(days=1))
    assert where(case) == ("BAL", "PHI")
    told = case.told(EventType.TRIAGE_ASSIGNED)[-1]
    assert (told["office"], told["urgency"]) == ("BAL", "DETAINED")
    assert case.claim(KIM, at=after(days=2)) == "not_your_office"
    assert case.decide(facts_seen=1, at=after(days=2)) is None
    assert case.told(EventType.TRIAGE_COMPLETED)[0]["office"] == "BAL"


def test_a_kept_case_is_forwarded_with_a_reason_and_the_clock_goes_on() -> None:
    case = Triage().submit()
    case.claim(ANA)
    case.hear("intake", now_detained(1), after(days=1))
    due = case.told(EventType.TRIAGE_ASSIGNED)[-1]["answer_due"]
    assert case.forward("PHI", ANA, facts_seen=1, at=after(days=2)) is None
    assert where(case) == ("PHI", None)
    assert case.told(EventType.TRIAGE_ASSIGNED)[-1]["answer_due"] == due
    assert "claim" not in case.case.work


def test_a_kept_case_that_is_put_back_goes_where_it_belongs_and_this_is_told() -> None:
    case = Triage().submit()
    case.claim(ANA)
    case.hear("intake", now_detained(1), after(days=1))
    case.ask(Order.RELEASE, Claim(ANA), after(days=2))
    assert where(case) == ("PHI", None)
    told = case.told(EventType.TRIAGE_ASSIGNED)
    assert [(one["revision"], one["office"]) for one in told] == [(1, "BAL"), (2, "BAL"), (3, "PHI")]


def test_putting_back_a_case_that_is_where_it_belongs_is_told_nobody() -> None:
    case = Triage().submit()
    case.claim(ANA)
    case.ask(Order.RELEASE, Claim(ANA))
    assert len(case.told()) == 1


def test_facts_end_a_claim_that_is_over_and_move_the_case() -> None:
    case = Triage().submit()
    case.claim(ANA)
    case.hear("intake", now_detained(1), CLAIM_ENDS)
    assert where(case) == ("PHI", None)
    assert "claim" not in case.case.work
    assert case.case.work["touched"] == ["officer-ana"]


def test_a_case_whose_claim_ran_out_later_stays_with_its_notice_until_somebody_sees_to_it() -> None:
    case = Triage().submit()
    case.claim(ANA)
    case.hear("intake", now_detained(1), after(days=1))
    assert where(case) == ("BAL", "PHI")
    assert case.claim(BEN, at=CLAIM_ENDS) is None
    assert where(case) == ("BAL", "PHI")


def test_a_place_that_became_unknown_is_a_notice_too() -> None:
    case = Triage().submit()
    case.claim(ANA)
    case.hear("intake", amended(1, **held(None)), after(days=1))
    assert where(case) == ("BAL", "TO_BE_ASSIGNED")


def test_a_person_s_choice_stands_and_a_later_move_of_the_person_is_a_notice() -> None:
    case = Triage().submit()
    case.forward("ATL", ANA)
    assert where(case) == ("ATL", None)  # the person knew that the map says Baltimore
    case.hear("intake", now_detained(1))
    assert where(case) == ("ATL", "PHI")
    case.hear("intake", amended(2, **held("MD")))
    assert where(case) == ("ATL", None)


def test_a_remanded_case_goes_where_the_newest_facts_place_it() -> None:
    case = Triage().submit()
    case.claim(ANA)
    case.hear("intake", now_detained(1), after(days=1))
    case.hear("escalation", escalated(), after(days=20))
    assert case.told(EventType.TRIAGE_COMPLETED)[0]["office"] == "BAL"  # nobody there answered
    case.hear("escalation", remanded(), after(days=25))
    assert where(case) == ("PHI", None)


@pytest.mark.parametrize(
    ("changed", "zone"),
    [
        ({}, "America/New_York"),  # Maryland, whichever office has the case
        (held(None), "America/Los_Angeles"),  # held nobody knows where: the office's, which is the next best
    ],
)
def test_after_a_forward_a_new_round_runs_by_the_place_s_clock_still(changed: dict[str, Any], zone: str) -> None:
    case = Triage().submit(submitted("MD", **changed))
    case.forward("LOS", DESK)
    assert isinstance(case.state, UnderConsideration)
    assert case.state.clock.zone == "America/New_York"
    case.hear("escalation", escalated(), after(days=20))
    case.hear("escalation", remanded(), after(days=25))
    assert isinstance(case.state, UnderConsideration)
    assert case.state.clock.zone == zone


@pytest.mark.parametrize(
    ("place", "ends"),
    [
        ("MD", "2021-03-23T03:59:00.000Z"),
        ("CA", "2021-03-23T06:59:00.000Z"),  # held in Maryland, while the family reads of it in California
    ],
)
def test_a_question_is_open_until_a_day_ends_where_the_person_lives(place: str, ends: str) -> None:
    case = Triage().submit(submitted(place, **held("MD")))
    case.claim(ANA)
    case.ask_requestor(ANA)
    (asked,) = case.told(EventType.INFORMATION_REQUESTED)
    assert asked["answer_by"] == ends


@pytest.mark.parametrize(
    ("days", "ends"),
    [
        (0, "2021-03-23T03:59:00.000Z"),  # the fourteenth day is a Monday
        (4, "2021-03-27T03:59:00.000Z"),  # a Friday
        (5, "2021-03-30T03:59:00.000Z"),  # a Saturday: the Monday after
        (6, "2021-03-30T03:59:00.000Z"),
    ],
)
def test_a_question_whose_last_day_is_no_business_day_is_open_until_the_next_one_ends(days: int, ends: str) -> None:
    case = Triage().submit()
    case.claim(ANA, at=after(days=days))
    case.ask_requestor(ANA, at=after(days=days))
    (asked,) = case.told(EventType.INFORMATION_REQUESTED)
    assert asked["answer_by"] == ends


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({}, ()),
        ({"pending_in_court": {"value": False}}, ()),
        ({"pending_in_court": {"value": True}}, (PENDING_IN_COURT,)),
    ],
)
def test_a_case_pending_in_court_is_a_hint_for_the_officer(facts: dict[str, Any], shown: tuple[object, ...]) -> None:
    assert hints(facts) == shown


def test_a_case_pending_in_court_is_referred_by_nobody_but_an_officer() -> None:
    pending = events.Facts(pending_in_court=events.Fact[bool](value=True, asserted_by="requestor", on=after().date()))
    case = Triage().submit(submitted(facts=pending))
    case.clock_reaches(after(days=365))
    assert isinstance(case.state, UnderConsideration)
    assert where(case) == ("BAL", None)
    assert case.told(EventType.TRIAGE_COMPLETED) == []
