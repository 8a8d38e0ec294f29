"""A favourable resolution has an owner until somebody says that it is carried out, and an alarm when nobody does."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.triage.api import router
from services.triage.carrying_out import CarryingOut, Done, Take, to_do
from services.triage.domain.carrying_out import ToDo
from services.triage.domain.decision import Decision
from services.triage.domain.states import Considered, Resolved, State
from services.triage.orders import Officer
from services.triage.upcasting import with_grants
from shared.casework.offering import Verdict
from shared.contracts import events
from shared.contracts.vocabulary import (
    Belief,
    CustodyStatus,
    EventType,
    ReliefSought,
    ResolutionOutcome,
    Stage,
    TriageOutcome,
)
from shared.web.sign_in import Role
from tests.unit.desks import Desks
from tests.unit.one_case import CASE_ID, T0, after
from tests.unit.test_triage_http import services
from tests.unit.triage_story import (
    ANA,
    BEN,
    ERASED,
    FAVOURED,
    KIM,
    OVERRIDDEN,
    RESOLVED,
    Triage,
    amended,
    escalated,
    now_detained,
    remanded,
    submitted,
)

DETAINED = events.Custody(status=CustodyStatus.DETAINED, state="MD")
MONDAY = T0.date()
ENDS = datetime(2021, 3, 11, 22, tzinfo=UTC)
"""Of a detained person, resolved on 8 March: 3 days, by 17:00 in Baltimore."""


def favoured(**changed: Any) -> Triage:
    case = Triage().submit(submitted(custody=DETAINED, **changed))
    case.hear("escalation", FAVOURED)
    return case


def item_of(case: Triage) -> ToDo:
    item = to_do(case.state)
    assert item is not None
    return item


def done(case: Triage, officer: Officer = ANA, on: date = MONDAY, **more: Any) -> str | None:
    return case.refusal(CarryingOut.DONE, Done(officer, on, more.get("box", {})), more.get("at", T0))


@pytest.mark.parametrize("outcome", ResolutionOutcome)
def test_only_what_is_in_the_persons_favour_has_to_be_carried_out(outcome: ResolutionOutcome) -> None:
    case = Triage().submit()
    granted = (ReliefSought.RELEASE,) if outcome in {"FAVOURABLE", "OVERRIDDEN"} else ()
    case.hear("escalation", events.ResolutionIssued(stage=Stage.SRO, outcome=outcome, granted=granted))
    assert isinstance(case.state, Resolved)
    assert bool(to_do(case.state)) == bool(case.queue) == bool(granted)


def test_it_is_listed_at_the_office_and_overdue_is_told_once() -> None:
    case = favoured()
    assert (case.queue["to_carry_out"], case.queue["carry_out_by"]) == ("BAL", ENDS)
    assert case.clock_reaches(ENDS - timedelta(milliseconds=1)) is Verdict.ALREADY
    assert case.clock_reaches(ENDS) is Verdict.APPLIED
    assert case.clock_reaches(after(days=300)) is Verdict.ALREADY
    (told,) = case.told(EventType.RESOLUTION_OVERDUE)
    assert told == {"office": "BAL", "urgency": "DETAINED", "due": "2021-03-11T22:00:00.000Z"}
    assert item_of(case).overdue


def test_a_scheduled_removal_brings_the_alarm_before_it() -> None:
    case = favoured()
    removal = events.Removal(scheduled_for=date(2021, 3, 10))
    case.hear("intake", amended(1, removal=removal), after(hours=1))
    assert case.queue["carry_out_by"] == datetime(2021, 3, 9, 5, tzinfo=UTC)  # a day before the 10th begins
    assert case.clock_reaches(after(days=1)) is Verdict.APPLIED


def test_who_is_no_longer_about_to_be_removed_gets_a_later_due_date_and_then_a_new_alarm() -> None:
    case = favoured(removal=events.Removal(believed_imminent=Belief.YES))
    case.clock_reaches(after(days=2))
    case.hear("intake", amended(1, removal=events.Removal(believed_imminent=Belief.NO)), after(hours=60))
    assert not item_of(case).overdue
    case.clock_reaches(after(days=9))
    assert [each["urgency"] for each in case.told(EventType.RESOLUTION_OVERDUE)] == ["REMOVAL_IMMINENT", "DETAINED"]


def test_newer_facts_move_it_to_the_office_that_has_the_person_now() -> None:
    case = favoured()
    case.hear("intake", now_detained(1), after(hours=1))
    assert case.queue["to_carry_out"] == "PHI"
    assert done(case, ANA) == "not_your_office"
    assert done(case, KIM) is None


def test_one_officer_sees_to_it_until_a_colleague_takes_it_over() -> None:
    case = favoured()
    take = CarryingOut.TAKE
    assert case.refusal(take, Take(KIM)) == "not_your_office"
    assert case.refusal(take, Take(ANA)) is None
    assert case.refusal(take, Take(ANA), after(days=99)) is None
    assert case.case.work["owner"] == {"by": "officer-ana", "at": T0}
    assert case.refusal(take, Take(BEN)) == "taken_by_another"
    assert case.refusal(take, Take(BEN, over=True)) is None
    assert case.queue["owner"] == "officer-ben"


def test_done_is_said_once_by_anybody_of_the_office_and_ends_the_alarm() -> None:
    case = favoured()
    case.ask(CarryingOut.TAKE, Take(BEN))
    assert done(case, ANA, box={"carried_out": b"note"}) is None
    assert to_do(case.state) is None
    assert (case.queue, case.case.work.get("owner"), case.case.due_at) == ({}, None, None)
    (told,) = case.told(EventType.RESOLUTION_COMPLETED)
    assert (told["on"], told["office"], told["done_by"]) == ("2021-03-08", "BAL", "officer-ana")
    assert told["granted"] == ["RELEASE"]
    assert done(case) == "nothing_to_carry_out"
    assert case.refusal(CarryingOut.TAKE, Take(ANA)) == "nothing_to_carry_out"
    case.hear("intake", amended(1, custody=DETAINED), after(days=1))
    assert to_do(case.state) is None


@pytest.mark.parametrize(
    ("on", "refused"),
    [
        (date(2021, 3, 7), "before_the_request"),
        (date(2021, 3, 8), None),
        (date(2021, 3, 9), None),  # still the 9th in Baltimore, though the 10th in UTC
        (date(2021, 3, 10), "not_yet"),
    ],
)
def test_the_day_is_one_between_the_request_and_today(on: date, refused: str | None) -> None:
    assert done(favoured(), on=on, at=datetime(2021, 3, 10, 3, tzinfo=UTC)) == refused


def test_of_an_erased_case_it_is_said_without_a_note() -> None:
    case = favoured()
    case.hear("intake", ERASED)
    assert done(case, box={"carried_out": b"note"}) == "case_erased"
    assert done(case) is None


# What an office grants waits for nothing


BOTH = (ReliefSought.RELEASE, ReliefSought.STAY_OR_PAUSE_REMOVAL)
RELEASE, STAY = BOTH
PARTLY = Decision(
    TriageOutcome.DECLINED, granted=(RELEASE,), declined=(STAY,), reasons=("MITIGATING_FACTORS_OUTWEIGHED",)
)


def decided(decision: Decision = PARTLY) -> Triage:
    case = Triage().submit(submitted(custody=DETAINED, relief_sought=BOTH))
    case.claim(ANA)
    assert case.decide(decision) is None
    return case


def test_what_is_granted_is_to_be_carried_out_from_the_decision_on_though_the_rest_was_declined() -> None:
    case = decided()
    assert isinstance(case.state, Considered)
    item = item_of(case)
    assert (item.granted, item.stage, item.due, item.overdue) == ((RELEASE,), Stage.FIELD_OFFICE, ENDS, False)
    assert (case.queue["to_carry_out"], case.queue["carry_out_by"]) == ("BAL", ENDS)
    assert case.clock_reaches(ENDS) is Verdict.APPLIED
    assert len(case.told(EventType.RESOLUTION_OVERDUE)) == 1
    assert done(case, on=date(2021, 3, 9), at=after(days=4)) is None
    assert case.told(EventType.RESOLUTION_COMPLETED)[0]["granted"] == ["RELEASE"]


@pytest.mark.parametrize(
    "ended", [RESOLVED, events.ResolutionIssued(stage=Stage.SRO, outcome=ResolutionOutcome.UPHELD)]
)
def test_a_grant_stands_however_the_rest_of_the_case_ends(ended: events.ResolutionIssued) -> None:
    case = decided()
    case.hear("escalation", ended, after(days=1))
    assert isinstance(case.state, Resolved)
    assert item_of(case).granted == (RELEASE,)


def test_what_headquarters_grants_besides_is_another_thing_to_do_and_nothing_is_done_twice() -> None:
    case = decided()
    case.hear("escalation", escalated(), after(days=1))
    assert done(case, at=after(days=2)) is None
    assert to_do(case.state) is None
    more = events.ResolutionIssued(stage=Stage.SRO, outcome=ResolutionOutcome.OVERRIDDEN, granted=BOTH)
    case.hear("escalation", more, after(days=3))
    assert (item_of(case).granted, item_of(case).stage) == ((STAY,), Stage.SRO)
    assert done(case, at=after(days=4), on=date(2021, 3, 9)) is None
    assert [each["granted"] for each in case.told(EventType.RESOLUTION_COMPLETED)] == [["RELEASE"], [STAY]]


def test_beside_a_second_round_both_lists_have_the_case() -> None:
    case = decided()
    case.hear("escalation", escalated(), after(days=1))
    case.hear("escalation", remanded(), after(days=1))
    assert (case.queue["open"], case.queue["to_carry_out"]) == ("BAL", "BAL")
    case.claim(ANA, after(days=1))
    assert case.decide(PARTLY, at=after(days=1)) is None
    assert item_of(case).granted == (RELEASE,)


@pytest.mark.parametrize(
    ("stored", "grant"),
    [
        (
            {"_type": "ToCarryOut", "since": T0, "ends": {"ROUTINE": ENDS}, "late": ENDS},
            {"since": T0, "ends": {"ROUTINE": ENDS}},
        ),
        (
            {"_type": "CarriedOut", "on": "2021-03-09", "at": ENDS},
            {"since": ENDS, "ends": {}, "on": "2021-03-09", "at": ENDS},
        ),
    ],
)
def test_a_case_that_was_stored_before_still_says_what_was_granted(stored: Any, grant: Any) -> None:
    said = {"case": {"amendment": 0}, "stage": "SRO", "outcome": "OVERRIDDEN", "granted": ["RELEASE"]}
    read = with_grants(stored | said)
    assert (read["_type"], read["outcome"]) == ("Resolved", "OVERRIDDEN")
    assert read["case"]["grants"] == [{"reliefs": ["RELEASE"], "stage": "SRO"} | grant]
    assert read["case"].get("grants_late") == stored.get("late")


def test_before_and_without_a_favourable_resolution_there_is_nothing_to_carry_out() -> None:
    case = Triage().submit()
    assert done(case) == "nothing_to_carry_out"
    case.hear("escalation", RESOLVED)
    assert done(case) == "nothing_to_carry_out"


# At the desk


@pytest.fixture(name="desks")
async def _desks(tmp_path: Path) -> Desks[State]:
    desks: Desks[State] = Desks(tmp_path, router, **services())
    box = await desks.sealed(CASE_ID, "submitted", json.dumps({"narrative": "She cares for her son."}).encode())
    case = Triage()
    case.hear("intake", submitted(custody=DETAINED).model_copy(update={"sealed": box}))
    case.hear("escalation", OVERRIDDEN)
    desks.engine.cases[CASE_ID] = case
    return desks


async def ana(desks: Desks[State], path: str, body: Any) -> httpx.Response:
    return await desks.post(f"/cases/{CASE_ID}/{path}", "officer-ana", Role.OFFICER, body, offices=["BAL"])


async def listed(desks: Desks[State], office: str = "BAL", **params: Any) -> list[dict[str, Any]]:
    answer = await desks.get("/to-carry-out", "officer-ana", Role.OFFICER, offices=[office], **params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["to_carry_out"]
    return found


async def test_the_list_marks_what_is_overdue_and_says_who_sees_to_it(desks: Desks[State]) -> None:
    assert await listed(desks, "PHI") == []
    (item,) = await listed(desks)
    assert (item["outcome"], item["granted"], item["overdue"], item["owner"]) == (
        "OVERRIDDEN",
        ["RELEASE"],
        False,
        None,
    )
    assert await listed(desks, mine=True) == []
    assert (await ana(desks, "take", {})).json()["owner"] == "officer-ana"
    desks.now = ENDS
    (item,) = await listed(desks, mine=True)
    assert (item["overdue"], item["owner"]) == (True, "officer-ana")
    shown = (await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["BAL"])).json()
    assert shown["to_carry_out"]["owner"]["by"] == "officer-ana"


async def test_done_keeps_a_note_sealed(desks: Desks[State]) -> None:
    answer = await ana(desks, "carried-out", {"on": "2021-03-08", "text": "Released to her sister."})
    assert answer.json() == {"on": "2021-03-08"}
    assert await listed(desks) == []
    blobs = desks.engine.cases[CASE_ID].case.changes.blobs
    assert b"sister" not in blobs["carried_out"]
    wrong = await desks.post(f"/cases/{CASE_ID}/take", "officer-kim", Role.OFFICER, {}, offices=["PHI"])
    assert (wrong.status_code, wrong.json()["code"]) == (409, "nothing_to_carry_out")
