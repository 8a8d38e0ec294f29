"""The default office map, against the public table of September 2025, and against how people write places."""

import csv
from pathlib import Path

import pytest

from shared.policy.loading import load
from shared.policy.model import OfficeMap
from shared.policy.places import STATES, normalise_county, normalise_state

PUBLIC_TABLE = Path(__file__).parents[1] / "data" / "ero_areas_of_responsibility.csv"
DIVIDED = {"CA": 58, "NY": 62, "TX": 254}
CODE_OF_PUBLIC_NAME = {
    "Atlanta": "ATL",
    "Baltimore": "BAL",
    "Boston": "BOS",
    "Buffalo": "BUF",
    "Chicago": "CHI",
    "Dallas": "DAL",
    "Denver": "DEN",
    "Detroit": "DET",
    "El Paso": "ELP",
    "Harlingen": "HAL",
    "Houston": "HOU",
    "Los Angeles": "LOS",
    "Miami": "MIA",
    "New Orleans": "NOL",
    "New York City": "NYC",
    "Newark": "NEW",
    "Philadelphia": "PHI",
    "Phoenix": "PHO",
    "Salt Lake City": "SLC",
    "San Antonio": "SNA",
    "San Diego": "SND",
    "San Francisco": "SFR",
    "Seattle": "SEA",
    "St Paul": "SPM",
    "Washington": "WAS",
}


@pytest.fixture(scope="module")
def offices() -> OfficeMap:
    return load().versions[-1][1].office_map


def public_rows() -> list[tuple[str, str, str]]:
    with PUBLIC_TABLE.open(encoding="utf-8", newline="") as table:
        rows = list(csv.reader(table, skipinitialspace=True))
    return [(office, state, county) for office, state, county, _ in rows[1:]]


def test_all_25_areas_are_those_of_the_public_table(offices: OfficeMap) -> None:
    public = {
        (normalise_state(state), normalise_county(county)): CODE_OF_PUBLIC_NAME[office]
        for office, state, county in public_rows()
    }
    nicknames = {("NY", "brooklyn"), ("NY", "manhattan"), ("NY", "statenisland")}
    assert {area: office for area, office in offices.areas.items() if area not in nicknames} == public
    assert len(public) == len(public_rows())
    assert set(offices.offices) == {*CODE_OF_PUBLIC_NAME.values(), "HQ"}


def test_every_row_of_the_public_table_is_routed_as_it_is_written_there(offices: OfficeMap) -> None:
    for office, state, county in public_rows():
        assert offices.office_for(state, county or None) == CODE_OF_PUBLIC_NAME[office]


def test_every_state_is_whole_or_divided_among_all_its_counties(offices: OfficeMap) -> None:
    nicknames = 3
    for state in STATES:
        counties = [county for at, county in offices.areas if at == state and county]
        whole = (state, "") in offices.areas
        if state in DIVIDED:
            assert not whole
            assert len(counties) - (nicknames if state == "NY" else 0) == DIVIDED[state]
        else:
            assert (whole, counties) == (state != "AS", [])


def test_no_place_is_routed_to_headquarters(offices: OfficeMap) -> None:
    assert "HQ" not in offices.areas.values()


@pytest.mark.parametrize(
    ("state", "county", "office"),
    [
        ("CA", "Orange", "LOS"),
        ("NY", "Orange", "NYC"),
        ("TX", "Orange", "HOU"),
        ("FL", "Orange", "MIA"),
        ("NC", "Orange", "ATL"),
        ("NY", "Washington", "BUF"),
        ("TX", "Washington", "HOU"),
        ("OR", "Washington", "SEA"),
        ("PA", "Washington", "PHI"),
        ("CA", "Kings", "SFR"),
        ("NY", "Kings", "NYC"),
        ("NY", "Montgomery", "BUF"),
        ("TX", "Montgomery", "HOU"),
        ("MD", "Montgomery", "BAL"),
        ("OH", "Montgomery", "DET"),
        ("TX", "Trinity", "HOU"),
        ("CA", "Trinity", "SFR"),
    ],
)
def test_counties_of_one_name_belong_to_the_office_of_their_own_state(
    offices: OfficeMap, state: str, county: str, office: str
) -> None:
    assert offices.office_for(state, county) == office


@pytest.mark.parametrize(
    ("state", "county", "office"),
    [
        ("texas", "BEXAR COUNTY", "SNA"),
        ("  Texas ", " bexar  co. ", "SNA"),
        ("Tx", "Condado de Bexar", "SNA"),
        ("Tejas", "county of bexar", "SNA"),
        ("NY", "Saint Lawrence", "BUF"),
        ("NY", "St Lawrence County", "BUF"),
        ("N.Y.", "St. Lawrence", "BUF"),
        ("Nueva York", "Brooklyn", "NYC"),
        ("new york", "Bronx Borough", "NYC"),
        ("TX", "De Witt", "HOU"),
        ("TX", "LaSalle", "SNA"),
        ("TX", "Mc Culloch", "SNA"),
        ("California", "City and County of San Francisco", "SFR"),
        ("CA", "San Bernardíno", "LOS"),
        ("Louisiana", "Orleans Parish", "NOL"),
        ("Luisiana", None, "NOL"),
        ("Nuevo México", "Doña Ana", "ELP"),
        ("Puerto Rico", "Municipio de San Juan", "MIA"),
        ("PR", "Bayamón Municipio", "MIA"),
        ("U.S. Virgin Islands", "St. Croix", "MIA"),
        ("VI", None, "MIA"),
        ("Guam", None, "SFR"),
        ("CNMI", "Saipan", "SFR"),
        ("MP", "", "SFR"),
        ("DC", None, "WAS"),
        ("Washington, D.C.", None, "WAS"),
        ("Washington", "King", "SEA"),
        ("West Virginia", "Marion", "PHI"),
        ("Virginia", "Fairfax", "WAS"),
    ],
)
def test_a_place_is_known_in_any_usual_spelling(
    offices: OfficeMap, state: str, county: str | None, office: str
) -> None:
    assert offices.office_for(state, county) == office


@pytest.mark.parametrize(
    ("state", "county"),
    [
        ("TX", None),
        ("TX", ""),
        ("TX", "County"),
        ("TX", "Travers"),
        ("CA", "Kern River"),
        ("New York", "Kingston"),
        ("NY", "???"),
        ("American Samoa", "Manu'a"),
        ("AS", None),
        ("Ontario", "York"),
        ("", "Bexar"),
        ("T X A", "Bexar"),
    ],
)
def test_a_place_that_nobody_can_tell_is_left_to_be_assigned(
    offices: OfficeMap, state: str, county: str | None
) -> None:
    assert offices.office_for(state, county) is None


def test_a_state_that_is_whole_in_one_office_needs_no_known_county(offices: OfficeMap) -> None:
    assert offices.office_for("AZ", None) == "PHO"
    assert offices.office_for("AZ", "no such county") == "PHO"


def test_spellings_keep_the_counties_of_a_state_apart() -> None:
    rows = public_rows()
    assert len({(state, normalise_county(county)) for _, state, county in rows}) == len(rows)
    assert all(normalise_state(name) == code and normalise_state(code.lower()) == code for code, name in STATES.items())
