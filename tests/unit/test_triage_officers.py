"""What officers may do, and why they are refused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.triage.domain.decision import Decision, wrong_with
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

RELEASE, STAY = (ReliefSought.RELEASE,), (ReliefSought.STAY_OR_PAUSE_REMOVAL,)
BOTH = (*RELEASE, *STAY)
CLAIM_ENDS = T0 + POLICY.claim_lasts


PARTLY = replace(DECLINED, granted=RELEASE, declined=STAY)
MOOT = Decision(TriageOutcome.MOOT, moot=RELEASE, moot_because=MootBecause.RELEASED)


@pytest.mark.parametrize(
    ("decision", "asked", "slips"),
    [
        (FAVOURABLE, RELEASE, []),
        (replace(FAVOURABLE, reasons=()), RELEASE, []),
        (replace(FAVOURABLE, granted=()), RELEASE, ["granted: granted_missing"]),
        (FAVOURABLE, BOTH, ["granted: granted_missing"]),  # the other relief is not answered
        (replace(FAVOURABLE, granted=BOTH), RELEASE, []),  # more than was asked for, with a reason
        (replace(FAVOURABLE, granted=BOTH, reasons=()), RELEASE, ["reasons: reason_for_more_missing"]),
        (DECLINED, RELEASE, []),
        (replace(DECLINED, declined=()), RELEASE, ["declined: declined_missing"]),
        (replace(DECLINED, declined=()), (), ["declined: declined_missing"]),
        (replace(DECLINED, declined=(ReliefSought.OTHER,)), (), []),  # a request that names nothing asks for it
        (replace(DECLINED, declined=BOTH), RELEASE, ["declined: not_asked_for"]),
        (replace(DECLINED, reasons=()), RELEASE, ["reasons: reasons_missing"]),
        (PARTLY, BOTH, []),
        (replace(PARTLY, outcome=TriageOutcome.FAVOURABLE), BOTH, ["outcome: declined_out_of_place"]),
        (replace(PARTLY, granted=BOTH), BOTH, ["declined: answered_twice"]),
        (replace(PARTLY, reasons=("NOT_A_PRIORITY",)), BOTH, ["reasons: reasons_missing"]),  # explains the grant alone
        (replace(PARTLY, reasons=(*DECLINED.reasons, "NOT_A_PRIORITY")), BOTH, []),
        (replace(DECLINED, reasons=("BECAUSE",)), RELEASE, ["reasons: reason_not_allowed", "reasons: reasons_missing"]),
        (
            replace(DECLINED, reasons=(*DECLINED.reasons, "CONSISTENT_WITH_GUIDANCE")),  # headquarters' reason
            RELEASE,
            ["reasons: reason_not_allowed"],
        ),
        (Decision(TriageOutcome.REFERRED, referred_to=ReferredTo.OPLA), BOTH, []),
        (Decision(TriageOutcome.REFERRED), BOTH, ["referred_to: referred_to_missing"]),
        (
            Decision(TriageOutcome.REFERRED, RELEASE, ReferredTo.OPLA),
            BOTH,
            ["granted: granted_out_of_place"],
        ),
        (replace(DECLINED, referred_to=ReferredTo.OPLA), RELEASE, ["referred_to: referred_to_out_of_place"]),
        (MOOT, RELEASE, []),
        (replace(MOOT, granted=STAY), BOTH, []),
        (replace(MOOT, moot=()), RELEASE, ["moot: moot_missing"]),
        (replace(MOOT, moot_because=None), RELEASE, ["moot_because: moot_because_missing"]),
        (replace(MOOT, moot_because=MootBecause.OTHER), RELEASE, ["reasons: reasons_missing"]),
        (replace(MOOT, moot_because=MootBecause.OTHER, reasons=("NOTHING_LEFT_TO_DECIDE",)), RELEASE, []),
        (replace(MOOT, outcome=TriageOutcome.FAVOURABLE, granted=STAY), BOTH, ["outcome: moot_out_of_place"]),
        (replace(FAVOURABLE, moot_because=MootBecause.RELEASED), RELEASE, ["moot: moot_missing"]),
    ],
)
def test_a_decision_answers_each_relief_and_says_field_by_field_what_it_lacks(
    decision: Decision, asked: tuple[ReliefSought, ...], slips: list[str]
) -> None:
    assert [f"{slip.field}: {slip.code}" for slip in wrong_with(decision, POLICY, asked=asked)] == slips


def test_a_grant_of_an_earlier_round_stands_and_needs_no_answer() -> None:
    assert wrong_with(replace(DECLINED, declined=STAY), POLICY, asked=BOTH, granted_before=RELEASE) == ()
    (slip,) = wrong_with(replace(DECLINED, declined=BOTH), POLICY, asked=BOTH, granted_before=RELEASE)
    assert (slip.field, slip.code) == ("declined", "granted_before")


def test_words_explain_a_grant_that_nobody_asked_for_and_another_reason_for_being_moot() -> None:
    assert wrong_with(replace(FAVOURABLE, granted=BOTH, reasons=()), POLICY, asked=RELEASE, has_text=True) == ()
    other = replace(MOOT, moot_because=MootBecause.OTHER)
    assert wrong_with(other, POLICY, asked=RELEASE, has_text=True) == ()


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
        "declined": ["RELEASE"],
        "moot": [],
        "reasons": ["MITIGATING_FACTORS_OUTWEIGHED"],
        "decided_by": "officer-ana",
        "touched_by": ["director", "officer-ana", "officer-ben"],
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
        "pre_approval": {"by": "director", "role": "FIELD_OFFICE_DIRECTOR", "at": "2021-03-16T14:00:00.000Z"},
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
