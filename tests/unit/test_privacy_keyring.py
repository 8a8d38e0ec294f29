"""How the keyring caches, what it tells apart, what it never shows. Races and durability: tests/integration."""

import asyncio
import os
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import pytest

from shared.errors import Outage
from shared.mongo.driver import BulkWriteError, PyMongoError
from shared.privacy.keyring import (
    CACHED_SECONDS,
    Erased,
    Keyring,
    KeyringIncomplete,
    KeyringNotCompared,
    WrongMasterKey,
)
from shared.privacy.keys import SecretKey
from shared.privacy.sealing import BrokenSeal, CaseKey, open_box, seal
from tests.unit.memory_collection import MemoryCollection


@dataclass
class Clock:
    """A monotonic clock that the test moves."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Ring:
    """A keyring with what it stands on."""

    collection: MemoryCollection = field(default_factory=MemoryCollection)
    clock: Clock = field(default_factory=Clock)
    master: SecretKey = field(default_factory=lambda: SecretKey(os.urandom(32)))

    def keyring(self, **options: Any) -> Keyring:
        return Keyring(cast("Any", self.collection), self.master, monotonic=self.clock, **options)


@pytest.fixture
def ring() -> Ring:
    return Ring()


def opens(one: object, other: object) -> bool:
    """Whether what the first seals, the second opens: the same key."""
    assert isinstance(one, CaseKey)
    assert isinstance(other, CaseKey)
    box = seal(one, case_id=one.case_id, cause=uuid4(), name="submitted", plaintext=b"words")
    return open_box(other, case_id=one.case_id, name="submitted", box=box) == b"words"


async def test_a_key_is_made_once_and_given_to_everybody(ring: Ring) -> None:
    cases = [uuid4() for _ in range(5)]
    made = await ring.keyring().get_or_create(cases)
    again = await ring.keyring().get_or_create([*cases, uuid4()])
    found = await ring.keyring().get(cases)
    assert list(made) == cases
    assert all(opens(made[case], again[case]) and opens(made[case], found[case]) for case in cases)


async def test_asking_never_makes_a_key(ring: Ring) -> None:
    case = uuid4()
    assert await ring.keyring().get([case]) == {case: None}
    assert not ring.collection.documents


async def test_a_key_is_read_again_after_sixty_seconds_and_not_before(ring: Ring) -> None:
    keyring, case = ring.keyring(), uuid4()
    await keyring.get_or_create([case])
    ring.clock.seconds += CACHED_SECONDS - 0.001
    reads = ring.collection.reads
    await keyring.get([case])
    assert ring.collection.reads == reads
    ring.clock.seconds += 0.001
    await keyring.get([case])
    assert ring.collection.reads == reads + 1


async def test_another_process_forgets_a_shredded_key_within_sixty_seconds(ring: Ring) -> None:
    mine, theirs, case = ring.keyring(), ring.keyring(), uuid4()
    await theirs.get_or_create([case])
    await mine.shred(case, ordered_by="privacy-1", reference="order 7")
    assert isinstance((await mine.get([case]))[case], Erased), "its own cache is rid of it at once"
    ring.clock.seconds += CACHED_SECONDS
    assert isinstance((await theirs.get([case]))[case], Erased)


class Slow(MemoryCollection):
    """Holds back the answers to reads that began while `held` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.held: asyncio.Event | None = None
        self.reading = asyncio.Event()

    def find(self, query: Mapping[str, Any], projection: Mapping[str, Any] | None = None) -> Any:
        found, held = super().find(query), self.held
        return found if held is None else Later(found, held, self.reading)


@dataclass
class Later:
    """An answer that is on its way until `released`."""

    found: Any
    released: asyncio.Event
    reading: asyncio.Event

    async def to_list(self, length: int | None) -> Any:
        self.reading.set()
        await self.released.wait()
        return await self.found.to_list(length)


async def test_a_read_that_began_before_the_shredding_does_not_bring_the_key_back() -> None:
    collection = Slow()
    ring, case = Ring(collection=collection), uuid4()
    await ring.keyring().get_or_create([case])
    keyring = ring.keyring()
    collection.held = released = asyncio.Event()
    early = asyncio.create_task(keyring.get([case]))
    await collection.reading.wait()
    collection.held = None
    await keyring.shred(case, ordered_by="privacy-1", reference="order 7")
    released.set()
    assert isinstance((await early)[case], CaseKey), "read before the order"
    assert isinstance((await keyring.get([case]))[case], Erased)


class FailingAfter(MemoryCollection):
    """Answers nothing after `working` is False, although it still does what it is asked."""

    working = True

    async def update_one(self, query: Mapping[str, Any], update: Mapping[str, Any], *, upsert: bool = False) -> Any:
        done = await super().update_one(query, update, upsert=upsert)
        if not self.working:
            raise PyMongoError("no answer")
        return done


async def test_a_shredding_without_an_answer_drops_the_cached_key_too() -> None:
    collection = FailingAfter()
    ring, case = Ring(collection=collection), uuid4()
    keyring = ring.keyring()
    await keyring.get_or_create([case])
    collection.working = False
    with pytest.raises(PyMongoError):
        await keyring.shred(case, ordered_by="privacy-1", reference="order 7")
    assert isinstance((await keyring.get([case]))[case], Erased)


async def test_the_cache_is_bounded_and_the_oldest_goes_first(ring: Ring) -> None:
    keyring = ring.keyring(cached_keys=3)
    cases = [uuid4() for _ in range(5)]
    for case in cases:
        await keyring.get_or_create([case])
    reads = ring.collection.reads
    await keyring.get(cases[2:])
    assert ring.collection.reads == reads, "the newest three are there"
    await keyring.get(cases[:1])
    assert ring.collection.reads == reads + 1


async def test_an_answer_larger_than_the_cache_is_still_whole(ring: Ring) -> None:
    cases = [uuid4() for _ in range(10)]
    found = await ring.keyring(cached_keys=3).get_or_create(cases)
    assert set(found) == set(cases)


async def test_erased_is_a_value_and_never_becomes_a_key_again(ring: Ring) -> None:
    keyring, case = ring.keyring(), uuid4()
    await keyring.get_or_create([case])
    erased = await keyring.shred(case, ordered_by="privacy-1", reference="order 7")
    assert (erased.case_id, erased.ordered_by, erased.reference) == (case, "privacy-1", "order 7")
    assert "wrapped" not in ring.collection.documents[case]
    assert await ring.keyring().get_or_create([case]) == {case: erased}


async def test_a_case_without_a_key_can_be_erased_and_the_first_order_stays(ring: Ring) -> None:
    case = uuid4()
    first = await ring.keyring().shred(case, ordered_by="privacy-1", reference="order 7")
    second = await ring.keyring().shred(case, ordered_by="privacy-2", reference="order 8")
    assert first == second
    assert await ring.keyring().get_or_create([case]) == {case: first}


async def test_one_key_that_does_not_unwrap_harms_no_other_case(ring: Ring) -> None:
    good, bad = uuid4(), uuid4()
    await ring.keyring().get_or_create([good, bad])
    ring.collection.documents[bad]["wrapped"] = b"\x00" * 60
    found = await ring.keyring().get([good, bad])
    assert opens(found[good], found[good])
    with pytest.raises(BrokenSeal):
        opens(found[bad], found[bad])


async def test_a_wrapped_key_does_not_work_for_another_case(ring: Ring) -> None:
    one, other = uuid4(), uuid4()
    await ring.keyring().get_or_create([one, other])
    ring.collection.documents[other]["wrapped"] = ring.collection.documents[one]["wrapped"]
    moved = (await ring.keyring().get([other]))[other]
    assert isinstance(moved, CaseKey)
    assert moved.broken


async def test_a_wrong_master_key_is_told_at_start(ring: Ring) -> None:
    await ring.keyring().prove_master_key()
    await ring.keyring().prove_master_key()
    ring.master = SecretKey(os.urandom(32))
    with pytest.raises(WrongMasterKey, match="MASTER_KEY_FILE"):
        await ring.keyring().prove_master_key()


class Forgetful(MemoryCollection):
    """Acknowledges inserts and keeps nothing, as a lost primary does."""

    async def insert_many(self, documents: Sequence[dict[str, Any]], *, ordered: bool = True) -> None:
        return None


class Refusing(MemoryCollection):
    """Refuses inserts for another reason than a duplicate."""

    async def insert_many(self, documents: Sequence[dict[str, Any]], *, ordered: bool = True) -> None:
        errors = [{"index": 0, "code": 11000, "op": documents[0]}, {"index": 1, "code": 11602, "op": documents[1]}]
        raise BulkWriteError({"writeErrors": errors, "writeConcernErrors": []})


async def test_a_key_that_cannot_be_read_back_is_not_given_out() -> None:
    with pytest.raises(KeyringIncomplete, match="1 of 1 keys") as told:
        await Ring(collection=Forgetful()).keyring().get_or_create([uuid4()])
    assert isinstance(told.value, Outage)


async def test_a_refused_insert_is_an_outage_that_quotes_no_key() -> None:
    ring = Ring(collection=Refusing())
    with pytest.raises(KeyringIncomplete, match="11602") as told:
        await ring.keyring().get_or_create([uuid4(), uuid4()])
    text = "".join(traceback.format_exception(told.value))
    assert "'wrapped'" not in text
    assert "\\x" not in text


async def test_an_older_copy_gives_out_no_key_not_even_a_remembered_one(ring: Ring) -> None:
    compared = True
    keyring, case = ring.keyring(compared=lambda: compared), uuid4()
    await keyring.get_or_create([case])
    compared = False
    with pytest.raises(KeyringNotCompared):
        await keyring.get([case])
    with pytest.raises(KeyringNotCompared):
        await keyring.get_or_create([case])
    await keyring.prove_master_key()  # opens no case's key
    erased = await keyring.shred(case, ordered_by="privacy-1", reference="order 7")
    compared = True
    assert await keyring.get([case]) == {case: erased}


async def test_a_withheld_key_is_given_to_nobody_and_no_second_one_is_made(ring: Ring) -> None:
    keyring, case, unknown = ring.keyring(), uuid4(), uuid4()
    made = (await keyring.get_or_create([case]))[case]
    await keyring.withhold([case, unknown])
    for each in (keyring, ring.keyring()):
        assert await each.get([case]) == {case: None}
        with pytest.raises(KeyringIncomplete):
            await each.get_or_create([case])
    assert await keyring.gone([case, unknown]) == [unknown]
    await keyring.release(case)
    assert opens(made, (await keyring.get([case]))[case])
    await keyring.withhold([case])
    await keyring.shred(case, ordered_by="privacy-1", reference="order 7")
    assert isinstance((await ring.keyring().get_or_create([case]))[case], Erased)
    assert "withheld" not in ring.collection.documents[case]


async def test_a_key_that_is_gone_is_told_from_an_erased_one(ring: Ring) -> None:
    keyring, there, erased, lost = ring.keyring(), uuid4(), uuid4(), uuid4()
    await keyring.get_or_create([there, erased])
    await keyring.shred(erased, ordered_by="privacy-1", reference="order 7")
    assert await keyring.gone([there, erased, lost]) == [lost]
