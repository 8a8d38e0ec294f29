"""Faults in the mail loop: no letter is handed to the relay twice, and none is in doubt but where a fault hit it."""

import json
from collections import Counter
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from services.notification.domain.ledger import OPEN, Entry, Phase, entries
from shared.contracts.vocabulary import Service
from shared.failpoints import OF_MAIL, Reached
from tests.conftest import Servers
from tests.faults.faulty import Kind
from tests.faults.lane import Lane
from tests.faults.matrix import Cell, Run

REPLY_SECONDS: Final = 3.0
"""The lease of a claim follows from it: some 23 s until another looks at what a dead process held."""
IN_DOUBT: Final = {
    Kind.KILL: frozenset({"SENDER_GONE"}),
    Kind.CANCELLATION: frozenset({"SENDER_GONE", "INTERRUPTED"}),
    Kind.EXCEPTION: frozenset({"INTERRUPTED"}),
    Kind.LOST_REPLY: frozenset({"DROPPED"}),
}
"""Why a letter may be uncertain, by what befell the service."""


class LetterRun(Run):
    """One cell of the mail loop, one seed, on a lane with all services and the relay's own count of copies."""

    quiet_seconds = 90.0

    def __init__(self, lane: Lane, cell: Cell, seed: int) -> None:
        super().__init__(lane, cell, seed)
        self._handed_over: set[UUID] = set()
        """Letters that were at their `data` mark when the process died."""

    async def _died(self) -> None:
        self._handed_over |= {each for each, entry in (await self._letters()).items() if entry.phase is Phase.DATA}

    async def _wrong_beside(self) -> list[str]:
        letters, copies = await self._letters(), self._copies()
        found = [f"letter {each} is still {entry.phase}" for each, entry in letters.items() if entry.phase in OPEN]
        for each, entry in letters.items():
            most = {Phase.SENT: (1, 1), Phase.UNCERTAIN: (0, 1)}.get(entry.phase, (0, 0))
            if entry.phase not in OPEN and not most[0] <= copies[each] <= most[1]:
                found.append(f"letter {each} is {entry.phase}, and the relay has {copies[each]}")
            if entry.phase is Phase.FAILED:
                found.append(f"letter {each} failed: {entry.reason}")
        return found + self._doubts({each: e for each, e in letters.items() if e.phase is Phase.UNCERTAIN})

    def _doubts(self, uncertain: dict[UUID, Entry]) -> list[str]:
        """What is uncertain, though no fault hit it."""
        kind, point = self._cell.kind, self._cell.point
        found = [
            f"letter {each} is uncertain: {entry.reason}"
            for each, entry in uncertain.items()
            if entry.reason not in IN_DOUBT[kind] or (kind is Kind.KILL and each not in self._handed_over)
        ]
        if kind in {Kind.EXCEPTION, Kind.LOST_REPLY}:
            expected = int(point is Reached.AFTER_CONTENT)
            if len(uncertain) != expected:
                found.append(f"{len(uncertain)} letters are uncertain, not {expected}")
        elif len({entry.token for entry in uncertain.values()}) > 1 and kind is Kind.CANCELLATION:
            found.append("letters of more than one group are uncertain, and one was broken off")
        return found

    async def _letters(self) -> dict[UUID, Entry]:
        documents: Any = (await self._lane.documents(self._notes.case_ids))[Service.NOTIFICATION]
        return {each: entry for document in documents for each, entry in entries(document["work"]).items()}

    def _copies(self) -> Counter[UUID]:
        """How often the relay has each letter, by its own ledger."""
        file = self._lane.servers.mail / "ledger.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        ids = (str(json.loads(line)["message_id"]).strip("<> ").partition("@")[0] for line in lines)
        return Counter(map(UUID, ids))


def letter_lanes(servers: Servers, folder: Path, count: int) -> AbstractAsyncContextManager[list[Lane]]:
    """Lanes on which all four services run."""
    return Lane.several(servers, folder, count, tuple(Service), smtp_reply_seconds=REPLY_SECONDS)


def is_of_mail(cell: Cell) -> bool:
    """Whether it is a point of the mail loop."""
    return cell.point in OF_MAIL
