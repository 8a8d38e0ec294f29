"""Batches of a topic that cannot be read: where a partition stands, until it can be read or a person has it skipped.

Nothing of a corrupt batch is ever passed unasked: it may hold events that nobody else has. What a service has emitted
itself, `reconcile` publishes again under the same ids; then the batch can be skipped, with a reason that is kept.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from shared.casework.answering import answering
from shared.messaging.lenient import CorruptBatch
from shared.mongo.driver import Collection

_STANDING = {"passed_at": {"$exists": False}}


class CorruptBatches:
    """The corrupt batches that one service has met, one document each. Topics are named without prefix."""

    def __init__(
        self, collection: Collection, seal: Callable[[bytes], Awaitable[bytes]], *, now: Callable[[], datetime]
    ) -> None:
        """`now` is real time; `seal` seals the bytes that could not be read: they may hold anything."""
        self._collection = collection
        self._seal = seal
        self._now = now

    async def note(self, batch: CorruptBatch) -> None:
        """A partition stands at this batch. Raises `Outage`."""
        first = {
            "topic": batch.topic,
            "partition": batch.partition,
            "offset": batch.offset,
            "why": batch.why,
            "since": self._now(),
            "sealed": await self._seal(batch.raw),
        }
        change = {"$setOnInsert": first, "$set": {"following": batch.following}, "$unset": {"passed_at": ""}}
        await self._update(_id(batch.topic, batch.partition, batch.offset), change)

    async def passed(self, topic: str, partition: int, offset: int) -> None:
        """A partition does not stand there any more: it was skipped, or can be read again. Raises `Outage`."""
        with answering():
            change = {"$set": {"passed_at": self._now()}}
            await self._collection.update_one({"_id": _id(topic, partition, offset)}, change)

    async def standing(self) -> list[Mapping[str, Any]]:
        """Where partitions stand, or are to be taken past a batch (`skip`), oldest first. Raises `Outage`."""
        cursor = self._collection.find(_STANDING, {"sealed": 0}).sort([("since", 1)])
        with answering():
            return list(await cursor.to_list(None))

    async def skip(self, topic: str, partition: int, offset: int, *, to: int | None, by: str, why: str) -> int | None:
        """Have the group go on at `to` (behind the batch, if None) as soon as it stands at `offset`; safe to repeat.

        Returns where it will go on; None when no batch is known there and `to` was not given. Raises `Outage`.
        """
        place = _id(topic, partition, offset)
        with answering():
            known = await self._collection.find_one({"_id": place}, {"following": 1}) or {}
        following = known.get("following") if to is None else to
        if following is None:
            return None
        skip = {"to": following, "by": by, "why": why, "at": self._now()}
        first = {"topic": topic, "partition": partition, "offset": offset, "since": self._now()}
        first |= {} if known else {"why": "It was not seen as corrupt: the broker may not give it out.", "sealed": b""}
        change = {"$setOnInsert": first, "$set": {"skip": skip, "following": following}, "$unset": {"passed_at": ""}}
        await self._update(place, change)
        return int(following)

    async def _update(self, place: str, change: Mapping[str, Any]) -> None:
        with answering():
            await self._collection.update_one({"_id": place}, change, upsert=True)


def _id(topic: str, partition: int, offset: int) -> str:
    return f"{topic}/{partition}/{offset}"
