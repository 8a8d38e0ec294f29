"""The default office map, against the public table of September 2025, and against how people write places."""

import csv
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.policy.loading import OWN_FILES, load
from shared.policy.model import OfficeMap, Unplaced
from shared.policy.places import STATES, normalise_county, normalise_state, says_county

PUBLIC_TABLE = Path(__file__).parents[1] / "data" / "ero_areas_of_responsibility.csv"
DIVIDED = {"CA": 58, "NY": 62, "TX": 254}
OTHER_NAMES = {
    ("NY", "brooklyn"),
    ("NY", "manhattan"),
    ("NY", "statenisland"),
    ("NY", "newyorkcity"),
    ("NY", "nyc"),
    ("NY", "cityofnewyork"),
    ("CA", "cityofsanfrancisco"),
}
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
    assert {area: office for area, office in offices.areas.items() if area not in OTHER_NAMES} == public
    assert len(public) == len(public_rows())
    assert set(offices.offices) == {*CODE_OF_PUBLIC_NAME.values(), "HQ"}


def test_every_row_of_the_public_table_is_routed_as_it_is_written_there(offices: OfficeMap) -> None:
    for office, state, county in public_rows():
        said = f"{county} County" if (normalise_state(state), normalise_county(county)) in offices.towns else county
        assert offices.office_for(state, said or None) == CODE_OF_PUBLIC_NAME[office]


def test_every_state_is_whole_or_divided_among_all_its_counties(offices: OfficeMap) -> None:
    for state in STATES:
        counties = [county for at, county in offices.areas if at == state and county]
        whole = (state, "") in offices.areas
        if state in DIVIDED:
            assert not whole
            assert len(counties) - sum(at == state for at, _ in OTHER_NAMES) == DIVIDED[state]
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
        ("NY", "St.Lawrence", "BUF"),
        ("Nueva York", "Brooklyn", "NYC"),
        ("new york", "Bronx Borough", "NYC"),
        ("NY", "The Bronx", "NYC"),
        ("NY", "the county of Kings", "NYC"),
        ("NY", "New York City", "NYC"),  # five counties, all of them this office's
        ("TX", "Austin County", "HOU"),
        ("TX", "Condado de Tyler", "HOU"),
        ("TX", "De Witt", "HOU"),
        ("TX", "LaSalle", "SNA"),
        ("TX", "Mc Culloch", "SNA"),
        ("California", "City and County of San Francisco", "SFR"),
        ("California", "the City & County of San Francisco", "SFR"),
        ("CA", "City of San Francisco", "SFR"),
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
    ("state", "county", "why"),
    [
        ("TX", None, Unplaced.NO_COUNTY),
        ("TX", "", Unplaced.NO_COUNTY),
        ("TX", "County", Unplaced.UNKNOWN_COUNTY),
        ("TX", "Travers", Unplaced.UNKNOWN_COUNTY),
        ("TX", "City of Houston", Unplaced.UNKNOWN_COUNTY),  # a city alone: its county is asked for
        ("TX", "Laredo", Unplaced.UNKNOWN_COUNTY),
        ("TX", "Austin", Unplaced.TOWN_OR_COUNTY),  # the city is San Antonio's, the county Houston's
        ("TX", "tyler", Unplaced.TOWN_OR_COUNTY),
        ("CA", "Kern River", Unplaced.UNKNOWN_COUNTY),
        ("New York", "Kingston", Unplaced.UNKNOWN_COUNTY),
        ("NY", "???", Unplaced.UNKNOWN_COUNTY),
        ("American Samoa", "Manu'a", Unplaced.NO_AREA),
        ("AS", None, Unplaced.NO_AREA),
        ("Ontario", "York", Unplaced.NO_STATE),
        ("", "Bexar", Unplaced.NO_STATE),
        ("T X A", "Bexar", Unplaced.NO_STATE),
    ],
)
def test_a_place_that_nobody_can_tell_is_left_to_be_assigned_with_what_to_ask_for(
    offices: OfficeMap, state: str, county: str | None, why: Unplaced
) -> None:
    assert offices.office_for(state, county) is None
    assert offices.placed(state, county) is why


def test_a_state_that_is_whole_in_one_office_needs_no_known_county(offices: OfficeMap) -> None:
    assert offices.office_for("AZ", None) == "PHO"
    assert offices.office_for("AZ", "no such county") == "PHO"


@pytest.mark.parametrize(
    ("spellings", "key"),
    [
        (("St. Louis", "St Louis County", "SAINT LOUIS", "saint  louis co."), "stlouis"),
        (("Ste. Genevieve", "Sainte Genevieve County", "STE GENEVIEVE"), "stgenevieve"),
        (
            ("St. John the Baptist", "Parish of Saint John the Baptist", "St John the Baptist Parish"),
            "stjohnthebaptist",
        ),
        (("Añasco", "ANASCO", "Municipio de Añasco", "Añasco Municipio"), "anasco"),
        (("Fairbanks North Star Borough", "fairbanks north star"), "fairbanksnorthstar"),
        (("Prince George's", "PRINCE GEORGES COUNTY", "Prince George’s"), "princegeorges"),
        (("DeKalb", "De Kalb County"), "dekalb"),
    ],
)
def test_a_county_has_one_key_in_all_its_spellings(spellings: tuple[str, ...], key: str) -> None:
    assert {normalise_county(each) for each in spellings} == {key}


def test_spellings_keep_the_counties_of_a_state_apart() -> None:
    rows = public_rows()
    assert len({(state, normalise_county(county)) for _, state, county in rows}) == len(rows)
    assert all(normalise_state(name) == code and normalise_state(code.lower()) == code for code, name in STATES.items())


# Properties

OFFICES = load().versions[-1][1].office_map
KINDS_BEFORE = ["", "County of ", "condado de ", "Municipio de ", "PARISH OF "]
KINDS_AFTER = ["", " County", " COUNTY", " Parish", " Borough", " Municipio", " co."]


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str, str]:
    """A row of the public table as somebody might write it: the office's code, state and county."""
    office, state, county = draw(st.sampled_from(public_rows()))
    kind = draw(st.sampled_from([("", after) for after in KINDS_AFTER] + [(before, "") for before in KINDS_BEFORE]))
    if county:
        saint = draw(st.sampled_from(["St. ", "St ", "Saint ", "SAINT "]))
        county = kind[0] + county.replace("St. ", saint) + kind[1]
    spell: Callable[[str], str] = draw(st.sampled_from([lambda text: text, str.upper, str.lower, str.title]))
    spaces = draw(st.sampled_from(["", " ", "  "]))
    return CODE_OF_PUBLIC_NAME[office], spaces + spell(state), spell(county).replace(" ", " " + spaces) + spaces


@given(spellings())
def test_however_it_is_written_a_place_of_the_table_has_exactly_its_office(row: tuple[str, str, str]) -> None:
    office, state, county = row
    assume((normalise_state(state), normalise_county(county)) not in OFFICES.towns or says_county(county))
    assert OFFICES.office_for(state, county or None) == office


@given(st.sampled_from(sorted(OFFICES.areas)))
def test_the_map_is_total_over_its_own_counties_and_disjoint(area: tuple[str, str]) -> None:
    state, county = area
    assert OFFICES.office_for(state, f"{county} county" if area in OFFICES.towns else county) == OFFICES.areas[area]
    assert not (county and (state, "") in OFFICES.areas)  # nobody has a county of a state that is whole another's


@given(st.text(), st.none() | st.text())
def test_any_text_has_an_office_of_the_map_or_none(state: str, county: str | None) -> None:
    office = OFFICES.office_for(state, county)
    assert office is None or office in OFFICES.offices
    assert OFFICES.seat_zone(office)


# Seats and mailboxes


@pytest.mark.parametrize(
    ("office", "zone"),
    [
        ("BAL", "America/New_York"),
        ("SLC", "America/Denver"),
        ("PHO", "America/Phoenix"),
        (None, "America/New_York"),  # to be assigned: headquarters'
        ("NO_SUCH", "America/New_York"),
    ],
)
def test_where_no_place_is_known_the_zone_of_the_seat_is_there(
    offices: OfficeMap, office: str | None, zone: str
) -> None:
    assert offices.seat_zone(office) == zone


def test_every_office_has_a_duty_mailbox_that_can_reach_nobody_by_mistake(offices: OfficeMap) -> None:
    boxes = [office.duty_mailbox or "" for office in offices.offices.values()]
    assert len(set(boxes)) == len(boxes)
    assert all(box.endswith(".example") for box in boxes)
    assert offices.mailbox_for("BAL") == "duty.bal@ero.example"
    assert offices.mailbox_for(None) == offices.mailbox_for("NO_SUCH") == offices.mailbox_for("HQ")


# Versions


SOUTH = (
    "Aransas Brooks Cameron Duval Hidalgo Jim-Hogg Jim-Wells Kenedy Kleberg Nueces San-Patricio Starr Webb Willacy"
    " Zapata"
)


@pytest.mark.parametrize(
    ("day", "version", "office"),
    [
        (datetime(2021, 1, 20, 6, tzinfo=UTC), "2021-01", "SNA"),
        (datetime(2021, 3, 8, tzinfo=UTC), "2021-01", "SNA"),
        (datetime(2022, 8, 20, 4, 59, tzinfo=UTC), "2021-01", "SNA"),
        (datetime(2022, 8, 20, 5, tzinfo=UTC), "2025-09", "HAL"),
    ],
)
def test_the_south_of_texas_was_san_antonio_s_until_harlingen_had_an_office_of_its_own(
    day: datetime, version: str, office: str
) -> None:
    then = load().at(day).office_map
    assert then.version == version
    assert {then.office_for("TX", f"{county.replace('-', ' ')} County") for county in SOUTH.split()} == {office}
    assert ("HAL" in then.offices) is (office == "HAL")


def test_before_harlingen_all_other_areas_are_those_of_later() -> None:
    before, after = (load().at(datetime(year, 3, 8, tzinfo=UTC)).office_map for year in (2021, 2025))
    assert before.areas.keys() == after.areas.keys()
    moved = {area for area in after.areas if before.areas[area] != after.areas[area]}
    assert {(before.areas[area], after.areas[area]) for area in moved} == {("SNA", "HAL")}
    assert len(moved) == len(SOUTH.split())


def test_the_map_in_force_at_the_moment_routes(tmp_path: Path) -> None:
    """An invented map: from August 2023 on one county of Harlingen's is San Antonio's."""
    for part in (folder for folder in OWN_FILES.iterdir() if any(folder.glob("*.yaml"))):
        shutil.copytree(part, tmp_path / part.name)
    text = (tmp_path / "offices" / "2025-09.yaml").read_text(encoding="utf-8")
    text = text.replace('version: "2025-09"', "version: INVENTED").replace("2022-08-20T", "2023-08-01T")
    text = text.replace("Kleberg, ", "").replace("Atascosa, ", "Atascosa, Kleberg, ")
    (tmp_path / "offices" / "invented.yaml").write_text(text, encoding="utf-8")
    policies = load(tmp_path)
    before, after = (policies.at(datetime(2023, month, 2, 12, tzinfo=UTC)) for month in (7, 8))
    assert (before.office_map.version, before.office_map.office_for("TX", "Kleberg")) == ("2025-09", "HAL")
    assert (after.office_map.version, after.office_map.office_for("TX", "Kleberg")) == ("INVENTED", "SNA")
    assert after.office_map.office_for("TX", "Cameron") == "HAL"
    assert before.guidance == after.guidance
