"""Who may never have a case at headquarters: whoever had it at the field office, answered for it, or recused."""

from collections.abc import Callable
from typing import Any

import pytest

from services.escalation.admission import Conflict, barred, recusals
from services.escalation.asking import Ask
from services.escalation.claiming import Claim, Recuse, Release, SaveDraft
from services.escalation.domain.file import Addressee
from services.escalation.officials import Decide, Remand
from services.escalation.orders import Order
from shared.contracts import events
from shared.contracts.vocabulary import EventType, TriageOutcome
from shared.errors import CaseUnknown
from tests.unit.escalation_story import ANA, SAM, TOM, UPHELD, WITHDRAWN, Escalation, completed, given, requested
from tests.unit.one_case import after

BEN = "officer-ben"
REASONS = ("FACTORS_NOT_CONSIDERED",)
EVERY_ORDER: dict[Order, Callable[[str], Any]] = {
    Order.CLAIM: Claim,
    Order.RELEASE: Release,
    Order.DECIDE: lambda who: Decide(who, UPHELD, 0, {}, claim=True),
    Order.REMAND: lambda who: Remand(who, REASONS, 0, {}),
    Order.ASK: lambda who: Ask(who, ("custody",), {}),
    Order.DRAFT: lambda who: SaveDraft(who, {}, {}),
}


def ruled_by(who: str, amendment: int, what: str = "consent", *, for_office: bool = True) -> events.RequestAmended:
    return events.RequestAmended(amendment=amendment, changed=(what,), amended_by=who, for_office=for_office)


def touched_at_the_office(case: Escalation) -> str:
    case.hear("triage", completed(TriageOutcome.DECLINED, touched_by=(ANA, SAM)))
    case.hear("intake", requested())
    return "touched_before"


def touched_in_the_second_round(case: Escalation) -> str:
    case.declined().claim(TOM)
    assert case.remand(TOM) is None
    case.hear("triage", completed(TriageOutcome.DECLINED, 2, touched_by=(ANA, SAM)))
    return "touched_before"


def touched_in_the_first_of_two_rounds(case: Escalation) -> str:
    case.hear("triage", completed(TriageOutcome.DECLINED, touched_by=(ANA, SAM)))
    case.hear("intake", requested())
    case.claim(TOM)
    assert case.remand(TOM) is None
    case.hear("triage", completed(TriageOutcome.DECLINED, 2, touched_by=(ANA,)))
    return "touched_before"


def answered_for_the_office(case: Escalation) -> str:
    case.declined().claim(TOM)
    case.hear("triage", given(case.ask_office(TOM), by=SAM))
    case.ask(Order.RELEASE, Release(TOM))
    return "touched_before"


def ruled_on_consent_for_the_office(case: Escalation) -> str:
    case.hear("intake", ruled_by(SAM, 1))
    case.declined()
    return "touched_before"


def did_not_confirm_a_withdrawal_for_the_office(case: Escalation) -> str:
    case.declined().hear("intake", ruled_by(SAM, 1, "withdrawal_not_confirmed"))
    return "touched_before"


def recused(case: Escalation) -> str:
    assert case.declined().recuse() is None
    return "recused"


def recused_before_a_remand(case: Escalation) -> str:
    case.declined().claim(SAM)
    assert case.recuse() is None
    case.claim(TOM)
    assert case.remand(TOM) is None
    case.hear("triage", completed(TriageOutcome.DECLINED, 2))
    return "recused"


@pytest.mark.parametrize(
    "how",
    [
        touched_at_the_office,
        touched_in_the_second_round,
        touched_in_the_first_of_two_rounds,
        answered_for_the_office,
        ruled_on_consent_for_the_office,
        did_not_confirm_a_withdrawal_for_the_office,
        recused,
        recused_before_a_remand,
    ],
)
def test_whoever_may_not_have_the_case_gets_no_order_through_and_is_not_offered_it(
    how: Callable[[Escalation], str],
) -> None:
    case = Escalation()
    code = how(case)
    for order, data in EVERY_ORDER.items():
        assert case.refusal(order, data(SAM)) == code, order
    assert case.hand_over(SAM, TOM) == code
    assert SAM in case.queue["kept_away"]
    assert case.claim("sro-una") is None
    assert case.hand_over("sro-una", SAM) == "not_for_them"


def test_an_answer_that_names_the_holder_of_the_claim_makes_claim_and_draft_void() -> None:
    case = Escalation().declined()
    case.claim(SAM)
    case.draft(SAM)
    question = case.ask_office(SAM)
    case.hear("triage", given(question, by=SAM))
    assert case.queue["claimed_by"] is None
    assert not case.case.work.get("drafts")
    assert case.decide() == "touched_before"
    assert case.claim(TOM) is None


def test_a_ruling_for_the_office_makes_claim_and_draft_void_and_one_for_headquarters_does_not() -> None:
    case = Escalation().declined()
    case.claim(SAM)
    case.draft(SAM)
    case.hear("intake", ruled_by(SAM, 1, for_office=False))
    assert (case.queue["claimed_by"], len(case.case.work["drafts"])) == (SAM, 1)
    case.hear("intake", ruled_by(SAM, 2))
    assert case.queue["claimed_by"] is None
    assert not case.case.work.get("drafts")
    assert case.decide(facts_seen=2) == "touched_before"


def test_an_answer_of_somebody_else_leaves_claim_and_draft_alone() -> None:
    case = Escalation().declined()
    case.claim(SAM)
    case.draft(SAM)
    case.hear("triage", given(case.ask_office(SAM), by=BEN))
    assert case.queue["claimed_by"] == SAM
    assert case.decide() is None


def test_a_recusal_ends_the_claim_and_the_draft_and_is_noted_once() -> None:
    case = Escalation().declined()
    case.claim(SAM)
    case.draft(SAM)
    assert case.recuse(at=after(days=4)) is None
    assert case.recuse(at=after(days=5)) is None
    assert [(one.by, one.at, one.why) for one in recusals(case.case.work)] == [
        (SAM, after(days=4), Conflict.KNOWS_THE_PERSON)
    ]
    assert not case.case.work.get("claim")
    assert not case.case.work.get("drafts")
    assert case.told(EventType.RESOLUTION_ISSUED) == []
    assert [said["who"] for said in case.told(EventType.REVIEW_RECUSED)] == [SAM]
    assert "KNOWS_THE_PERSON" not in str(case.told(EventType.REVIEW_RECUSED))


def test_a_recusal_leaves_a_colleagues_claim_alone() -> None:
    case = Escalation().declined()
    case.claim(TOM)
    assert case.recuse(SAM) is None
    assert case.decide(actor=TOM) is None


def test_one_recuses_also_while_the_case_is_back_at_the_field_office_but_not_after_its_end() -> None:
    case = Escalation().declined()
    case.claim(TOM)
    case.remand(TOM)
    assert case.recuse(SAM) is None
    case.hear("intake", WITHDRAWN)
    assert case.recuse("sro-una") == "already_resolved"
    assert isinstance(Escalation().ask(Order.RECUSE, Recuse(SAM, Conflict.OTHER)), CaseUnknown)


def test_somebody_else_is_not_barred() -> None:
    case = Escalation().declined()
    case.recuse(SAM)
    assert case.state is not None
    assert barred(case.state.file, case.case.work, TOM) is None
    assert case.refusal(Order.ASK, Ask(TOM, ("custody",), {}, Addressee.FIELD_OFFICE)) == "not_claimed_by_you"
