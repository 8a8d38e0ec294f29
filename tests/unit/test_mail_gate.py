"""One write for the letters that wait for each other; who is slow, or broken off, holds nobody up."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.notification.domain.ledger import Entry, Phase
from services.notification.mail.claims import Taken
from services.notification.mail.gate import Gate
from shared.contracts.vocabulary import Letter, Recipient

LONG = 60.0
SHORT = 0.02


def a_letter() -> Taken:
    entry = Entry(Letter.RECEIVED, Recipient.REQUESTOR, str(uuid4()), Phase.CLAIMED, datetime(2021, 3, 8, tzinfo=UTC))
    return Taken(uuid4(), uuid4(), entry, "token")


class Writes:
    """A store that takes effect for all letters but some, or fails."""

    def __init__(self, *, without: Sequence[Taken] = (), error: Exception | None = None) -> None:
        self.written: list[list[Taken]] = []
        self._without = {letter.notification for letter in without}
        self._error = error

    async def __call__(self, letters: Sequence[Taken]) -> list[Taken]:
        self.written.append(list(letters))
        await asyncio.sleep(0)
        if self._error:
            raise self._error
        return [letter for letter in letters if letter.notification not in self._without]


async def test_all_together_are_one_write() -> None:
    letters, writes = [a_letter() for _ in range(5)], Writes()
    gate = Gate(writes, expected=5, patience=LONG)
    assert await asyncio.gather(*map(gate.passed, letters)) == letters
    assert writes.written == [letters]


async def test_who_will_not_come_is_not_waited_for() -> None:
    letters, writes = [a_letter() for _ in range(3)], Writes()
    gate = Gate(writes, expected=5, patience=LONG)
    gate.not_coming()
    passing = [asyncio.create_task(gate.passed(letter)) for letter in letters]
    await asyncio.sleep(0)
    assert writes.written == []
    gate.not_coming()
    assert await asyncio.gather(*passing) == letters
    assert writes.written == [letters]


async def test_who_is_slow_passes_later_by_itself() -> None:
    first, second, slow = (a_letter() for _ in range(3))
    writes = Writes()
    gate = Gate(writes, expected=3, patience=SHORT)
    assert await asyncio.gather(*map(gate.passed, (first, second))) == [first, second]
    assert await gate.passed(slow) is slow
    assert writes.written == [[first, second], [slow]]


async def test_only_those_pass_for_whom_the_write_took_effect() -> None:
    mine, lost = a_letter(), a_letter()
    gate = Gate(Writes(without=[lost]), expected=2, patience=LONG)
    assert await asyncio.gather(*map(gate.passed, (mine, lost))) == [mine, None]


async def test_when_the_write_fails_each_is_told() -> None:
    gate = Gate(Writes(error=ConnectionError()), expected=2, patience=LONG)
    results = await asyncio.gather(gate.passed(a_letter()), gate.passed(a_letter()), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionError] * 2


async def test_who_is_broken_off_while_waiting_is_not_written() -> None:
    gone, stays = a_letter(), a_letter()
    writes = Writes()
    gate = Gate(writes, expected=2, patience=LONG)
    waiting = asyncio.create_task(gate.passed(gone))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await gate.passed(stays) is stays
    assert writes.written == [[stays]]


async def test_whoever_waits_for_a_write_that_was_broken_off_is_broken_off_too() -> None:
    begun = asyncio.Event()

    async def never_done(_: Sequence[Taken]) -> Sequence[Taken]:
        begun.set()
        await asyncio.sleep(LONG)
        return []

    gate = Gate(never_done, expected=1, patience=LONG)
    passing = asyncio.create_task(gate.passed(a_letter()))
    await begun.wait()
    (writing,) = gate._writing
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(passing, 5)
