"""Calls that come while others are being worked on are worked on together."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from shared.errors import Outage
from shared.web.together import Together


class Away(Exception):
    """The store does not answer."""


@dataclass
class Work:
    """Doubles numbers, group by group, once the gate is open. A negative one is a defect; zero is an outage."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    groups: list[list[int]] = field(default_factory=list)
    begun: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, items: Sequence[int]) -> list[int]:
        async with self.begun:
            self.groups.append(list(items))
            self.begun.notify_all()
        await self.gate.wait()
        if 0 in items:
            raise Away
        if min(items) < 0:
            raise ZeroDivisionError
        return [2 * item for item in items]

    async def under_way(self, count: int) -> None:
        async with self.begun:
            await self.begun.wait_for(lambda: len(self.groups) >= count)


@pytest.fixture(name="work")
async def _work() -> Work:
    return Work()


def together(work: Work, *, at_once: int = 10, groups: int = 1) -> Together[int, int]:
    return Together(work, at_once=at_once, groups=groups, for_all=(Away,))


async def called(calls: Together[int, int], *items: int) -> list[asyncio.Task[int]]:
    """Calls that wait, in their order."""
    tasks = [asyncio.create_task(calls.do(item)) for item in items]
    await asyncio.sleep(0)
    return tasks


async def test_the_first_goes_at_once_and_those_that_come_meanwhile_go_together(work: Work) -> None:
    calls = together(work)
    first = await called(calls, 1)
    await work.under_way(1)
    rest = await called(calls, 2, 3, 4)
    work.gate.set()
    assert await asyncio.gather(*first, *rest) == [2, 4, 6, 8]
    assert work.groups == [[1], [2, 3, 4]]
    assert await calls.do(5) == 10


async def test_a_group_has_a_largest_size_and_only_so_many_are_under_way(work: Work) -> None:
    calls = together(work, at_once=2, groups=2)
    tasks = []
    for item in (1, 2):
        tasks += await called(calls, item)
        await work.under_way(item)
    tasks += await called(calls, 3, 4, 5, 6, 7)
    assert work.groups == [[1], [2]]
    work.gate.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6, 8, 10, 12, 14]
    assert work.groups == [[1], [2], [3, 4], [5, 6], [7]]


async def test_one_that_fails_harms_none_of_the_others(work: Work) -> None:
    calls = together(work)
    work.gate.set()
    tasks = await called(calls, 1, -1, 3)
    assert [type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)] == [
        int,
        ZeroDivisionError,
        int,
    ]
    assert work.groups == [[1, -1, 3], [1], [-1], [3]]


async def test_an_outage_is_everybodys_and_nobody_asks_again_for_each(work: Work) -> None:
    calls = together(work)
    work.gate.set()
    tasks = await called(calls, 1, 0)
    assert [type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)] == [Away, Away]
    assert work.groups == [[1, 0]]


async def test_a_caller_that_has_gone_leaves_the_others_their_results(work: Work) -> None:
    calls = together(work)
    gone, stays = await called(calls, 1, 2)
    await work.under_way(1)
    gone.cancel()
    work.gate.set()
    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_whoever_waits_for_what_was_broken_off_is_told_so(work: Work) -> None:
    """The group at hand, and those behind it; the next call goes as always."""
    calls = together(work, at_once=1)
    waiting = await called(calls, 1, 2)
    await work.under_way(1)
    (running,) = calls._running
    running.cancel()
    for call in waiting:
        with pytest.raises(Outage, match="broken off"):
            await asyncio.wait_for(call, 5)
    work.gate.set()
    assert await calls.do(3) == 6
