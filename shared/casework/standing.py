"""Whether a service's store is the one that Kafka knows, or an older copy of it that was put back from a backup.

The store counts: every few seconds each instance raises a number in it, and then tells Kafka. A store whose number is
below the one that Kafka was told is an older copy, and takes nothing until `reconcile` has compared it with its topics.
With the number the store notes how far its readers were, so that they can go back to where the copy was made.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

import structlog

from shared.casework.answering import answering
from shared.errors import Outage, StoreNotCompared
from shared.mongo.driver import Collection, DuplicateKeyError

Offsets = Mapping[tuple[str, int], int]
"""(topic, partition) -> offset."""
LOOK_SECONDS = 5.0
_ID = "store"

log = structlog.get_logger()


class Mark(Protocol):
    """The largest number of the store, as Kafka was told."""

    async def read(self) -> int: ...
    async def write(self, number: int) -> None: ...


class Standing:
    """What one instance knows of its service's store. Until it knows better, it takes nothing."""

    def __init__(self, collection: Collection, mark: Mark, *, name: str = "store") -> None:
        """`name` is what the log calls it."""
        self._name = name
        self._collection = collection
        self._mark = mark
        self._highest = 0
        self.compared = False
        self.restored = False
        self.doubtful_until: datetime | None = None
        """Policy time. What an older store did before this moment it may have forgotten."""

    def require(self) -> None:
        """Raise `StoreNotCompared` unless the store is known to be the newest there is."""
        if not self.compared:
            raise StoreNotCompared(restored=self.restored)

    async def look(self, *, policy_now: datetime, offsets: Offsets) -> bool:
        """Compare the numbers, raise both, note how far the readers are; whether all is well. Raises `Outage`.

        While Kafka is away, an instance that knew its store goes on, and still notices that it was replaced.
        """
        try:
            told = await self._mark.read()  # first: the store's number is raised before Kafka hears of it
        except Outage:
            if not self.compared:
                raise
            told = 0
        known = await self._read()
        number = known.get("number", 0)
        if "restored_at" not in known and number < max(told, self._highest):
            why = f"Its number is {number}, and Kafka was told {max(told, self._highest)}."
            log.error(f"{self._name}_restored", why=why)
            await self.mark_restored(policy_now)
            known = await self._read()
        self._learn(known)
        if self.compared:
            await self._raise(known, offsets)
        return self.compared

    async def mark_restored(self, policy_now: datetime) -> None:
        """From now on, in every instance, the store counts as an older copy."""
        with answering():
            await self._collection.update_one({"_id": _ID}, {"$set": {"restored_at": policy_now}}, upsert=True)
        self._learn(await self._read())

    async def mark_compared(self) -> None:
        """The store was compared with its topics: what it had forgotten is parked, and its readers will go back."""
        known = await self._read()
        if "restored_at" not in known:  # another instance was faster
            self._learn(known)
            return
        number = max(await self._mark.read(), known.get("number", 0), self._highest) + 1
        change = {"$set": {"number": number, "doubtful_until": known["restored_at"]}, "$unset": {"restored_at": ""}}
        with answering():
            await self._collection.update_one({"_id": _ID}, change)
        self._learn(await self._read())

    async def noted(self) -> dict[str, int]:
        """How far the readers were when the store last noted it: `<topic>/<partition>` -> offset, dots as underscores.

        Meant for a restored store: these are as old as the copy.
        """
        return dict((await self._read()).get("offsets", {}))

    async def _read(self) -> Mapping[str, Any]:
        with answering():
            return await self._collection.find_one({"_id": _ID}) or {}

    def _learn(self, known: Mapping[str, Any]) -> None:
        self.restored = "restored_at" in known
        self.compared = not self.restored
        if self.restored:  # what this instance saw was of the store that is gone
            self._highest = 0
        self.doubtful_until = known.get("doubtful_until")

    async def _raise(self, known: Mapping[str, Any], offsets: Offsets) -> None:
        change: dict[str, Any] = {"$inc": {"number": 1}}
        if offsets:
            change["$set"] = {f"offsets.{place(*where)}": offset for where, offset in offsets.items()}
        with answering():
            if not known:
                with suppress(DuplicateKeyError):
                    await self._collection.insert_one({"_id": _ID, "number": 0})
            await self._collection.update_one({"_id": _ID, "restored_at": {"$exists": False}}, change)
        number = (await self._read()).get("number", 0)
        self._highest = max(self._highest, number)
        await self._mark.write(number)


def place(topic: str, partition: int) -> str:
    """A partition as a stored key."""
    return f"{topic.replace('.', '_')}/{partition}"
