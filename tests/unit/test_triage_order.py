"""Whatever the order across topics, however often: the same inputs leave triage in the same state.

Commands and the calendar are not free to move: they come between two stretches of events, as people and time do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.triage.answering import Answer
from services.triage.carrying_out import CarryingOut, Done, Take
from services.triage.domain.consideration import UnderReview, urgency_of
from services.triage.domain.decision import Decision
from services.triage.domain.states import UnderConsideration, Unheard
from services.triage.orders import Ask, Claim, Decide, Forward, Officer, Order
from services.triage.routing import office_now
from services.triage.taking_back import TakeBack
from shared.casework.case import Arrived
from shared.contracts import events
from shared.contracts.envelope import EventData
from shared.contracts.vocabulary import (
    Belief,
    CustodyStatus,
    EventType,
    MootBecause,
    ReliefSought,
    TriageOutcome,
    Urgency,
)
from tests.unit.one_case import Senders, after
from tests.unit.triage_story import (
    DECLINED,
    ERASED,
    FAVOURED,
    OVERRIDDEN,
    QUESTION,
    RESOLVED,
    WITHDRAWN,
    Triage,
    asked,
    escalated,
    remanded,
    submitted,
)

EVERYWHERE = Officer("officer-1", frozenset({"BAL", "PHI", "ATL", "SNA"}), assigns=True)
SOMEBODY = Officer("officer-2", frozenset({"BAL", "PHI", "ATL", "SNA"}), assigns=True)


def told_by_an_officer(value: Any) -> events.Fact[Any]:
    return events.Fact[Any](value=value, asserted_by="officer", on=date(2021, 3, 9))


CUSTODY = st.builds(
    events.Custody, status=st.sampled_from(CustodyStatus), state=st.sampled_from(["PA", "TX", None]), county=st.none()
)
REMOVAL = st.builds(
    events.Removal,
    scheduled_for=st.sampled_from([None, date(2021, 3, 10), date(2021, 3, 28), date(2021, 6, 1)]),
    believed_imminent=st.sampled_from(Belief),
)
PLACE = st.sampled_from([None, events.Place(state="MD"), events.Place(state="GA"), events.Place(state="TX")])
FACTS = st.builds(
    events.Facts,
    threat_to_public_safety=st.none() | st.builds(told_by_an_officer, st.booleans()),
    aggravated_felony=st.none() | st.builds(told_by_an_officer, st.booleans()),
    first_present_on=st.none() | st.builds(told_by_an_officer, st.sampled_from([date(2015, 1, 1), date(2020, 11, 1)])),
)
BEGINS = st.sampled_from([0, 135, 155, 160, 185, 258])
"""Days after the first: most stories then cross the days on which another guidance comes into force."""
ENDINGS = st.sampled_from([RESOLVED, FAVOURED, FAVOURED, OVERRIDDEN])
THEN = [
    None,
    "take",
    "take back",
    "done",
    "claim",
    "release",
    "ask",
    "forward",
    "answer",
    "calendar",
    "decide",
    "decide",
    "grant a part",
    "find it moot",
    "approve",
]


RELEASE, STAY = ASKED = (ReliefSought.RELEASE, ReliefSought.STAY_OR_PAUSE_REMOVAL)
DECISIONS = {
    "decide": replace(DECLINED, declined=ASKED),
    "grant a part": replace(DECLINED, granted=(RELEASE,), declined=(STAY,)),
    "find it moot": Decision(
        TriageOutcome.MOOT, granted=(RELEASE,), moot=(STAY,), moot_because=MootBecause.STATUS_GRANTED
    ),
}


@dataclass(frozen=True)
class Stretch:
    """Events that may come in any order, then what a person or the calendar does (None: nothing) at `at`."""

    events: tuple[Arrived, ...]
    then: str | None
    at: datetime


@st.composite
def stories(draw: st.DrawFn) -> list[Stretch]:
    """A story that can happen: an event is in the stretch of its cause, or a later one."""
    senders, stretches, amendment = Senders(), [], 0
    told: dict[str, bool] = {}

    def maybe(name: str, source: str, data: EventData, *, if_: bool = True) -> list[Arrived]:
        if not if_ or told.get(name) or draw(st.integers(0, 2), label=name):
            return []
        told[name] = True
        return [senders.event(source, data, moment())]

    def moment() -> Any:
        return after(days=begins + number * 10, hours=draw(st.integers(0, 200)))

    last, begins = draw(st.integers(1, 3)), draw(BEGINS)
    for number in range(last + 1):
        heard = []
        if number == 0:
            first = submitted(
                received_at=after(days=begins),
                relief_sought=ASKED,
                custody=draw(CUSTODY),
                removal=draw(REMOVAL),
                place=draw(PLACE),
                facts=draw(FACTS),
            )
            heard.append(senders.event("intake", first, moment()))
        for _ in range(draw(st.integers(0, 2))):
            amendment += 1
            changes: dict[str, Any] = {
                "custody": draw(st.none() | CUSTODY),
                "removal": draw(st.none() | REMOVAL),
                "place": draw(PLACE),
            }
            changes["facts"] = draw(st.none() | FACTS)
            data = events.RequestAmended(amendment=amendment, changed=tuple(changes), **changes)
            heard.append(senders.event("intake", data, moment()))
        heard += maybe("withdrawn", "intake", WITHDRAWN)
        heard += maybe("erased", "intake", ERASED)
        going_on = not told.get("resolved", False)
        heard += maybe("escalated", "escalation", escalated(), if_=going_on)
        at_headquarters = going_on and told.get("escalated", False)
        heard += maybe("asked", "escalation", asked(), if_=at_headquarters)
        heard += maybe("remanded", "escalation", remanded(), if_=at_headquarters)
        sent_back = going_on and told.get("remanded", False)
        heard += maybe("asked again", "escalation", asked(2, UUID(int=78)), if_=sent_back)
        heard += maybe("resolved", "escalation", draw(ENDINGS), if_=number >= last - 1)
        then = draw(st.sampled_from(THEN))
        stretches.append(Stretch(tuple(heard), then, after(days=begins + number * 10 + 9)))
    return stretches


def do(case: Triage, then: str | None, at: datetime) -> None:
    seen = case.state.case.amendment if isinstance(case.state, UnderConsideration) else 0
    revision = case.state.revision + 1 if isinstance(case.state, UnderConsideration) else 0
    match then:
        case "claim":
            case.ask(Order.CLAIM, Claim(EVERYWHERE), at)
        case "release":
            case.ask(Order.CLAIM, Claim(SOMEBODY), at)
            case.ask(Order.RELEASE, Claim(SOMEBODY), at)
        case "ask":
            case.ask(Order.CLAIM, Claim(EVERYWHERE), at)
            case.ask(Order.ASK, Ask(EVERYWHERE, ("NO_PLACE",), {}), at)
        case "forward":
            case.ask(Order.FORWARD, Forward(EVERYWHERE, "SNA", seen, {f"assigned_{revision}": b"box"}), at)
        case "decide" | "grant a part" | "find it moot":
            case.ask(Order.CLAIM, Claim(EVERYWHERE), at)
            case.approve(seen, at)
            case.ask(Order.DECIDE, Decide(EVERYWHERE, DECISIONS[then], seen, {}), at)
        case "answer":
            case.ask(Order.ANSWER, Answer(SOMEBODY, QUESTION, {f"answer_{QUESTION}": b"box"}), at)
        case "take back":
            case.ask(Order.TAKE_BACK, TakeBack(EVERYWHERE), at)
        case "take":
            case.ask(CarryingOut.TAKE, Take(SOMEBODY, over=True), at)
        case "done":
            case.ask(CarryingOut.DONE, Done(EVERYWHERE, at.date(), {}), at)
        case "approve":
            case.approve(seen, at)
        case "calendar":
            case.clock_reaches(at)


def play(stretches: Sequence[Stretch], orders: Sequence[Sequence[Arrived]], undo: timedelta) -> Triage:
    case = Triage()
    case.under(undo_within=dict.fromkeys(Urgency, undo))
    for stretch, order in zip(stretches, orders, strict=True):
        for arrived in order:
            case.offer(arrived)
        do(case, stretch.then, stretch.at)
    return case


@st.composite
def two_tellings(draw: st.DrawFn) -> tuple[Triage, Triage]:
    """One story told in its order, and in another one with doubles (doubles of earlier stretches, too)."""
    stretches, undo = draw(stories()), draw(st.sampled_from([timedelta(), timedelta(hours=1), timedelta(days=30)]))
    orders, earlier = [], list[Arrived]()
    for stretch in stretches:
        earlier += stretch.events
        again = draw(st.lists(st.sampled_from(earlier), max_size=3)) if earlier else []
        orders.append(draw(st.permutations([*stretch.events, *again])))
    return play(stretches, [stretch.events for stretch in stretches], undo), play(stretches, orders, undo)


@given(two_tellings())
@settings(max_examples=300)
def test_any_order_across_topics_and_any_doubles_leave_the_same_state(told: tuple[Triage, Triage]) -> None:
    one, other = told
    assert one.waiting == other.waiting == []
    assert one.state == other.state
    assert one.case.work == other.case.work
    assert one.queue == other.queue
    assert one.case.sizes == other.case.sizes
    assert one.case.due_at == other.case.due_at
    for case in told:
        the_newest_assignment_that_others_heard_holds(case)
        each_round_is_completed_at_most_once(case)
        nobody_declines_whom_the_guidance_presumes_no_priority_without_approval(case)
        whoever_has_a_case_with_an_imminent_removal_was_told(case)
        each_due_date_passes_once_and_nothing_is_carried_out_twice(case)


def the_newest_assignment_that_others_heard_holds(case: Triage) -> None:
    assigned = case.told(EventType.TRIAGE_ASSIGNED)
    revisions = [one["revision"] for one in assigned]
    assert revisions == sorted(set(revisions))
    if isinstance(case.state, UnderConsideration):
        state, newest = case.state, assigned[-1]
        assert newest.get("office") == office_now(state, case.case.work)
        assert newest["urgency"] == state.urgency
        assert newest["categories"] == [str(category) for category in state.presumption.categories]
        assert (newest["guidance"], newest["questions"]) == (state.presumption.guidance, [*state.presumption.questions])
        assert newest["answer_due"] == state.answer_due.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def whoever_has_a_case_with_an_imminent_removal_was_told(case: Triage) -> None:
    state = case.state
    if isinstance(state, UnderReview) and urgency_of(state) is Urgency.REMOVAL_IMMINENT:
        office = office_now(state, case.case.work) if isinstance(state, UnderConsideration) else state.case.office
        assert case.told(EventType.REMOVAL_IMMINENT)[-1].get("office") == office


def nobody_declines_whom_the_guidance_presumes_no_priority_without_approval(case: Triage) -> None:
    for told in case.told(EventType.TRIAGE_COMPLETED):
        rule = told["guidance"].startswith("JOHNSON") and told.get("declined") and not told["presumption"]["categories"]
        assert bool(told.get("pre_approval")) == bool(rule)
        if rule:
            assert told["pre_approval"]["by"] in {*told["touched_by"]} - {told["decided_by"]}


def each_round_is_completed_at_most_once(case: Triage) -> None:
    rounds = [one["round"] for one in case.told(EventType.TRIAGE_COMPLETED)]
    assert rounds == sorted(set(rounds))


def each_due_date_passes_once_and_nothing_is_carried_out_twice(case: Triage) -> None:
    passed = [one["due"] for one in case.told(EventType.RESOLUTION_OVERDUE)]
    assert passed == sorted(set(passed))
    grants = [] if case.state is None or isinstance(case.state, Unheard) else case.state.case.grants
    assert len(case.told(EventType.RESOLUTION_COMPLETED)) == len({grant.at for grant in grants if grant.at})
    granted = [relief for grant in grants for relief in grant.reliefs]
    assert len(granted) == len(set(granted))
    told = (each.get("granted", []) for each in (*case.told(EventType.TRIAGE_COMPLETED),))
    assert {relief for each in told for relief in each} <= {*granted}
