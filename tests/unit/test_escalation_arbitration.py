"""The arbiter: which input ends a case, and which only informs. Given what was heard, when something comes, then."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.escalation.domain.states import AwaitingRequestor, Following, InQueue, Remanded, Resolved
from shared.casework.offering import Verdict
from shared.contracts import events
from shared.contracts.envelope import EventData
from shared.contracts.vocabulary import EventType, ReliefSought, TriageOutcome, Urgency
from tests.unit.escalation_story import (
    ERASED,
    LAPSED,
    NO_ACTION,
    OVERRIDDEN,
    SAM,
    UPHELD,
    WITHDRAWN,
    Escalation,
    amended,
    completed,
    requested,
)
from tests.unit.one_case import after

FAVOURABLE, MOOT = TriageOutcome.FAVOURABLE, TriageOutcome.MOOT
DECLINED, REFERRED, NO_ANSWER = TriageOutcome.DECLINED, TriageOutcome.REFERRED, TriageOutcome.NO_ANSWER


def resolutions(case: Escalation) -> list[tuple[str, str]]:
    return [(told["stage"], told["outcome"]) for told in case.told(EventType.RESOLUTION_ISSUED)]


def rounds(case: Escalation) -> list[int]:
    return [told["round"] for told in case.told(EventType.REVIEW_ESCALATED)]


@pytest.mark.parametrize("outcome", [FAVOURABLE, MOOT])  # a moot one of before single reliefs were answered
def test_a_consideration_that_leaves_nothing_to_challenge_ends_the_case_at_once(outcome: TriageOutcome) -> None:
    case = Escalation()
    case.hear("triage", completed(outcome))
    assert resolutions(case) == [("FIELD_OFFICE", outcome)]


def test_the_field_offices_resolution_says_who_what_and_since_when() -> None:
    case = Escalation()
    case.hear("triage", completed(FAVOURABLE))
    assert case.told(EventType.RESOLUTION_ISSUED) == [
        {
            "stage": "FIELD_OFFICE",
            "outcome": "FAVOURABLE",
            "granted": ["RELEASE"],
            "declined": [],
            "moot": [],
            "reasons": ["NOT_A_PRIORITY"],
            "decided_by": "officer-ana",
            "claimed_at": "2021-03-09T14:00:00.000Z",
        }
    ]


@pytest.mark.parametrize("outcome", [DECLINED, REFERRED])
def test_a_decline_or_referral_waits_for_the_requestor_and_is_never_escalated_unasked(outcome: TriageOutcome) -> None:
    case = Escalation()
    case.hear("triage", completed(outcome))
    assert isinstance(case.state, AwaitingRequestor)
    assert case.told() == []
    case.hear("intake", LAPSED)
    assert resolutions(case) == [("FIELD_OFFICE", outcome)]


RELEASE, STAY = (ReliefSought.RELEASE,), (ReliefSought.STAY_OR_PAUSE_REMOVAL,)
SOMETHING_IS_LEFT = [
    completed(DECLINED, granted=RELEASE, declined=STAY),
    completed(MOOT, moot=RELEASE),
    completed(MOOT, granted=RELEASE, moot=STAY),
    completed(FAVOURABLE, declined=STAY),  # no build says so, and no grant may make such a case final
]


@pytest.mark.parametrize("said", SOMETHING_IS_LEFT)
def test_what_was_not_granted_keeps_its_way_to_headquarters_though_something_was(said: events.TriageCompleted) -> None:
    case = Escalation()
    case.hear("triage", said)
    assert isinstance(case.state, AwaitingRequestor)
    assert case.told() == []
    case.hear("intake", LAPSED)
    (told,) = case.told(EventType.RESOLUTION_ISSUED)
    assert (told["stage"], told["outcome"]) == ("FIELD_OFFICE", said.outcome)
    for part in ("granted", "declined", "moot"):
        assert told[part] == list(getattr(said, part))


@pytest.mark.parametrize("said", SOMETHING_IS_LEFT)
def test_the_answer_to_a_remand_that_does_not_grant_all_comes_back(said: events.TriageCompleted) -> None:
    case = Escalation().declined()
    case.claim()
    assert case.remand() is None
    case.hear("triage", said.model_copy(update={"round": 2}), after(days=9))
    assert rounds(case) == [1, 2]
    assert resolutions(case) == []


def test_what_two_rounds_granted_is_all_in_the_resolution() -> None:
    case = Escalation()
    case.hear("triage", completed(DECLINED, granted=RELEASE, declined=STAY), after(days=2))
    case.hear("intake", requested(relief_sought=(*RELEASE, *STAY)), after(days=3))
    case.claim()
    assert case.remand() is None
    case.hear("triage", completed(FAVOURABLE, 2, granted=STAY), after(days=9))
    (told,) = case.told(EventType.RESOLUTION_ISSUED)
    assert (told["granted"], told["declined"]) == ([*RELEASE, *STAY], [])


def test_a_consideration_and_a_resolution_of_before_single_reliefs_were_answered_read_as_before() -> None:
    """The bytes that earlier builds have published."""
    said = {
        "round": 1,
        "outcome": "MOOT",
        "granted": [],
        "moot_because": "RELEASED",
        "reasons": [],
        "decided_by": "officer-ana",
        "touched_by": ["officer-ana"],
        "assigned_at": "2021-03-08T14:00:00.000Z",
        "facts_seen": 0,
        "guidance": "JOHNSON_11090_1_2021_02_18",
        "number": "ICR-1",
        "urgency": "ROUTINE",
    }
    case = Escalation()
    case.hear("triage", events.TriageCompleted.model_validate_json(json.dumps(said)))
    assert resolutions(case) == [("FIELD_OFFICE", "MOOT")]
    case = Escalation()
    declined = said | {"outcome": "DECLINED", "moot_because": None}
    case.hear("triage", events.TriageCompleted.model_validate_json(json.dumps(declined)))
    case.hear("intake", requested(relief_sought=RELEASE))
    case.claim()
    assert case.decide(UPHELD) is None
    issued = {"stage": "SRO", "outcome": "OVERRIDDEN", "granted": ["RELEASE"], "reasons": []}
    read = events.ResolutionIssued.model_validate_json(json.dumps(issued))
    assert (read.granted, read.declined, read.moot) == (RELEASE, (), ())


def test_a_window_that_closed_waits_for_the_consideration_before_it() -> None:
    case = Escalation()
    assert case.hear("intake", LAPSED) is Verdict.HELD
    case.hear("triage", completed(DECLINED))
    assert resolutions(case) == [("FIELD_OFFICE", "DECLINED")]
    assert case.waiting == []


def test_a_request_for_review_is_due_by_its_urgency_from_the_moment_it_was_made() -> None:
    case = Escalation()
    case.hear("intake", requested(urgency=Urgency.DETAINED), after(days=3))
    (told,) = case.told()
    assert told == {
        "round": 1,
        "due": "2021-03-25T21:00:00.000Z",  # 14 days after 11 March, by 17:00
        "urgency": "DETAINED",
        "ground": "FIELD_OFFICE_DECLINED",
    }
    assert case.queue["rank"] == 1


@pytest.mark.parametrize("outcome", list(TriageOutcome))
def test_a_consideration_that_comes_after_the_escalation_informs_and_ends_nothing(outcome: TriageOutcome) -> None:
    case = Escalation()
    case.hear("intake", requested())
    case.hear("triage", completed(outcome))
    assert isinstance(case.state, InQueue)
    assert case.state.file.records[0].outcome is outcome
    assert resolutions(case) == []


def test_a_no_answer_waits_for_the_request_that_made_headquarters_take_the_case() -> None:
    case = Escalation()
    assert case.hear("triage", completed(NO_ANSWER)) is Verdict.HELD
    case.hear("intake", requested())
    assert isinstance(case.state, InQueue)
    assert case.waiting == []


@pytest.mark.parametrize("before", ["nothing", "amended", "declined", "in queue", "remanded"])
def test_a_withdrawal_ends_every_open_case(before: str) -> None:
    case = Escalation()
    if before == "amended":
        case.hear("intake", amended(1))
    if before == "declined":
        case.hear("triage", completed(DECLINED))
    if before in {"in queue", "remanded"}:
        case.declined().claim()
    if before == "remanded":
        case.remand()
    case.hear("intake", WITHDRAWN)
    assert resolutions(case) == [("REQUESTOR", "WITHDRAWN")]
    assert "claim" not in case.case.work


@pytest.mark.parametrize(
    ("source", "late"),
    [
        ("intake", WITHDRAWN),
        ("intake", requested()),
        ("intake", LAPSED),
        ("intake", amended(1)),
        ("intake", ERASED),
        ("triage", completed(FAVOURABLE)),
        ("triage", completed(DECLINED)),
    ],
)
def test_after_the_end_everything_is_filed_and_nothing_ends_again(source: str, late: EventData) -> None:
    case = Escalation()
    case.hear("intake", WITHDRAWN)
    fresh = source != "intake" or late is not WITHDRAWN
    if not fresh:
        case = Escalation()
        case.hear("triage", completed(MOOT))
    case.hear(source, late)
    assert isinstance(case.state, Resolved)
    assert len(resolutions(case)) == 1
    assert case.waiting == []


@pytest.mark.parametrize(
    ("review", "outcome"), [(UPHELD, "UPHELD"), (OVERRIDDEN, "OVERRIDDEN"), (NO_ACTION, "NO_ACTION")]
)
def test_an_escalated_case_is_ended_by_the_sro(review: Any, outcome: str) -> None:
    case = Escalation().declined()
    case.claim()
    assert case.decide(review, box={"resolved": b"box"}) is None
    assert resolutions(case) == [("SRO", outcome)]
    told = case.told(EventType.RESOLUTION_ISSUED)[0]
    assert (told["decided_by"], told["claimed_at"]) == (SAM, "2021-03-08T14:00:00.000Z")
    assert case.case.changes.events[-1].blobs == ("resolved",)
    assert case.queue == {}


@pytest.mark.parametrize(
    ("outcome", "ends"), [(FAVOURABLE, True), (MOOT, True), (DECLINED, False), (REFERRED, False), (NO_ANSWER, False)]
)
def test_the_answer_to_a_remand_ends_the_case_or_brings_it_back(outcome: TriageOutcome, ends: bool) -> None:
    case = Escalation().declined()
    case.claim()
    assert case.remand() is None
    case.hear("triage", completed(outcome, 2, urgency=Urgency.DETAINED), after(days=9))
    assert resolutions(case) == ([("FIELD_OFFICE", outcome)] if ends else [])
    assert rounds(case) == ([1] if ends else [1, 2])
    if not ends:
        assert isinstance(case.state, InQueue)
        assert case.queue["due"] == datetime(2021, 3, 31, 21, tzinfo=UTC)  # 14 days, by 17:00 in Washington


def test_a_second_rounds_consideration_waits_for_what_it_answers() -> None:
    case = Escalation()
    first, second = (case.senders.event("triage", completed(DECLINED, round_)) for round_ in (1, 2))
    assert case.offer(second) is Verdict.HELD
    case.offer(first)
    assert case.waiting == ["triage.completed"]
    case.hear("intake", requested())
    assert isinstance(case.state, InQueue)
    assert case.waiting == ["triage.completed"]
    case.claim()
    case.remand()
    assert case.waiting == []
    assert rounds(case) == [1, 2]


def test_the_newer_facts_win_group_by_group_before_and_after_the_request_for_review() -> None:
    told = {
        "amended 1": amended(1, "MD"),
        "requested 2": requested(2),
        "amended 3": amended(3, "PA"),
    }
    case = Escalation()
    for data in told.values():
        case.hear("intake", data)
    other = Escalation()
    for name in ("requested 2", "amended 1", "amended 3"):
        other.hear("intake", told[name])
    assert case.state is not None
    assert other.state is not None
    assert case.state.file == other.state.file
    assert case.state.file.amendment == 3
    assert '"PA"' in case.state.file.facts["custody"].value
    assert case.state.file.facts["removal"].amendment == 2


def test_what_is_told_after_the_end_is_still_filed() -> None:
    case = Escalation()
    case.hear("intake", WITHDRAWN)
    case.hear("intake", requested(2))
    assert isinstance(case.state, Resolved)
    assert (case.state.file.number, case.state.file.amendment) == ("ICR-1", 2)


def test_amendments_and_an_erasure_alone_do_nothing_yet() -> None:
    case = Escalation()
    case.hear("intake", amended(1, "MD"))
    case.hear("intake", ERASED)
    assert isinstance(case.state, Following)
    assert case.state.file.erased
    assert case.told() == []


def test_a_remanded_case_is_in_nobodys_queue() -> None:
    case = Escalation().declined()
    case.claim()
    case.remand(box={"remanded_2": b"box"})
    assert isinstance(case.state, Remanded)
    assert case.queue == {}
    assert case.told(EventType.REVIEW_REMANDED) == [{"round": 2, "reasons": ["FACTORS_NOT_CONSIDERED"]}]


def test_an_answer_shortens_the_pause_to_the_time_that_it_took() -> None:
    case = Escalation().declined()
    due = case.queue["due"]
    case.claim()
    question = case.ask_requestor(at=after(days=4))
    assert case.queue["due"] == due + timedelta(days=14)
    case.hear("intake", amended(1, answers=question), after(days=6))
    assert case.queue["due"] == due + (after(days=6) - after(days=4))


@pytest.mark.parametrize(
    ("removal", "due"),
    [
        (date(2021, 3, 20), "2021-03-13T22:00:00+00:00"),  # imminent: two days, by 17:00 in Washington
        (date(2021, 3, 14), "2021-03-13T05:00:00+00:00"),  # a day before the day begins in Washington
        (date(2021, 3, 12), "2021-03-12T05:00:00+00:00"),  # came on the 11th: before the day begins
        (date(2021, 3, 11), "2021-03-13T22:00:00+00:00"),  # today, or in the past: by the clock of who is imminent
        (None, "2021-05-10T21:00:00+00:00"),  # by the clock of a routine case
    ],
)
def test_headquarters_too_should_answer_before_a_removal_whoever_told_of_it(removal: date | None, due: str) -> None:
    told = events.Removal(scheduled_for=removal)
    before, after_ = Escalation(), Escalation()
    before.hear("intake", amended(1, removal=told))
    for case in (before, after_):
        case.declined()
    after_.hear("intake", amended(1, removal=told))
    for case in (before, after_):
        assert isinstance(case.state, InQueue)
        assert case.queue["due"].isoformat() == due
        assert case.state.due_at(case.state.heard_at) == case.queue["due"]
