"""Finding a case for somebody on the phone: by number, A-number or name, with nothing of them kept in clear."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import names
from services.intake.staff_find import MOST_FOUND
from shared.web.sign_in import Role
from tests.unit.intake_house import House, complete
from tests.unit.intake_world import assigned, resolved

WORDS = st.lists(st.text("aeñóÜzß", min_size=1, max_size=6), min_size=1, max_size=3)


@pytest.fixture(name="house")
async def _house(tmp_path: Path) -> House:
    return House(tmp_path)


async def look_up(house: House, by: str, said: str, *roles: Role) -> httpx.Response:
    token = house.issuer.staff("person-7", roles or (Role.OFFICER,), offices=["HOU"])
    return await house.http.post(
        "/cases/find", json={"by": by, "said": said}, headers={"Authorization": f"Bearer {token}"}
    )


def called(given_name: str, family_name: str, **changes: Any) -> dict[str, Any]:
    person = complete()["noncitizen"] | {"given_name": given_name, "family_name": family_name}
    return complete(noncitizen=person | changes)


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("a_number", "A 12 345 678"),
        ("a_number", "012345678"),
        ("a_number", "a12345678"),
        ("name", "Zoraida Inés Quintanabelle-Díaz"),
        ("name", "QUINTANABELLE DIAZ, Zoraida Ines"),
        ("name", "quintanabelle zoraida"),
        ("name", "  Zoraída   Quintanabelle "),
        ("name", "Zoraida Inés Quintanabelle"),
        ("name", "Quintana-Belle Díaz, Zoraida Inés"),
    ],
)
async def test_a_case_is_found_by_what_a_caller_may_say(house: House, by: str, said: str) -> None:
    case_id, _ = await house.opened(called("Zoraida Inés", "Quintanabelle Díaz"))
    house.hear(case_id, assigned())
    (found,) = (await look_up(house, by, said)).json()["found"]
    assert (found["case_id"], found["office"], found["stage"]) == (str(case_id), "ELP", "with_field_office")
    assert found["open"]
    assert set(found) == {"case_id", "case_number", "open", "stage", "office", "since"}


@pytest.mark.parametrize("said", ["Zoraide Quintanabelle", "Quintanabelle", "Inés Quintanabelle", "Díaz Zoraida"])
async def test_another_name_finds_nothing(house: House, said: str) -> None:
    await house.opened(called("Zoraida Inés", "Quintanabelle Díaz"))
    assert (await look_up(house, "name", said)).json() == {"found": [], "more": False}


async def test_a_case_number_is_read_as_it_is_said_and_tells_since_when(house: House) -> None:
    case_id, _ = await house.opened()
    house.hear(case_id, assigned(), ended := resolved())
    number = next(iter(house.numbers_kept.documents))
    (found,) = (await look_up(house, "case_number", number.lower().replace("-", " "))).json()["found"]
    assert (found["case_number"], found["open"]) == (number, False)
    assert found["since"] == ended.time.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(("by", "said"), [("case_number", "12"), ("a_number", "A12"), ("name", "- '")])
async def test_what_cannot_be_looked_up_is_refused_and_not_quoted(house: House, by: str, said: str) -> None:
    refused = await look_up(house, by, said)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_to_be_looked_up")
    assert said not in refused.text


async def test_each_look_up_is_on_record_without_what_was_asked(house: House) -> None:
    case_id, _ = await house.opened()
    for said in ("Zoraida Quintanabelle", "Canary Mineworth"):
        await look_up(house, "name", said)
    records = [(each["who"], each["case"], each["why"]) for each in house.accesses.documents.values()]
    assert records == [("person-7", case_id, "look_up_by_name"), ("person-7", None, "look_up_by_name")]
    kept = [house.accesses, house.doubles_kept, house.numbers_kept]
    stored = str([each.documents for each in kept]).lower()
    assert not [word for word in ("zoraida", "quintanabelle", "canary", "12345678") if word in stored]


async def test_many_of_one_name_are_shown_from_the_newest_on(house: House) -> None:
    opened = [(await house.opened(called("Ana", "Ruiz", a_number=f"A0990000{n:02}")))[0] for n in range(MOST_FOUND + 2)]
    answer = (await look_up(house, "name", "Ruiz Ana")).json()
    assert len(answer["found"]) == MOST_FOUND
    assert answer["more"]
    assert {each["case_id"] for each in answer["found"]} <= set(map(str, opened))


async def test_who_shares_a_name_is_no_double(house: House) -> None:
    for n in range(2):
        await house.opened(called("Ana", "Ruiz", a_number=f"A09900000{n}"))
    assert {case.state.filing.possible_double_of for case in house.engine.cases.values()} == {None}  # type: ignore[union-attr]
    first, _ = house.engine.cases
    assert await house.same_person.others(first) == []


async def test_an_erased_case_is_not_found_by_who_it_was_about(house: House) -> None:
    case_id, _ = await house.opened()
    await house.erasing.erase(case_id, ordered_by="privacy-1", reference="ORDER-7")
    for by, said in (("name", "Zoraida Quintanabelle"), ("a_number", "A12345678")):
        assert (await look_up(house, by, said)).json()["found"] == []
    assert house.doubles_kept.documents == {}


async def test_an_analyst_looks_nobody_up(house: House) -> None:
    for role in (Role.ANALYST, Role.OPERATOR):
        assert (await look_up(house, "name", "Ana Ruiz", role)).status_code == 403
    assert house.accesses.documents == {}


async def test_a_batch_is_noted_in_one_write_and_one_question(house: House) -> None:
    before = house.doubles_kept.reads
    await house.prepare(*(called(f"Ana{n}", "Ruiz", a_number=f"A09900000{n}") for n in range(5)))
    assert house.doubles_kept.reads == before + 1
    assert house.doubles_kept.writes == 1


@given(given_name=WORDS, family_name=WORDS, hyphens=st.booleans(), comma=st.booleans(), family_first=st.booleans())
def test_a_whole_name_is_found_however_it_is_joined_and_ordered(
    given_name: list[str], family_name: list[str], *, hyphens: bool, comma: bool, family_first: bool
) -> None:
    between = "-" if hyphens else " "
    parts = [between.join(given_name), between.join(family_name)]
    heard = (", " if comma else " ").join(reversed(parts) if family_first else parts)
    kept = names.forms(" ".join(given_name), " ".join(family_name))
    assert set(names.readings(heard.upper())) & set(kept)
    assert 1 <= len(kept) <= 4
