"""What becomes known after the decline counts: from the page to headquarters' queue, told or by the calendar alone."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from services.escalation.api import router
from services.escalation.domain.states import InQueue, State
from services.intake.commands import Amend, Ask, AskReview, RuleOnConsent, Withdraw
from services.intake.domain.case import COUNTS_AFTER, ReviewAsked, ReviewWish
from services.intake.domain.facts import Custody, Removal
from services.intake.domain.filing import Change
from services.intake.reactions import BEHAVIOUR
from shared.casework.commands import Answered
from shared.casework.offering import Verdict
from shared.contracts import events
from shared.contracts.parsing import parse
from shared.contracts.vocabulary import (
    Belief,
    CustodyStatus,
    EventType,
    Recipient,
    ReviewGround,
    TriageOutcome,
    Urgency,
)
from shared.policy.model import RANK
from shared.web.sign_in import Role
from tests.unit.desks import Desks
from tests.unit.escalation_story import SAM, Escalation, amended, completed, requested
from tests.unit.intake_house import House
from tests.unit.intake_world import DAY, MONDAY, OFFICER, World, assigned
from tests.unit.intake_world import completed as answered
from tests.unit.one_case import POLICY, after
from tests.unit.test_intake_consent import submitted

FREE = events.Custody(status=CustodyStatus.NOT_DETAINED)
IMMINENT = Change(("removal",), removal=Removal(None, Belief.YES))
DETAINED = Change(("custody",), custody=Custody(CustodyStatus.DETAINED, "TX", "El Paso"))
FREED = Change(("custody",), custody=Custody(CustodyStatus.NOT_DETAINED))
REVIEW = AskReview(ReviewGround.NEW_CIRCUMSTANCES, {})
WISH = AskReview(ReviewGround.FIELD_OFFICE_DECLINED, {"amended_2": b"box"}, wish=2)
ASKED = MONDAY + 6 * DAY
MAY = date(2021, 5, 1)
NEARS = datetime.combine(MAY, time(), UTC) - POLICY.imminent_within


def scheduled(day: date) -> Change:
    return Change(("removal",), removal=Removal(day, Belief.UNKNOWN))


def declined(*heard: Any) -> World:
    world = submitted()
    world.hear(assigned(), *(heard or (answered("DECLINED"),)))
    return world


def amend(world: World, change: Change, at: datetime = ASKED) -> None:
    number = world.state.filing.amendment + 1
    assert isinstance(world.ask(Ask.AMEND, Amend(number, change, {}), at=at), Answered)


def review(world: World) -> events.ReviewRequested:
    (asked,) = (said for said in world.said if isinstance(said, events.ReviewRequested))
    return asked


def due_within(urgency: Urgency, since: datetime) -> datetime:
    return POLICY.end_of(POLICY.sro_answer_within[urgency], since, "America/New_York")


@pytest.mark.parametrize(
    ("changes", "urgency"),
    [
        ((), Urgency.ROUTINE),
        ((IMMINENT,), Urgency.REMOVAL_IMMINENT),
        ((scheduled(date(2021, 3, 20)),), Urgency.REMOVAL_IMMINENT),
        ((scheduled(date(2021, 9, 1)),), Urgency.ROUTINE),
        ((DETAINED,), Urgency.DETAINED),
        ((DETAINED, IMMINENT), Urgency.REMOVAL_IMMINENT),
        ((DETAINED, FREED), Urgency.ROUTINE),
    ],
)
def test_headquarters_gets_the_case_as_urgent_as_it_has_become_in_any_order(
    changes: tuple[Change, ...], urgency: Urgency
) -> None:
    """Triage tells no urgency once it has answered; what the page was told since goes with the request for review."""
    world = declined()
    for change in changes:
        amend(world, change)
    assert isinstance(world.ask(Ask.REVIEW, REVIEW, at=ASKED), Answered)
    assert review(world).urgency is urgency
    told = [said for said in world.said if isinstance(said, events.RequestAmended | events.ReviewRequested)]
    record = completed(TriageOutcome.DECLINED, number=review(world).number)
    states = []
    for order in permutations(range(3)):
        case = Escalation()
        topics: list[list[tuple[str, Any]]] = [
            [("intake", said) for said in told if isinstance(said, events.RequestAmended)],
            [("intake", review(world))],
            [("triage", record)],
        ]
        for topic in order:
            for source, said in topics[topic]:
                case.hear(source, said, ASKED)
        assert case.queue["rank"] == RANK[urgency]
        assert case.queue["due"] <= due_within(urgency, ASKED)
        states.append(case.state)
    assert all(state == states[0] for state in states)


def test_headquarters_counts_what_the_request_itself_tells_though_an_older_build_told_less_urgency() -> None:
    case = Escalation()
    removal = events.Removal(believed_imminent=Belief.YES)
    case.hear("intake", amended(1, removal=removal), after(days=2))
    case.hear("intake", requested(1, custody=FREE, removal=removal, urgency=Urgency.ROUTINE), after(days=3))
    (escalated,) = case.told(EventType.REVIEW_ESCALATED)
    assert (case.queue["rank"], escalated["urgency"]) == (0, "REMOVAL_IMMINENT")


async def test_from_the_page_to_the_event(tmp_path: Path) -> None:
    house = House(tmp_path)
    case_id, path = await house.opened()
    house.hear(case_id, assigned(), answered("DECLINED"))
    form = {"idempotency_key": "a", "confirm": "yes", "removal_believed_imminent": "yes"}
    assert (await house.http.post(f"{path}/amend", data=form)).status_code == 303
    form = {"idempotency_key": "r", "confirm": "yes", "ground": "NEW_CIRCUMSTANCES", "reason": "A flight is booked."}
    assert (await house.http.post(f"{path}/review", data=form)).status_code == 303
    emitted = [parse(each.body, EventType(each.type)).data for each in await house.engine.events(case_id)]
    (asked,) = (said for said in emitted if isinstance(said, events.ReviewRequested))
    assert asked.urgency is Urgency.REMOVAL_IMMINENT


def test_what_triage_told_counts_while_it_is_of_the_newest_facts() -> None:
    told = assigned(2, urgency=Urgency.REMOVAL_IMMINENT)
    world = declined(told)
    assert world.state.filing.urgency_at(ASKED) is Urgency.REMOVAL_IMMINENT
    amend(world, Change(("information",)))
    assert world.state.filing.urgency_at(ASKED) is Urgency.REMOVAL_IMMINENT
    amend(world, FREED)
    assert world.state.filing.urgency_at(ASKED) is Urgency.ROUTINE
    newer = told.data.model_copy(update={"revision": 3, "facts_seen": 2, "urgency": Urgency.DETAINED})
    world.hear(told.model_copy(update={"seq": 3, "id": OFFICE_LOOKED, "data": newer}))
    assert world.state.filing.urgency_at(ASKED) is Urgency.DETAINED


OFFICE_LOOKED = assigned(9).id


def wishing(at: datetime = ASKED) -> World:
    world = declined()
    world.ask(Ask.CONSENT, RuleOnConsent(0, verified=False, by=OFFICER))
    assert isinstance(world.ask(Ask.REVIEW, WISH, at=at), Answered)
    return world


def test_a_wish_for_review_counts_at_once_when_the_page_is_told_of_a_removal_meanwhile() -> None:
    world = wishing()
    imminent = Amend(3, IMMINENT, {}, by=Recipient.NONCITIZEN)
    assert isinstance(world.ask(Ask.AMEND, imminent, at=ASKED + DAY), Answered)
    assert BEHAVIOUR.queue(world.state, {})["withdrawal_rank"] == 0
    assert world.pass_time(ASKED + DAY) is Verdict.APPLIED
    assert isinstance(world.state, ReviewAsked)
    assert review(world).urgency is Urgency.REMOVAL_IMMINENT


def test_it_counts_when_the_calendar_makes_the_removal_imminent() -> None:
    wish = ReviewWish(Recipient.REQUESTOR, NEARS - DAY, ReviewGround.NEW_CIRCUMSTANCES)
    assert wish.counts_at(NEARS) == NEARS
    assert wish.counts_at(NEARS - 30 * DAY) == wish.at
    assert wish.counts_at(NEARS + 30 * DAY) == wish.counts_at(None) == wish.at + COUNTS_AFTER


def test_what_waits_for_staff_moves_up_when_the_calendar_brings_a_removal_near() -> None:
    world = submitted()
    world.hear(assigned())
    amend(world, scheduled(MAY), at=MONDAY)
    world.ask(Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {}, wish=2), at=ASKED)

    def rank() -> object:
        return BEHAVIOUR.queue(world.state, world.case.work)["withdrawal_rank"]

    assert rank() == RANK[Urgency.ROUTINE]
    state, said = world.state, len(world.said)
    assert world.pass_time(NEARS - timedelta(milliseconds=1)) is Verdict.ALREADY
    assert world.pass_time(NEARS) is Verdict.APPLIED
    assert (rank(), world.state, len(world.said)) == (0, state, said)
    assert world.pass_time(NEARS + DAY) is Verdict.ALREADY


def at_headquarters(**told: Any) -> Escalation:
    case = Escalation()
    case.hear("triage", completed(TriageOutcome.DECLINED), after(days=2))
    removal = events.Removal(scheduled_for=MAY)
    case.hear("intake", requested(custody=FREE, removal=removal, urgency=Urgency.ROUTINE, **told), after(days=3))
    return case


def test_at_headquarters_the_calendar_moves_the_case_up_and_brings_its_due_date_near() -> None:
    case = at_headquarters()
    assert case.queue["rank"] == RANK[Urgency.ROUTINE]
    state, said = case.state, len(case.told())
    assert case.clock_reaches(NEARS - timedelta(milliseconds=1)) is Verdict.ALREADY
    assert case.clock_reaches(NEARS) is Verdict.APPLIED
    assert (case.state, len(case.told())) == (state, said)  # it follows from the state and the time: nothing to tell
    assert case.queue["rank"] == 0
    assert case.queue["due"] <= NEARS + timedelta(days=2)
    assert case.clock_reaches(NEARS) is Verdict.APPLIED  # by the clock of an imminent removal it is overdue
    assert case.told(EventType.REVIEW_OVERDUE)[0]["urgency"] == "REMOVAL_IMMINENT"
    assert case.clock_reaches(NEARS) is Verdict.ALREADY


def test_a_removal_that_is_put_off_moves_the_case_back_and_comes_near_again() -> None:
    case = at_headquarters()
    case.clock_reaches(NEARS)
    later = events.Removal(scheduled_for=MAY + timedelta(days=30))
    case.hear("intake", amended(1, removal=later), NEARS + timedelta(hours=1))
    assert case.queue["rank"] == RANK[Urgency.ROUTINE]
    again = NEARS + timedelta(days=30)
    while case.clock_reaches(again) is Verdict.APPLIED:
        pass
    assert case.queue["rank"] == 0


def test_it_is_the_same_whether_the_calendar_or_facts_come_first() -> None:
    by_time, by_facts = at_headquarters(), at_headquarters()
    by_time.clock_reaches(NEARS)
    other = events.RequestAmended(amendment=1, changed=("information",))
    for case in (by_time, by_facts):
        case.hear("intake", other, NEARS + timedelta(hours=1))
    assert isinstance(by_time.state, InQueue)
    assert by_time.state == by_facts.state
    assert by_time.queue == by_facts.queue


async def test_officials_see_it_first_in_their_queue_with_the_reason(tmp_path: Path) -> None:
    desks: Desks[State] = Desks(tmp_path, router)
    case = at_headquarters()
    detained = Escalation(OFFICE_LOOKED)
    detained.hear("triage", completed(TriageOutcome.DECLINED, number="ICR-2"))
    detained.hear("intake", requested(number="ICR-2", urgency=Urgency.DETAINED))
    desks.engine.cases |= {case.case.id: case, detained.case.id: detained}

    async def queue() -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = (await desks.get("/queue", SAM, Role.SRO)).json()["cases"]
        return shown

    assert [each["number"] for each in await queue()] == ["ICR-2", "ICR-1"]
    desks.now = NEARS
    case.clock_reaches(NEARS)
    first, _ = await queue()
    assert (first["number"], first["urgency"]) == ("ICR-1", "REMOVAL_IMMINENT")
    assert datetime.fromisoformat(first["due"]) <= NEARS + timedelta(days=2)
    assert "It came in as routine; the day of a scheduled removal moved it." in first["why"]
