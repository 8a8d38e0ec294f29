"""What Senior Reviewing Officials may do, and why they are refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.escalation.asking import Ask
from services.escalation.claiming import Claim
from services.escalation.domain.review import Review, wrong_with
from services.escalation.orders import Order
from shared.contracts.vocabulary import EventType, ReliefSought, TriageOutcome
from shared.errors import CaseUnknown
from tests.unit.escalation_story import (
    ANA,
    ERASED,
    NO_ACTION,
    OVERRIDDEN,
    SAM,
    TOM,
    UPHELD,
    Escalation,
    amended,
    completed,
    requested,
)
from tests.unit.one_case import POLICY, T0

RELEASE, STAY = (ReliefSought.RELEASE,), (ReliefSought.STAY_OR_PAUSE_REMOVAL,)
BOTH = (*RELEASE, *STAY)


@pytest.mark.parametrize(
    ("review", "asked", "slips"),
    [
        (UPHELD, RELEASE, []),
        (replace(UPHELD, reasons=()), RELEASE, ["reasons: reasons_missing"]),
        (replace(UPHELD, declined=()), RELEASE, ["declined: declined_missing"]),
        (UPHELD, BOTH, ["declined: declined_missing"]),  # the other relief is not answered
        (replace(UPHELD, declined=RELEASE, moot=STAY), BOTH, []),
        (replace(UPHELD, declined=(), moot=RELEASE), RELEASE, []),  # as the field office said: nothing is left
        (replace(UPHELD, granted=STAY), BOTH, ["outcome: granted_out_of_place"]),
        (replace(UPHELD, reasons=("NOT_A_PRIORITY",)), RELEASE, ["reasons: reason_not_allowed"]),
        (OVERRIDDEN, RELEASE, []),
        (replace(OVERRIDDEN, declined=STAY), BOTH, []),
        (replace(OVERRIDDEN, declined=RELEASE), RELEASE, ["declined: answered_twice"]),
        (replace(OVERRIDDEN, granted=()), RELEASE, ["granted: granted_missing"]),
        (replace(OVERRIDDEN, reasons=()), RELEASE, ["reasons: reasons_missing"]),
        (replace(OVERRIDDEN, granted=BOTH), RELEASE, []),  # more than was asked for, with a reason
        (
            replace(OVERRIDDEN, granted=BOTH, reasons=UPHELD.reasons, declined=()),
            RELEASE,
            ["reasons: reason_for_more_missing", "reasons: reason_not_allowed"],
        ),
        (NO_ACTION, RELEASE, []),
        (replace(NO_ACTION, moot=RELEASE, declined=STAY), BOTH, ["outcome: declined_out_of_place"]),
        (replace(NO_ACTION, reasons=("PENDING_IN_COURT",)), RELEASE, ["reasons: reason_not_allowed"]),
    ],
)
def test_a_decision_answers_each_relief_and_says_field_by_field_what_it_lacks(
    review: Review, asked: tuple[ReliefSought, ...], slips: list[str]
) -> None:
    assert [f"{slip.field}: {slip.code}" for slip in wrong_with(review, POLICY, asked=asked)] == slips


def test_what_the_field_office_granted_stands_and_headquarters_answers_the_rest() -> None:
    case = Escalation()
    partly = completed(TriageOutcome.DECLINED, granted=RELEASE, declined=STAY)
    case.hear("triage", partly)
    assert case.told() == []
    case.hear("intake", requested(relief_sought=BOTH))
    case.claim()
    assert case.decide(replace(UPHELD, declined=BOTH)) == "granted_before"
    assert case.decide(replace(UPHELD, declined=())) == "declined_missing"
    assert case.decide(replace(UPHELD, declined=STAY)) is None
    (told,) = case.told(EventType.RESOLUTION_ISSUED)
    said = (told["outcome"], told["granted"], told["declined"])
    assert said == ("UPHELD", ["RELEASE"], ["STAY_OR_PAUSE_REMOVAL"])


def test_nobody_claims_before_the_field_offices_record_is_here() -> None:
    case = Escalation()
    case.hear("intake", requested())
    assert case.claim() == "field_office_record_missing"
    case.hear("triage", completed(TriageOutcome.NO_ANSWER, touched_by=()))
    assert case.claim() is None


def test_nobody_reviews_a_case_that_they_had_at_the_field_office() -> None:
    case = Escalation()
    case.hear("triage", completed(TriageOutcome.DECLINED, touched_by=(ANA, TOM)))
    case.hear("intake", requested())
    assert case.claim(TOM) == "touched_before"
    assert case.claim(ANA) == "touched_before"
    assert case.claim(SAM) is None


def test_whoever_had_it_in_the_second_round_reviews_it_no_more() -> None:
    case = Escalation().declined()
    case.claim(TOM)
    case.remand(TOM)
    case.hear("triage", completed(TriageOutcome.DECLINED, 2, touched_by=(ANA, SAM)))
    assert case.claim(SAM) == "touched_before"
    assert case.claim(TOM) is None  # the SRO who sent it back did not have it at the field office


def test_only_the_holder_of_the_claim_decides_remands_asks_and_releases() -> None:
    case = Escalation().declined()
    assert case.decide() == "not_claimed_by_you"
    case.claim(TOM)
    assert case.decide() == "not_claimed_by_you"
    assert case.remand() == "not_claimed_by_you"
    assert case.refusal(Order.ASK, Ask(SAM, ("NO_PLACE",), {})) == "not_claimed_by_you"
    assert case.refusal(Order.RELEASE, Claim(SAM)) == "not_claimed_by_you"
    assert case.refusal(Order.RELEASE, Claim(TOM)) is None
    assert case.claim(SAM) is None


@pytest.mark.parametrize(("early", "code"), [(1, "claimed_by_another"), (0, None)])
def test_a_claim_keeps_others_out_until_its_last_moment(early: int, code: str | None) -> None:
    case = Escalation().declined()
    case.claim(TOM)
    assert case.claim(SAM, at=T0 + POLICY.claim_lasts - timedelta(milliseconds=early)) == code


def test_facts_that_changed_since_they_were_seen_refuse_the_decision_and_the_remand() -> None:
    case = Escalation().declined()
    case.claim()
    case.hear("intake", amended(1, "MD"))
    assert case.decide(facts_seen=0) == "facts_changed"
    assert case.remand(facts_seen=0) == "facts_changed"
    assert case.decide(facts_seen=1) is None


def test_a_case_is_sent_back_as_often_as_policy_allows() -> None:
    case = Escalation().declined()
    case.claim()
    assert case.remand(reasons=("CONSISTENT_WITH_GUIDANCE",)) == "reason_not_allowed"
    assert case.remand(reasons=()) == "reasons_missing"
    assert case.remand(box={"remanded_3": b"box"}) == "facts_changed"
    assert case.remand(box={"remanded_2": b"box"}) is None
    case.hear("triage", completed(TriageOutcome.DECLINED, 2))
    case.claim()
    assert case.remand(box={"remanded_3": b"box"}) == "remanded_before"
    assert case.decide() is None


def test_a_question_is_about_codes_and_one_at_a_time() -> None:
    case = Escalation().declined()
    case.claim()
    assert case.refusal(Order.ASK, Ask(SAM, ("Where?",), {})) == "about_unknown"
    question = case.ask_requestor()
    assert case.told(EventType.INFORMATION_REQUESTED)[0]["question"] == str(question)
    assert case.refusal(Order.ASK, Ask(SAM, ("NO_PLACE",), {})) == "question_open"
    over = POLICY.end_of(POLICY.question_answer_within, T0, "America/New_York")
    assert case.refusal(Order.ASK, Ask(SAM, ("NO_PLACE",), {}), over) is None
    by_the_clock = datetime(2021, 5, 10, 21, tzinfo=UTC)  # 60 days, by 17:00 in Washington
    assert case.queue["due"] == by_the_clock + timedelta(days=2 * 14)


def test_an_erased_case_is_ended_by_codes_alone() -> None:
    case = Escalation().declined()
    case.claim()
    case.hear("intake", ERASED)
    assert case.refusal(Order.ASK, Ask(SAM, ("NO_PLACE",), {})) == "case_erased"
    assert case.decide(box={"resolved": b"box"}) == "case_erased"
    assert case.decide() is None


@pytest.mark.parametrize("order", ["claim", "decide", "remand"])
def test_nothing_can_be_ordered_for_a_case_that_is_not_before_headquarters(order: str) -> None:
    case = Escalation()
    assert isinstance(case.ask(Order.CLAIM, Claim(SAM)), CaseUnknown)
    case.hear("triage", completed(TriageOutcome.DECLINED))
    assert getattr(case, order)() == "not_in_queue"
