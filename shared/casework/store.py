"""The cases of one service in its database: load a batch, write it, and know which writes were ours."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

import structlog

from shared.casework.answering import answering
from shared.casework.case import Case, Emitted
from shared.casework.document import MAX_WRITE_BYTES, WITHOUT_BULK, fresh, read, read_event, weight, write
from shared.casework.offering import Rules
from shared.casework.stepping import get_path, stored_key
from shared.contracts.vocabulary import EventType
from shared.errors import Outage
from shared.failpoints import Point, Reached, no_point
from shared.mongo.driver import DUPLICATE_KEY, REFUSED_FOR_GOOD, BulkWriteError, Database, UpdateOne

S = TypeVar("S")

CASES = "cases"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Saved:
    """What was not written: cases that somebody else changed first, and those whose document the server refuses."""

    lost: frozenset[UUID] = frozenset()
    refused: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Stored:
    """What is to be published of a case, read back: events from `published` on, and the blobs that they name."""

    case_id: UUID
    published: int
    emitted: int
    events: tuple[Emitted, ...]
    blobs: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases of one service by what they wait for; with the oldest moment (real time, and policy time for `due`)."""

    held: int
    parked: int
    pending: int
    pending_since: datetime | None
    due: int
    due_since: datetime | None


class Store(Generic[S]):
    """Reads and writes cases. Any failure of the server is raised as `Outage`."""

    def __init__(self, database: Database, rules: Rules[S], *, point: Point = no_point) -> None:
        self.collection = database[CASES]
        self._rules = rules
        self._point = point

    async def prepare(self) -> None:
        """Create the indexes that this service needs; safe to repeat."""
        fields = ["due_at", "pending_since", "held_since", "parked_since"]
        fields += [f"queue.{name}" for name in self._rules.behaviour.queue_indexes]
        with answering():
            for names in [*((name,) for name in fields), *self._rules.behaviour.indexes]:
                await self.collection.create_index([(name, 1) for name in names])

    async def load(self, case_ids: Iterable[UUID]) -> dict[UUID, Case[S]]:
        """The cases of a batch in one query; unknown ones come as new, empty cases."""
        wanted = list(dict.fromkeys(case_ids))
        documents = await self._find({"_id": {"$in": wanted}}, WITHOUT_BULK)
        cases: dict[UUID, Case[S]] = {case_id: Case(case_id) for case_id in wanted}
        cases |= {document["_id"]: read(document, self._rules) for document in documents}
        return cases

    async def save(
        self, cases: Sequence[Case[S]], *, now: datetime, policy_now: datetime, published: Mapping[UUID, int]
    ) -> Saved:
        """Write all changed cases in one unordered bulk.

        A write is ours only where the stored `writer` is the token of this very write: counts are looked at, and on a
        shortfall the tokens are read back. When the outcome is unknown, `Outage`.
        """
        too_large = frozenset(case.id for case in cases if weight(case) > MAX_WRITE_BYTES)
        changed = [case for case in cases if not case.settled and case.id not in too_large]
        if not changed:
            return Saved(refused=too_large)
        writers = {case.id: uuid4() for case in changed}
        writes = [
            write(
                case,
                self._rules,
                writer=writers[case.id],
                now=now,
                policy_now=policy_now,
                published=published.get(case.id, 0),
            )
            for case in changed
        ]
        complete, places = await self._write(writes, Reached.WRITE_APPLIED)
        refused = too_large | {changed[place].id for place in places}
        lost = frozenset() if complete else await self._lost(writers) - refused
        for case in changed:
            if case.id not in lost | refused:
                fresh(case)
        return Saved(lost, refused)

    async def unpublished(self, case_ids: Iterable[UUID]) -> list[Stored]:
        """Events from the publish mark on, as stored, with their blobs."""
        documents = await self._find(
            {"_id": {"$in": list(case_ids)}}, {"events": 1, "sealed": 1, "published": 1, "emitted": 1}
        )
        return [_unpublished(document) for document in documents]

    async def mark(self, marks: Mapping[UUID, int]) -> None:
        """Note acknowledged prefixes, where nothing newer was emitted: whoever emitted that publishes and marks it."""
        await self._write(
            [
                UpdateOne(
                    {"_id": case_id, "emitted": published},
                    {"$max": {"published": published}, "$unset": {"pending_since": ""}},
                )
                for case_id, published in marks.items()
            ],
            Reached.MARK_APPLIED,
        )

    async def pending(self, limit: int) -> list[tuple[UUID, int]]:
        """Cases with unpublished events, oldest first: (case id, how many it has emitted)."""
        documents = await self._find(
            {"pending_since": {"$exists": True}}, {"emitted": 1}, sort=[("pending_since", 1)], limit=limit
        )
        return [(document["_id"], document["emitted"]) for document in documents]

    async def due(self, policy_now: datetime, limit: int, *, skip: int = 0) -> list[UUID]:
        """Cases whose next deadline has come, earliest first, but for the first `skip`.

        A newer build's cases are left to that build.
        """
        query = {"due_at": {"$lte": policy_now}, "schema": {"$not": {"$gt": self._rules.behaviour.schema}}}
        documents = await self._find(query, {"due_at": 1}, sort=[("due_at", 1)], skip=skip, limit=limit)
        return [document["_id"] for document in documents]

    async def counts(self, policy_now: datetime) -> "Counts":
        """How many cases wait for what, and since when; by indexes alone."""
        held, parked, pending = [
            await self.count({field: {"$exists": True}}) for field in ("held_since", "parked_since", "pending_since")
        ]
        due = await self.count({"due_at": {"$lte": policy_now}})
        oldest_pending = await self.oldest("pending_since") if pending else None
        return Counts(held, parked, pending, oldest_pending, due, await self.oldest("due_at") if due else None)

    async def count(self, query: Mapping[str, Any]) -> int:
        """How many cases match."""
        with answering():
            return await self.collection.count_documents(query)

    async def oldest(self, field: str) -> datetime | None:
        """The earliest moment that any case has in this (dotted) field."""
        found = await self._find({field: {"$exists": True}}, {field: 1}, sort=[(field, 1)], limit=1)
        return get_path(found[0], field) if found else None

    async def find(
        self, query: Mapping[str, Any], *, sort: Sequence[tuple[str, int]], skip: int, limit: int
    ) -> list[Case[S]]:
        """Cases by their queue fields."""
        documents = await self._find(query, WITHOUT_BULK, sort=sort, skip=skip, limit=limit)
        return [read(document, self._rules) for document in documents]

    async def boxes(self, case_ids: Iterable[UUID], name: str) -> dict[UUID, bytes]:
        """One sealed blob of each of these cases that has it, in one query."""
        documents = await self._find({"_id": {"$in": list(case_ids)}}, {f"sealed.{name}": 1})
        found = ((document["_id"], document.get("sealed", {}).get(name)) for document in documents)
        return {case_id: bytes(box) for case_id, box in found if box is not None}

    async def all_events(self) -> AsyncIterator[tuple[UUID, int, list[Emitted]]]:
        """Of every case: its id, how many of its events are marked as published, and all that it has emitted."""
        with answering():
            async for document in self.collection.find({}, {"events": 1, "published": 1}):
                yield document["_id"], document["published"], [read_event(each) for each in document.get("events", ())]

    async def events_of(self, kind: EventType) -> AsyncIterator[tuple[UUID, Emitted]]:
        """All events of one type that this service has stored, each with its case."""
        query = {f"sent.{stored_key(kind)}": {"$exists": True}}
        with answering():
            async for document in self.collection.find(query, {"events": 1}):
                for event in map(read_event, document.get("events", ())):
                    if event.type == kind:
                        yield document["_id"], event

    async def keyed(self, *, after: UUID | None, limit: int) -> list[UUID]:
        """Cases that must have had a key, in the order of their ids: those of which more is known than what waits."""
        query: dict[str, Any] = {"$or": [{"state": {"$exists": True}}, {"emitted": {"$gt": 0}}]}
        if after is not None:
            query["_id"] = {"$gt": after}
        return [each["_id"] for each in await self._find(query, {"_id": 1}, sort=[("_id", 1)], limit=limit)]

    async def known(self, case_ids: Iterable[UUID]) -> frozenset[UUID]:
        """Which of these cases have a document, whatever it holds."""
        found = await self._find({"_id": {"$in": list(case_ids)}}, {"_id": 1})
        return frozenset(document["_id"] for document in found)

    async def history(self, case_id: UUID) -> tuple[list[Emitted], dict[str, bytes]] | None:
        """All events of a case and all its sealed blobs; None when the case is not known here."""
        documents = await self._find({"_id": case_id}, {"events": 1, "sealed": 1})
        if not documents:
            return None
        return [read_event(event) for event in documents[0].get("events", ())], dict(documents[0].get("sealed", {}))

    async def _lost(self, writers: Mapping[UUID, UUID]) -> frozenset[UUID]:
        documents = await self._find({"_id": {"$in": list(writers)}}, {"writer": 1})
        stored = {document["_id"]: document.get("writer") for document in documents}
        return frozenset(case_id for case_id, writer in writers.items() if stored.get(case_id) != writer)

    async def _write(self, writes: Sequence[Any], applied: Reached) -> tuple[bool, set[int]]:
        """Whether every single write took effect, and the places of those that the server refuses for good."""
        if not writes:
            return True, set()
        with answering():
            try:
                done = await self.collection.bulk_write(writes, ordered=False)
                await self._point(applied)
            except BulkWriteError as error:
                return False, _refused(error)
        return bool(done.matched_count + done.inserted_count == len(writes)), set()

    async def _find(
        self,
        query: Mapping[str, Any],
        projection: Mapping[str, Any],
        *,
        sort: Sequence[tuple[str, int]] = (),
        skip: int = 0,
        limit: int = 0,
    ) -> list[dict[str, Any]]:
        with answering():
            cursor = self.collection.find(query, projection)
            if sort:
                cursor = cursor.sort(sort)
            if skip:
                cursor = cursor.skip(skip)
            if limit:
                cursor = cursor.limit(limit)
            return await cursor.to_list(None)


def _unpublished(document: Mapping[str, Any]) -> Stored:
    """A damaged document, which lacks a blob that an event names, holds up itself and nobody else."""
    sealed = document.get("sealed", {})
    events: list[Emitted] = []
    for event in map(read_event, document.get("events", ())[document["published"] :]):
        if any(name not in sealed for name in event.blobs):
            log.error("blob_missing", case=str(document["_id"]), kind=event.type)
            break
        events.append(event)
    blobs = {name: sealed[name] for event in events for name in event.blobs}
    return Stored(document["_id"], document["published"], document["emitted"], tuple(events), blobs)


def _refused(error: BulkWriteError) -> set[int]:
    """The places of writes that will never be taken; raises `Outage` if others failed for the time being."""
    details = error.details or {}
    failures = details.get("writeErrors", ())
    passing = {failure.get("code") for failure in failures} - {DUPLICATE_KEY} - REFUSED_FOR_GOOD
    if passing or details.get("writeConcernErrors"):
        raise Outage(f"The store did not take a write (codes {sorted(map(str, passing))}).") from error
    return {failure["index"] for failure in failures if failure.get("code") in REFUSED_FOR_GOOD}
