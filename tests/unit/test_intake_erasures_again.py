"""An older keyring: what was erased is erased again before a key is used, and only a person believes a topic alone."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, cast
from uuid import UUID

import pytest

from services.intake.erasures_again import ErasuresAgain
from shared.casework.case import Emitted
from shared.casework.standing import Standing
from shared.contracts.envelope import encode
from shared.contracts.parsing import parse
from shared.contracts.vocabulary import EventType, Service
from shared.errors import CaseUnknown, CommandRefused, Outage, StoreNotCompared
from shared.messaging.records import Record
from shared.messaging.tap import NoTap
from shared.privacy.keyring import Erased, Keyring
from shared.privacy.keys import SecretKey
from shared.privacy.sealing import CaseKey
from tests.unit.intake_house import Collection, House, as_collection
from tests.unit.intake_world import MONDAY


class NobodyWasTold:
    """Kafka knows of no number of any store."""

    async def read(self) -> int:
        return 0

    async def write(self, number: int) -> None:
        raise AssertionError(number)


@dataclass
class Erasures:
    """What intake's store, or a topic, says was erased."""

    told: list[tuple[UUID, Emitted]] = field(default_factory=list)
    away: bool = False

    async def events_of(self, kind: EventType) -> AsyncIterator[tuple[UUID, Emitted]]:
        assert kind is EventType.CASE_ERASED
        for each in self.told:
            yield each

    @asynccontextmanager
    async def tap(self) -> AsyncIterator[Self]:
        if self.away:
            raise NoTap("Kafka does not answer.")
        yield self

    async def to_the_end(self) -> Sequence[Record]:
        return [
            Record("case.erased", 0, offset, str(case_id).encode(), event.body, MONDAY)
            for offset, (case_id, event) in enumerate(self.told)
        ]


class World:
    """Two erased cases, a store and a topic that tell of them, and a keyring from before."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.stored, self.topic = Erasures(), Erasures()
        self.keys = Standing(as_collection(Collection()), NobodyWasTold())
        self.standing = Standing(as_collection(Collection()), NobodyWasTold())
        self.standing.compared = True
        self.kept = Collection()
        self.keyring = Keyring(as_collection(house.keys_kept), SecretKey(b"m" * 32))
        self.again = ErasuresAgain(
            store=cast("Any", self.stored),
            engine=cast("Any", house.engine),
            keyring=self.keyring,
            keys=self.keys,
            standing=self.standing,
            kept=as_collection(self.kept),
            tap=cast("Any", self.topic.tap),
            real_now=lambda: MONDAY,
        )

    async def erased_since(self, count: int = 2) -> list[tuple[UUID, Emitted]]:
        """Cases that were erased by order; then the keyring was put back."""
        cases = [(await self.house.opened())[0] for _ in range(count)]
        before = deepcopy(self.house.keys_kept.documents)
        for number, case_id in enumerate(cases):
            await self.house.erasing.erase(case_id, ordered_by="privacy-1", reference=f"order/{number}")
        self.house.keys_kept.documents = before
        await self.again.restored(MONDAY)
        events = [self.house.engine.cases[case_id].changes.events[-1] for case_id in cases]
        return list(zip(cases, events, strict=True))

    async def key(self, case_id: UUID) -> CaseKey | Erased | None:
        return (await self.keyring.get([case_id]))[case_id]

    async def asked(self) -> dict[UUID, bool]:
        """Of which cases a person is asked, and whether their keys are withheld."""
        return {each["_id"]: each["withheld"] for each in await self.again.undecided()}

    def store_is_a_copy(self) -> None:
        self.standing.compared, self.standing.restored = False, True


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(House(tmp_path))


async def test_what_the_store_knows_is_erased_again_by_its_own_order_and_then_keys_are_used(world: World) -> None:
    (gone, event), (other, _) = await world.erased_since()
    world.stored.told = world.topic.told = [(gone, event)]
    assert not world.keys.compared
    await world.again.look()
    key = await world.key(gone)
    assert isinstance(key, Erased)
    assert (key.ordered_by, key.reference) == ("privacy-1", "order/0")
    assert isinstance(await world.key(other), CaseKey)
    assert (world.keys.compared, await world.asked()) == (True, {})


async def test_where_the_keyring_was_not_put_back_nothing_is_done(world: World) -> None:
    ((gone, event),) = await world.erased_since(1)
    world.stored.told = [(gone, event)]
    await world.keys.mark_compared()
    await world.again.look()
    assert isinstance(await world.key(gone), CaseKey)


async def test_nothing_is_believed_before_the_store_is_known_to_be_whole_or_a_copy(world: World) -> None:
    ((gone, event),) = await world.erased_since(1)
    world.stored.told = [(gone, event)]
    world.standing.compared = False
    await world.again.look()
    assert not world.keys.compared
    assert isinstance(await world.key(gone), CaseKey)


async def test_no_key_is_used_while_the_topic_cannot_be_read(world: World) -> None:
    ((gone, event),) = await world.erased_since(1)
    world.stored.told, world.topic.away = [(gone, event)], True
    with pytest.raises(Outage):
        await world.again.look()
    assert not world.keys.compared


@pytest.mark.parametrize("copy", [False, True])
async def test_of_what_only_the_topic_tells_a_person_is_asked_and_a_forgetful_store_withholds_the_key(
    world: World, copy: bool
) -> None:
    ((gone, event),) = await world.erased_since(1)
    world.topic.told = [(gone, event)]
    if copy:
        world.store_is_a_copy()
    await world.again.look()
    assert await world.asked() == {gone: copy}
    assert (await world.key(gone) is None) is copy
    assert not isinstance(await world.key(gone), Erased)
    assert world.keys.compared


async def test_a_record_by_another_name_asks_nobody_anything(world: World) -> None:
    ((gone, emitted),) = await world.erased_since(1)
    event = parse(emitted.body, EventType.CASE_ERASED)
    other = encode(event.model_copy(update={"source": Service.TRIAGE}))
    world.topic.told = [(gone, replace(emitted, body=other))]
    world.store_is_a_copy()
    await world.again.look()
    assert await world.asked() == {}
    assert isinstance(await world.key(gone), CaseKey)


async def test_a_confirmed_erasure_destroys_the_key_by_the_order_that_was_told(world: World) -> None:
    ((gone, event),) = await world.erased_since(1)
    world.topic.told = [(gone, event)]
    await world.again.look()
    await world.again.confirm(gone, by="privacy-2", why="the order lies here")
    key = await world.key(gone)
    assert isinstance(key, Erased)
    assert (key.ordered_by, key.reference) == ("privacy-1", "order/0")
    assert await world.asked() == {}
    (kept,) = world.kept.documents.values()
    assert (kept["decided"], kept["by"], kept["why"]) == ("confirmed", "privacy-2", "the order lies here")
    with pytest.raises(CommandRefused, match="waits"):
        await world.again.refuse(gone, by="privacy-2", why="no order")
    assert isinstance(await world.key(gone), Erased)


async def test_a_refused_erasure_gives_the_key_back_and_is_not_asked_about_again(world: World) -> None:
    ((gone, event),) = await world.erased_since(1)
    world.topic.told = [(gone, event)]
    world.store_is_a_copy()
    await world.again.look()
    await world.again.refuse(gone, by="privacy-2", why="no such order")
    for _ in range(2):
        assert isinstance(await world.key(gone), CaseKey)
        assert await world.asked() == {}
        await world.again.restored(MONDAY)
        await world.again.look()
    (kept,) = world.kept.documents.values()
    assert (kept["decided"], kept["by"], kept["why"]) == ("refused", "privacy-2", "no such order")


async def test_nobody_confirms_what_nobody_asked_or_before_the_store_is_whole_or_of_no_case(world: World) -> None:
    ((gone, event),) = await world.erased_since(1)
    with pytest.raises(CommandRefused, match="waits"):
        await world.again.confirm(gone, by="privacy-2", why="an order")
    world.topic.told = [(gone, event)]
    world.store_is_a_copy()
    await world.again.look()
    with pytest.raises(StoreNotCompared):
        await world.again.confirm(gone, by="privacy-2", why="an order")
    world.standing.compared = True
    del world.house.engine.cases[gone]
    with pytest.raises(CaseUnknown):
        await world.again.confirm(gone, by="privacy-2", why="an order")
    assert await world.key(gone) is None
    assert await world.asked() == {gone: True}


async def test_one_that_stays_undecided_is_asked_about_once_and_its_key_stays_withheld(world: World) -> None:
    ((gone, event),) = await world.erased_since(1)
    world.topic.told = [(gone, event)]
    world.store_is_a_copy()
    await world.again.look()
    first = (await world.again.undecided())[0]
    world.topic.told = [(gone, event), (gone, event)]
    await world.again.restored(MONDAY)
    await world.again.look()
    assert (await world.again.undecided())[0] == first
    assert await world.key(gone) is None
