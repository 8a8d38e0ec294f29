"""What people did after the backup was made: each act is read from its own event, and gives the state that it gave."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.escalation.domain.states import InQueue, Remanded, file_of
from services.intake.commands import (
    Amend,
    Ask,
    AskReview,
    CorrectFacts,
    RuleOnConsent,
    RuleOnWithdrawal,
    SendLink,
    Waive,
    Withdraw,
)
from services.intake.domain.asserted import Asserted, Facts
from services.intake.domain.case import ReviewLapsed, UnderConsideration, WindowOpen
from services.intake.domain.facts import Custody, Place, Removal
from services.intake.domain.filing import Change
from services.triage.answering import Answer
from services.triage.carrying_out import CarryingOut, Done
from services.triage.orders import Order, Release
from shared.casework import offering
from shared.casework.commands import Answered
from shared.casework.offering import Verdict
from shared.contracts import events
from shared.contracts.vocabulary import (
    Belief,
    ConsentKind,
    CustodyStatus,
    EventType,
    Language,
    Recipient,
    RequestorType,
    ReviewGround,
    TriageOutcome,
)
from tests.unit.escalation_story import Escalation, requested
from tests.unit.escalation_story import completed as completed_at_triage
from tests.unit.intake_world import DAY, MONDAY, OFFICER, OFFICIAL, World, assigned, completed
from tests.unit.one_case import after
from tests.unit.put_back import copied, put_back
from tests.unit.triage_story import (
    ANA,
    FAVOURABLE,
    QUESTION,
    Triage,
    asked,
    escalated,
    now_detained,
)

BOX = {"amended_1": b"box"}
DETAINED = Custody(CustodyStatus.DETAINED, "TX", "El Paso")


def amend(*names: str, boxes: dict[str, bytes] | None = None, **changes: Any) -> tuple[Ask, Any]:
    return Ask.AMEND, Amend(1, Change(names, **changes), boxes or {})


def officers_word() -> tuple[Ask, Any]:
    fact = Asserted(value=True, asserted_by="officer", on=date(2021, 3, 9))
    return Ask.FACTS, CorrectFacts(0, Facts(final_order=fact), BOX, OFFICER)


ACTS: dict[str, tuple[Ask, Any]] = {
    "custody": amend("custody", custody=DETAINED),
    "removal": amend("removal", removal=Removal(date(2021, 5, 3), Belief.UNKNOWN)),
    "place": amend("place", place=Place("PA", "Clearfield")),
    "contact": amend("contact", "language", "link", language=Language.ES, new_link=True, boxes=BOX),
    "information": amend("information", boxes=BOX),
    "an officer's word": officers_word(),
    "consent refused": (Ask.CONSENT, RuleOnConsent(0, False, OFFICER, ConsentKind.FORM_60_001)),
    "consent verified": (Ask.CONSENT, RuleOnConsent(0, True, OFFICER, ConsentKind.FORM_60_001)),
    "who reads": (Ask.CONSENT, RuleOnConsent(0, True, OFFICER, of=Recipient.NONCITIZEN)),
    "link": (Ask.SEND_LINK, SendLink(Recipient.REQUESTOR)),
    "wish to withdraw": (Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, BOX, wish=1)),
    "wish to waive": (Ask.WAIVE, Waive()),
    "review": (Ask.REVIEW, AskReview(ReviewGround.FIELD_OFFICE_DECLINED, {"review": b"why"})),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_was_done_at_intake_stands(act: str) -> None:
    world = World()
    world.submit()
    world.hear(assigned(), completed("DECLINED"))
    assert isinstance(world.state, WindowOpen)
    backup = copied(world)
    assert isinstance(world.ask(*ACTS[act], MONDAY + DAY), Answered)
    assert backup.state != world.state
    assert put_back(world, backup)
    assert backup.state == world.state
    assert backup.sizes == world.case.sizes


def test_a_wish_that_staff_turned_down_stays_turned_down() -> None:
    world = World()
    world.submit()
    backup = copied(world)
    assert isinstance(world.ask(*ACTS["wish to withdraw"], MONDAY + DAY), Answered)
    assert isinstance(world.ask(Ask.WITHDRAWAL, RuleOnWithdrawal(1, False, OFFICER), MONDAY + 2 * DAY), Answered)
    assert world.state.filing.not_agreed is Recipient.REQUESTOR
    assert put_back(world, backup)
    assert backup.state == world.state


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_refused_readers_wish_for_review_stands_and_so_does_headquarters_word(confirmed: bool) -> None:
    world = World()
    world.submit()
    world.hear(assigned(), completed("DECLINED"))
    backup = copied(world)
    assert isinstance(world.ask(*ACTS["consent refused"], MONDAY + DAY), Answered)
    wish = AskReview(ReviewGround.FIELD_OFFICE_DECLINED, {"amended_2": b"box"}, wish=2)
    assert isinstance(world.ask(Ask.REVIEW, wish, MONDAY + 2 * DAY), Answered)
    ruled = RuleOnWithdrawal(2, confirmed, OFFICIAL)
    assert isinstance(world.ask(Ask.WITHDRAWAL, ruled, MONDAY + 3 * DAY), Answered)
    assert put_back(world, backup)
    assert backup.state == world.state


def test_a_waiver_that_counts_at_once_stands() -> None:
    world = World()
    world.submit(requestor_type=RequestorType.NONCITIZEN)
    world.hear(assigned(), completed("DECLINED"))
    verified = RuleOnConsent(0, True, OFFICER, ConsentKind.NONE)
    assert isinstance(world.ask(Ask.CONSENT, verified, MONDAY + DAY), Answered)
    backup = copied(world)
    assert isinstance(world.ask(Ask.WAIVE, Waive(), MONDAY + 2 * DAY), Answered)
    assert isinstance(world.state, ReviewLapsed)
    assert put_back(world, backup)
    assert backup.state == world.state


def test_to_whom_staff_propose_to_hand_over_is_told_nowhere_so_the_case_waits_for_a_person() -> None:
    world = World()
    world.submit()
    backup = copied(world)
    world.hand_over(1, RequestorType.ATTORNEY)
    assert not put_back(world, backup)
    assert backup.parked
    assert isinstance(backup.state, UnderConsideration)
    assert backup.state.filing.amendment == 0


def at_the_office(story: Triage) -> None:
    assert story.forward("HOU", ANA) is None


def asked_the_requestor(story: Triage) -> None:
    story.claim()
    story.ask_requestor(at=after(hours=1))


def put_back_by_its_officer(story: Triage) -> None:
    """The facts have placed it elsewhere meanwhile."""
    assert story.refusal(Order.RELEASE, Release(ANA), after(hours=3)) is None


def held_while_it_moved(story: Triage) -> None:
    story.claim(at=after(hours=1))
    story.hear("intake", now_detained(1), after(hours=2))


@pytest.mark.parametrize(
    ("before", "act"),
    [
        (lambda _: None, at_the_office),
        (lambda _: None, asked_the_requestor),
        (held_while_it_moved, put_back_by_its_officer),
    ],
    ids=["forwarded", "asked", "put back"],
)
def test_what_an_officer_did_with_the_case_stands(
    before: Callable[[Triage], None], act: Callable[[Triage], None]
) -> None:
    story = Triage().submit()
    before(story)
    backup = copied(story)
    act(story)
    assert backup.state != story.state
    assert put_back(story, backup)
    assert backup.state == story.state


def test_what_was_carried_out_is_not_to_be_done_again() -> None:
    story = Triage().submit()
    story.claim()
    assert story.decide(FAVOURABLE) is None
    backup = copied(story)
    assert story.refusal(CarryingOut.DONE, Done(ANA, date(2021, 3, 9), {}), after(days=2)) is None
    assert put_back(story, backup)
    assert (backup.state, backup.due_at) == (story.state, None)


def test_an_answer_to_headquarters_stands() -> None:
    story = Triage().submit()
    story.hear("escalation", escalated())
    story.hear("escalation", asked())
    backup = copied(story)
    answer = Answer(ANA, QUESTION, {f"answer_{QUESTION}": b"box"})
    assert story.refusal(Order.ANSWER, answer, after(days=1)) is None
    assert put_back(story, backup)
    assert backup.state == story.state
    assert ANA.subject in backup.work["touched"]


def test_a_deadline_that_came_late_does_not_come_before_what_was_done_meanwhile() -> None:
    """Its event has the time at which it was due, and a higher number than that of an officer who was quicker."""
    story = Triage().submit()
    backup = copied(story)
    assert backup.due_at is not None
    assert story.forward("HOU", ANA, at=backup.due_at + timedelta(hours=1)) is None
    assert offering.deadline(story.case, story.rules, policy_now=backup.due_at + timedelta(hours=2)) is Verdict.APPLIED
    assert put_back(story, backup)
    assert backup.state == story.state


def asks_the_office(story: Escalation) -> None:
    story.ask_office(at=after(days=4))


def asks_the_requestor(story: Escalation) -> None:
    story.ask_requestor(at=after(days=4))


@pytest.mark.parametrize("act", [asks_the_office, asks_the_requestor])
def test_a_question_of_headquarters_stands(act: Callable[[Escalation], None]) -> None:
    story = Escalation().declined()
    story.claim()
    backup = copied(story)
    act(story)
    assert put_back(story, backup)
    assert isinstance(backup.state, InQueue)
    (question,) = backup.state.file.asked
    (meant,) = file_of(story.state).asked
    named = replace(question, by=meant.by)
    assert replace(backup.state, file=replace(backup.state.file, asked=(named,))) == story.state


def test_what_headquarters_sent_back_is_with_the_field_office() -> None:
    story = Escalation().declined()
    story.claim()
    backup = copied(story)
    assert story.remand() is None
    assert put_back(story, backup)
    assert isinstance(backup.state, Remanded)
    (sent,) = backup.state.file.sent_back
    (meant,) = file_of(story.state).sent_back
    named = replace(sent, by=meant.by)
    assert replace(backup.state, file=replace(backup.state.file, sent_back=(named,))) == story.state
    assert not backup.work.get("claim")


def test_a_deadline_that_tells_nobody_anything_hides_no_later_one() -> None:
    """Headquarters: a scheduled removal comes near, which nobody is told, and changes when the review is overdue."""
    removal = events.Removal(scheduled_for=after(days=40).date())
    story = Escalation()
    story.hear("triage", completed_at_triage(TriageOutcome.DECLINED), after(days=2))
    story.hear("intake", requested(removal=removal), after(days=3))
    backup = copied(story)
    for _ in range(2):
        assert story.case.due_at is not None
        assert offering.deadline(story.case, story.rules, policy_now=story.case.due_at) is Verdict.APPLIED
    assert [event.type for event in story.case.changes.events[backup.emitted :]] == [EventType.REVIEW_OVERDUE]
    assert put_back(story, backup)
    assert backup.state == story.state
