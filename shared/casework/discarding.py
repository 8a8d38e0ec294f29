"""Dismissing what a service holds of a case that nobody ever submitted: somebody invented it.

Its events stay in the log, and its numbers stay used. What was held is kept sealed, with who dismissed it and why.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.casework.answering import answering
from shared.casework.case import Case
from shared.casework.dead_letters import Seal
from shared.casework.store import Store
from shared.errors import Outage, WrittenByNewer
from shared.mongo.driver import Collection

GONE = ("held", "held_since", "parked_since", "parked_builds", "told", "state", "queue", "due_at")
"""What of a case's document makes it a case that waits, or that anybody works on."""

Discarded = Literal["discarded", "nothing_held"]


class Discarding:
    """Dismisses cases of one service."""

    def __init__(
        self,
        store: Store[Any],
        kept: Collection,
        seal: Seal,
        require: Callable[[], None],
        *,
        real_now: Callable[[], datetime],
    ) -> None:
        """`kept` is where the originals stay; `require` raises an `Outage` while this store must not be changed."""
        self._store = store
        self._kept = kept
        self._seal = seal
        self._require = require
        self._real_now = real_now

    async def discard(self, case_id: UUID, *, by: str, why: str, known: Callable[[], Awaitable[None]]) -> Discarded:
        """Dismiss what is held of a case. `known` raises if anybody knows such a case. Raises `Outage`."""
        self._require()
        case = (await self._store.load([case_id]))[case_id]
        if not case.held:
            return "nothing_held"
        if case.newer:
            raise WrittenByNewer
        await known()
        at = self._real_now()
        note = {"by": by, "why": why, "at": at}
        with answering():
            original = {"case_id": case_id, **note, "held": await self._sealed(case)}
            await self._kept.update_one({"_id": f"{case_id}/{case.v}"}, {"$setOnInsert": original}, upsert=True)
            change = {"$set": {"discarded": note}, "$unset": dict.fromkeys(GONE, ""), "$inc": {"v": 1}}
            done = await self._store.collection.update_one({"_id": case_id, "v": case.v}, change)
        if not done.matched_count:
            raise Outage("Somebody else is changing this case.")
        return "discarded"

    async def _sealed(self, case: Case[Any]) -> list[dict[str, Any]]:
        return [
            {
                "topic": held.arrived.topic,
                "event": held.arrived.event.id if held.arrived.event else None,
                "reason": held.error,
                "since": held.since,
                "value": await self._seal(held.arrived.value),
            }
            for held in case.held
        ]
