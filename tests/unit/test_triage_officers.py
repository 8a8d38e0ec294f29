"""What officers may do, and why they are refused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.triage.domain.decision import Decision, objection
from services.triage.domain.states import UnderConsideration
from services.triage.orders import Ask, Claim, Officer, Order
from shared.casework.commands import Answered
from shared.contracts import events
from shared.contracts.vocabulary import EventType, MootBecause, ReferredTo, ReliefSought, TriageOutcome
from tests.unit.one_case import POLICY, T0, after
from tests.unit.triage_story import (
    ANA,
    BEN,
    DECLINED,
    DESK,
    ERASED,
    FAVOURABLE,
    KIM,
    Triage,
    amended,
    now_detained,
    submitted,
)

RELEASE = (ReliefSought.RELEASE,)
CLAIM_ENDS = T0 + POLICY.claim_lasts


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (FAVOURABLE, None),
        (replace(FAVOURABLE, reasons=()), None),
        (replace(FAVOURABLE, granted=()), "granted_missing"),
        (DECLINED, None),
        (replace(DECLINED, reasons=()), "reasons_missing"),
        (replace(DECLINED, granted=RELEASE), "granted_out_of_place"),
        (replace(DECLINED, reasons=("BECAUSE",)), "reason_not_allowed"),
        (replace(DECLINED, reasons=("NOT_A_PRIORITY",)), "reason_not_allowed"),  # explains favourable ones only
        (replace(DECLINED, reasons=("CONSISTENT_WITH_GUIDANCE",)), "reason_not_allowed"),  # headquarters' reason
        (Decision(TriageOutcome.REFERRED, referred_to=ReferredTo.OPLA), None),
        (Decision(TriageOutcome.REFERRED), "referred_to_missing"),
        (replace(DECLINED, referred_to=ReferredTo.OPLA), "referred_to_out_of_place"),
        (Decision(TriageOutcome.MOOT, moot_because=MootBecause.RELEASED), None),
        (Decision(TriageOutcome.MOOT), "moot_because_missing"),
        (replace(FAVOURABLE, moot_because=MootBecause.RELEASED), "moot_because_out_of_place"),
        (Decision(TriageOutcome.NO_ANSWER), "not_an_outcome"),
    ],
)
def test_each_outcome_says_what_it_must_and_nothing_else(decision: Decision, code: str | None) -> None:
    wrong = objection(decision, POLICY)
    assert (wrong.code if wrong else None) == code


def test_a_decision_says_who_when_and_what_was_seen() -> None:
    case = Triage().submit()
    case.hear("intake", amended(1, facts=events.Facts()))
    case.claim(BEN)
    case.claim(ANA, at=CLAIM_ENDS)
    assert case.decide(facts_seen=1, box={"completed_1": b"box"}, at=after(days=8)) is None
    (told,) = case.told(EventType.TRIAGE_COMPLETED)
    assert told == {
        "round": 1,
        "outcome": "DECLINED",
        "granted": [],
        "declined": [],
        "moot": [],
        "reasons": ["MITIGATING_FACTORS_OUTWEIGHED"],
        "decided_by": "officer-ana",
        "touched_by": ["officer-ana", "officer-ben"],
        "assigned_at": "2021-03-08T14:00:00.000Z",
        "claimed_at": "2021-03-15T14:00:00.000Z",
        "facts_seen": 1,
        "guidance": "JOHNSON_11090_1_2021_02_18",
        "process": "ICR_2021_03_05",
        "presumption": {
            "categories": [],
            "undetermined": ["NATIONAL_SECURITY", "BORDER_SECURITY", "PUBLIC_SAFETY"],
            "to_weigh": [],
            "reasons": [],
            "questions": [
                "ASK_NATIONAL_SECURITY",
                "ASK_APPREHENDED_ENTERING",
                "ASK_APPREHENDED_ON",
                "ASK_FIRST_PRESENT_ON",
                "ASK_THREAT",
                "ASK_AGGRAVATED_FELONY",
                "ASK_GANG_CONVICTION",
                "ASK_GANG_PARTICIPATION",
                "ASK_FINAL_ORDER",
            ],
        },
        "number": "ICR-1",
        "office": "BAL",
        "urgency": "ROUTINE",
        "saw": {
            "custody": {"status": "NOT_DETAINED"},
            "removal": {"believed_imminent": "unknown"},
            "facts": {"mitigating": [], "aggravating": []},
        },
    }
    assert case.queue == {}


def test_a_decision_on_older_facts_is_refused() -> None:
    case = Triage().submit()
    case.claim()
    case.hear("intake", amended(1, facts=events.Facts()))
    assert case.decide(facts_seen=0) == "facts_changed"
    assert case.decide(facts_seen=1) is None


def test_a_text_sealed_for_another_round_is_refused() -> None:
    case = Triage().submit()
    case.claim()
    assert case.decide(box={"completed_2": b"box"}) == "facts_changed"


@pytest.mark.parametrize("officer", [KIM, DESK, Officer("x", frozenset())])
def test_only_officers_of_the_office_may_claim(officer: Officer) -> None:
    assert Triage().submit().claim(officer) == "not_your_office"


def test_only_the_holder_of_the_claim_decides_asks_and_releases() -> None:
    case = Triage().submit()
    assert case.decide() == "not_claimed_by_you"
    case.claim(BEN)
    assert case.decide() == "not_claimed_by_you"
    assert case.refusal(Order.RELEASE, Claim(ANA)) == "not_claimed_by_you"
    assert case.refusal(Order.ASK, Ask(ANA, ("NO_PLACE",), {})) == "not_claimed_by_you"


@pytest.mark.parametrize(
    ("at", "code"),
    [(CLAIM_ENDS - timedelta(milliseconds=1), "claimed_by_another"), (CLAIM_ENDS, None)],
)
def test_a_claim_keeps_others_out_until_its_last_moment(at: object, code: str | None) -> None:
    case = Triage().submit()
    case.claim(BEN)
    assert case.claim(ANA, at=at) == code  # type: ignore[arg-type]


def test_claiming_twice_renews_the_claim_and_keeps_its_beginning() -> None:
    case = Triage().submit()
    case.claim(ANA)
    case.claim(ANA, at=after(days=5))
    assert case.queue["claimed_until"] == after(days=5) + POLICY.claim_lasts
    case.decide(at=after(days=6))
    assert case.told(EventType.TRIAGE_COMPLETED)[0]["claimed_at"] == "2021-03-08T14:00:00.000Z"


def test_an_expired_claim_that_nobody_took_is_still_its_holders() -> None:
    case = Triage().submit()
    case.claim(ANA)
    assert case.decide(at=after(days=100)) is None


def test_a_released_case_may_be_claimed_and_its_holder_stays_among_those_who_touched_it() -> None:
    case = Triage().submit()
    case.claim(BEN)
    case.ask(Order.RELEASE, Claim(BEN))
    assert case.claim(ANA) is None
    assert case.case.work["touched"] == ["officer-ana", "officer-ben"]


def test_a_case_to_be_assigned_is_forwarded_by_the_desk_and_not_decided_before() -> None:
    case = Triage().submit(submitted("TX", "Nowhere"))
    assert case.forward("SNA", ANA) == "not_your_office"
    assert case.claim(DESK) is None
    assert case.decide(officer=DESK) == "no_office"
    assert case.forward("SNA", DESK, at=after(days=1)) is None
    told = case.told(EventType.TRIAGE_ASSIGNED)[-1]
    assert (told["revision"], told["office"]) == (2, "SNA")
    assert case.case.changes.events[-1].blobs == ("assigned_2",)
    assert told["answer_due"] == case.told()[0]["answer_due"]  # the clock goes on
    assert case.queue["open"] == "SNA"
    assert "claimed_by" not in {name for name, value in case.queue.items() if value}


@pytest.mark.parametrize(
    ("office", "officer", "more", "code"),
    [
        ("PHI", ANA, {}, None),
        ("PHI", KIM, {}, "not_your_office"),
        ("XXX", ANA, {}, "office_unknown"),
        ("HQ", ANA, {}, "office_unknown"),  # headquarters has no area; it takes cases by escalation only
        ("BAL", ANA, {}, "office_unchanged"),
        ("PHI", ANA, {"facts_seen": 3}, "facts_changed"),
        ("PHI", ANA, {"box": {}}, "text_missing"),
        ("PHI", ANA, {"box": {"assigned_7": b"box"}}, "facts_changed"),
    ],
)
def test_a_misrouted_case_is_forwarded_by_its_office_with_a_reason(
    office: str, officer: Officer, more: dict[str, object], code: str | None
) -> None:
    assert Triage().submit().forward(office, officer, **more) == code  # type: ignore[arg-type]


def test_a_claimed_case_is_not_forwarded_over_its_holders_head() -> None:
    case = Triage().submit()
    case.claim(BEN)
    assert case.forward("PHI", ANA) == "claimed_by_another"
    assert case.forward("PHI", BEN) is None


def test_later_facts_do_not_move_a_case_whose_office_a_person_chose() -> None:
    case = Triage().submit()
    case.forward("ATL", ANA)
    case.hear("intake", now_detained(1))
    assert isinstance(case.state, UnderConsideration)
    assert case.state.case.office == "ATL"
    told = case.told(EventType.TRIAGE_ASSIGNED)[-1]
    assert (told["revision"], told["office"], told["urgency"]) == (3, "ATL", "DETAINED")


def test_a_question_is_about_codes_and_one_at_a_time() -> None:
    case = Triage().submit()
    case.claim()
    for about in ((), ("Where does she live?",)):
        assert case.refusal(Order.ASK, Ask(ANA, about, {})) == "about_unknown"
    question = case.ask_requestor()
    (told,) = case.told(EventType.INFORMATION_REQUESTED)
    assert told == {"question": str(question), "about": ["NO_PLACE"], "answer_by": "2021-03-23T03:59:00.000Z"}
    assert case.refusal(Order.ASK, Ask(ANA, ("NO_PLACE",), {})) == "question_open"


def test_an_erased_case_is_decided_by_codes_alone() -> None:
    case = Triage().submit()
    case.claim()
    case.hear("intake", ERASED)
    assert case.refusal(Order.ASK, Ask(ANA, ("NO_PLACE",), {})) == "case_erased"
    assert case.decide(box={"completed_1": b"box"}) == "case_erased"
    assert case.forward("PHI", ANA, box={}) is None
    case.claim(KIM)
    assert case.decide(officer=KIM) is None


def test_the_same_command_twice_is_answered_alike_and_done_once() -> None:
    case = Triage().submit()
    first, again = (case.ask(Order.CLAIM, Claim(ANA), at, key="same") for at in (T0, after(days=1)))
    assert isinstance(first, Answered)
    assert isinstance(again, Answered)
    assert (first.answer, again.replayed) == (again.answer, True)
