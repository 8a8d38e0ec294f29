"""How people write a place, in whatever field, and what of it is read: never a guess."""

from datetime import UTC, datetime

import pytest

from shared.policy.loading import load
from shared.policy.model import Unplaced
from shared.policy.reading_places import read_place

POLICY = load().at(datetime(2021, 3, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    ("state", "county", "zip_code", "read", "office"),
    [
        ("NY", "Kings County, NY", None, ("NY", "Kings County"), "NYC"),
        ("NY", "Kings County NY", None, ("NY", "Kings County"), "NYC"),
        ("New York", "Kings, New York", None, ("NY", "Kings"), "NYC"),
        (None, "Kings County, NY", None, ("NY", "Kings County"), "NYC"),  # the state stands behind the county
        ("NY", "The Bronx", None, ("NY", "The Bronx"), "NYC"),
        ("CA", "City and County of San Francisco", None, ("CA", "City and County of San Francisco"), "SFR"),
        ("NY", None, "10451", ("NY", "Bronx County"), "NYC"),
        (None, None, "10451-1234", ("NY", "Bronx County"), "NYC"),
        ("NY", None, " 10451 ", ("NY", "Bronx County"), "NYC"),
        ("TX", "77002", None, ("TX", "Harris County"), "HOU"),  # where the county is asked for
        ("TX 77002", None, None, ("TX", "Harris County"), "HOU"),
        ("TX", "Houston, TX 77002", None, ("TX", "Harris County"), "HOU"),
        ("TX", "Austin 78701", None, ("TX", "Travis County"), "SNA"),  # a town beside its code
        ("TX", "Austin", "78701", ("TX", "Travis County"), "SNA"),
        ("TX", "Austin County", "78701", ("TX", "Austin County"), "HOU"),  # words that say county count
        ("TX", "Bexar", None, ("TX", "Bexar"), "SNA"),
        ("MD", None, "21201", ("MD", None), "BAL"),
        ("NV", None, "89883", ("NV", "West Wendover"), "SLC"),
        ("TX", "Austin", None, ("TX", "Austin"), Unplaced.TOWN_OR_COUNTY),
        ("TX", "San Marcos", None, ("TX", "San Marcos"), Unplaced.UNKNOWN_COUNTY),  # a city: its county is asked for
        ("TX", None, None, ("TX", None), Unplaced.NO_COUNTY),
        ("NY", None, "12406", ("NY", None), Unplaced.NO_COUNTY),  # lies in counties of two offices
        ("NY", "Kings County, NJ", None, ("NY", None), Unplaced.NO_COUNTY),  # contradicts itself
        ("CA", None, "10451", ("CA", None), Unplaced.NO_COUNTY),  # a code of another state
        ("TX", None, "1045", ("TX", None), Unplaced.NO_COUNTY),
        ("TX", None, "104511", ("TX", None), Unplaced.NO_COUNTY),
        ("Texass", None, None, None, Unplaced.NO_STATE),
        (None, None, "00000", None, Unplaced.NO_STATE),
        (None, "Bexar", None, None, Unplaced.NO_STATE),
        ("", "", "", None, Unplaced.NO_STATE),
    ],
)
def test_a_place_is_read_from_a_county_with_its_state_from_a_zip_code_or_from_both_in_one_field(
    state: str | None, county: str | None, zip_code: str | None, read: tuple[str, str | None] | None, office: object
) -> None:
    assert read_place(state, county, zip_code, POLICY.places) == read
    assert POLICY.office_map.placed(*(read or (None, None))) == office
