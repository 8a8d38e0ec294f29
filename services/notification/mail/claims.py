"""Claiming letters and moving their phases, each move filtered by phase and token: nobody can turn a phase back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notification.domain.ledger import Entry, Phase, look_again_at, path
from services.notification.mail.ledger_store import Ledger, Seen
from shared.casework.moves import Move


@dataclass(frozen=True, slots=True)
class Taken:
    """One letter of one case, as it stood when it was last read, and the token by which it is (to be) ours."""

    case_id: UUID
    notification: UUID
    entry: Entry
    token: str

    def holds(self, entry: Entry | None, phase: Phase) -> bool:
        """Whether this entry, read from the store, is in that phase by our token."""
        return entry is not None and entry.phase is phase and entry.token == self.token


async def claim(ledger: Ledger, letters: Sequence[Taken], *, until: datetime) -> None:
    """`due -> claimed(token)`, in one write. Which of them are ours is read afterwards, with what else is needed."""
    change = {"phase": Phase.CLAIMED, "claimed_until": until}
    await ledger.move(
        [
            _move(
                letter,
                {"phase": Phase.DUE, "token": None, "next_at": letter.entry.next_at},
                change | {"token": letter.token},
            )
            for letter in letters
        ]
    )


async def mark_data(ledger: Ledger, letters: Sequence[Taken]) -> list[Taken]:
    """`claimed(token) -> data(token)`, in one write. Only what is returned may be handed to the relay."""
    if await ledger.move([_move(letter, _held(letter, Phase.CLAIMED), {"phase": Phase.DATA}) for letter in letters]):
        return [_marked(letter) for letter in letters]
    stored = await ledger.entries({letter.case_id for letter in letters})
    return [_marked(letter) for letter in letters if letter.holds(stored.get(letter.notification), Phase.DATA)]


async def give_back(ledger: Ledger, letters: Sequence[Taken], *, next_at: datetime | None = None) -> None:
    """`claimed(token) -> due` for claims whose owner is gone, and for the deferral of a parked case's letter."""
    again = {"phase": Phase.DUE, "token": None, "claimed_until": None, "next_at": next_at}
    await ledger.move([_move(letter, _held(letter, letter.entry.phase), again) for letter in letters])


async def note_outcome(ledger: Ledger, letter: Taken, outcome: str) -> None:
    """Keep what the relay said of a parked case's letter: it is recorded when the case takes commands again."""
    await ledger.move([_move(letter, _held(letter, letter.entry.phase), {"outcome": outcome})])


async def look_later(ledger: Ledger, seen: Sequence[Seen], *, at_least: datetime) -> None:
    """Put cases in which nothing can be done now behind the others; only where nothing newer was written."""
    moves = [
        Move(case.case_id, {"v": case.v}, {"queue.mail_at": max(again, at_least)})
        for case in seen
        if (again := look_again_at(case.work)) is not None
    ]
    await ledger.move(moves)


def _held(letter: Taken, phase: Phase) -> Mapping[str, Any]:
    return {"phase": phase, "token": letter.token}


def _move(letter: Taken, guard: Mapping[str, Any], change: Mapping[str, Any]) -> Move:
    return Move(letter.case_id, _stored(letter, guard), _stored(letter, change))


def _stored(letter: Taken, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the letter's entry as the document has them."""
    return {
        f"work.{path(letter.notification, field)}": value.value if isinstance(value, Phase) else value
        for field, value in fields.items()
    }


def _marked(letter: Taken) -> Taken:
    return replace(letter, entry=replace(letter.entry, phase=Phase.DATA))
