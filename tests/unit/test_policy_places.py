"""Which clock a place goes by, and where a ZIP code is: the default table against a public package, and by itself."""

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import zipcodes

from shared.language.moments import ZONES
from shared.policy.loading import load
from shared.policy.places import STATES, normalise_county

POLICY = load().at(datetime(2025, 3, 8, tzinfo=UTC))
PLACES, OFFICES = POLICY.places, POLICY.office_map
BORDER = 107
"""Codes of California, New York and Texas that touch counties of two offices; one more is Nevada's."""
MONTHS = [datetime(year, month, 15, 12, tzinfo=UTC) for year in range(2021, 2027) for month in (1, 7)]


@pytest.mark.parametrize(
    ("state", "county", "zone"),
    [
        ("NV", "Clark", "America/Los_Angeles"),
        ("NV", None, "America/Los_Angeles"),
        ("NV", "Elko County", "America/Los_Angeles"),
        ("NV", "West Wendover", "America/Denver"),
        ("Indiana", "Marion", "America/New_York"),  # Indianapolis
        ("IN", "Lake", "America/Chicago"),  # Gary
        ("KY", "Jefferson", "America/New_York"),  # Louisville
        ("KY", "Warren", "America/Chicago"),  # Bowling Green
        ("TN", "Knox", "America/New_York"),  # Knoxville
        ("TN", "Shelby", "America/Chicago"),  # Memphis
        ("FL", "Miami-Dade", "America/New_York"),
        ("FL", "Escambia", "America/Chicago"),  # Pensacola
        ("FL", "Bay County", "America/Chicago"),  # Panama City
        ("MI", "Wayne", "America/New_York"),
        ("MI", "Iron", "America/Chicago"),
        ("TX", "El Paso", "America/Denver"),
        ("TX", "Hudspeth", "America/Denver"),
        ("TX", "Webb", "America/Chicago"),
        ("TX", None, "America/Chicago"),
        ("ID", "Ada", "America/Denver"),
        ("ID", "Kootenai", "America/Los_Angeles"),
        ("OR", "Malheur", "America/Denver"),
        ("KS", "Sherman", "America/Denver"),
        ("ND", "Stark", "America/Denver"),
        ("NE", "Scotts Bluff", "America/Denver"),
        ("SD", "Pennington", "America/Denver"),
        ("AZ", "Maricopa", "America/Phoenix"),
        ("AZ", "Navajo Nation", "America/Denver"),  # it keeps summer time
        ("AK", "Anchorage", "America/Anchorage"),
        ("AK", "Adak", "America/Adak"),
        ("HI", None, "Pacific/Honolulu"),
        ("GU", None, "Pacific/Guam"),
        ("CNMI", "Saipan", "Pacific/Guam"),
        ("American Samoa", None, "Pacific/Pago_Pago"),
        ("PR", "San Juan", "America/Puerto_Rico"),
        ("VI", None, "America/Puerto_Rico"),
        ("Ontario", None, None),
        (None, None, None),
    ],
)
def test_a_place_goes_by_its_own_clock_whichever_office_answers_for_it(
    state: str | None, county: str | None, zone: str | None
) -> None:
    assert PLACES.zone_of(state, county) == zone


def test_every_state_has_a_clock_and_every_clock_a_name_that_people_know() -> None:
    assert {state for state, county in PLACES.zones if not county} == set(STATES)
    assert set(PLACES.zones.values()) <= set(ZONES)


@cache
def post() -> list[dict[str, Any]]:
    every: list[dict[str, Any]] = zipcodes.list_all()  # type: ignore[no-untyped-call]
    return [each for each in every if each["state"] in STATES and each["zip_code_type"] != "MILITARY"]


SPLIT = {
    *(("AZ", county) for county in ("Apache County", "Coconino County", "Navajo County")),
    *(("FL", "Gulf County"), ("ID", "Idaho County"), ("NE", "Cherry County"), ("ND", "McKenzie County")),
    *(("SD", "Stanley County"), ("AK", "Aleutians West Census Area")),
}
"""Counties through which a line of the zones runs."""

SLIPS = {("KS", "Hamilton County"), ("KY", "Hart County"), ("KY", "Wayne County"), ("TN", "Rhea County")} | {
    ("TN", "Hamilton County")
}
"""Counties of which the package has one code with another clock than all others; 49 CFR 71.5 and 71.7 have one."""


def test_the_clocks_of_counties_are_those_of_a_public_package_but_where_a_line_runs_through_a_county() -> None:
    other: Counter[tuple[str, str]] = Counter()
    for each in post():
        ours, theirs = PLACES.zone_of(each["state"], each["county"]), each["timezone"]
        if "/" not in theirs:
            continue  # The package names a town there.
        shown = [
            {moment.astimezone(ZoneInfo(zone or "UTC")).utcoffset() for zone in (ours, theirs)} for moment in MONTHS
        ]
        other[each["state"], each["county"]] += any(len(clocks) > 1 for clocks in shown)
    differing = {place: count for place, count in other.items() if count}
    assert differing.keys() == SPLIT | SLIPS
    assert all(differing[place] == 1 for place in SLIPS)


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("94110", ("CA", "San Francisco County")),
        ("10451", ("NY", "Bronx County")),
        ("11201", ("NY", "Kings County")),
        ("78701", ("TX", "Travis County")),  # the city of Austin
        ("77418", ("TX", "Austin County")),
        ("79901", ("TX", "El Paso County")),
        ("06390", ("NY", "Suffolk County")),  # an island that gets its post from Connecticut
        ("73960", ("TX", "Sherman County")),  # beyond its neighbours' border
        ("89883", ("NV", "West Wendover")),
        ("46402", ("IN", "Lake County")),
        ("21201", ("MD", None)),
        ("96799", ("AS", None)),
        ("12406", ("NY", None)),  # touches counties of two offices
        ("92672", ("CA", None)),  # San Clemente, and a part of San Diego County
        ("00000", None),
        ("99", None),
    ],
)
def test_a_zip_code_tells_the_county_where_something_turns_on_it_and_never_guesses(
    code: str, place: tuple[str, str | None] | None
) -> None:
    assert PLACES.place_of(code) == place


def test_every_code_of_the_post_is_in_its_state() -> None:
    assert [
        each["zip_code"] for each in post() if (PLACES.place_of(each["zip_code"]) or ("",))[0] != each["state"]
    ] == []


def test_a_code_of_a_divided_state_leads_to_the_office_of_its_county_or_asks_for_the_county() -> None:
    """Only codes without a county in the package, and those on a border between offices, have none here."""
    asked = 0
    for each in post():
        if each["state"] in {"CA", "NY", "TX"}:
            state, county = PLACES.place_of(each["zip_code"]) or ("", None)
            asked += county is None and each["county"] != ""
            theirs = OFFICES.office_for(each["state"], each["county"])
            assert county is None or OFFICES.office_for(state, county) == theirs, each["zip_code"]
    assert asked == BORDER


def test_names_that_are_a_town_s_elsewhere_as_often_are_those_of_the_map() -> None:
    """As many codes or more of that town in areas of other offices as the county has in all."""
    codes: Counter[tuple[str, str]] = Counter()
    elsewhere: Counter[tuple[str, str]] = Counter()
    for each in post():
        codes[each["state"], normalise_county(each["county"])] += 1
        for town in (each["city"], *each["acceptable_cities"]):
            key = each["state"], normalise_county(town)
            elsewhere[key] += OFFICES.office_for(each["state"], each["county"]) not in {OFFICES.areas.get(key), None}
    found = {key for key, count in elsewhere.items() if key in OFFICES.areas and 0 < codes[key] <= count}
    assert found == OFFICES.towns
