"""A client's own cases: which it sees, what a row says, pages while cases change, and cells that nobody carries out."""

import csv
import io
import json
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.client_cases import PAGE
from services.intake.client_rows import COLUMNS, HANDED_OVER, Row, as_csv_line
from shared.web.sign_in import Role
from tests.unit.intake_house import House, complete, own
from tests.unit.intake_world import assigned, completed, question, resolved
from tests.unit.test_intake_representatives import ATTORNEY

GUAM = ZoneInfo("Pacific/Guam")
NAMES = ("Quintanabelle", "Zoraida", "Ulises", "Marzipanallee", "ELP", "El Paso")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"))


def token(house: House, client: str = "clinic") -> dict[str, str]:
    return {"Authorization": f"Bearer {house.issuer.client(client)}"}


async def submitted(
    house: House, reference: str | None = None, *, by: str = "clinic", body: dict[str, Any] | None = None
) -> tuple[UUID, str]:
    """A case of a client: its id, and the path of its page."""
    content = dict(body or complete())
    content["requestor"] = content["requestor"] | ({"client_reference": reference} if reference else {})
    answer = await house.submit(content, str(uuid4()), headers=token(house, by))
    path = answer.json()["status_url"].removeprefix("https://review.example")
    case_id = house.links.case_of(path.rpartition("/")[2])
    assert case_id is not None
    return case_id, path


async def page(house: House, by: str = "clinic", **asked: Any) -> dict[str, Any]:
    answer = await house.http.get("/requests", params=asked, headers=token(house, by))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def rows(house: House, by: str = "clinic", **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await page(house, by, **asked))["cases"]
    return found


def number(house: House, case_id: UUID) -> str:
    state: Any = house.engine.cases[case_id].state
    return str(state.filing.number)


async def test_a_client_finds_its_own_cases_and_no_others(house: House) -> None:
    first, _ = await submitted(house, "Quintanabelle/7")
    second, _ = await submitted(house)
    await submitted(house, "Quintanabelle/7", by="other")
    await house.submit(complete())
    assert {each["case_number"] for each in await rows(house)} == {number(house, first), number(house, second)}
    (found,) = await rows(house, client_reference="Quintanabelle/7")
    assert (found["case_number"], found["client_reference"]) == (number(house, first), "Quintanabelle/7")
    assert await rows(house, client_reference="quintanabelle/7") == []
    assert await rows(house, "third") == []


@pytest.mark.parametrize("path", ["/requests", "/requests/export", "/requests/export?format=csv"])
async def test_without_a_clients_token_nothing_is_told(house: House, path: str) -> None:
    await submitted(house, "mine")
    assert (await house.http.get(path)).status_code == 401
    staff = {"Authorization": f"Bearer {house.issuer.staff('person-7', list(Role), offices=['ELP'])}"}
    assert (await house.http.get(path, headers=staff)).status_code == 403


async def test_a_row_says_the_stage_and_the_dates_and_never_how_it_ended_or_a_name(house: House) -> None:
    case_id, _ = await submitted(house, "matter-7", body=own())
    house.hear(case_id, assigned(), question())
    (asked,) = await rows(house)
    assert asked["stage"] == "with_field_office"
    assert {"answer_by", "office_answers_by", "may_ask_from"} <= set(asked["next"])
    assert all(asked[name] for name in ("answer_by", "office_answers_by", "may_ask_from", "changed_at"))
    house.hear(case_id, completed("DECLINED"), resolved())
    (ended,) = await rows(house)
    assert ended["stage"] == "resolved"
    shown = json.dumps({name: value for name, value in ended.items() if name != "status_url"})
    assert not [word for word in (*NAMES, "UPHELD", "DECLINED") if word in shown]


async def test_a_request_that_was_not_accepted_says_what_to_mend(house: House) -> None:
    await submitted(house, "matter-8", body=complete(narrative=None))
    (found,) = await rows(house, client_reference="matter-8")
    assert (found["stage"], found["mend"], found["client_reference"]) == ("not_accepted", ["NO_NARRATIVE"], "matter-8")
    assert datetime.fromisoformat(found["send_again_by"]) == datetime(2021, 4, 8, 23, 59, tzinfo=GUAM)


async def test_after_a_hand_over_its_client_hears_of_that_and_of_nothing_more(house: House) -> None:
    case_id, path = await submitted(house, "matter-9", body=own())
    house.hear(case_id, assigned())
    await house.rule(case_id, "verified")
    house.wait(timedelta(hours=1))
    form = ATTORNEY | {"idempotency_key": "r", "confirm": "yes"}
    assert (await house.http.post(f"{path}/representative", data=form)).status_code == 200
    handed_over = house.clock
    house.wait(timedelta(days=6))
    house.hear(case_id, completed("DECLINED"), resolved())
    for asked in ({}, {"client_reference": "matter-9"}):
        (found,) = await rows(house, **asked)
        told = {name for name, value in found.items() if value}
        assert told == {"case_number", "client_reference", "stage", "changed_at"}
        assert (found["stage"], datetime.fromisoformat(found["changed_at"])) == (HANDED_OVER, handed_over)
    assert await rows(house, changed_since=(handed_over + timedelta(seconds=1)).isoformat()) == []


async def test_an_erased_case_is_not_listed(house: House) -> None:
    case_id, _ = await submitted(house, "matter-10")
    kept, _ = await submitted(house)
    headers = {"Authorization": f"Bearer {house.issuer.staff('p', [Role.PRIVACY])}", "Idempotency-Key": "e"}
    await house.http.post(f"/cases/{case_id}/erase", json={"reference": "order-1"}, headers=headers)
    assert [each["case_number"] for each in await rows(house)] == [number(house, kept)]


async def test_what_changed_is_found_and_what_the_page_does_not_show_is_no_change(house: House) -> None:
    changed, _ = await submitted(house)
    corrected, _ = await submitted(house)
    house.wait(timedelta(hours=1))
    since = datetime.fromisoformat((await page(house))["as_of"])
    house.wait(timedelta(hours=1))
    headers = {"Authorization": f"Bearer {house.issuer.staff('p', [Role.SRO])}", "Idempotency-Key": "f"}
    fact = {"facts_seen": 0, "facts": {"final_order": {"value": True}}}
    done = await house.http.post(f"/cases/{corrected}/facts", json=fact, headers=headers)
    assert done.status_code == 200, done.text
    assert await rows(house, changed_since=since.isoformat()) == []
    # It happened before, and is heard of only now.
    house.hear(changed, assigned())
    assert [each["case_number"] for each in await rows(house, changed_since=since.isoformat())] == [
        number(house, changed)
    ]


async def test_what_is_being_written_while_somebody_asks_is_asked_for_again(house: House) -> None:
    as_of = datetime.fromisoformat((await page(house))["as_of"])
    assert house.clock - timedelta(minutes=5) < as_of < house.clock - timedelta(seconds=30)


@given(st.lists(st.lists(st.sampled_from(["change", "new", "elsewhere", "hand over"]), max_size=3), max_size=8))
@settings(max_examples=15)
async def test_pages_skip_and_double_nothing_while_cases_change(
    shared_house: House, meanwhile: list[list[str]]
) -> None:
    house, mine = shared_house, str(uuid4())
    there = []
    for _ in range(7):
        there.append(await submitted(house, by=mine))
        house.wait(timedelta(seconds=1))
    seen: list[str] = []
    cursor: str | None = None
    for happens in [*meanwhile, *([[]] * 20)]:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        found = await page(house, mine, **asked)
        seen += [each["case_number"] for each in found["cases"]]
        if (cursor := found["cursor"]) is None:
            break
        for place, what in enumerate(happens):
            case_id, path = there[(len(seen) + place) % len(there)]
            house.wait(timedelta(seconds=1))
            match what:
                case "change":
                    house.hear(case_id, assigned())
                case "new":
                    await submitted(house, by=mine)
                case "elsewhere":
                    await submitted(house, by="other")
                case "hand over":
                    await house.http.post(
                        f"{path}/representative", data=ATTORNEY | {"idempotency_key": "r", "confirm": "yes"}
                    )
    assert len(seen) == len(set(seen))
    assert [each for each in seen if each in {number(house, case_id) for case_id, _ in there}] == [
        number(house, case_id) for case_id, _ in there
    ]


async def test_another_clients_cursor_shows_nothing_of_the_other_client(house: House) -> None:
    for _ in range(3):
        await submitted(house, by="other")
    mine, _ = await submitted(house)
    cursor = (await page(house, "other", limit=1))["cursor"]
    shown = await rows(house, cursor=cursor)
    assert {each["case_number"] for each in shown} <= {number(house, mine)}


async def test_an_export_has_every_case_in_order_over_many_pages(house: House) -> None:
    expected = []
    for place in range(PAGE + 3):
        case_id, _ = await submitted(house, f"matter-{place}")
        expected.append((number(house, case_id), f"matter-{place}"))
        house.wait(timedelta(seconds=1))
    lines = (await house.http.get("/requests/export", headers=token(house))).text.splitlines()
    assert [(row["case_number"], row["client_reference"]) for row in map(json.loads, lines)] == expected
    table = await house.http.get("/requests/export?format=csv", headers=token(house))
    assert table.headers["Content-Disposition"] == 'attachment; filename="cases.csv"'
    assert datetime.fromisoformat(table.headers["As-Of"]) < house.clock
    head, *cells = csv.reader(io.StringIO(table.text))
    assert head == list(COLUMNS)
    assert [(row[0], row[1]) for row in cells] == expected
    assert "status" not in table.text  # no private links in a file that is passed on


def test_every_column_is_described() -> None:
    assert [each.name for each in fields(Row)] == list(COLUMNS)
    guide = Path("docs/attorneys.md").read_text(encoding="utf-8")
    assert [name for name in COLUMNS if f"`{name}`" not in guide] == []


@given(st.text(min_size=1, max_size=20))
def test_no_cell_is_a_formula_and_none_is_lost(reference: str) -> None:
    (cells,) = csv.reader(io.StringIO(as_csv_line(Row("ABCDE-FGHJK-5", reference, "received")), newline=""))
    assert len(cells) == len(COLUMNS)
    assert cells[1] in {reference, f"'{reference}"}
    assert cells[1][0] not in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
