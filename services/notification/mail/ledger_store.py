"""What the mail loop needs of the store, and no more of a case than each step needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from services.notification.domain.following import State
from services.notification.domain.ledger import Entry, entries
from services.notification.domain.ledger import read as read_entry
from shared.casework.answering import answering
from shared.casework.commands import Answered
from shared.casework.document import read
from shared.casework.engine import Engine
from shared.casework.moves import Move
from shared.casework.reaction import Command
from shared.errors import CommandFailed


@dataclass(frozen=True, slots=True)
class Seen:
    """A case with open letters, as a look found it: its working data, and its version."""

    case_id: UUID
    v: int
    work: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Current:
    """A case as it stands now. `state` None: this build cannot read it. `newer`: a newer build has written it."""

    state: State | None
    newer: bool
    work: Mapping[str, Any]
    sealed: Mapping[str, bytes]

    def letter(self, notification: UUID) -> Entry | None:
        """One letter of the case, if it has it."""
        stored = self.work.get("mail", {}).get(notification.hex)
        return read_entry(stored) if stored else None


class Ledger(Protocol):
    """What the mail loop needs of the cases. Whatever fails because the store does not answer is an `Outage`."""

    async def due(self, now: datetime, limit: int) -> list[Seen]: ...
    async def current(self, case_ids: Iterable[UUID]) -> dict[UUID, Current]: ...
    async def entries(self, case_ids: Iterable[UUID]) -> dict[UUID, Entry]: ...
    async def sent_to(self, address_day: str, most: int) -> int: ...
    async def commands(
        self, commands: Sequence[Command[Any]], *, wait: bool = True
    ) -> list[Answered | CommandFailed]: ...
    async def move(self, moves: Sequence[Move]) -> bool: ...


class LedgerStore:
    """The ledger in the service's own cases."""

    def __init__(self, engine: Engine[State]) -> None:
        self._engine = engine
        self.commands = engine.commands
        self.move = engine.move

    async def due(self, now: datetime, limit: int) -> list[Seen]:
        """Cases with letters whose time has come, longest waiting first. A stale index only costs this look."""
        documents = await self._find(
            {"queue.mail_at": {"$lte": now}}, {"work.mail": 1, "v": 1, "schema": 1}, first="queue.mail_at", limit=limit
        )
        schema = self._engine.rules.behaviour.schema
        return [
            Seen(document["_id"], document["v"], document.get("work", {}))
            for document in documents
            if document.get("schema", 1) <= schema  # A newer build's cases are left to that build.
        ]

    async def current(self, case_ids: Iterable[UUID]) -> dict[UUID, Current]:
        """What a letter is written from, all of it as it stands at this moment: consent, language, address."""
        documents = await self._find(
            {"_id": {"$in": list(case_ids)}},
            {"state": 1, "schema": 1, "work.mail": 1, "sealed": 1, "v": 1, "emitted": 1, "published": 1},
        )
        return {document["_id"]: self._current(document) for document in documents}

    async def entries(self, case_ids: Iterable[UUID]) -> dict[UUID, Entry]:
        """All letters of these cases, by notification id."""
        documents = await self._find({"_id": {"$in": list(case_ids)}}, {"work.mail": 1})
        return {key: entry for document in documents for key, entry in entries(document.get("work", {})).items()}

    async def sent_to(self, address_day: str, most: int) -> int:
        """How many cases had a letter sent to this address on this day; counts up to `most`."""
        return len(await self._find({"queue.address_day": address_day}, {"_id": 1}, limit=most))

    def _current(self, document: Mapping[str, Any]) -> Current:
        case = read(document, self._engine.rules)
        return Current(case.state, case.newer, case.work, document.get("sealed", {}))

    async def _find(
        self, query: Mapping[str, Any], fields: Mapping[str, Any], *, first: str | None = None, limit: int = 0
    ) -> list[dict[str, Any]]:
        with answering():
            cursor = self._engine.store.collection.find(query, fields)
            if first:
                cursor = cursor.sort([(first, 1)])
            return await (cursor.limit(limit) if limit else cursor).to_list(None)
