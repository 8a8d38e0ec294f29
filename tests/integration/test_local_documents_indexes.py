"""The document launcher: what an index answers is what a full scan answers, through every change and a restart."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from deploy.local.servers import Server
from tests.integration.starting import client, launcher, running

pytestmark = pytest.mark.real

Documents = Collection[dict[str, Any]]
DAY = datetime(2021, 3, 8, tzinfo=UTC)
OFFICES = ("ATL", "BOS", "CHI", "DAL", None, 7, 7.0, ["ATL", "BOS"], {"code": "ATL"})


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture(name="server")
def _server(folder: Path) -> Server:
    return launcher(folder)


@pytest.fixture(name="connected")
def _connected(server: Server, folder: Path) -> Iterator[MongoClient[dict[str, Any]]]:
    with running(server, folder), client(server) as connected:
        yield connected


def _some_value(chance: random.Random) -> Any:
    return chance.choice([1, 1.0, 2, 2**40, 2.5, "1", "two", True, None, DAY, b"1", [1, 2], [], {"a": 1}])


def _some_document(chance: random.Random, key: int) -> dict[str, Any]:
    document: dict[str, Any] = {"_id": key, "any": _some_value(chance)}
    if chance.random() < 0.8:
        document["queue"] = {"office": chance.choice(OFFICES), "rank": chance.randrange(5)}
    if chance.random() < 0.5:
        document["due_at"] = DAY + timedelta(hours=chance.randrange(100))
    return document


def _some_filter(chance: random.Random) -> dict[str, Any]:
    hour = DAY + timedelta(hours=chance.randrange(100))
    later = hour + timedelta(hours=chance.randrange(-5, 30))
    office, value = chance.choice(OFFICES), _some_value(chance)
    return chance.choice(
        [
            {"queue.office": office},
            {"queue.office": {"$eq": office}, "queue.rank": chance.randrange(5)},
            {"queue.office": {"$in": [chance.choice(OFFICES) for _ in range(3)]}},
            {"queue.office": {"$in": ["ATL", "BOS", 7]}, "due_at": {"$lte": hour}},
            {"queue.office": {"$ne": office}},
            {"due_at": {chance.choice(["$lt", "$lte", "$gt", "$gte"]): hour}},
            {"due_at": {"$gte": hour, "$lt": later}},
            {"due_at": {"$gt": hour, "$lte": hour}},
            {"due_at": {"$exists": chance.random() < 0.5}},
            {"due_at": None},
            {"any": value},
            {"any": {chance.choice(["$lt", "$lte", "$gt", "$gte"]): chance.choice([1, 2.5, "m", DAY])}},
            {"any": {"$in": [1, "two", DAY]}},
            {"any": {"$exists": True, "$ne": 1}},
            {"_id": {"$in": [chance.randrange(400) for _ in range(50)]}, "queue.rank": {"$lt": 3}},
            {"_id": chance.randrange(400), "queue.office": office},
        ]
    )


def _change(chance: random.Random, both: tuple[Documents, Documents]) -> None:
    """The same change to both."""
    key, roll = chance.randrange(400), chance.random()
    document = _some_document(chance, key)
    for each in both:
        if roll < 0.4:
            each.replace_one({"_id": key}, document, upsert=True)
        elif roll < 0.6:
            each.update_one({"_id": key}, {"$set": {"any": document["any"], "queue.office": "BOS"}})
        elif roll < 0.7:
            each.update_many({"queue.rank": 3}, {"$unset": {"due_at": ""}, "$set": {"any": 2}})
        elif roll < 0.8:
            each.update_many({"any": 2}, {"$set": {"due_at": DAY}})
        else:
            each.delete_many({"_id": {"$gte": key, "$lt": key + 3}})


def _compare(chance: random.Random, indexed: Documents, plain: Documents) -> int:
    """Ask both the same; returns how many documents were found in all."""
    found = 0
    for _ in range(60):
        asked = _some_filter(chance)
        by_index, by_scan = (list(each.find(asked).sort("_id", 1)) for each in (indexed, plain))
        assert by_index == by_scan, asked
        assert indexed.count_documents(asked) == len(by_scan), asked
        found += len(by_scan)
    return found


def test_an_index_answers_what_a_scan_answers(server: Server, folder: Path) -> None:
    chance = random.Random(1)
    with running(server, folder), client(server) as connected:
        indexed, plain = connected["indexes"]["indexed"], connected["indexes"]["plain"]
        indexed.create_index([("queue.office", 1), ("queue.rank", 1)])
        both = (indexed, plain)
        documents = [_some_document(chance, key) for key in range(300)]
        for each in both:
            for document in documents[:30]:
                each.insert_one(document)
            each.insert_many(documents[30:])  # as one write to the disk
        indexed.create_index("due_at")  # These two are filled from what is there already.
        indexed.create_index("any")
        for _ in range(4):
            for _ in range(60):
                _change(chance, both)
            assert _compare(chance, indexed, plain) > 100
    with running(server, folder), client(server) as connected:
        indexed, plain = connected["indexes"]["indexed"], connected["indexes"]["plain"]
        assert set(indexed.index_information()) == {"_id_", "queue.office_1_queue.rank_1", "due_at_1", "any_1"}
        _compare(chance, indexed, plain)
        for _ in range(60):
            _change(chance, (indexed, plain))
        assert _compare(chance, indexed, plain) > 100


def test_a_unique_index_is_unique_through_changes_and_a_restart(server: Server, folder: Path) -> None:
    with running(server, folder), client(server) as connected:
        numbers = connected["unique"]["numbers"]
        numbers.create_index("number", unique=True)
        numbers.create_index([("client.name", 1), ("client.reference", 1)], unique=True)
        numbers.insert_one({"_id": 1, "number": 1, "client": {"name": "a", "reference": 1}})
        numbers.insert_one({"_id": 2, "number": 2, "client": {"name": "a", "reference": 2}})
        with pytest.raises(DuplicateKeyError):
            numbers.update_one({"_id": 2}, {"$set": {"number": 1}})
        with pytest.raises(DuplicateKeyError):
            numbers.insert_one({"_id": 3, "number": 3, "client": {"name": "a", "reference": 2}})
        numbers.update_one({"_id": 1}, {"$set": {"number": 5}})
        numbers.insert_one({"_id": 4, "number": 1, "client": {"name": "b", "reference": 1}})
        numbers.delete_one({"_id": 2})
    with running(server, folder), client(server) as connected:
        numbers = connected["unique"]["numbers"]
        for taken in (5, 5.0, 1):
            with pytest.raises(DuplicateKeyError):
                numbers.insert_one({"_id": 9, "number": taken, "client": {"name": "c", "reference": taken}})
        numbers.insert_one({"_id": 2, "number": 2, "client": {"name": "a", "reference": 2}})
        assert sorted(each["number"] for each in numbers.find()) == [1, 2, 5]


def test_an_id_is_unique_and_equal_numbers_are_one(connected: MongoClient[dict[str, Any]]) -> None:
    documents = connected["unique"]["ids"]
    documents.insert_one({"_id": 1})
    for same in (1, 1.0):
        with pytest.raises(DuplicateKeyError):
            documents.insert_one({"_id": same})
    assert list(documents.find({"_id": {"$in": [1, 1.0, "1", 2]}})) == [{"_id": 1}]


def test_a_dropped_database_takes_no_other_with_it(connected: MongoClient[dict[str, Any]]) -> None:
    for name in ("case", "cases"):
        connected[name]["kept"].create_index("number", unique=True)
        connected[name]["kept"].insert_one({"_id": 1, "number": 1})
    connected.drop_database("case")
    assert list(connected["cases"]["kept"].find()) == [{"_id": 1, "number": 1}]
    assert list(connected["case"]["kept"].find()) == []
    connected["case"]["kept"].insert_one({"_id": 1, "number": 1})
