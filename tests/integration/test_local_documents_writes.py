"""The document launcher: no update is lost in a race, no acknowledged write is lost with the process."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pymongo import InsertOne, MongoClient, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, PyMongoError

from deploy.local import processes
from deploy.local.servers import Server
from tests.integration.starting import client, launcher, running

pytestmark = pytest.mark.real

Documents = Collection[dict[str, Any]]
WRITERS = 6
ROUNDS = 3


@pytest.fixture(scope="module", name="server")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("writes")
    server = launcher(folder)
    with running(server, folder):
        yield server


@pytest.fixture(name="documents")
def _documents(server: Server) -> Iterator[Documents]:
    with client(server) as connected:
        yield connected["race"][f"documents-{uuid4().hex[:8]}"]


def _all_at_once(work: Callable[[int], int]) -> int:
    with ThreadPoolExecutor(WRITERS) as writers:
        return sum(writers.map(work, range(WRITERS)))


def test_versioned_updates_in_a_race_lose_nothing(documents: Documents) -> None:
    documents.insert_one({"_id": "case", "v": 0, "by": []})

    def write(writer: int) -> int:
        won = 0
        while won < 40:
            seen = documents.find_one({"_id": "case"})
            assert seen is not None
            change = {"$set": {"v": seen["v"] + 1}, "$push": {"by": writer}}
            won += documents.update_one({"_id": "case", "v": seen["v"]}, change).matched_count
        return won

    wins = _all_at_once(write)
    after = documents.find_one({"_id": "case"})
    assert after is not None
    assert (after["v"], len(after["by"])) == (wins, wins)


def test_increments_in_a_race_add_up(documents: Documents) -> None:
    documents.insert_many([{"_id": n, "v": 0} for n in range(3)])

    def write(_writer: int) -> int:
        return sum(documents.update_one({"_id": n % 3}, {"$inc": {"v": 1}}).modified_count for n in range(60))

    assert _all_at_once(write) == sum(each["v"] for each in documents.find()) == WRITERS * 60


def test_one_of_several_inserts_under_a_unique_key_wins(documents: Documents) -> None:
    documents.create_index("number", unique=True)

    def write(_writer: int) -> int:
        won = 0
        for number in range(40):
            try:
                documents.insert_one({"_id": uuid4(), "number": number})
                won += 1
            except DuplicateKeyError:
                continue
        return won

    assert _all_at_once(write) == documents.count_documents({}) == 40


def test_readers_beside_writers_see_whole_documents(documents: Documents) -> None:
    filler = {f"field{n}": "x" * 50 for n in range(400)}  # A reply takes time to write, and the update falls into it.
    documents.insert_one({"_id": "case", "left": 0, **filler, "right": 0})
    done = threading.Event()

    def read(_reader: int) -> int:
        torn = 0
        while not done.is_set():
            seen = documents.find_one({"_id": "case"})
            torn += seen is None or seen["left"] != seen["right"]
        return torn

    with ThreadPoolExecutor(3) as readers:
        reading = readers.map(read, range(3))
        for n in range(300):
            documents.update_one({"_id": "case"}, {"$set": {"left": n, "right": n, f"more{n}": n}})
        done.set()
        assert sum(reading) == 0


class Writer:
    """Inserts and updates until the server is gone, and remembers what was acknowledged."""

    def __init__(self, server: Server, marker: str) -> None:
        self.acknowledged: dict[UUID, int] = {}
        self._server = server
        self._marker = marker
        self.busy = threading.Event()

    def write(self) -> None:
        with client(self._server) as connected:
            try:
                self._write(connected)
            except PyMongoError:
                return

    def _write(self, connected: MongoClient[dict[str, Any]]) -> None:
        documents = connected["kill"]["documents"]
        while True:
            ids = [uuid4() for _ in range(20)]
            documents.bulk_write([InsertOne({"_id": each, "v": 1, "by": self._marker}) for each in ids], ordered=False)
            self.acknowledged.update(dict.fromkeys(ids, 1))
            for v in range(1, 4):
                documents.bulk_write(
                    [UpdateOne({"_id": each, "v": v}, {"$inc": {"v": 1}}) for each in ids], ordered=False
                )
                self.acknowledged.update(dict.fromkeys(ids, v + 1))
                if len(self.acknowledged) > 200:
                    self.busy.set()


def test_a_kill_loses_no_acknowledged_write(tmp_path: Path) -> None:
    server = launcher(tmp_path)
    acknowledged: dict[UUID, int] = {}
    for kill in range(ROUNDS):
        with running(server, tmp_path) as process, ThreadPoolExecutor(3) as threads:
            _expect(server, acknowledged)
            writers = [Writer(server, f"{kill}-{n}") for n in range(3)]
            writing = [threads.submit(writer.write) for writer in writers]
            assert all(writer.busy.wait(30) for writer in writers)
            os.kill(process.pid, signal.SIGKILL)
            for each in writing:
                each.result(timeout=30)
            assert processes.wait_until(partial(_is_gone, process), within=10)
        for writer in writers:
            acknowledged.update(writer.acknowledged)
    with running(server, tmp_path):
        assert len(acknowledged) > ROUNDS * 3 * 200
        _expect(server, acknowledged)


def _is_gone(process: processes.Running) -> bool:
    return not processes.is_alive(process)


def _expect(server: Server, acknowledged: dict[UUID, int]) -> None:
    """Everything is there, and no older than it was acknowledged. A write without an answer may be there too."""
    with client(server) as connected:
        found = {each["_id"]: each["v"] for each in connected["kill"]["documents"].find({}, {"v": 1})}
    lost = [key for key, v in acknowledged.items() if found.get(key, 0) < v]
    assert lost == []
