"""A record that breaks its handler is set apart once it is known to be the record; an outage sets nothing apart."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from shared.casework.dead_letters import DeadLetter, DeadLetters
from shared.casework.isolating import MOST_IN_A_ROW, TRIES, Isolating
from shared.errors import Outage
from shared.messaging.records import Record
from shared.mongo.driver import PyMongoError


class World:
    """A handler that some records break, and what was set apart."""

    def __init__(self) -> None:
        self.breaking: dict[int, type[Exception]] = {}
        self.handled: list[int] = []
        self.apart: list[DeadLetter] = []
        self.isolating = Isolating(self._handle, cast("DeadLetters", self))

    async def _handle(self, records: Sequence[Record]) -> None:
        for record in records:
            if kind := self.breaking.get(record.offset):
                raise kind("Canaria")
            self.handled.append(record.offset)

    async def keep(self, letters: list[DeadLetter], *, at: datetime) -> None:
        assert at.tzinfo
        self.apart += letters

    async def comes(self, *offsets: int, times: int = 1) -> list[Any]:
        """The batch, so often; what each time ended with."""
        ends: list[Any] = []
        for _ in range(times):
            try:
                await self.isolating.handle([Record("t", 0, at, b"k", b"v", datetime.now(UTC)) for at in offsets])
                ends.append(None)
            except Exception as error:  # noqa: BLE001 - looked at by the tests
                ends.append(type(error))
        return ends


async def test_the_record_that_breaks_its_handler_is_set_apart_and_the_others_are_handled_in_order() -> None:
    world = World()
    world.breaking = {2: ZeroDivisionError}
    assert await world.comes(1, 2, 3, times=TRIES + 1) == [ZeroDivisionError] * TRIES + [None]
    assert [(letter.offset, letter.reason) for letter in world.apart] == [
        (2, "It could not be handled (ZeroDivisionError).")
    ]
    assert world.handled[-2:] == [1, 3]
    world.handled.clear()
    assert await world.comes(4, 5) == [None]
    assert world.handled == [4, 5]


async def test_a_defect_of_the_moment_sets_nothing_apart() -> None:
    world = World()
    world.breaking = {1: ZeroDivisionError}
    await world.comes(1, 2, times=TRIES)
    world.breaking = {}
    assert await world.comes(1, 2) == [None]
    assert world.apart == []


@pytest.mark.parametrize("kind", [Outage, PyMongoError, OSError, TimeoutError, MemoryError])
async def test_an_outage_sets_nothing_apart_however_long_it_lasts(kind: type[Exception]) -> None:
    world = World()
    world.breaking = {1: kind}
    assert await world.comes(1, 2, times=3 * TRIES) == [kind] * 3 * TRIES
    world.breaking = {1: ZeroDivisionError}
    await world.comes(1, 2, times=TRIES)
    world.breaking = {1: kind}
    assert await world.comes(1, 2, times=3) == [kind] * 3
    assert world.apart == []


async def test_when_every_record_breaks_it_the_cause_is_not_in_the_records() -> None:
    world = World()
    batch = range(2 * MOST_IN_A_ROW)
    world.breaking = dict.fromkeys(batch, KeyError)
    assert set(await world.comes(*batch, times=TRIES + 5)) == {KeyError}
    assert [letter.offset for letter in world.apart] == list(range(MOST_IN_A_ROW)), "and none of them twice"
    world.breaking = {}
    assert await world.comes(*batch) == [None]
    assert world.handled == list(batch)
