"""What intake answers to what, given / when / then, through the engine's own core."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.intake.commands import Amend, Ask, AskReview, CorrectFacts, Erase, RuleOnConsent, Waive, Withdraw
from services.intake.domain.asserted import Asserted, Facts
from services.intake.domain.case import (
    Erased,
    Rejected,
    Resolved,
    ReviewAsked,
    ReviewLapsed,
    UnderConsideration,
    WindowOpen,
    WithdrawalAsked,
)
from services.intake.domain.consent import Consent, Ruling
from services.intake.domain.facts import Custody, Place, Removal
from services.intake.domain.filing import MAX_SEALED_BYTES, Change
from shared.casework.commands import Answered
from shared.casework.offering import Verdict
from shared.contracts import events
from shared.contracts.vocabulary import (
    Belief,
    ConsentKind,
    CustodyStatus,
    Recipient,
    RejectCode,
    RequestorType,
    ReviewGround,
    Service,
)
from shared.errors import CaseUnknown, CommandRefused
from tests.unit.intake_world import (
    DAY,
    MONDAY,
    OFFICER,
    World,
    assigned,
    completed,
    escalated,
    question,
    remanded,
    resolved,
)

DECLINED_AT = MONDAY + 5 * DAY
CLOSES = datetime(2021, 4, 13, 5, 59, tzinfo=UTC)
"""30 days later, 23:59 in El Paso."""
REVIEW = AskReview(ReviewGround.FIELD_OFFICE_DECLINED, {})


def submitted(requestor: RequestorType = RequestorType.NONCITIZEN, **more: Any) -> World:
    world = World()
    known = Consent(ConsentKind.NONE, Ruling(True, "officer-1", MONDAY))
    assert isinstance(world.submit(requestor_type=requestor, **{"consent": known} | more), Answered)
    return world


def declined() -> World:
    world = submitted()
    world.hear(assigned(), completed("DECLINED"))
    return world


def refused(world: World, ask: Ask, data: object, **how: object) -> str:
    before = world.state
    answer = world.ask(ask, data, **how)  # type: ignore[arg-type]
    assert isinstance(answer, CommandRefused)
    assert world.state == before
    return answer.code


# Submitting


def test_a_complete_request_is_a_case() -> None:
    world = World()
    answer = world.submit()
    assert isinstance(answer, Answered)
    assert answer.answer["number"] == "ABCDE-FGHJK-5"
    assert answer.answer["codes"] == []
    assert isinstance(world.state, UnderConsideration)
    assert [type(said) for said in world.said] == [events.RequestSubmitted]
    assert world.sealed_with() == ("submitted",)


def test_an_incomplete_request_of_somebody_at_liberty_is_rejected_with_all_codes() -> None:
    world = World()
    missing = (RejectCode.NO_NAME, RejectCode.NO_NARRATIVE)
    answer = world.submit(missing=missing)
    assert isinstance(answer, Answered)
    assert answer.answer["codes"] == ["NO_NAME", "NO_NARRATIVE"]
    assert isinstance(world.state, Rejected)
    (said,) = world.said
    assert said.codes == missing
    assert world.sealed_with() == ("contact",)
    assert set(world.case.changes.blobs) == {"contact"}  # the story of a rejected request is not kept


@pytest.mark.parametrize(
    "situation",
    [
        {"custody": Custody(CustodyStatus.DETAINED)},
        {"custody": Custody(CustodyStatus.UNKNOWN)},
        {"removal": Removal(believed_imminent=Belief.YES)},
        {"removal": Removal(scheduled_for=date(2021, 3, 10))},
    ],
)
def test_an_incomplete_request_that_cannot_wait_is_accepted_as_incomplete(situation: dict[str, Any]) -> None:
    world = World()
    world.submit(missing=(RejectCode.NO_NARRATIVE,), **situation)
    assert world.state.filing.incomplete == (RejectCode.NO_NARRATIVE,)
    assert world.said[0].incomplete == (RejectCode.NO_NARRATIVE,)


def test_the_same_request_again_is_the_same_answer_and_no_second_case() -> None:
    world = World()
    first = world.submit(key="a")
    again = world.submit(key="a")
    later = world.submit(key="b")  # the command's own record is gone; the case still knows its content
    assert isinstance(again, Answered)
    assert again.replayed
    assert isinstance(first, Answered)
    assert isinstance(later, Answered)
    assert first.answer == again.answer == later.answer
    assert len(world.said) == 1


def test_the_same_key_with_another_body_is_refused_and_shows_nothing() -> None:
    world = submitted()
    answer = world.submit(fingerprint="fingerprint-2")
    assert isinstance(answer, CommandRefused)
    assert answer.code == "idempotency_key_reused"
    assert "ABCDE" not in answer.reason
    assert len(world.said) == 1


def test_nothing_but_a_submission_makes_a_case() -> None:
    assert isinstance(World().ask(Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {})), CaseUnknown)


# The window


@pytest.mark.parametrize("outcome", ["DECLINED", "REFERRED"])
def test_a_first_decline_or_referral_opens_the_window_from_the_events_own_time(outcome: str) -> None:
    world = submitted()
    world.hear(completed(outcome))
    assert isinstance(world.state, WindowOpen)
    assert world.state.closes == CLOSES


PARTLY = {"granted": ["RELEASE"], "declined": ["PAROLE"]}


@pytest.mark.parametrize(
    ("outcome", "parts", "opens"),
    [
        ("DECLINED", PARTLY, True),  # what was granted takes no right from what was not
        ("MOOT", {"moot": ["RELEASE"]}, True),
        ("MOOT", {"granted": ["RELEASE"], "moot": ["PAROLE"]}, True),
        ("FAVOURABLE", {"granted": ["RELEASE", "PAROLE"]}, False),
        ("MOOT", {}, False),  # of before single reliefs were answered: it ended its case
    ],
)
def test_whatever_was_not_granted_opens_the_window(outcome: str, parts: dict[str, list[str]], opens: bool) -> None:
    world = submitted()
    world.hear(completed(outcome, parts=parts))
    assert isinstance(world.state, WindowOpen) is opens
    if opens:
        world.pass_time(CLOSES)
        assert isinstance(world.state, ReviewLapsed)


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        (Place("CA", "Los Angeles"), "America/Los_Angeles"),  # the office that answered is in El Paso
        (Place("GU", None), "Pacific/Guam"),
        (None, "America/New_York"),
    ],
)
def test_the_window_ends_with_a_day_where_the_person_lives_and_not_where_the_office_is(
    place: Place | None, zone: str
) -> None:
    world = submitted(place=place)
    world.hear(completed("DECLINED"))
    assert isinstance(world.state, WindowOpen)
    local = world.state.closes.astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute) == (23, 59)


@pytest.mark.parametrize("outcome", ["FAVOURABLE", "MOOT", "NO_ANSWER"])
def test_no_other_outcome_opens_a_window(outcome: str) -> None:
    world = submitted()
    world.hear(completed(outcome))
    assert isinstance(world.state, UnderConsideration)


def test_a_second_round_opens_no_window() -> None:
    world = declined()
    world.ask(Ask.REVIEW, REVIEW, at=DECLINED_AT + DAY)
    world.hear(escalated(), remanded(), completed("DECLINED", number=2, at=MONDAY + 12 * DAY))
    assert isinstance(world.state, ReviewAsked)
    assert len(world.state.filing.heard.considerations) == 2


def test_when_nobody_asks_in_time_the_review_lapses_once() -> None:
    world = declined()
    closes = CLOSES
    assert world.pass_time(closes - timedelta(milliseconds=1)) is Verdict.ALREADY
    assert world.pass_time(closes) is Verdict.APPLIED
    assert world.pass_time(closes + DAY) is Verdict.ALREADY
    assert isinstance(world.state, ReviewLapsed)
    assert world.said[-1] == events.ReviewLapsed(at=closes, waived=False)
    assert refused(world, Ask.REVIEW, REVIEW, at=closes) == "no_review_now"


def test_a_review_asked_a_moment_after_the_window_closed_counts_while_nothing_lapsed() -> None:
    world = declined()
    world.ask(Ask.REVIEW, REVIEW, at=CLOSES + timedelta(seconds=1))
    assert isinstance(world.state, ReviewAsked)
    assert world.pass_time(CLOSES + 30 * DAY) is Verdict.ALREADY
    assert [type(said) for said in world.said] == [events.RequestSubmitted, events.ReviewRequested]


def test_a_review_carries_what_headquarters_needs() -> None:
    world = submitted()
    world.hear(assigned())
    world.ask(Ask.AMEND, Amend(1, Change(("information",)), {"amended_1": b"box"}))
    world.hear(completed("DECLINED"))
    world.ask(Ask.REVIEW, AskReview(ReviewGround.NEW_CIRCUMSTANCES, {"review": b"box"}), at=DECLINED_AT)
    said = world.said[-1]
    assert (said.ground, said.amendment, said.office) == (ReviewGround.NEW_CIRCUMSTANCES, 1, "ELP")
    assert world.sealed_with() == ("submitted", "amended_1", "review")


def test_after_too_long_a_silence_headquarters_may_be_asked_with_that_ground_only() -> None:
    silent = AskReview(ReviewGround.NO_TIMELY_ANSWER, {})
    world = submitted()
    assert refused(world, Ask.REVIEW, silent, at=MONDAY + 90 * DAY) == "no_review_now"  # nobody has it yet
    world.hear(assigned(silent_until=MONDAY + 60 * DAY))
    assert refused(world, Ask.REVIEW, silent, at=MONDAY + 60 * DAY - timedelta(milliseconds=1)) == "no_review_now"
    assert refused(world, Ask.REVIEW, REVIEW, at=MONDAY + 60 * DAY) == "no_review_now"
    world.ask(Ask.REVIEW, silent, at=MONDAY + 60 * DAY)
    assert world.state.ground is ReviewGround.NO_TIMELY_ANSWER


def test_silence_is_no_ground_once_the_office_has_answered() -> None:
    world = declined()
    silent = AskReview(ReviewGround.NO_TIMELY_ANSWER, {})
    assert refused(world, Ask.REVIEW, silent, at=MONDAY + 90 * DAY) == "no_review_now"


def test_doing_without_review_lapses_it_at_once() -> None:
    world = declined()
    world.ask(Ask.WAIVE, Waive(), at=DECLINED_AT + DAY)
    assert world.said[-1] == events.ReviewLapsed(at=DECLINED_AT + DAY, waived=True, by=Recipient.REQUESTOR)
    assert world.state.waived
    world.hear(question())
    assert isinstance(world.state, ReviewLapsed)
    assert refused(world, Ask.WAIVE, Waive()) == "no_review_now"


# Withdrawing


def test_withdrawing_stops_the_window() -> None:
    world = declined()
    world.ask(Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {"withdrawal": b"box"}))
    assert isinstance(world.state, WithdrawalAsked)
    assert world.sealed_with() == ("withdrawal",)
    assert world.pass_time(CLOSES + 30 * DAY) is Verdict.ALREADY
    assert refused(world, Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {})) == "already_withdrawn"
    assert refused(world, Ask.REVIEW, REVIEW, at=DECLINED_AT) == "no_review_now"


def test_a_decline_after_a_withdrawal_opens_nothing() -> None:
    world = submitted()
    world.ask(Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {}))
    world.hear(completed("DECLINED"))
    assert isinstance(world.state, WithdrawalAsked)


# The resolution outranks everything


def test_what_arrives_after_the_resolution_changes_no_standing() -> None:
    world = submitted()
    world.hear(resolved("WITHDRAWN", stage="REQUESTOR"), completed("DECLINED"), escalated())
    assert isinstance(world.state, Resolved)
    assert world.pass_time(MONDAY + 365 * DAY) is Verdict.ALREADY
    assert refused(world, Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {})) == "resolved"
    assert refused(world, Ask.REVIEW, REVIEW) == "no_review_now"
    assert refused(world, Ask.AMEND, Amend(1, Change(("information",)), {"amended_1": b"x"})) == "resolved"


def test_consent_and_contact_may_still_change_after_the_resolution() -> None:
    world = submitted()
    world.hear(resolved())
    world.ask(Ask.CONSENT, RuleOnConsent(0, verified=True, by=OFFICER))
    world.ask(Ask.AMEND, Amend(2, Change(("contact",)), {"amended_2": b"x"}))
    assert isinstance(world.state, Resolved)
    assert world.state.filing.consent.verified


# Amending


def test_each_amendment_counts_up_and_says_what_changed() -> None:
    world = submitted()
    held = Custody(CustodyStatus.DETAINED, "TX", "El Paso")
    world.ask(Ask.AMEND, Amend(1, Change(("custody", "facility"), custody=held), {"amended_1": b"box"}))
    world.ask(Ask.AMEND, Amend(2, Change(("link",), new_link=True), {}))
    first, second = world.said[1:]
    assert (first.amendment, first.changed, first.custody.status) == (1, ("custody", "facility"), "DETAINED")
    assert (second.amendment, second.link_generation, second.custody) == (2, 2, None)
    assert world.state.filing.custody == held


def test_an_amendment_sealed_under_an_old_number_is_refused() -> None:
    world = submitted()
    world.ask(Ask.AMEND, Amend(1, Change(("information",)), {"amended_1": b"box"}))
    again = Amend(1, Change(("information",)), {"amended_1": b"other"})
    assert refused(world, Ask.AMEND, again) == "facts_changed"


def test_staff_who_saw_older_facts_are_refused() -> None:
    world = submitted()
    world.ask(Ask.AMEND, Amend(1, Change(("information",)), {"amended_1": b"box"}))
    facts = Facts(final_order=Asserted(True, "officer", MONDAY.date()))
    assert refused(world, Ask.FACTS, CorrectFacts(0, facts, {}, OFFICER)) == "facts_changed"
    assert refused(world, Ask.CONSENT, RuleOnConsent(0, verified=True, by=OFFICER)) == "facts_changed"
    world.ask(Ask.FACTS, CorrectFacts(1, facts, {}, OFFICER))
    assert world.said[-1].facts.final_order.value is True
    assert world.said[-1].facts.final_order.asserted_by == "officer"


def test_a_case_takes_no_more_than_its_limit() -> None:
    world = submitted()
    full = b"x" * (MAX_SEALED_BYTES - len(b"sealed"))
    assert refused(world, Ask.AMEND, Amend(1, Change(("information",)), {"amended_1": full + b"x"})) == "too_large"
    world.ask(Ask.AMEND, Amend(1, Change(("information",)), {"amended_1": full}))
    assert world.state.filing.amendment == 1
    assert refused(world, Ask.AMEND, Amend(2, Change(("information",)), {"amended_2": b"x"})) == "too_large"
    # A full case can still go to headquarters: all of it fits one record.
    world.hear(completed("DECLINED"))
    assert isinstance(world.ask(Ask.REVIEW, REVIEW, at=DECLINED_AT), Answered)


def test_nothing_changed_is_no_amendment() -> None:
    assert refused(submitted(), Ask.AMEND, Amend(1, Change(()), {})) == "nothing_changed"


def test_an_answer_closes_its_question_and_no_other() -> None:
    world = submitted(consent=Consent(ConsentKind.NONE))
    first, second = question(1), question(2, at=MONDAY + 2 * DAY)
    world.hear(first, second)
    asked = world.state.filing.open_question
    assert asked.id == second.data.question
    assert asked.blob in world.case.changes.blobs
    world.ask(Ask.AMEND, Amend(1, Change(("answer",), answers=asked.id), {"amended_1": b"box"}))
    said = world.said[-1]  # the words of who may not read it
    assert (said.changed, said.answers) == (("information",), None)
    assert world.state.filing.open_question == asked
    world.ask(Ask.CONSENT, RuleOnConsent(1, verified=True, by=OFFICER))
    world.ask(Ask.AMEND, Amend(3, Change(("answer",), answers=asked.id), {"amended_3": b"box"}))
    assert world.said[-1].answers == asked.id
    assert world.state.filing.open_question.id == first.data.question
    again = Amend(4, Change(("answer",), answers=asked.id), {"amended_4": b"box"})
    assert refused(world, Ask.AMEND, again) == "no_such_question"
    stranger = Amend(4, Change(("answer",), answers=UUID(int=1)), {"amended_4": b"box"})
    assert refused(world, Ask.AMEND, stranger) == "no_such_question"


# Erasing


def test_erasing_keeps_the_number_and_is_said_once() -> None:
    world = declined()
    first = world.ask(Ask.ERASE, Erase("privacy-1", "order-7"))
    again = world.ask(Ask.ERASE, Erase("privacy-1", "order-7"))
    assert isinstance(first, Answered)
    assert isinstance(again, Answered)
    assert world.state == Erased("ABCDE-FGHJK-5", MONDAY)
    assert [type(said) for said in world.said].count(events.CaseErased) == 1
    world.hear(escalated(), resolved(), question())
    assert world.state == Erased("ABCDE-FGHJK-5", MONDAY)
    assert not any(name.startswith("question") for name in world.case.changes.blobs)
    assert refused(world, Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {})) == "not_open"
    answer = world.submit()
    assert isinstance(answer, CommandRefused)
    assert answer.code == "idempotency_key_reused"


# A store that has been restored


def test_what_others_say_of_a_case_that_is_not_here_waits_for_it() -> None:
    world = World()
    assert world.hear(assigned(), completed("DECLINED")) == [Verdict.HELD, Verdict.HELD]
    world.submit()
    assert isinstance(world.state, WindowOpen)
    assert not world.case.held


def test_headquarters_taking_the_case_by_itself_closes_the_window_again() -> None:
    world = declined()
    world.hear(escalated())
    assert isinstance(world.state, UnderConsideration)
    assert replace(world.state.filing.heard, escalations=()).window_closes is not None


def test_questions_of_both_services_are_kept() -> None:
    world = submitted()
    world.hear(question(by=Service.ESCALATION), question())
    assert len(world.state.filing.heard.questions) == 2


def test_headquarters_is_told_what_was_asked_for_from_the_start() -> None:
    world = declined()
    world.ask(Ask.REVIEW, REVIEW, at=DECLINED_AT + DAY)
    told, filing = world.said[-1], world.state.filing
    assert (told.relief_sought, told.decision_under_review) == (filing.relief_sought, filing.decision_under_review)
    assert (told.requestor_type, told.received_at) == (filing.requestor_type, MONDAY)
