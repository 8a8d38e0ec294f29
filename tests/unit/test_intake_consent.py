"""Who may know, and who may withdraw alone: given / when / then, through the engine's own core."""

from dataclasses import replace
from typing import Any

import pytest

from services.intake.commands import (
    Ask,
    AskReview,
    HandOver,
    RuleOnConsent,
    RuleOnWithdrawal,
    Waive,
    Withdraw,
)
from services.intake.domain.case import (
    ReviewAsked,
    ReviewLapsed,
    UnderConsideration,
    WindowOpen,
    WithdrawalAsked,
)
from services.intake.domain.consent import Consent, May, Reader, Ruling, Thing, may, verifies
from services.intake.reactions import BEHAVIOUR
from services.intake.upcasting import with_rulings
from shared.casework.commands import Answered
from shared.contracts import events
from shared.contracts.vocabulary import ConsentKind, ConsentStatus, Language, Recipient, RequestorType, ReviewGround
from shared.errors import CommandRefused
from tests.unit.intake_world import DAY, MONDAY, OFFICER, World, assigned, completed, resolved, rules
from tests.unit.one_case import as_stored

VERIFIED, REFUSED = Ruling(True, "officer-1", MONDAY), Ruling(False, "officer-1", MONDAY)
WISH = Withdraw(Recipient.REQUESTOR, {"amended_1": b"box"}, wish=1)


@pytest.mark.parametrize(
    ("requestor", "kind", "ruling", "answer"),
    [
        (RequestorType.NONCITIZEN, ConsentKind.NONE, None, May.WAITS),  # so says the form: nobody has looked yet
        (RequestorType.NONCITIZEN, ConsentKind.NONE, VERIFIED, May.YES),
        (RequestorType.NONCITIZEN, ConsentKind.NONE, REFUSED, May.NO),  # staff found that it is somebody else
        (RequestorType.ATTORNEY, ConsentKind.G28, None, May.WAITS),
        (RequestorType.ATTORNEY, ConsentKind.G28, VERIFIED, May.YES),
        (RequestorType.ATTORNEY, ConsentKind.G28, REFUSED, May.NO),
        (RequestorType.ACCREDITED_REP, ConsentKind.G28, VERIFIED, May.YES),
        (RequestorType.ACCREDITED_REP, ConsentKind.NONE, VERIFIED, May.WAITS),
        (RequestorType.FAMILY, ConsentKind.FORM_60_001, VERIFIED, May.WAITS),  # may hear, may not act
        (RequestorType.NGO_OTHER, ConsentKind.FORM_60_001, VERIFIED, May.WAITS),
    ],
)
def test_who_gives_up_a_right_alone(
    requestor: RequestorType, kind: ConsentKind, ruling: Ruling | None, answer: May
) -> None:
    reader = Reader(Recipient.REQUESTOR, requestor, Consent(kind, ruling))
    assert may(reader, Thing.WITHDRAW) is may(reader, Thing.WAIVE) is may(reader, Thing.HAND_OVER) is answer


@pytest.mark.parametrize(
    ("requestor", "kind", "counts"),
    [
        (RequestorType.NONCITIZEN, ConsentKind.NONE, True),
        (RequestorType.ATTORNEY, ConsentKind.G28, True),
        (RequestorType.ATTORNEY, ConsentKind.FORM_60_001, False),
        (RequestorType.ACCREDITED_REP, ConsentKind.NONE, False),
        (RequestorType.FAMILY, ConsentKind.FORM_60_001, True),
        (RequestorType.FAMILY, ConsentKind.G28, False),
        (RequestorType.NGO_OTHER, ConsentKind.NONE, False),
    ],
)
def test_which_paper_counts_for_whom(requestor: RequestorType, kind: ConsentKind, counts: bool) -> None:
    assert verifies(kind, requestor, rules().policies.at(MONDAY).papers) is counts


def test_a_consent_is_claimed_until_staff_rule_on_it() -> None:
    told = [Consent(ConsentKind.G28, ruling).status for ruling in (None, VERIFIED, REFUSED)]
    assert told == [ConsentStatus.CLAIMED, ConsentStatus.VERIFIED, ConsentStatus.REFUSED]


# Rulings


def submitted(requestor: RequestorType = RequestorType.FAMILY, kind: ConsentKind = ConsentKind.FORM_60_001) -> World:
    world = World()
    assert isinstance(world.submit(requestor_type=requestor, consent=Consent(kind)), Answered)
    return world


def refused(world: World, ask: Ask, data: object) -> str:
    before = world.state
    answer = world.ask(ask, data)
    assert isinstance(answer, CommandRefused)
    assert world.state == before
    return answer.code


def test_a_ruling_says_who_and_when_and_is_told() -> None:
    world = submitted()
    world.ask(Ask.CONSENT, RuleOnConsent(0, verified=True, by=OFFICER), at=MONDAY + DAY)
    assert world.state.filing.consent == Consent(ConsentKind.FORM_60_001, Ruling(True, "officer-1", MONDAY + DAY))
    said = world.said[-1]
    assert (said.changed, said.consent.status, said.amended_by) == (("consent",), "verified", "officer-1")


def test_a_paper_that_is_another_ones_verifies_nobody_but_can_be_refused() -> None:
    world = submitted(RequestorType.ATTORNEY, ConsentKind.FORM_60_001)
    assert refused(world, Ask.CONSENT, RuleOnConsent(0, verified=True, by=OFFICER)) == "wrong_paper"
    world.ask(Ask.CONSENT, RuleOnConsent(0, verified=False, by=OFFICER))
    assert world.state.filing.consent.status is ConsentStatus.REFUSED
    world.ask(Ask.CONSENT, RuleOnConsent(1, verified=True, by=OFFICER, kind=ConsentKind.G28))
    assert world.state.filing.consent.verified


# Withdrawals that wait


def wished(**how: Any) -> World:
    world = submitted(**how)
    assert isinstance(world.ask(Ask.WITHDRAW, WISH), Answered)
    return world


def test_a_withdrawal_by_somebody_else_waits_and_everything_goes_on() -> None:
    world = wished()
    assert isinstance(world.state, UnderConsideration)
    assert [said.type for said in world.said] == ["request.submitted", "request.amended"]
    assert world.said[-1].changed == ("withdrawal_asked",)
    assert world.sealed_with() == ("amended_1",)
    assert BEHAVIOUR.queue(world.state, {})["withdrawal"] == MONDAY
    world.hear(assigned(), completed("DECLINED"))
    assert isinstance(world.state, WindowOpen)
    assert world.state.wish is not None
    world.pass_time(MONDAY + 60 * DAY)
    assert isinstance(world.state, ReviewLapsed)  # the window closes all the same
    assert world.state.wish is not None


def test_a_confirmed_withdrawal_is_told_with_who_confirmed() -> None:
    world = wished()
    world.ask(Ask.WITHDRAWAL, RuleOnWithdrawal(1, confirmed=True, by=OFFICER), at=MONDAY + DAY)
    assert world.state == WithdrawalAsked(world.state.filing, Recipient.REQUESTOR, MONDAY + DAY)
    assert world.said[-1] == events.RequestWithdrawn(by=Recipient.REQUESTOR, confirmed_by="officer-1")
    assert BEHAVIOUR.queue(world.state, {})["withdrawal"] is None


def test_a_withdrawal_that_is_not_confirmed_is_gone_and_may_be_asked_again() -> None:
    world = wished()
    world.ask(Ask.WITHDRAWAL, RuleOnWithdrawal(1, confirmed=False, by=OFFICER))
    assert world.state.wish is None
    assert (world.said[-1].changed, world.said[-1].amended_by) == (("withdrawal_not_confirmed",), "officer-1")
    ruled = RuleOnWithdrawal(2, confirmed=True, by=OFFICER)
    assert refused(world, Ask.WITHDRAWAL, ruled) == "no_withdrawal_waits"
    world.ask(Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {}, wish=3))
    assert world.state.wish is not None


def test_staff_confirm_what_they_have_seen_and_only_what_waits() -> None:
    ruled = RuleOnWithdrawal(0, confirmed=True, by=OFFICER)
    assert refused(submitted(), Ask.WITHDRAWAL, ruled) == "no_withdrawal_waits"
    world = wished()
    assert refused(world, Ask.WITHDRAWAL, ruled) == "facts_changed"
    assert refused(world, Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {}, wish=2)) == "already_withdrawn"
    world.hear(resolved())
    assert refused(world, Ask.WITHDRAWAL, RuleOnWithdrawal(1, confirmed=True, by=OFFICER)) == "resolved"
    assert BEHAVIOUR.queue(world.state, {})["withdrawal"] is None


def test_a_withdrawal_sealed_for_the_other_way_is_sealed_again() -> None:
    at_once = Withdraw(Recipient.REQUESTOR, {"withdrawal": b"box"})
    assert refused(submitted(), Ask.WITHDRAW, at_once) == "facts_changed"
    verified = submitted(RequestorType.NONCITIZEN, ConsentKind.NONE)
    verified.ask(Ask.CONSENT, RuleOnConsent(0, verified=True, by=OFFICER))
    wish = Withdraw(Recipient.REQUESTOR, {"amended_2": b"box"}, wish=2)
    assert refused(verified, Ask.WITHDRAW, wish) == "facts_changed"


def test_a_representative_who_is_verified_meanwhile_withdraws_at_once() -> None:
    world = wished(requestor=RequestorType.ATTORNEY, kind=ConsentKind.G28)
    world.ask(Ask.CONSENT, RuleOnConsent(1, verified=True, by=OFFICER))
    assert world.state.wish is not None  # by itself a ruling on the paper withdraws nothing
    world.ask(Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {}))
    assert isinstance(world.state, WithdrawalAsked)


def test_who_goes_on_to_headquarters_no_longer_wishes_to_withdraw() -> None:
    world = wished()
    world.hear(completed("DECLINED"))
    world.ask(Ask.REVIEW, AskReview(ReviewGround.FIELD_OFFICE_DECLINED, {}), at=MONDAY + 6 * DAY)
    assert isinstance(world.state, ReviewAsked)
    assert world.state.wish is None


def test_one_thing_at_a_time_waits_to_be_given_up() -> None:
    world = wished()
    world.hear(completed("DECLINED"))
    assert refused(world, Ask.WAIVE, Waive()) == "wish_waits"


# Handing over

TO_ATTORNEY = HandOver(1, RequestorType.ATTORNEY, Language.ES, {"amended_1": b"box"})


def test_whoever_takes_a_case_over_is_not_verified_and_has_another_link() -> None:
    world = wished(requestor=RequestorType.FAMILY)
    world.ask(Ask.CONSENT, RuleOnConsent(1, verified=True, by=OFFICER))
    world.hand_over(3, RequestorType.ATTORNEY, Language.ES)
    filing = world.state.filing
    assert (filing.requestor_type, filing.represented, filing.language) == ("ATTORNEY", True, "es")
    assert filing.consent == Consent(ConsentKind.G28)
    assert (filing.link_generation, filing.client_reference) == (2, None)
    assert world.state.wish is None  # of the one before
    said = world.said[-1]
    assert said.changed == ("representative", "consent", "language")
    assert (said.requestor_type, said.represented, said.link_generation) == ("ATTORNEY", True, 2)
    assert said.consent.status is ConsentStatus.CLAIMED


def test_a_representative_may_stand_down_and_staff_may_say_so() -> None:
    alone = HandOver(1, RequestorType.NONCITIZEN, None, {"amended_1": b"box"}, OFFICER)
    assert refused(submitted(), Ask.HAND_OVER, alone) == "nobody_represents"
    world = submitted(RequestorType.ATTORNEY, ConsentKind.G28)
    world.hand_over(1, RequestorType.NONCITIZEN)
    assert (world.state.filing.requestor_type, world.state.filing.represented) == ("NONCITIZEN", False)
    assert world.state.filing.consent == Consent(ConsentKind.NONE)
    assert (world.said[-1].represented, world.said[-1].amended_by) == (False, "officer-2")


def test_nothing_is_handed_over_that_has_moved_on() -> None:
    world = wished()
    assert refused(world, Ask.HAND_OVER, TO_ATTORNEY) == "facts_changed"
    world.hear(resolved())
    assert refused(world, Ask.HAND_OVER, HandOver(2, RequestorType.ATTORNEY, None, {})) == "resolved"


def test_the_noncitizen_stays_who_staff_have_found_them_to_be_whoever_asks() -> None:
    world = submitted(RequestorType.NONCITIZEN, ConsentKind.NONE)
    world.ask(Ask.CONSENT, RuleOnConsent(0, verified=True, by=OFFICER))
    to = HandOver(2, RequestorType.ATTORNEY, Language.ES, {"amended_2": b"box"}, reachable=True)
    world.ask(Ask.HAND_OVER, to)
    filing = world.state.filing
    assert (filing.consent.status, filing.reader(Recipient.NONCITIZEN).consent.status) == ("claimed", "verified")
    assert (world.said[-1].noncitizen_status, world.said[-1].noncitizen_reachable) == ("verified", True)
    world.hand_over(3, RequestorType.NONCITIZEN)
    assert world.state.filing.consent.verified


def test_a_representative_who_stands_down_never_hurries() -> None:
    world = submitted(RequestorType.ATTORNEY, ConsentKind.G28)
    world.ask(Ask.CONSENT, RuleOnConsent(0, verified=True, by=OFFICER))
    at_once = HandOver(2, RequestorType.NONCITIZEN, None, {"amended_2": b"box"})
    assert refused(world, Ask.HAND_OVER, at_once) == "facts_changed"  # to be sealed as a wish
    world.ask(Ask.HAND_OVER, replace(at_once, wish=True))
    assert (world.state.wish.of, world.state.filing.requestor_type) == ("case", "ATTORNEY")


# What earlier builds stored


@pytest.mark.parametrize("status", [None, "claimed", "verified", "refused"])
def test_a_consent_stored_without_its_ruling_is_read(status: str | None) -> None:
    world = submitted()
    stored = as_stored(rules().mapping, world.state)
    stored["filing"]["consent"] = {"kind": "FORM_60_001"} | ({"status": status} if status else {})
    state: Any = rules().mapping.decode(with_rulings(stored))
    assert state.filing.consent.status == (status or "claimed")
