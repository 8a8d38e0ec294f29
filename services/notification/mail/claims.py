"""Claiming letters and moving their phases, each move filtered by phase and token: nobody can turn a phase back."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from services.notification.domain.following import State
from services.notification.domain.ledger import Entry, Phase, entries, look_again_at, path
from shared.casework.commands import Answered
from shared.casework.engine import CaseView
from shared.casework.errors import CommandFailed
from shared.casework.moves import Move
from shared.casework.reaction import Command


class Ledger(Protocol):
    """What the mail loop needs of the engine."""

    async def listing(
        self, query: Mapping[str, Any], *, sort: Sequence[tuple[str, int]] = (), skip: int = 0, limit: int = 50
    ) -> list[CaseView[State]]: ...
    async def commands(
        self, commands: Sequence[Command[Any]], *, wait: bool = True
    ) -> list[Answered | CommandFailed]: ...
    async def sealed_of(self, case_ids: Sequence[UUID]) -> dict[UUID, dict[str, bytes]]: ...
    async def move(self, moves: Sequence[Move]) -> bool: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """One letter of one case, as it stood when it was looked at, and the token by which it is (to be) ours."""

    case_id: UUID
    notification: UUID
    entry: Entry
    state: State
    token: str


async def to_look_at(ledger: Ledger, now: datetime, limit: int) -> list[CaseView[State]]:
    """Cases with letters whose time has come, longest waiting first. A stale index only costs this look."""
    return await ledger.listing({"queue.mail_at": {"$lte": now}}, sort=(("queue.mail_at", 1),), limit=limit)


async def claim(ledger: Ledger, letters: Sequence[Taken], *, until: datetime) -> list[Taken]:
    """`due -> claimed(token)`, in one write. Returns those that are ours."""
    wanted = [
        _move(letter, Phase.DUE, None, {"phase": Phase.CLAIMED, "token": letter.token, "claimed_until": until})
        for letter in letters
    ]
    return await _moved(ledger, letters, wanted, Phase.CLAIMED)


async def mark_data(ledger: Ledger, letters: Sequence[Taken]) -> list[Taken]:
    """`claimed(token) -> data(token)`, in one write. Only what is returned may be handed to the relay."""
    wanted = [_move(letter, Phase.CLAIMED, letter.token, {"phase": Phase.DATA}) for letter in letters]
    return await _moved(ledger, letters, wanted, Phase.DATA)


async def give_back(ledger: Ledger, letters: Sequence[Taken], *, next_at: datetime | None = None) -> None:
    """`claimed(token) -> due` for claims whose owner is gone, and for the deferral of a parked case's letter."""
    again = {"phase": Phase.DUE, "token": None, "claimed_until": None, "next_at": next_at}
    await ledger.move([_move(letter, letter.entry.phase, letter.token, again) for letter in letters])


async def note_outcome(ledger: Ledger, letter: Taken, phase: Phase, outcome: str) -> None:
    """Keep what the relay said of a parked case's letter: it is recorded when the case takes commands again."""
    await ledger.move([_move(letter, phase, letter.token, {"outcome": outcome})])


def _move(letter: Taken, phase: Phase, token: str | None, change: Mapping[str, Any]) -> Move:
    def whole(field: str) -> str:
        return f"work.{path(letter.notification, field)}"

    return Move(
        case_id=letter.case_id,
        guard={whole("phase"): phase.value, whole("token"): token},
        set={whole(field): value.value if isinstance(value, Phase) else value for field, value in change.items()},
    )


async def look_later(ledger: Ledger, views: Sequence[CaseView[State]], *, at_least: datetime) -> None:
    """Put cases in which nothing can be done now behind the others; only where nothing newer was written."""
    moves = [
        Move(view.case_id, {"v": view.v}, {"queue.mail_at": max(again, at_least)})
        for view in views
        if (again := look_again_at(view.work)) is not None
    ]
    await ledger.move(moves)


async def _moved(ledger: Ledger, letters: Sequence[Taken], moves: Sequence[Move], phase: Phase) -> list[Taken]:
    if await ledger.move(moves):
        return [_in(letter, phase) for letter in letters]
    cases = list({letter.case_id for letter in letters})
    views = await ledger.listing({"_id": {"$in": cases}}, limit=len(cases))
    stored = {key: entry for view in views for key, entry in entries(view.work).items()}
    return [
        _in(letter, phase)
        for letter in letters
        if (entry := stored.get(letter.notification)) and entry.phase is phase and entry.token == letter.token
    ]


def _in(letter: Taken, phase: Phase) -> Taken:
    return replace(letter, entry=replace(letter.entry, phase=phase, token=letter.token))


class Sightings:
    """How long this process has seen the same token in the same phase, on its own monotonic clock."""

    def __init__(self, lease: timedelta, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._lease = lease.total_seconds()
        self._monotonic = monotonic
        self._first: dict[tuple[UUID, str | None, Phase], float] = {}

    def over(self, notification: UUID, entry: Entry) -> bool:
        """Whether the lease of whoever holds this entry has run out, counted from when it was first seen here."""
        now = self._monotonic()
        first = self._first.setdefault((notification, entry.token, entry.phase), now)
        return now - first >= self._lease

    def forget_old(self) -> None:
        """Drop what was first seen long ago: it has been dealt with."""
        now = self._monotonic()
        self._first = {key: first for key, first in self._first.items() if now - first < 10 * self._lease}
