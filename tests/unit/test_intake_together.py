"""Requests that come at the same moment are taken in together, and each is answered by itself."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.intake.domain.case import Accepted
from tests.unit.intake_house import House, complete


@pytest.fixture(name="house")
async def _house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_many_at_once_are_few_writes_and_each_has_its_own_number(house: House) -> None:
    answers = await asyncio.gather(*(house.submit(complete()) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["case_number"] for answer in answers}) == 20
    assert sum(house.engine.groups) == 20
    assert len(house.engine.groups) <= 5
    assert all(isinstance(case.state, Accepted) for case in house.engine.cases.values())


async def test_what_is_wrong_with_one_is_told_to_its_sender_alone(house: House) -> None:
    key = str(uuid4())
    bodies: list[tuple[Any, str]] = [
        (complete(), str(uuid4())),
        (complete(narrative=7), str(uuid4())),
        (complete(), key),
        (complete(), key),
        (complete(narrative="Something else."), key),
    ]
    answers = await asyncio.gather(*(house.submit(body, given) for body, given in bodies))
    assert [answer.status_code for answer in answers] == [202, 400, 202, 202, 422]
    first, again = answers[2], answers[3]
    assert first.json()["case_number"] == again.json()["case_number"]
    assert sorted(each.headers.get("Idempotency-Replayed", "false") for each in (first, again)) == ["false", "true"]
    assert len(house.engine.cases) == 2


async def test_in_an_outage_all_are_told_to_come_again_and_then_none_is_there_twice(house: House) -> None:
    keys = [str(uuid4()) for _ in range(5)]
    house.engine.away = True
    answers = await asyncio.gather(*(house.submit(complete(), key) for key in keys))
    assert {answer.status_code for answer in answers} == {503}
    house.engine.away = False
    answers = await asyncio.gather(*(house.submit(complete(), key) for key in keys))
    assert {answer.status_code for answer in answers} == {202}
    assert len(house.engine.cases) == len(house.numbers_kept.documents) == 5
