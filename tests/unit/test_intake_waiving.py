"""Doing without review, and what a refused consent ends: given / when / then, through the engine's own core."""

from services.intake.commands import (
    Amend,
    Ask,
    AskReview,
    HandOver,
    RuleOnConsent,
    RuleOnWithdrawal,
    Waive,
    Withdraw,
)
from services.intake.domain.case import GivesUp, ReviewAsked, ReviewLapsed, WindowOpen, WithdrawalWish
from services.intake.domain.consent import Consent
from services.intake.domain.filing import Change
from shared.casework.commands import Answered
from shared.contracts import events
from shared.contracts.vocabulary import ConsentKind, Recipient, RequestorType, ReviewGround
from tests.unit.intake_world import DAY, MONDAY, OFFICER, OFFICIAL, World, completed, escalated
from tests.unit.test_intake_consent import refused, submitted


def waiving() -> World:
    world = submitted()
    world.hear(completed("DECLINED"))
    assert isinstance(world.ask(Ask.WAIVE, Waive(), at=MONDAY + 6 * DAY), Answered)
    return world


def test_a_waiver_by_somebody_else_waits_and_the_window_stays_open() -> None:
    world = waiving()
    assert isinstance(world.state, WindowOpen)
    assert world.state.wish == WithdrawalWish(Recipient.REQUESTOR, MONDAY + 6 * DAY, GivesUp.REVIEW)
    assert world.said[-1].changed == ("waiver_asked",)
    world.ask(Ask.REVIEW, AskReview(ReviewGround.FIELD_OFFICE_DECLINED, {}), at=MONDAY + 7 * DAY)
    assert isinstance(world.state, ReviewAsked)
    assert world.state.wish is None


def test_headquarters_confirms_a_waiver_and_never_the_office_that_declined() -> None:
    world = waiving()
    by_the_office = RuleOnWithdrawal(1, confirmed=True, by=OFFICER)
    assert refused(world, Ask.WITHDRAWAL, by_the_office) == "for_headquarters"
    world.ask(Ask.WITHDRAWAL, RuleOnWithdrawal(1, confirmed=True, by=OFFICIAL), at=MONDAY + 8 * DAY)
    assert world.said[-1] == events.ReviewLapsed(
        at=MONDAY + 8 * DAY, waived=True, by=Recipient.REQUESTOR, confirmed_by="official-1"
    )
    assert isinstance(world.state, ReviewLapsed)


def test_who_may_waive_alone_does_so_over_the_wish_of_another_which_is_gone() -> None:
    world = waiving()
    world.ask(Ask.CONSENT, RuleOnConsent(1, verified=True, by=OFFICER, of=Recipient.NONCITIZEN))
    world.ask(Ask.WAIVE, Waive(Recipient.NONCITIZEN), at=MONDAY + 7 * DAY)
    assert world.said[-1] == events.ReviewLapsed(at=MONDAY + 7 * DAY, waived=True, by=Recipient.NONCITIZEN)
    assert isinstance(world.state, ReviewLapsed)
    assert world.state.wish is None


def test_a_waiver_that_is_not_confirmed_is_gone_and_the_window_is_still_open() -> None:
    world = waiving()
    world.ask(Ask.WITHDRAWAL, RuleOnWithdrawal(1, confirmed=False, by=OFFICER))
    assert isinstance(world.state, WindowOpen)
    assert world.state.wish is None
    assert world.said[-1].changed == ("waiver_not_confirmed",)


def test_a_waiver_waits_no_longer_than_the_window() -> None:
    world = waiving()
    world.pass_time(MONDAY + 60 * DAY)
    assert world.state == ReviewLapsed(world.state.filing, world.state.at, waived=False)
    world = waiving()
    world.hear(escalated())
    assert world.state.wish is None


def test_a_refused_consent_ends_what_its_link_may_change_but_not_the_way_to_headquarters() -> None:
    world = submitted()
    world.hear(completed("DECLINED"))
    world.ask(Ask.CONSENT, RuleOnConsent(0, verified=False, by=OFFICER))
    to_attorney = HandOver(2, RequestorType.ATTORNEY, None, {"amended_2": b"box"})
    claimed_anew = Amend(2, Change(("consent",), consent=Consent(ConsentKind.FORM_60_001)), {})
    for ask, data in [
        (Ask.WAIVE, Waive()),
        (Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {}, wish=2)),
        (Ask.HAND_OVER, to_attorney),
        (Ask.AMEND, claimed_anew),
    ]:
        assert refused(world, ask, data) == "consent_refused"
    wish = AskReview(ReviewGround.FIELD_OFFICE_DECLINED, {}, wish=2)
    assert isinstance(world.ask(Ask.REVIEW, wish, at=MONDAY + 6 * DAY), Answered)  # see test_intake_review_wish.py
