"""What intake keeps beside its cases: which number belongs to which case, who may be the same person, by what a
person's cases are found, and which request mended which.

Both are asked in bulk, once for a batch. Any failure of the server is an `Outage`.
"""

from asyncio import gather
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from services.intake.domain.case_number import number_of
from shared.casework.answering import answering
from shared.errors import ContractViolation, Outage
from shared.mongo.driver import DUPLICATE_KEY, BulkWriteError, Collection

DOUBLES_INDEXES: Final = ((("index", 1), ("at", 1), ("number", 1)), (("case", 1),))
"""By what the `a_numbers` collection is looked up: a person's cases, the oldest first; and what is known of a case."""

MOST_OF_ONE: Final = 20
"""Of somebody with more cases than that, the oldest of these are asked for. The others cost no submission anything."""

_ATTEMPTS = 8
_OLDEST: Final = (("at", 1), ("number", 1))
_NAME: Final = {"of": "name"}
"""What marks an index of a name."""

T = TypeVar("T")


class Numbers:
    """The `numbers` collection: `{_id: number, case: case id}`. A number, once reserved, stays with its case."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def reserve(self, case_ids: Sequence[UUID]) -> dict[UUID, str]:
        """The number of each case, reserved now or earlier. When another case has it, the next one is tried."""
        reserved: dict[UUID, str] = {}
        waiting = list(dict.fromkeys(case_ids))
        for attempt in range(_ATTEMPTS):
            if not waiting:
                return reserved
            wanted = {case_id: number_of(case_id, attempt) for case_id in waiting}
            held = await self._hold(wanted)
            reserved |= {case_id: number for case_id, number in wanted.items() if held.get(number) == case_id}
            waiting = [case_id for case_id in waiting if case_id not in reserved]
        if waiting:
            raise ContractViolation(f"No free case number was found in {_ATTEMPTS} attempts.")
        return reserved

    async def cases_of(self, numbers: Sequence[str]) -> dict[str, UUID]:
        """The case of each number that is reserved."""
        if not numbers:
            return {}
        found = await asked(self._collection.find({"_id": {"$in": list(set(numbers))}}).to_list(None))
        return {document["_id"]: document["case"] for document in found}

    async def _hold(self, wanted: Mapping[UUID, str]) -> Mapping[str, UUID]:
        documents = [{"_id": number, "case": case_id} for case_id, number in wanted.items()]
        if await insert_new(self._collection, documents):
            return {number: case_id for case_id, number in wanted.items()}
        return await self.cases_of(list(wanted.values()))


@dataclass(frozen=True, slots=True)
class Sighting:
    """A case about a person, who is known only by a blind index: of the A-number, or of a form of the name."""

    index: str
    case_id: UUID
    number: str
    at: datetime


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """A case about somebody, as it was noted; ordered by when."""

    at: datetime
    number: str
    case_id: UUID


class Doubles:
    """The `a_numbers` collection: which cases are about the same person. It warns; it never keeps anybody out.

    A name warns of nothing: many share it. It stands there too, marked, so that staff can find a case by it.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def prepare(self) -> None:
        """Create the indexes; safe to repeat."""
        for keys in DOUBLES_INDEXES:
            await asked(self._collection.create_index(list(keys)))

    async def note(self, sightings: Sequence[Sighting], names: Sequence[Sighting] = ()) -> dict[UUID, tuple[Seen, ...]]:
        """Note new cases; of each, the oldest ones before it about the same person, where there are any.

        Noted first and asked afterwards: of two that come at the same moment, the later one sees the earlier.
        `names` are noted by the same write, and tell of no other case.
        """
        documents = [_document(seen) for seen in sightings] + [_document(seen) | _NAME for seen in names]
        if documents:
            await insert_new(self._collection, documents)
        return _earlier(sightings, await self._oldest(sorted({seen.index for seen in sightings})))

    async def others(self, case_id: UUID) -> list[Seen]:
        """The oldest other cases about the same person, the oldest first."""
        own = await asked(self._collection.find({"case": case_id}).to_list(None))
        query = {"index": {"$in": [each["index"] for each in own if "of" not in each]}, "case": {"$ne": case_id}}
        return [_seen(each) for each in await self._first(query, _OLDEST, MOST_OF_ONE)]

    async def newest(self, indexes: Sequence[str], limit: int) -> list[Seen]:
        """The newest cases about whoever has one of these indexes, each once, however many of them it has."""
        query = {"index": {"$in": list(indexes)}}
        found = await self._first(query, (("at", -1), ("_id", 1)), limit * len(indexes)) if indexes else []
        return list(dict.fromkeys(map(_seen, found)))[:limit]

    async def forget(self, case_id: UUID) -> None:
        """Forget a case that has been erased."""
        for document in await asked(self._collection.find({"case": case_id}, {"_id": 1}).to_list(None)):
            await asked(self._collection.delete_one({"_id": document["_id"]}))

    async def _oldest(self, indexes: Sequence[str]) -> dict[str, list[Seen]]:
        """The oldest cases of each index: all by one query, unless somebody among them has many."""
        known: dict[str, list[Seen]] = {index: [] for index in indexes}
        limit = MOST_OF_ONE * len(indexes)
        found = await self._first({"index": {"$in": list(indexes)}}, DOUBLES_INDEXES[0], limit) if indexes else []
        for document in found:
            known[document["index"]].append(_seen(document))
        if indexes and len(found) == limit:
            # Cut off, in the order of the indexes: those from the last one on are asked for one by one.
            cut = [index for index in indexes if index >= found[-1]["index"] and len(known[index]) < MOST_OF_ONE]
            each = [self._first({"index": index}, DOUBLES_INDEXES[0], MOST_OF_ONE) for index in cut]
            known |= {index: [*map(_seen, of)] for index, of in zip(cut, await gather(*each), strict=True)}
        return known

    async def _first(self, query: Mapping[str, Any], sort: Sequence[tuple[str, int]], limit: int) -> list[Any]:
        return await asked(self._collection.find(query).sort(list(sort)).limit(limit).to_list(None))


class Mendings:
    """The `mendings` collection: `{_id: a rejected case, by: the case that mends it}`. The first one stays."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def first(self, pairs: Sequence[tuple[UUID, UUID]]) -> dict[UUID, UUID]:
        """By which case each rejected one was mended first: one of these `(rejected, by)`, or one from before."""
        if not pairs:
            return {}
        await insert_new(self._collection, [{"_id": rejected, "by": by} for rejected, by in pairs])
        wanted = list({rejected for rejected, _ in pairs})
        found = await asked(self._collection.find({"_id": {"$in": wanted}}).to_list(None))
        return {document["_id"]: document["by"] for document in found}


def _document(seen: Sighting) -> dict[str, Any]:
    return {"_id": f"{seen.index}:{seen.case_id}", "index": seen.index, "case": seen.case_id} | {
        "number": seen.number,
        "at": seen.at,
    }


def _seen(document: Mapping[str, Any]) -> Seen:
    return Seen(document["at"], document["number"], document["case"])


def _earlier(sightings: Sequence[Sighting], known: Mapping[str, Sequence[Seen]]) -> dict[UUID, tuple[Seen, ...]]:
    earlier: dict[UUID, tuple[Seen, ...]] = {}
    for sighting in sightings:
        of_person = known[sighting.index][:MOST_OF_ONE]
        # Not among the oldest, the case itself comes after all of these.
        own = next((at for at, seen in enumerate(of_person) if seen.case_id == sighting.case_id), len(of_person))
        if own:
            earlier[sighting.case_id] = tuple(of_person[:own])
    return earlier


async def insert_new(collection: Collection, documents: Sequence[dict[str, Any]]) -> bool:
    """Insert what is not there yet; whether all of it was new."""
    with answering():
        try:
            await collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            codes = {failure.get("code") for failure in (error.details or {}).get("writeErrors", ())}
            if codes != {DUPLICATE_KEY} or (error.details or {}).get("writeConcernErrors"):
                raise Outage("The store did not take a write.") from error
            return False
    return True


async def asked(answer: Awaitable[T]) -> T:
    with answering():
        return await answer
