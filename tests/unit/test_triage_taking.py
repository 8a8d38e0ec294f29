"""Taking the next case: in the order of the queue, old routine ones in their turn, never past an imminent removal."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.triage.api import router
from services.triage.domain.states import State
from services.triage.domain.turns import is_routines_turn
from services.triage.orders import Ask, Claim, Order
from shared.contracts import events
from shared.contracts.vocabulary import CustodyStatus, Urgency
from shared.policy.model import RoutineShare
from shared.web.sign_in import Role
from tests.unit.desks import Desks
from tests.unit.memory_collection import MemoryCollection
from tests.unit.one_case import POLICY, T0, after
from tests.unit.triage_story import BELIEVED, BEN, ERASED, Triage, submitted

HELD = events.Custody(status=CustodyStatus.DETAINED, state="MD", county="Baltimore City")
SHARE = POLICY.routine_share
ONE_IN = SHARE.one_in


@pytest.mark.parametrize(
    ("first", "passed", "turn"),
    [
        (Urgency.DETAINED, 2, True),
        (Urgency.DETAINED, 9, True),
        (Urgency.DETAINED, 1, False),
        (Urgency.REMOVAL_IMMINENT, 2, False),
        (Urgency.REMOVAL_IMMINENT, 1000, False),  # never past an imminent one
        (Urgency.ROUTINE, 2, False),  # it is first already
        (None, 2, False),
    ],
)
def test_one_in_so_many_is_an_old_routine_case_but_never_past_an_imminent_one(
    first: Urgency | None, passed: int, turn: bool
) -> None:
    share = RoutineShare(one_in=3, older_than=timedelta(days=21))
    assert is_routines_turn(first, passed=passed, share=share) is turn


class Office:
    """The field office in Baltimore, with a queue that tests fill."""

    def __init__(self, folder: Path) -> None:
        self.desks: Desks[State] = Desks(folder, router, http=None, services={}, turns=MemoryCollection())
        self._number = 0

    def case(self, *, received: Any = T0, **told: Any) -> Triage:
        """One more case of the office."""
        self._number += 1
        case = Triage(UUID(int=self._number))
        data = submitted(number=f"ICR-{self._number}", received_at=received, **told)
        case.hear("intake", data, max(received, T0 - timedelta(days=60)))
        self.desks.engine.cases[case.case.id] = case
        return case

    def detained(self, count: int) -> None:
        """So many detained people, none of them old."""
        for _ in range(count):
            self.case(custody=HELD)

    async def next(self, who: str = "officer-ana", key: str = "", offices: Sequence[str] = ("BAL",)) -> Any:
        """Somebody takes the next case."""
        return await self.desks.post("/claims/next", who, Role.OFFICER, {}, offices=offices, key=key)

    async def taken(self, who: str = "officer-ana") -> tuple[str, str]:
        """Its number, and whose turn it was."""
        answer = await self.next(who)
        assert answer.status_code == 200, answer.text
        return answer.json()["case"]["number"], answer.json()["turn"]


@pytest.fixture(name="office")
def _office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def aged() -> Any:
    return T0 - SHARE.older_than


async def test_the_next_case_is_the_first_of_the_queue_and_is_claimed(office: Office) -> None:
    office.case()
    office.case(removal=BELIEVED)
    office.case(custody=HELD)
    answer = (await office.next()).json()
    assert (answer["case"]["number"], answer["turn"]) == ("ICR-2", "first")
    assert answer["case"]["claim"]["by"] == "officer-ana"
    assert [await office.taken("officer-ben") for _ in range(2)] == [("ICR-3", "first"), ("ICR-1", "first")]
    nothing = await office.next()
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_waits")


async def test_only_cases_of_the_officers_offices_are_taken(office: Office) -> None:
    office.case()
    assert (await office.next(offices=["PHI"])).json()["code"] == "nothing_waits"
    refused = await office.desks.post("/claims/next", "x", Role.OFFICER, {"office": "BAL"}, offices=["PHI"])
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_office")


async def test_the_same_request_again_gets_the_same_case(office: Office) -> None:
    office.detained(2)
    first, again = await office.next(key="k"), await office.next(key="k")
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await office.next(key="other")).json()["case"]["number"] == "ICR-2"
    assert (await office.next("officer-ben", key="k")).json()["code"] == "nothing_waits"


async def test_an_old_routine_case_is_taken_in_its_turn_and_the_count_begins_anew(office: Office) -> None:
    old = office.case(received=aged())
    newer = office.case(received=aged() + timedelta(milliseconds=1))
    office.case(received=aged())
    office.detained(2 * ONE_IN)
    turns = [(await office.taken())[1] for _ in range(2 * ONE_IN)]
    assert turns == [*["first"] * (ONE_IN - 1), "routine"] * 2
    assert old.queue["claimed_by"] == "officer-ana"
    assert newer.queue["claimed_by"] is None


async def test_a_routine_case_that_is_not_old_takes_nobodys_turn(office: Office) -> None:
    office.case(received=aged() + timedelta(milliseconds=1))
    office.detained(ONE_IN + 1)
    assert {(await office.taken())[1] for _ in range(ONE_IN + 1)} == {"first"}


async def test_an_imminent_removal_comes_before_an_old_routine_case_whose_turn_it_is(office: Office) -> None:
    office.case(received=aged())
    office.detained(ONE_IN)
    for _ in range(ONE_IN - 1):
        await office.taken()
    urgent = office.case(removal=BELIEVED)
    assert await office.taken() == (f"ICR-{urgent.case.id.int}", "first")
    assert (await office.taken())[1] == "routine"  # its turn is not lost


async def test_whoever_loses_a_claim_goes_on_to_the_next_case(office: Office) -> None:
    first = office.case(removal=BELIEVED)
    office.detained(1)
    engine = office.desks.engine
    listing = engine.listing

    async def somebody_is_faster(*args: Any, **more: Any) -> Any:
        found = await listing(*args, **more)
        if any(view.case_id == first.case.id for view in found):
            first.ask(Order.CLAIM, Claim(BEN))
        return found

    engine.listing = somebody_is_faster  # type: ignore[method-assign]
    assert await office.taken() == ("ICR-2", "first")
    assert first.queue["claimed_by"] == BEN.subject


async def test_one_turn_of_an_old_routine_case_is_one_officers(office: Office) -> None:
    for _ in range(3):
        office.case(received=aged())
    office.detained(ONE_IN + 2)
    for _ in range(ONE_IN - 1):
        await office.taken()
    engine = office.desks.engine
    listing, meanwhile = engine.listing, list[str]()

    async def both_look_before_either_takes(*args: Any, **more: Any) -> Any:
        found = await listing(*args, **more)
        if "queue.since" in args[0] and not meanwhile:
            meanwhile.append("ben")
            meanwhile.append((await office.taken("officer-ben"))[1])
        return found

    engine.listing = both_look_before_either_takes  # type: ignore[method-assign]
    assert (await office.taken())[1] == "first"
    assert meanwhile == ["ben", "routine"]


async def test_a_case_whose_requestor_is_asked_is_left_until_the_answer_but_for_an_imminent_removal(
    office: Office,
) -> None:
    for told in ({}, {"removal": BELIEVED}):
        case = office.case(**told)
        case.claim(BEN)
        case.ask(Order.ASK, Ask(BEN, ("NO_PLACE",), {}), T0)
    office.desks.now = T0 + POLICY.claim_lasts
    assert (await office.taken())[0] == "ICR-2"
    assert (await office.next()).json()["code"] == "nothing_waits"
    office.desks.now = after(days=15)
    assert [(await office.taken("officer-cy"))[0] for _ in range(2)] == ["ICR-2", "ICR-1"]


async def test_a_parked_case_keeps_nobody_from_the_next_one(office: Office) -> None:
    parked = office.case(removal=BELIEVED)
    office.detained(1)
    parked.case.broken = "damaged"
    assert (await office.taken())[0] == "ICR-2"


async def test_an_erased_case_is_taken_like_any_other(office: Office) -> None:
    office.case().hear("intake", ERASED)
    assert (await office.taken())[0] == "ICR-1"
