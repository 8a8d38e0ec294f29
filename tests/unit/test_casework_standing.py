"""Whether a service's store is the newest there is: told by a number that the store raises and Kafka remembers."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from shared.casework.standing import Standing
from shared.errors import NOT_COMPARED, RESTORED, Outage, StoreNotCompared
from tests.unit.memory_collection import MemoryCollection

NOW = datetime(2021, 3, 8, 14, tzinfo=UTC)


@dataclass
class Kafka:
    """The number that Kafka was told."""

    number: int = 0
    away: bool = False

    async def read(self) -> int:
        if self.away:
            raise Outage("Kafka does not answer.")
        return self.number

    async def write(self, number: int) -> None:
        await self.read()
        self.number = number


@dataclass
class House:
    """One store, and any number of instances."""

    store: MemoryCollection = field(default_factory=MemoryCollection)
    kafka: Kafka = field(default_factory=Kafka)

    def instance(self) -> Standing:
        return Standing(cast("Any", self.store), self.kafka)


async def look(standing: Standing, at: datetime = NOW) -> bool:
    return await standing.look(policy_now=at, offsets={})


def why_not(standing: Standing) -> str:
    with pytest.raises(StoreNotCompared) as refused:
        standing.require()
    return str(refused.value)


async def test_nothing_is_taken_before_the_store_was_compared_with_kafka() -> None:
    house = House(kafka=Kafka(away=True))
    first = house.instance()
    with pytest.raises(Outage):
        await look(first)
    assert why_not(first) == NOT_COMPARED
    house.kafka.away = False
    assert await look(first)
    first.require()


async def test_an_older_copy_is_noticed_at_the_start_and_stands_still_until_it_was_compared() -> None:
    house = House()
    first = house.instance()
    await look(first)
    backup = deepcopy(house.store.documents)
    await look(first)
    house.store.documents = backup
    one, other = house.instance(), house.instance()
    assert not await look(one)
    assert not await look(other, NOW + timedelta(hours=1))
    assert (why_not(one), one.restored, one.doubtful_until) == (RESTORED, True, None)
    assert not await look(one)
    await one.mark_compared()
    assert await look(one)
    assert await look(other)
    assert (one.doubtful_until, other.doubtful_until) == (NOW, NOW)
    assert await look(house.instance())


async def test_a_store_that_is_empty_now_is_an_older_copy() -> None:
    house = House()
    await look(house.instance())
    house.store.documents.clear()
    assert not await look(house.instance())


async def test_a_copy_that_is_put_back_under_a_running_instance_is_noticed_also_without_kafka() -> None:
    house = House()
    running = house.instance()
    await look(running)
    backup = deepcopy(house.store.documents)
    await look(running)
    house.kafka.away = True
    with pytest.raises(Outage):
        await look(running)
    running.require()
    house.store.documents = backup
    assert not await look(running)
    assert why_not(running) == RESTORED


async def test_instances_that_take_turns_never_take_their_store_for_an_older_one() -> None:
    house = House()
    instances = [house.instance() for _ in range(3)]
    for turn in range(30):
        assert await look(instances[turn * 7 % 3])
    house.kafka.number = 0  # a new Kafka tells nothing
    assert await look(house.instance())


async def test_a_person_says_that_it_was_restored() -> None:
    house = House()
    running, other = house.instance(), house.instance()
    await look(running)
    await look(other)
    await running.mark_restored(NOW)
    assert not await look(other)
    await other.mark_compared()
    assert await look(running)
