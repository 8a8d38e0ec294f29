"""A rejected request that is mended keeps its place, once; requests about one person are linked, never blocked."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.intake.domain.case import Rejected
from shared.web.sign_in import Role
from tests.unit.intake_house import House, complete
from tests.unit.intake_world import DAY, MONDAY, assigned, resolved

JSON = {"Accept": "application/json"}
OFFICER = "person-7"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def staff(house: House, *offices: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {house.issuer.staff(OFFICER, [Role.OFFICER], offices=offices)}"}


def state(house: House, answer: httpx.Response) -> Any:
    case_id = house.links.case_of(answer.json()["status_url"].rpartition("/")[2])
    assert case_id is not None
    return house.engine.cases[case_id].state


async def again(house: House, rejected: httpx.Response, key: str | None = None, **changes: Any) -> httpx.Response:
    """Send it once more, with the rejected one's number and link."""
    receipt = rejected.json()
    body = complete(resubmits=receipt["case_number"], **changes)
    return await house.submit(body, key, headers={"Resubmits-Link": receipt["status_url"]})


async def rejected(house: House) -> httpx.Response:
    answer = await house.submit(complete(narrative=" "))
    assert answer.status_code == 422
    return answer


# Resubmitting


async def test_a_mended_request_counts_from_the_day_of_the_rejected_one(house: House) -> None:
    first = await rejected(house)
    house.wait(10 * DAY)
    mended = await again(house, first)
    assert mended.status_code == 202
    assert mended.json()["received_at"] == first.json()["received_at"]
    filing = state(house, mended).filing
    assert (filing.received_at, filing.sent_again_at) == (MONDAY, MONDAY + 10 * DAY)
    assert filing.resubmits == first.json()["case_number"]
    case_id = house.links.case_of(mended.json()["status_url"].rpartition("/")[2])
    assert case_id is not None
    (said,) = await house.engine.events(case_id)
    assert b'"received_at":"2021-03-08T14:00:00' in said.body
    assert b'"resubmitted_at":"2021-03-18T14:00:00' in said.body


async def test_it_keeps_the_place_once_however_often_it_is_sent(house: House) -> None:
    first = await rejected(house)
    house.wait(DAY)
    key = str(uuid4())
    mended = await again(house, first, key)
    house.wait(DAY)
    repeated = await again(house, first, key)
    assert repeated.json() == mended.json()
    other = await again(house, first, narrative="Another story.")
    filing = state(house, other).filing
    assert (filing.received_at, filing.sent_again_at) == (MONDAY + 2 * DAY, None)
    assert filing.resubmits == first.json()["case_number"]  # staff still see where it comes from


async def test_a_mended_request_that_still_lacks_something_hands_its_place_on(house: House) -> None:
    first = await rejected(house)
    house.wait(DAY)
    second = await again(house, first, place={})
    assert second.status_code == 422
    assert isinstance(state(house, second), Rejected)
    house.wait(DAY)
    third = await again(house, second)
    assert state(house, third).filing.received_at == MONDAY


@pytest.mark.parametrize(("days", "since"), [(30, MONDAY), (30.59, MONDAY), (30.99, MONDAY), (31, None)])
async def test_a_place_is_kept_only_as_long_as_policy_says(house: House, days: float, since: Any) -> None:
    """The thirtieth day is one to its end, where it ends last: of a rejected request no place is kept.

    On Guam MONDAY is a minute past the midnight to Tuesday.
    """
    first = await rejected(house)
    house.wait(timedelta(days=days))
    filing = state(house, await again(house, first)).filing
    assert filing.received_at == (since or house.clock)


async def test_without_the_link_the_number_alone_keeps_nothing(house: House) -> None:
    first = await rejected(house)
    house.wait(DAY)
    mended = await house.submit(complete(resubmits=first.json()["case_number"]))
    filing = state(house, mended).filing
    assert (filing.received_at, filing.resubmits) == (MONDAY + DAY, None)


async def test_the_link_of_an_accepted_request_keeps_no_place(house: House) -> None:
    accepted = await house.submit(complete())
    house.wait(DAY)
    filing = state(house, await again(house, accepted)).filing
    assert (filing.received_at, filing.resubmits) == (MONDAY + DAY, None)


async def test_the_link_counts_without_the_number_but_not_with_another(house: House) -> None:
    first, other = await rejected(house), await rejected(house)
    link = {"Resubmits-Link": first.json()["status_url"]}
    wrong = await house.submit(complete(resubmits=other.json()["case_number"]), headers=link)
    assert state(house, wrong).filing.resubmits is None
    right = await house.submit(complete(), headers=link)
    assert state(house, right).filing.resubmits == first.json()["case_number"]


# The same person


async def doubles(house: House, case_id: UUID, **who: str) -> list[dict[str, Any]]:
    answer = await house.http.get(f"/cases/{case_id}/doubles", headers=who or staff(house, "ELP", "HQ"))
    assert answer.status_code == 200, answer.text
    shown: list[dict[str, Any]] = answer.json()
    return shown


async def test_cases_about_one_person_are_linked_both_ways(house: House) -> None:
    first, _ = await house.opened()
    house.wait(DAY)
    second, _ = await house.opened(complete(narrative="Once more."))
    other = complete(noncitizen=complete()["noncitizen"] | {"a_number": "A099-999-999"})
    stranger, _ = await house.opened(other)
    assert [each["case_id"] for each in await doubles(house, first)] == [str(second)]
    (earlier,) = await doubles(house, second)
    assert (earlier["case_id"], earlier["open"], earlier["standing"]) == (str(first), True, "UnderConsideration")
    assert await doubles(house, stranger) == []
    house.hear(second, assigned(office="HOU"))
    elsewhere = await house.http.get(f"/cases/{second}/doubles", headers=staff(house, "ELP"))
    assert elsewhere.status_code == 403


async def test_a_case_with_its_final_answer_is_shown_to_staff_but_warned_of_no_more(house: House) -> None:
    first, _ = await house.opened()
    house.hear(first, resolved())
    house.wait(DAY)
    second = await house.submit(complete(narrative="Something new."))
    assert state(house, second).filing.possible_double_of is None
    house.wait(DAY)
    third = await house.submit(complete(narrative="And again."))
    assert state(house, third).filing.possible_double_of == second.json()["case_number"]
    case_id = house.links.case_of(third.json()["status_url"].rpartition("/")[2])
    assert case_id is not None
    assert [each["open"] for each in await doubles(house, case_id)] == [False, True]


async def test_a_double_is_no_less_accepted_and_a_stranger_learns_nothing_of_the_other(house: House) -> None:
    """Whoever knows an A-number could else find out whether that person has a case."""
    single = await house.submit(complete())
    house.wait(DAY)
    double = await house.submit(complete(narrative="Once more."))
    assert double.status_code == 202
    assert state(house, double).filing.possible_double_of == single.json()["case_number"]
    assert double.json()["notice"] == single.json()["notice"]
    assert any("One request for a person is enough" in sentence for sentence in single.json()["notice"])
    pages = [await house.http.get(each.json()["status_url"], headers=JSON) for each in (single, double)]
    assert pages[0].json()["next"] == pages[1].json()["next"]
    assert single.json()["case_number"] not in pages[1].text


async def test_who_may_know_is_told_that_there_may_be_another_and_no_more(house: House) -> None:
    first = await house.submit(complete())
    house.wait(DAY)
    case_id, path = await house.opened(complete(narrative="Once more."))
    ruled = {"facts_seen": 0, "status": "verified"}
    headers = {"Idempotency-Key": "c", **staff(house, "ELP", "HQ")}
    assert (await house.http.post(f"/cases/{case_id}/consent", json=ruled, headers=headers)).status_code == 200
    shown = (await house.http.get(path)).text
    assert "There may be another request about the same person." in shown
    assert first.json()["case_number"] not in shown
