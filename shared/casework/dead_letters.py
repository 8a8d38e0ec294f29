"""Records that belong to no case: kept sealed, with where they were and why, never retried by themselves."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.casework.errors import Outage
from shared.casework.points import Point, Reached, no_point
from shared.messaging.records import Record
from shared.mongo.driver import BulkWriteError, Collection, PyMongoError, UpdateOne

Seal = Callable[[bytes], Awaitable[bytes]]
"""Seals raw bytes with the dead letters' own key: they may hold anything, also personal data."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record set aside. `reason` quotes nothing of it."""

    topic: str
    partition: int
    offset: int
    reason: str
    value: bytes = b""

    @property
    def id(self) -> str:
        """From the place and a hash of the bytes: a redelivery is the same letter, a record of another log is not."""
        place = f"{self.topic}:{self.partition}:{self.offset}:".encode()
        return hashlib.sha256(place + hashlib.sha256(self.value).digest()).hexdigest()


def of_record(record: Record, reason: str) -> DeadLetter:
    """A record that was read but is of no use."""
    return DeadLetter(record.topic, record.partition, record.offset, reason, record.value or b"")


class DeadLetters:
    """The dead letters of one service."""

    def __init__(self, collection: Collection, seal: Seal, *, point: Point = no_point) -> None:
        self._collection = collection
        self._seal = seal
        self._point = point

    async def keep(self, letters: list[DeadLetter], *, at: datetime) -> None:
        """Keep them, once each. Raises `Outage` when they could not be kept: then nothing may be committed."""
        if not letters:
            return
        writes = [
            UpdateOne(
                {"_id": letter.id},
                {
                    "$setOnInsert": {
                        "topic": letter.topic,
                        "partition": letter.partition,
                        "offset": letter.offset,
                        "reason": letter.reason,
                        "at": at,
                        "sealed": await self._seal(letter.value),
                    }
                },
                upsert=True,
            )
            for letter in letters
        ]
        try:
            await self._collection.bulk_write(writes, ordered=False)
            await self._point(Reached.DEAD_LETTERS_KEPT)
        except BulkWriteError as error:
            raise Outage("A dead letter could not be kept.") from error
        except PyMongoError as error:
            raise Outage(f"The store does not answer ({type(error).__name__}).") from error

    async def list(self, limit: int = 100) -> list[Mapping[str, Any]]:
        """The newest dead letters, without their bytes."""
        cursor = self._collection.find({}, {"sealed": 0}).sort([("at", -1)]).limit(limit)
        return list(await cursor.to_list(None))
