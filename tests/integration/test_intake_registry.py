"""Numbers and doubles on the real document server, with both drivers: races and repeats."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient as Plain

from services.intake.domain.case_number import number_of
from services.intake.registry import MOST_OF_ONE, Doubles, Mendings, Numbers, Sighting
from shared.errors import Outage
from shared.mongo.driver import Database, Driver, MongoClient
from tests.conftest import Servers

pytestmark = pytest.mark.real
NOON = datetime(2021, 3, 8, 12, tzinfo=UTC)


@pytest.fixture(params=list(Driver))
async def database(request: pytest.FixtureRequest, servers: Servers) -> AsyncIterator[Database]:
    client = MongoClient(servers.mongodb, request.param)
    yield client.database(f"registry_{uuid4().hex[:12]}")
    await client.close()


async def test_many_that_reserve_the_same_numbers_at_once_agree(database: Database) -> None:
    cases = [uuid4() for _ in range(50)]
    taken = number_of(cases[0])
    await database["numbers"].insert_one({"_id": taken, "case": uuid4()})
    answers = await asyncio.gather(*(Numbers(database["numbers"]).reserve(cases) for _ in range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert len(set(answers[0].values())) == 50
    assert answers[0][cases[0]] == number_of(cases[0], 1)
    assert await Numbers(database["numbers"]).cases_of([answers[0][cases[1]], "0"]) == {answers[0][cases[1]]: cases[1]}


async def test_of_two_about_one_person_at_once_the_later_is_warned_and_a_repeat_says_the_same(
    database: Database,
) -> None:
    doubles = Doubles(database["a_numbers"])
    await doubles.prepare()
    earlier, later = (Sighting("person", uuid4(), f"number-{i}", NOON + timedelta(minutes=i)) for i in range(2))
    stranger = Sighting("somebody else", uuid4(), "number-9", NOON)
    first, second = await asyncio.gather(doubles.note([later, stranger]), doubles.note([earlier]))
    assert second == {}
    assert [each.number for each in first.get(later.case_id, ())] in ([], ["number-0"])
    (before,) = (await doubles.note([later, earlier, stranger]))[later.case_id]
    assert (before.case_id, before.number) == (earlier.case_id, earlier.number)
    assert [each.case_id for each in await doubles.others(earlier.case_id)] == [later.case_id]
    assert await doubles.others(stranger.case_id) == []
    await doubles.forget(earlier.case_id)
    assert await doubles.note([later]) == {}


async def test_by_a_name_the_newest_cases_are_found_and_no_double_is_told(database: Database) -> None:
    doubles = Doubles(database["a_numbers"])
    await doubles.prepare()
    cases = [uuid4() for _ in range(3)]
    for minute, case_id in enumerate(cases):
        at, number = NOON + timedelta(minutes=minute), f"number-{minute}"
        names = [Sighting(form, case_id, number, at) for form in ("whole", "short")]
        told = await doubles.note([Sighting(f"person-{minute}", case_id, number, at)], names)
        assert told == await doubles.note([], names) == {}
    assert [each.case_id for each in await doubles.newest(["whole", "short"], 10)] == cases[::-1]
    assert [each.case_id for each in await doubles.newest(["short"], 2)] == cases[:0:-1]
    assert await doubles.others(cases[0]) == []
    await doubles.forget(cases[2])
    assert [each.case_id for each in await doubles.newest(["whole"], 10)] == cases[1::-1]


async def test_of_somebody_with_many_cases_the_oldest_are_told_and_no_more_are_read(database: Database) -> None:
    doubles = Doubles(database["a_numbers"])
    await doubles.prepare()
    many = [Sighting("many", uuid4(), f"number-{n:03}", NOON + timedelta(minutes=n)) for n in range(5 * MOST_OF_ONE)]
    await doubles.note(many[::-1])
    await doubles.note([Sighting(index, uuid4(), f"number-{index}-1", NOON) for index in ("few", "zz-few")])
    late = NOON + timedelta(days=1)
    batch = [Sighting(index, uuid4(), f"number-{index}-new", late) for index in ("few", "many", "zz-few", "aa-nobody")]
    told = await doubles.note(batch)
    assert {
        index: [each.number for each in told.get(new.case_id, ())] for index, new in zip("fmza", batch, strict=True)
    } == {
        "f": ["number-few-1"],
        "m": [each.number for each in many[:MOST_OF_ONE]],
        "z": ["number-zz-few-1"],
        "a": [],
    }
    assert [each.number for each in (await doubles.note([many[2]]))[many[2].case_id]] == ["number-000", "number-001"]
    others = [each.number for each in await doubles.others(many[0].case_id)]
    assert others == [each.number for each in many[1 : MOST_OF_ONE + 1]]


async def test_the_oldest_cases_of_a_person_are_found_by_an_index_in_their_order(servers: Servers) -> None:
    client, name = MongoClient(servers.mongodb), f"registry_{uuid4().hex[:12]}"
    await Doubles(client.database(name)["a_numbers"]).prepare()
    await client.close()
    with Plain[Any](servers.mongodb) as plain:
        indexed = plain[name]["a_numbers"].index_information()
    assert [("index", 1), ("at", 1), ("number", 1)] in [each["key"] for each in indexed.values()]


async def test_of_many_that_mend_one_rejected_request_at_once_one_is_the_first_for_good(database: Database) -> None:
    rejected, mending = uuid4(), [uuid4() for _ in range(8)]
    mendings = Mendings(database["mendings"])
    answers = await asyncio.gather(*(mendings.first([(rejected, each)]) for each in mending))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][rejected] in mending
    assert await mendings.first([(rejected, uuid4())]) == answers[0]
    assert await mendings.first([]) == {}


async def test_a_server_that_does_not_answer_is_an_outage() -> None:
    client = MongoClient("mongodb://127.0.0.1:9", find_seconds=0.3)
    nowhere = client.database("nowhere")
    with pytest.raises(Outage):
        await Numbers(nowhere["numbers"]).reserve([uuid4()])
    with pytest.raises(Outage):
        await Doubles(nowhere["a_numbers"]).note([Sighting("person", uuid4(), "n", NOON)])
    await client.close()
