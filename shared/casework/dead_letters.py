"""Records that belong to no case: kept sealed, with where they were and why; offered again on request."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import structlog

from shared.casework.answering import answering
from shared.errors import ContractViolation, Outage
from shared.failpoints import Point, Reached, no_point
from shared.messaging.records import Record
from shared.mongo.driver import BulkWriteError, Collection, UpdateOne

Seal = Callable[[bytes], Awaitable[bytes]]
"""Seals raw bytes with the dead letters' own key: they may hold anything, also personal data."""
Open = Callable[[bytes], Awaitable[bytes | None]]
"""Opens what was sealed because it could not be read; None when its key is gone, or nothing was kept."""
Offer = Callable[[Record], Awaitable[bool]]
"""Gives a record to whoever reads its topic, who keeps it again where it is of no use still. False: nobody does."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record set aside. `reason` quotes nothing of it."""

    topic: str
    partition: int
    offset: int
    reason: str
    value: bytes = b""
    key: bytes | None = None
    timestamp: datetime | None = None

    @property
    def id(self) -> str:
        """From the place and a hash of the bytes: a redelivery is the same letter, a record of another log is not."""
        place = f"{self.topic}:{self.partition}:{self.offset}:".encode()
        return hashlib.sha256(place + hashlib.sha256(self.value).digest()).hexdigest()


def of_record(record: Record, reason: str) -> DeadLetter:
    """A record that was read but is of no use."""
    return DeadLetter(
        record.topic, record.partition, record.offset, reason, record.value or b"", record.key, record.timestamp
    )


@dataclass(frozen=True, slots=True)
class OfferedAgain:
    """What became of a dead letter. `handled`: it is one no more; `nothing_kept`: its bytes are gone, or never came."""

    id: str
    result: Literal["handled", "still_fails", "nothing_kept"]
    reason: str | None = None


class DeadLetters:
    """The dead letters of one service."""

    def __init__(
        self,
        collection: Collection,
        seal: Seal,
        *,
        point: Point = no_point,
        observe: Callable[[str, str, str], None] = lambda *_: None,
    ) -> None:
        """`observe` hears of each that is kept: of what kind it is, its topic, and what became of it."""
        self._observe = observe
        self._collection = collection
        self._seal = seal
        self._point = point

    async def keep(self, letters: list[DeadLetter], *, at: datetime) -> None:
        """Keep them, once each. Raises `Outage` when they could not be kept: then nothing may be committed."""
        if not letters:
            return
        writes = [await self._write(letter, at) for letter in letters]
        with answering():
            try:
                await self._collection.bulk_write(writes, ordered=False)
                await self._point(Reached.DEAD_LETTERS_KEPT)
            except BulkWriteError as error:
                raise Outage("A dead letter could not be kept.") from error
        for letter in letters:
            self._observe("record", letter.topic, "dead_letter")

    async def count(self) -> int:
        """How many are kept."""
        with answering():
            return await self._collection.count_documents({})

    async def newest(self, limit: int = 100) -> list[Mapping[str, Any]]:
        """The newest dead letters, without their bytes."""
        cursor = self._collection.find({}, {"sealed": 0, "sealed_key": 0}).sort([("at", -1)]).limit(limit)
        with answering():
            return list(await cursor.to_list(None))

    async def after(self, letter_id: str, limit: int) -> list[Mapping[str, Any]]:
        """Dead letters in the order of their ids, behind this one."""
        cursor = self._collection.find({"_id": {"$gt": letter_id}}).sort([("_id", 1)]).limit(limit)
        with answering():
            return list(await cursor.to_list(None))

    async def find(self, letter_id: str) -> Mapping[str, Any] | None:
        """One dead letter, with its sealed bytes."""
        with answering():
            return await self._collection.find_one({"_id": letter_id})

    async def settle(self, letter: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Drop it, unless it was kept again since it was read: then it is returned as it stands."""
        with answering():
            await self._collection.delete_one({"_id": letter["_id"], "kept": letter.get("kept")})
        return await self.find(letter["_id"])

    async def _write(self, letter: DeadLetter, at: datetime) -> UpdateOne:
        first = {
            "topic": letter.topic,
            "partition": letter.partition,
            "offset": letter.offset,
            "at": at,
            "timestamp": letter.timestamp,
            "sealed": await self._seal(letter.value),
            "sealed_key": await self._seal(letter.key) if letter.key else b"",
        }
        changes = {"$setOnInsert": first, "$set": {"reason": letter.reason}, "$inc": {"kept": 1}}
        return UpdateOne({"_id": letter.id}, changes, upsert=True)


class RedrivingLetters:
    """Offers dead letters again: a later build may read what this one could not, a channel may have been set up."""

    def __init__(self, letters: DeadLetters, open_: Open, offer: Offer) -> None:
        self._letters = letters
        self._open = open_
        self._offer = offer

    async def redrive(self, letter_id: str) -> OfferedAgain | None:
        """One of them; None when it is not there. Raises `Outage`. What broke off is safe to ask for again."""
        letter = await self._letters.find(letter_id)
        return None if letter is None else await self._redrive(letter)

    async def redrive_after(self, letter_id: str, limit: int) -> list[OfferedAgain]:
        """Up to so many in the order of their ids, behind this one."""
        return [await self._redrive(letter) for letter in await self._letters.after(letter_id, limit)]

    async def _redrive(self, letter: Mapping[str, Any]) -> OfferedAgain:
        record = await self._record(letter)
        if record is None:
            return OfferedAgain(letter["_id"], "nothing_kept", letter["reason"])
        try:
            somebody = await self._offer(record)
        except Outage:
            raise
        except Exception as error:  # noqa: BLE001 - a defect of this build: the letter stays as it is
            log.error("dead_letter_failed", kind=type(error).__name__)  # noqa: TRY400 - may quote data
            return OfferedAgain(letter["_id"], "still_fails", f"It could not be handled ({type(error).__name__}).")
        if not somebody:
            return OfferedAgain(letter["_id"], "still_fails", "Nothing reads this topic.")
        kept = await self._letters.settle(letter)
        if kept is None:
            return OfferedAgain(letter["_id"], "handled")
        return OfferedAgain(letter["_id"], "still_fails", kept["reason"])

    async def _record(self, letter: Mapping[str, Any]) -> Record | None:
        try:
            value, key = await self._open(letter["sealed"]), await self._open(letter.get("sealed_key", b""))
        except ContractViolation:  # its seal is broken
            return None
        if not value:
            return None
        at = letter.get("timestamp") or letter["at"]
        return Record(letter["topic"], letter["partition"], letter["offset"], key, value, at)
