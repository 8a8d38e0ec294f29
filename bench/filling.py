"""Stores that hold many finished cases already: real ones, stored again under new ids in the services' own databases.

Topics are not filled: what a service has read does not slow it down, what it has stored may.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from bench.samples import BESIDE
from services.intake.domain.case_number import number_of
from shared.contracts.vocabulary import Service
from shared.mongo.driver import InsertOne, MongoClient

TOGETHER = 500


async def stored(client: MongoClient) -> int:
    """How many cases intake holds. Counting reads them all: not to be asked of a full store."""
    return await client.database(f"secondlook_{Service.INTAKE}")["cases"].count_documents({})


async def fill(
    client: MongoClient, samples: Mapping[str, Sequence[dict[str, Any]]], *, to: int, say: Callable[[str], None]
) -> int:
    """Store finished cases until there are so many; returns how many there are."""
    have = await stored(client)
    for first in range(have, to, TOGETHER):
        ids = [uuid4() for _ in range(min(TOGETHER, to - first))]
        for service in Service:
            await _insert(client, f"secondlook_{service}", "cases", _again(samples[service.value], ids))
        for name, where in BESIDE.items():
            await _insert(client, f"secondlook_{where}", name, _beside(name, samples[name], ids))
        if first // 20_000 != (first + TOGETHER) // 20_000:
            say(f"{first + len(ids):,} cases are stored")
    return max(have, to)


async def _insert(client: MongoClient, database: str, collection: str, documents: Sequence[dict[str, Any]]) -> None:
    await client.database(database)[collection].bulk_write([InsertOne(each) for each in documents], ordered=False)


def _again(samples: Sequence[dict[str, Any]], ids: Sequence[UUID]) -> list[dict[str, Any]]:
    return [{**samples[number % len(samples)], "_id": case_id} for number, case_id in enumerate(ids)]


def _beside(name: str, samples: Sequence[dict[str, Any]], ids: Sequence[UUID]) -> list[dict[str, Any]]:
    documents = _again(samples, ids)
    if name == "numbers":
        return [{"_id": number_of(case_id), "case": case_id} for case_id in ids]
    if name == "a_numbers":
        person = [uuid4().hex * 2 for _ in ids]
        return [
            {**document, "_id": f"{index}:{case_id}", "index": index, "case": case_id}
            for document, index, case_id in zip(documents, person, ids, strict=True)
        ]
    return documents
