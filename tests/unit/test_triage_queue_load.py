"""How long a case waits in one office under a stated load, by the very rules that the queue and "the next case" go by.

The load: an office takes 24 cases a day, at regular moments; arrivals come at random moments (seeded). In a surge of 90
days 4 imminent removals and 20 detained people come each day, which is all that can be taken, and 2 routine requests;
then for 90 days 3, 12 and 2. Each day 1 of 100 routine cases that wait becomes one of a detained person, and 1 of 300
an imminent removal.

Shown: with the share no routine case waits longer than `BOUND`. Without it none is taken for as long as the surge
lasts. No imminent case waits while another is taken. What the share costs detained people is `COST`.
"""

import random
from bisect import insort
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.domain import case as cases
from services.triage.domain import consideration
from services.triage.domain.case import Submission
from services.triage.domain.situation import Custody, Place, Removal, Situation
from services.triage.domain.states import UnderConsideration
from services.triage.domain.turns import is_routines_turn
from shared.contracts.vocabulary import Belief, CustodyStatus, RequestorType, Urgency
from shared.policy.model import RoutineShare
from tests.unit.one_case import POLICY, T0, after

DAY: Final = timedelta(days=1)
CAPACITY: Final = 24
SURGE_DAYS: Final = 90
SURGE: Final = {Urgency.REMOVAL_IMMINENT: 4, Urgency.DETAINED: 20, Urgency.ROUTINE: 2}
CALM: Final = {Urgency.REMOVAL_IMMINENT: 3, Urgency.DETAINED: 12, Urgency.ROUTINE: 2}
LOAD: Final = [SURGE] * SURGE_DAYS + [CALM] * 90
BECOMES: Final = {Urgency.DETAINED: 1 / 100, Urgency.REMOVAL_IMMINENT: 1 / 300}

BOUND: Final = timedelta(days=24)
COST: Final = timedelta(days=10)
NO_SHARE: Final = RoutineShare(one_in=10**9, older_than=POLICY.routine_share.older_than)

SITUATIONS: Final = {
    Urgency.REMOVAL_IMMINENT: Situation(Custody(CustodyStatus.NOT_DETAINED), Removal(believed_imminent=Belief.YES)),
    Urgency.DETAINED: Situation(Custody(CustodyStatus.DETAINED, "MD"), Removal()),
    Urgency.ROUTINE: Situation(Custody(CustodyStatus.NOT_DETAINED), Removal(), Place("MD")),
}


def opened(urgency: Urgency, at: datetime) -> UnderConsideration:
    """A case that comes in."""
    submission = Submission("ICR-1", at, RequestorType.FAMILY, (), ())
    case = cases.assess(submission, SITUATIONS[urgency], POLICY, at=at, erased=False)
    return consideration.open_round(case, POLICY, round_=1, clock_from=at, now=at)


def becomes(item: UnderConsideration, urgency: Urgency, at: datetime) -> UnderConsideration:
    """The same case with newer facts."""
    told = {"custody": SITUATIONS[urgency].custody, "removal": SITUATIONS[urgency].removal}
    newer = consideration.with_newer_facts(item, item.case.amendment + 1, told, None, policy=POLICY, now=at)
    assert isinstance(newer, UnderConsideration)
    return newer


@dataclass
class Office:
    """The queue as the store lists it, class by class, and the count of whose turn it is."""

    share: RoutineShare
    passed: int = 0
    taken: list[tuple[datetime, Urgency]] = field(default_factory=list)
    longest: dict[Urgency, timedelta] = field(default_factory=lambda: dict.fromkeys(Urgency, timedelta()))
    passed_over: int = 0

    def __post_init__(self) -> None:
        self._arrived = 0
        self._waiting: dict[Urgency, list[tuple[datetime, int, UnderConsideration]]] = {each: [] for each in Urgency}

    def arrive(self, item: UnderConsideration) -> None:
        self._arrived += 1
        insort(self._waiting[item.urgency], (item.turn, self._arrived, item))

    def facts_change(self, chance: random.Random, now: datetime) -> None:
        """Of those who are at liberty some are arrested, or are to be removed."""
        for entry in list(self._waiting[Urgency.ROUTINE]):
            for urgency, part in BECOMES.items():
                if chance.random() < part:
                    self._waiting[Urgency.ROUTINE].remove(entry)
                    self.arrive(becomes(entry[2], urgency, now))
                    break

    def take(self, now: datetime) -> None:
        """An officer takes the next case, as `services.triage.taking` chooses it."""
        first = next((self._waiting[each] for each in Urgency if self._waiting[each]), None)
        if first is None:
            return
        urgency, chosen = first[0][2].urgency, first[0]
        routine = self._waiting[Urgency.ROUTINE]
        old = next((each for each in routine if each[2].since + self.share.older_than <= now), None)
        if old is not None and is_routines_turn(urgency, passed=self.passed, share=self.share):
            chosen, first, self.passed = old, routine, 0
        else:
            self.passed += 1
        first.remove(chosen)
        item = chosen[2]
        self.passed_over += (
            bool(self._waiting[Urgency.REMOVAL_IMMINENT]) and item.urgency is not Urgency.REMOVAL_IMMINENT
        )
        self.taken.append((now, item.urgency))
        waits_since = item.case.moved.at if item.case.moved else item.since
        self.longest[item.urgency] = max(self.longest[item.urgency], now - waits_since)


Story = list[tuple[datetime, UnderConsideration | None]]
"""What happens, in order of time: somebody's request arrives, or (None) an officer takes a case."""


@pytest.fixture(scope="module", name="story")
def _story() -> Story:
    chance, story = random.Random(20210305), Story()
    for day, mix in enumerate(LOAD):
        start = T0 + day * DAY
        today: Story = [(start + turn * DAY / CAPACITY, None) for turn in range(CAPACITY)]
        for urgency in (urgency for urgency, count in mix.items() for _ in range(count)):
            at = start + chance.random() * DAY
            today.append((at, opened(urgency, at)))
        story += sorted(today, key=lambda each: each[0])
    return story


def worked(story: Story, share: RoutineShare) -> Office:
    """The whole half year."""
    chance, office, today = random.Random(1), Office(share), T0
    for moment, arrived in story:
        if arrived is None:
            office.take(moment)
        else:
            office.arrive(arrived)
        if moment - today >= DAY:
            today += DAY
            office.facts_change(chance, moment)
    return office


@pytest.fixture(scope="module", name="shared")
def _shared(story: Story) -> Office:
    return worked(story, POLICY.routine_share)


@pytest.fixture(scope="module", name="unshared")
def _unshared(story: Story) -> Office:
    return worked(story, NO_SHARE)


def test_with_the_share_no_routine_case_waits_longer_than_the_bound(shared: Office) -> None:
    assert shared.longest[Urgency.ROUTINE] <= BOUND


def test_without_the_share_routine_cases_starve_as_long_as_the_surge_lasts(unshared: Office) -> None:
    surge = [urgency for moment, urgency in unshared.taken if 10 * DAY < moment - T0 < SURGE_DAYS * DAY]
    assert Urgency.ROUTINE not in surge
    assert unshared.longest[Urgency.ROUTINE] > 3 * BOUND


def test_no_imminent_case_ever_waits_while_another_is_taken(shared: Office, unshared: Office) -> None:
    assert shared.passed_over == unshared.passed_over == 0
    assert shared.longest[Urgency.REMOVAL_IMMINENT] < timedelta(hours=4)


def test_what_the_share_costs_is_that_detained_people_wait_in_a_surge(shared: Office, unshared: Office) -> None:
    assert unshared.longest[Urgency.DETAINED] < shared.longest[Urgency.DETAINED] <= COST


@given(
    urgency=st.sampled_from(Urgency),
    first=st.integers(0, 60),
    asked=st.lists(st.integers(1, 60), max_size=4),
    removal=st.none() | st.integers(15, 90),
    later=st.integers(0, 90),
)
def test_only_what_came_in_before_a_case_was_old_can_stand_before_it_in_its_class(
    urgency: Urgency, first: int, asked: list[int], removal: int | None, later: int
) -> None:
    item = opened(urgency, after(days=first))
    for number, days in enumerate(asked):  # Questions move the due date, one after the other.
        at = item.opened_at + number * timedelta(days=70)
        item = consideration.asked(item, UUID(int=number), at + timedelta(days=days), policy=POLICY, now=at)
    came = item.since + POLICY.aged_after[urgency] + timedelta(days=later)
    scheduled = {} if removal is None else {"removal": Removal((came + timedelta(days=removal)).date())}
    other = opened(urgency, came)
    if scheduled and urgency is not Urgency.REMOVAL_IMMINENT:
        newer = consideration.with_newer_facts(other, 1, scheduled, None, policy=POLICY, now=came)
        assert isinstance(newer, UnderConsideration)
        other = newer
    assert item.urgency is other.urgency
    assert item.turn < other.turn


def test_in_its_class_a_case_stands_by_its_due_date_while_it_is_not_old() -> None:
    item = opened(Urgency.ROUTINE, T0)
    assert item.turn == item.answer_due
    asked = consideration.asked(item, UUID(int=1), after(days=90), policy=POLICY, now=after(days=1))
    assert asked.turn == T0 + POLICY.aged_after[Urgency.ROUTINE] < asked.answer_due
