"""Who opened whose personal data, which fields, why, and when. Written before the data is shown, and never changed.

A record holds names of fields and a purpose fixed in code, never a value, and no text that a person typed. Looking
somebody up opens no field, and is on record too.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Final
from uuid import UUID, uuid4

from shared.mongo.driver import Collection
from shared.privacy.keyring import utc_now

INDEXES: Final = ((("case", 1), ("at", 1)),)
"""The keys of the collection's indexes, for whoever declares them."""


@dataclass(frozen=True, slots=True)
class Access:
    """One opening of personal data. `at` is real time, UTC."""

    id: UUID
    who: str
    case_id: UUID
    fields: tuple[str, ...]
    why: str
    at: datetime


class AccessLog:
    """The access records of one service."""

    def __init__(self, collection: Collection, *, now: Callable[[], datetime] = utc_now) -> None:
        self._collection = collection
        self._now = now

    async def record(self, *, who: str, case_id: UUID, fields: Iterable[str], why: str) -> None:
        """Keep that `who` is about to see `fields` of a case. Show them only after this has returned."""
        await self.record_many(who=who, case_ids=(case_id,), fields=fields, why=why)

    async def record_many(self, *, who: str, case_ids: Sequence[UUID], fields: Iterable[str], why: str) -> None:
        """The same for a list: one record for each case, in one write."""
        if not case_ids:
            return
        names, at = sorted(set(fields)), self._now()
        await self._collection.insert_many(
            [
                {"_id": uuid4(), "who": who, "case": case_id, "fields": names, "why": why, "at": at}
                for case_id in case_ids
            ],
            ordered=False,
        )

    async def record_look_up(self, *, who: str, case_ids: Sequence[UUID], why: str) -> None:
        """Keep that `who` looked for somebody, and which cases came of it; one record without a case where none did.

        What was asked for is personal data, and is not kept.
        """
        at = self._now()
        await self._collection.insert_many(
            [
                {"_id": uuid4(), "who": who, "case": case_id, "fields": [], "why": why, "at": at}
                for case_id in case_ids or (None,)
            ],
            ordered=False,
        )

    async def for_case(self, case_id: UUID) -> list[Access]:
        """All openings of a case, oldest first: what a privacy officer is shown."""
        documents = await self._collection.find({"case": case_id}).to_list(None)
        found = [
            Access(one["_id"], one["who"], one["case"], tuple(one["fields"]), one["why"], one["at"])
            for one in documents
        ]
        return sorted(found, key=attrgetter("at", "id"))
