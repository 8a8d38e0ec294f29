"""Claims that run out, drafts that outlast them, and cases that change hands."""

from datetime import timedelta

import pytest

from services.escalation.claiming import Release, SaveDraft
from services.escalation.orders import Order
from shared.contracts.vocabulary import TriageOutcome
from shared.desk.drafts import drafts_of
from shared.desk.handing_over import HANDOVERS_KEPT
from tests.unit.escalation_story import ANA, ERASED, SAM, TOM, WITHDRAWN, Escalation, completed
from tests.unit.one_case import POLICY, T0, after

UNA = "sro-una"


def held_by(case: Escalation) -> str | None:
    claim = case.case.work.get("claim")
    return claim["by"] if claim else None


def test_a_draft_outlasts_the_claim_and_the_next_persons_claim() -> None:
    case = Escalation().declined()
    case.claim(SAM)
    assert case.draft(SAM, reasons=["CONSISTENT_WITH_GUIDANCE"]) is None
    over = T0 + POLICY.claim_lasts
    assert case.claim(TOM, over) is None
    (draft,) = drafts_of(case.case.work)
    assert (draft.by, draft.says["reasons"], draft.box) == (SAM, ["CONSISTENT_WITH_GUIDANCE"], {"draft_1": b"box"})
    assert case.draft(TOM, over) is None
    assert [each.by for each in drafts_of(case.case.work)] == [TOM, SAM]


def test_a_second_draft_takes_the_place_of_the_first() -> None:
    case = Escalation().declined()
    case.claim()
    case.draft(outcome="UPHELD")
    case.draft(at=after(hours=1), outcome="OVERRIDDEN")
    assert [each.says["outcome"] for each in drafts_of(case.case.work)] == ["OVERRIDDEN"]


def test_a_draft_is_for_whoever_holds_the_claim() -> None:
    case = Escalation().declined()
    assert case.draft() == "not_claimed_by_you"
    case.claim(TOM)
    assert case.draft(SAM) == "not_claimed_by_you"


def test_of_an_erased_case_only_codes_are_drafted() -> None:
    case = Escalation().declined()
    case.claim()
    case.hear("intake", ERASED)
    assert case.draft() == "case_erased"
    assert case.refusal(Order.DRAFT, SaveDraft(SAM, {"outcome": "UPHELD"}, {})) is None


@pytest.mark.parametrize("end", ["decide", "remand", "withdrawn"])
def test_drafts_are_dropped_when_the_case_leaves_the_desk(end: str) -> None:
    case = Escalation().declined()
    case.claim()
    case.draft()
    if end == "withdrawn":
        case.hear("intake", WITHDRAWN)
    else:
        assert getattr(case, end)() is None
    assert "drafts" not in case.case.work
    assert held_by(case) is None


def test_a_release_leaves_the_draft() -> None:
    case = Escalation().declined()
    case.claim()
    case.draft()
    case.ask(Order.RELEASE, Release(SAM))
    assert len(drafts_of(case.case.work)) == 1


def test_the_holder_gives_and_others_take_only_for_themselves() -> None:
    case = Escalation().declined()
    case.claim(SAM)
    assert case.hand_over(SAM, TOM, actor=UNA) == "not_yours_to_give"
    assert case.hand_over(SAM, TOM) is None
    assert held_by(case) == TOM
    assert case.hand_over(TOM, UNA, actor=UNA) is None  # Tom is absent
    assert held_by(case) == UNA
    assert [(one["from"], one["to"], one["by"], one["why"]) for one in case.case.work["handed"]] == [
        (SAM, TOM, SAM, "ABSENT"),
        (TOM, UNA, UNA, "ABSENT"),
    ]
    assert case.decide(actor=SAM) == "not_claimed_by_you"
    assert case.decide(actor=UNA) is None


def test_nobody_takes_a_case_over_from_somebody_who_does_not_have_it_any_more() -> None:
    case = Escalation().declined()
    assert case.hand_over(SAM, TOM, actor=TOM) == "not_held_by_them"
    case.claim(UNA)
    assert case.hand_over(SAM, TOM, actor=TOM) == "not_held_by_them"
    assert case.hand_over(UNA, UNA) == "held_already"


def test_a_case_is_not_handed_to_somebody_who_had_it_at_the_field_office() -> None:
    case = Escalation().declined()
    case.claim(SAM)
    assert case.hand_over(SAM, ANA) == "not_for_them"
    assert held_by(case) == SAM


def test_a_case_that_changed_hands_is_claimed_as_long_as_any_other() -> None:
    case = Escalation().declined()
    case.claim(SAM)
    case.hand_over(SAM, TOM, at=after(days=5))
    until = after(days=5) + POLICY.claim_lasts
    assert case.claim(UNA, until - timedelta(milliseconds=1)) == "claimed_by_another"
    assert case.claim(UNA, until) is None


def test_of_many_handovers_the_newest_are_kept() -> None:
    case = Escalation().declined()
    case.claim(SAM)
    for turn in range(HANDOVERS_KEPT + 3):
        giver, taker = (SAM, TOM) if turn % 2 == 0 else (TOM, SAM)
        assert case.hand_over(giver, taker, at=after(hours=turn)) is None
    handed = case.case.work["handed"]
    assert len(handed) == HANDOVERS_KEPT
    assert handed[-1]["at"] == after(hours=HANDOVERS_KEPT + 2)


@pytest.mark.parametrize("order", ["claim", "draft", "decide", "remand"])
def test_where_the_case_is_instead_is_said_in_the_refusal(order: str) -> None:
    withdrawn = Escalation().declined()
    withdrawn.claim()
    withdrawn.hear("intake", WITHDRAWN)
    assert getattr(withdrawn, order)() == "withdrawn"
    ended = Escalation().declined()
    ended.claim(TOM)
    ended.decide(actor=TOM)
    assert getattr(ended, order)() == "already_resolved"
    back = Escalation().declined()
    back.claim(TOM)
    back.remand(TOM)
    assert getattr(back, order)() == "sent_back"
    never = Escalation()
    never.hear("triage", completed(TriageOutcome.DECLINED))
    assert getattr(never, order)() == "not_in_queue"
