"""A collection in memory, for tests that ask about caching and shape, never about durability or races."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from shared.mongo.driver import BulkWriteError, DuplicateKeyError, PyMongoError


@dataclass
class Listing:
    """What `find` gives."""

    documents: list[dict[str, Any]]

    def sort(self, keys: Sequence[tuple[str, int]]) -> "Listing":
        found = list(self.documents)
        for name, way in reversed(keys):
            found.sort(key=lambda document: document[name], reverse=way < 0)
        return Listing(found)

    def limit(self, count: int) -> "Listing":
        return Listing(self.documents[:count])

    async def to_list(self, length: int | None) -> list[dict[str, Any]]:
        return self.documents[:length]


@dataclass
class Updated:
    """What `update_one` gives."""

    matched_count: int


@dataclass
class MemoryCollection:
    """Knows equality, `$ne`, `$in`, `$exists`, `$gte`, `$set`, `$unset` and `$inc` of top-level fields; no more."""

    documents: dict[Any, dict[str, Any]] = field(default_factory=dict)
    reads: int = 0
    writes: int = 0
    away: bool = False

    def find(self, query: Mapping[str, Any], projection: Mapping[str, Any] | None = None) -> Any:
        self.reads += 1
        if self.away:
            raise PyMongoError("no server answers")
        return Listing([deepcopy(one) for one in self.documents.values() if _matches(one, query)])

    async def find_one(self, query: Mapping[str, Any], projection: Mapping[str, Any] | None = None) -> Any:
        return next(iter(self.find(query, projection).documents), None)

    async def insert_one(self, document: dict[str, Any]) -> None:
        if document["_id"] in self.documents:
            raise DuplicateKeyError("E11000 duplicate key", 11000)
        self.documents[document["_id"]] = deepcopy(document)

    async def insert_many(self, documents: Sequence[dict[str, Any]], *, ordered: bool = True) -> None:
        errors = []
        self.writes += 1
        for index, document in enumerate(documents):
            try:
                await self.insert_one(document)
            except DuplicateKeyError:
                errors.append({"index": index, "code": 11000, "errmsg": "E11000", "op": document})
                if ordered:
                    break
        if errors:
            raise BulkWriteError({"writeErrors": errors, "writeConcernErrors": []})

    async def update_one(self, query: Mapping[str, Any], update: Mapping[str, Any], *, upsert: bool = False) -> Updated:
        assert set(update) <= {"$set", "$unset", "$inc"}
        if upsert and not any(_matches(one, query) for one in self.documents.values()):
            await self.insert_one(dict(query))
        for document in self.documents.values():
            if _matches(document, query):
                for name, more in update.get("$inc", {}).items():
                    document[name] = document.get(name, 0) + more
                document.update(deepcopy(dict(update.get("$set", {}))))
                for name in update.get("$unset", {}):
                    document.pop(name, None)
                return Updated(1)
        return Updated(0)


def _matches(document: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    return all(_fits(document, name, wanted) for name, wanted in query.items())


def _fits(document: Mapping[str, Any], name: str, wanted: Any) -> bool:
    match wanted:
        case {"$in": values}:
            return document.get(name) in values
        case {"$exists": there}:
            return (name in document) is there
        case {"$ne": other}:
            return bool(document.get(name) != other)
        case {"$gte": least}:
            return name in document and bool(document[name] >= least)
        case dict():
            raise NotImplementedError(f"this query is not known here: {wanted}")
        case _:
            return bool(document.get(name) == wanted)
