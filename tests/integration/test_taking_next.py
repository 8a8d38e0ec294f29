"""Officers who take the next case at the same moment, on real servers: each gets another, in the queue's order."""

import asyncio
from typing import Any

import pytest

from shared.contracts.events import Custody, Removal
from shared.contracts.vocabulary import Belief, CustodyStatus
from tests.integration.test_bulk_decisions import Office, _office  # noqa: F401 - a fixture
from tests.unit.one_case import POLICY, T0

pytestmark = pytest.mark.real

SHARE = POLICY.routine_share
HELD = Custody(status=CustodyStatus.DETAINED, state="MD", county="Baltimore City")
OFFICERS = 4


async def test_officers_who_take_at_once_get_different_cases_and_one_in_so_many_is_an_old_routine_one(
    office: Office,
) -> None:
    urgent = set(map(str, await office.cases(2, removal=Removal(believed_imminent=Belief.YES))))
    await office.cases(OFFICERS * SHARE.one_in, custody=HELD)  # more than are taken: there is always one to go before
    old = set(map(str, await office.cases(10, received_at=T0 - SHARE.older_than)))

    taken = [
        await office.post("/claims/next", {"office": "BAL"}, who="officer-0", key=f"first-{turn}") for turn in range(2)
    ]
    assert {one["case"]["case_id"] for one in taken} == urgent

    async def works(who: str) -> list[Any]:
        return [await office.post("/claims/next", {}, who=who, key=f"{who}-{turn}") for turn in range(SHARE.one_in)]

    found = await asyncio.gather(*(works(f"officer-{number}") for number in range(OFFICERS)))
    cases = [(one["case"]["case_id"], one["turn"]) for of_one in found for one in of_one]
    assert len({case_id for case_id, _ in cases}) == OFFICERS * SHARE.one_in
    in_their_turn = [case_id for case_id, turn in cases if turn == "routine"]
    assert set(in_their_turn) <= old
    assert 3 <= len(in_their_turn) <= OFFICERS
    again = await office.post("/claims/next", {}, who="officer-0", key="officer-0-0")
    assert again["case"]["case_id"] == found[0][0]["case"]["case_id"]
