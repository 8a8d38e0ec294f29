"""A refused reader's wish for review: it waits for headquarters, costs no right, and counts by itself."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.intake.commands import Amend, Ask, AskReview, RuleOnConsent, RuleOnWithdrawal, Waive, Withdraw
from services.intake.domain.case import COUNTS_AFTER, ReviewAsked, ReviewLapsed, UnderConsideration, WindowOpen
from services.intake.domain.facts import Removal
from services.intake.domain.filing import Change
from services.intake.reactions import BEHAVIOUR
from shared.casework import offering
from shared.casework.commands import Answered
from shared.casework.offering import Verdict
from shared.contracts import events
from shared.contracts.vocabulary import (
    Belief,
    ConsentKind,
    Recipient,
    RequestorType,
    ReviewGround,
    Urgency,
)
from shared.web.sign_in import Role
from tests.unit.intake_house import House
from tests.unit.intake_world import DAY, MONDAY, OFFICER, OFFICIAL, World, assigned, completed, escalated, rules
from tests.unit.test_intake_consent import refused, submitted

ASKED = MONDAY + 6 * DAY
WISH = AskReview(ReviewGround.FIELD_OFFICE_DECLINED, {"amended_2": b"box"}, wish=2)


def wishing(at: datetime = ASKED) -> World:
    world = submitted()
    world.hear(assigned(), completed("DECLINED"))
    world.ask(Ask.CONSENT, RuleOnConsent(0, verified=False, by=OFFICER))
    assert isinstance(world.ask(Ask.REVIEW, WISH, at=at), Answered)
    return world


def reviews(world: World) -> list[Any]:
    return [said for said in world.said if isinstance(said, events.ReviewRequested)]


def test_it_waits_and_counts_by_itself_after_three_days_with_its_words() -> None:
    world = wishing()
    assert isinstance(world.state, WindowOpen)
    assert (world.said[-1].changed, reviews(world)) == (("review_asked",), [])
    assert BEHAVIOUR.queue(world.state, {})["withdrawal"] == ASKED
    assert world.pass_time(ASKED + COUNTS_AFTER - timedelta(milliseconds=1)) is Verdict.ALREADY
    world.pass_time(ASKED + COUNTS_AFTER)
    assert isinstance(world.state, ReviewAsked)
    assert world.state.at == ASKED + COUNTS_AFTER
    assert world.sealed_with() == ("submitted", "amended_2")


def test_only_headquarters_rules_on_it_either_way() -> None:
    for confirmed in (True, False):
        by_the_office = RuleOnWithdrawal(2, confirmed=confirmed, by=OFFICER)
        assert refused(wishing(), Ask.WITHDRAWAL, by_the_office) == "for_headquarters"
    world = wishing()
    world.ask(Ask.WITHDRAWAL, RuleOnWithdrawal(2, confirmed=True, by=OFFICIAL), at=ASKED + DAY)
    assert isinstance(world.state, ReviewAsked)
    assert len(reviews(world)) == 1


def test_the_window_stays_open_until_headquarters_has_ruled_and_for_everybody() -> None:
    closes = wishing().state.closes
    world = wishing(at=closes - DAY)
    assert world.pass_time(closes + DAY) is Verdict.ALREADY
    by_the_noncitizen = AskReview(ReviewGround.NEW_CIRCUMSTANCES, {}, by=Recipient.NONCITIZEN)
    world.ask(Ask.REVIEW, by_the_noncitizen, at=closes + DAY)
    assert isinstance(world.state, ReviewAsked)
    world = wishing(at=closes - DAY)
    world.ask(Ask.WITHDRAWAL, RuleOnWithdrawal(2, confirmed=False, by=OFFICIAL), at=closes + DAY)
    assert world.said[-1].changed == ("review_not_confirmed",)
    kept = datetime(2021, 4, 16, 23, 59, tzinfo=ZoneInfo("America/Denver"))  # three days from the ruling, a Friday
    assert world.pass_time(kept - timedelta(milliseconds=1)) is Verdict.ALREADY
    assert world.state.closes == kept
    world.pass_time(kept)
    assert world.state == ReviewLapsed(world.state.filing, kept, waived=False)
    early = wishing()
    early.ask(Ask.WITHDRAWAL, RuleOnWithdrawal(2, confirmed=False, by=OFFICIAL), at=ASKED + DAY)
    assert early.state.closes == closes  # later than the grace


def test_its_urgency_counts_a_removal_waits_for_nobody() -> None:
    world = wishing()
    imminent = Amend(3, Change(("removal",), removal=Removal(None, Belief.YES)), {}, by=Recipient.NONCITIZEN)
    assert isinstance(world.ask(Ask.AMEND, imminent, at=ASKED), Answered)
    assert BEHAVIOUR.queue(world.state, {})["withdrawal_rank"] == 0
    world.pass_time(ASKED)
    assert isinstance(world.state, ReviewAsked)
    assert reviews(world)[0].urgency is Urgency.REMOVAL_IMMINENT
    world = submitted()
    world.hear(assigned(urgency=Urgency.REMOVAL_IMMINENT), completed("DECLINED"))
    world.ask(Ask.CONSENT, RuleOnConsent(0, verified=False, by=OFFICER))
    assert refused(world, Ask.REVIEW, WISH) == "facts_changed"  # to be sealed as what it is: a review
    world.ask(Ask.REVIEW, AskReview(ReviewGround.FIELD_OFFICE_DECLINED, {}), at=ASKED)
    assert isinstance(world.state, ReviewAsked)


def test_one_thing_waits_at_a_time_and_it_ends_a_wish_to_withdraw() -> None:
    world = submitted()
    world.hear(completed("DECLINED"))
    world.ask(Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {}, wish=1))
    world.ask(Ask.CONSENT, RuleOnConsent(1, verified=False, by=OFFICER))
    wish = AskReview(ReviewGround.FIELD_OFFICE_DECLINED, {}, wish=3)
    world.ask(Ask.REVIEW, wish, at=ASKED)
    assert (world.state.wish, world.state.asks.at) == (None, ASKED)
    again = AskReview(ReviewGround.NEW_CIRCUMSTANCES, {}, wish=4)
    assert refused(world, Ask.REVIEW, again) == "wish_waits"
    by_the_noncitizen = Withdraw(Recipient.NONCITIZEN, {}, wish=4)
    assert refused(world, Ask.WITHDRAW, by_the_noncitizen) == "wish_waits"
    assert refused(world, Ask.WAIVE, Waive(Recipient.NONCITIZEN)) == "wish_waits"


@pytest.mark.parametrize("how", ["another ruling", "a hand-over"])
def test_it_counts_once_nobody_is_refused_any_more(how: str) -> None:
    world = wishing()
    if how == "another ruling":
        verified = RuleOnConsent(2, verified=True, by=OFFICER, kind=ConsentKind.FORM_60_001)
        world.ask(Ask.CONSENT, verified, at=ASKED + DAY)
    else:
        world.hand_over(3, RequestorType.ATTORNEY, at=ASKED + DAY)
    assert [type(said) for said in world.said[-2:]] == [events.RequestAmended, events.ReviewRequested]
    assert isinstance(world.state, ReviewAsked)


def test_it_is_over_once_headquarters_has_the_case_or_the_office_agreed() -> None:
    world = wishing()
    world.hear(escalated())
    assert isinstance(world.state, UnderConsideration)
    assert world.state.asks is None
    silent = submitted()
    silent.hear(assigned())
    silent.ask(Ask.CONSENT, RuleOnConsent(0, verified=False, by=OFFICER))
    wish = AskReview(ReviewGround.NO_TIMELY_ANSWER, {}, wish=2)
    silent.ask(Ask.REVIEW, wish, at=MONDAY + 60 * DAY)
    assert silent.state.asks is not None
    silent.hear(completed("FAVOURABLE"))
    assert silent.state.asks is None


def test_a_wish_upon_silence_goes_on_when_the_office_declines_meanwhile() -> None:
    world = submitted()
    world.hear(assigned())
    world.ask(Ask.CONSENT, RuleOnConsent(0, verified=False, by=OFFICER))
    world.ask(Ask.REVIEW, AskReview(ReviewGround.NO_TIMELY_ANSWER, {}, wish=2), at=MONDAY + 60 * DAY)
    world.hear(completed("DECLINED", at=MONDAY + 61 * DAY))
    world.pass_time(MONDAY + 63 * DAY)
    assert reviews(world)[0].ground is ReviewGround.FIELD_OFFICE_DECLINED


async def test_a_refused_reader_is_told_what_comes_of_it_and_headquarters_finds_it(tmp_path: Path) -> None:
    house = House(tmp_path)
    case_id, path = await house.opened()
    house.hear(case_id, assigned(), completed("DECLINED"))
    await house.rule(case_id, "refused")
    form = {"idempotency_key": "r", "ground": "NEW_CIRCUMSTANCES", "reason": "A child was born."}
    asked = await house.http.post(f"{path}/review", data=form)
    assert "Headquarters looks first at what you ask." in asked.text
    done = await house.http.post(f"{path}/review", data=form | {"confirm": "yes"})
    assert "Headquarters looks at that first." in (await house.http.get(done.headers["Location"])).text
    told = (await house.http.get(path, headers={"Accept": "application/json"})).json()
    assert told["review_waits"] is True
    assert "grounds" not in told
    token = house.issuer.staff("official-1", [Role.SRO])
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "yes"}
    (waits,) = (await house.http.get("/withdrawals", headers=headers)).json()["withdrawals"]
    assert (waits["of"], waits["by"], waits["urgency"]) == ("review_wanted", "requestor", "ROUTINE")
    assert waits["counts_at"]
    assert (await house.http.get(f"/cases/{case_id}", headers=headers)).json()["review_waits_since"]
    wish = {"facts_seen": waits["amendment"], "confirmed": True}
    answer = await house.http.post(f"/cases/{case_id}/withdrawal", json=wish, headers=headers)
    assert answer.status_code == 200, answer.text
    told = (await house.http.get(path, headers={"Accept": "application/json"})).json()
    assert told["stage"] == "review_asked"


async def test_a_wish_that_staff_turn_down_takes_no_right_from_the_noncitizen_who_sees_it_meanwhile(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    case_id, path = await house.opened()
    house.hear(case_id, assigned(), completed("DECLINED"))
    await house.rule(case_id, "refused")
    own = f"/status/{house.links.token(case_id, 1, Recipient.NONCITIZEN)}"
    last_day = (await told(house, own))["window_closes"]
    house.clock = datetime.fromisoformat(last_day) - timedelta(hours=1)
    form = {"idempotency_key": "r", "ground": "NEW_CIRCUMSTANCES", "confirm": "yes"}
    assert (await house.http.post(f"{path}/review", data=form)).status_code == 303
    seen = await told(house, own)
    assert (seen["window_closes"], seen["window_kept_open"], "review" in seen["may"]) == (last_day, True, True)
    assert "the time to ask does not end" in (await house.http.get(own)).text
    asker = await told(house, path)
    assert "window_closes" not in asker
    assert "window_kept_open" not in asker
    house.wait(DAY)
    late = await told(house, own)
    assert ("window_closes" in late, late["window_kept_open"]) == (False, True)
    headers = {"Authorization": f"Bearer {house.issuer.staff('official-1', [Role.SRO])}", "Idempotency-Key": "no"}
    no = {"facts_seen": 2, "confirmed": False}
    assert (await house.http.post(f"/cases/{case_id}/withdrawal", json=no, headers=headers)).status_code == 200
    case = house.engine.cases[case_id]
    assert offering.deadline(case, rules(), policy_now=house.clock + 2 * DAY) is Verdict.ALREADY
    after, asker = await told(house, own), await told(house, path)
    assert datetime.fromisoformat(after["window_closes"]) >= house.clock + rules().policies.at(house.clock).window_grace
    assert ("window_kept_open" in after, "not_agreed" in after, asker["not_agreed"]) == (False, False, True)
    assert "Staff did not agree to it." in (await house.http.get(path)).text
    house.wait(2 * DAY)
    assert (await house.http.post(f"{own}/review", data=form | {"idempotency_key": "own"})).status_code == 303
    assert isinstance(case.state, ReviewAsked)


async def told(house: House, path: str) -> dict[str, Any]:
    return (await house.http.get(path, headers={"Accept": "application/json"})).json()  # type: ignore[no-any-return]
