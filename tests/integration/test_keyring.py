"""The keyring on the real document server, with both drivers: races, tombstones, and outages."""

import asyncio
import gc
import os
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.mongo.driver import Collection, Driver, MongoClient, PyMongoError
from shared.privacy.access import AccessLog
from shared.privacy.keyring import Erased, Keyring
from shared.privacy.keys import SecretKey
from shared.privacy.sealing import CaseKey, open_box, seal
from tests.conftest import Servers

pytestmark = pytest.mark.real
MASTER = SecretKey(os.urandom(32))
CANARY = b"CANARY narrative of Ana Canaria"


@dataclass(frozen=True)
class Store:
    """A keyring collection of its own, and the way to make another process's keyring on it."""

    client: MongoClient
    collection: Collection
    access: Collection

    def keyring(self) -> Keyring:
        """As another process would have it: a cache of its own."""
        return Keyring(self.collection, MASTER)


@pytest.fixture(params=list(Driver))
async def store(request: pytest.FixtureRequest, servers: Servers) -> AsyncIterator[Store]:
    client = MongoClient(servers.mongodb, request.param)
    database = client.database(f"keyring_{uuid4().hex[:12]}")
    yield Store(client, database["keys"], database["access"])
    await client.close()


def sealed_by(key: object) -> bytes:
    assert isinstance(key, CaseKey)
    return seal(key, case_id=key.case_id, cause=uuid4(), name="submitted", plaintext=CANARY)


def opened_by(key: object, box: bytes) -> bytes:
    assert isinstance(key, CaseKey)
    return open_box(key, case_id=key.case_id, name="submitted", box=box)


async def test_those_who_create_at_once_all_get_the_one_key(store: Store) -> None:
    for _ in range(10):
        cases = [uuid4() for _ in range(20)]
        # Overlapping halves: each creator's bulk insert meets keys of the others.
        shares = [cases[:15], cases[5:], cases[::-1], cases]
        rings = await asyncio.gather(*(store.keyring().get_or_create(share) for share in shares))
        for one, other in combinations(rings, 2):
            for case in one.keys() & other.keys():
                assert opened_by(other[case], sealed_by(one[case])) == CANARY


async def test_a_new_process_opens_what_an_earlier_one_sealed(store: Store) -> None:
    case = uuid4()
    box = sealed_by((await store.keyring().get_or_create([case]))[case])
    assert opened_by((await store.keyring().get([case]))[case], box) == CANARY


async def test_absent_is_none(store: Store) -> None:
    known, unknown = uuid4(), uuid4()
    await store.keyring().get_or_create([known])
    found = await store.keyring().get([known, unknown])
    assert found[unknown] is None
    assert isinstance(found[known], CaseKey)


async def test_a_tombstone_stays_whoever_creates_afterwards(store: Store) -> None:
    erased_case, other = uuid4(), uuid4()
    await store.keyring().get_or_create([erased_case, other])
    erased = await store.keyring().shred(erased_case, ordered_by="privacy-1", reference="order 7")
    found = await store.keyring().get_or_create([erased_case, other])
    assert found[erased_case] == erased
    assert isinstance(found[other], CaseKey)
    document = await store.collection.find_one({"_id": erased_case})
    assert document is not None
    assert set(document) == {"_id", "erased", "untold"}
    assert document["erased"] == {"ordered_by": "privacy-1", "reference": "order 7", "at": erased.at}


async def test_shredding_and_creating_at_once_always_end_erased(store: Store) -> None:
    async def create_until_erased(case: UUID) -> None:
        for _ in range(500):
            if isinstance((await store.keyring().get_or_create([case]))[case], Erased):
                return
        pytest.fail("a key is still given out")

    for number in range(20):
        case = uuid4()
        shredding = store.keyring().shred(case, ordered_by="privacy-1", reference=f"order {number}")
        await asyncio.gather(create_until_erased(case), shredding, create_until_erased(case))
        assert isinstance((await store.keyring().get([case]))[case], Erased)


async def test_of_two_orders_at_once_one_stays(store: Store) -> None:
    case = uuid4()
    orders = (store.keyring().shred(case, ordered_by=f"privacy-{n}", reference=f"order {n}") for n in range(4))
    answers = await asyncio.gather(*orders)
    assert len(set(answers)) == 1


async def test_tombstones_are_found_until_they_were_told(store: Store) -> None:
    await store.keyring().prepare()
    with_key, without = uuid4(), uuid4()
    await store.keyring().get_or_create([with_key, uuid4()])
    erased = [await store.keyring().shred(case, ordered_by="p", reference="o") for case in (with_key, without)]
    untold = await store.keyring().untold(9)
    assert sorted(untold, key=str) == sorted(erased, key=str)
    assert len(await store.keyring().untold(1)) == 1
    await store.keyring().told(with_key)
    await store.keyring().shred(with_key, ordered_by="q", reference="again")
    assert await store.keyring().untold(9) == [erased[1]]


async def test_the_store_holds_no_key_in_clear(store: Store) -> None:
    case = uuid4()
    box = sealed_by((await store.keyring().get_or_create([case]))[case])
    document: Any = await store.collection.find_one({"_id": case})
    assert set(document) == {"_id", "wrapped"}
    assert len(document["wrapped"]) == 12 + 32 + 16
    for guess in (document["wrapped"][:32], document["wrapped"][12:44], document["wrapped"][-32:]):
        with pytest.raises(Exception, match="does not open"):
            opened_by(CaseKey(case, bytes(guess)), box)


async def test_an_unreachable_store_is_an_outage_and_not_an_absent_key() -> None:
    for driver in Driver:
        client = MongoClient("mongodb://127.0.0.1:9/", driver, find_seconds=0.2)
        keyring = Keyring(client.database("keyring")["keys"], MASTER)
        for attempt in (
            keyring.get([uuid4()]),
            keyring.get_or_create([uuid4()]),
            keyring.shred(uuid4(), ordered_by="privacy-1", reference="order 7"),
        ):
            with pytest.raises(PyMongoError):
                await attempt
        with warnings.catch_warnings():
            # PyMongo's async client, closed while it tries to connect, leaves that socket to the garbage collector.
            warnings.simplefilter("ignore", ResourceWarning)
            await client.close()
            gc.collect()


async def test_access_records_come_back_as_they_were_written(store: Store) -> None:
    case, log = uuid4(), AccessLog(store.access)
    await log.record(who="officer-1", case_id=case, fields=["narrative", "a_number"], why="decide")
    await log.record_many(who="sro-1", case_ids=[case, uuid4()], fields=["narrative"], why="decide")
    found = await log.for_case(case)
    assert {(one.who, one.case_id, one.fields, one.why) for one in found} == {
        ("officer-1", case, ("a_number", "narrative"), "decide"),
        ("sro-1", case, ("narrative",), "decide"),
    }
    assert all(one.at.tzinfo is not None for one in found)
