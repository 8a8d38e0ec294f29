"""What somebody wrote as a place, read: state and county, from their own fields, from a ZIP code, or from both in one.

Pure. Nothing is guessed: words that contradict each other leave the county open.
"""

import re
from typing import Final

from shared.policy.geography import Geography
from shared.policy.places import normalise_state, says_county

_ZIP: Final = re.compile(r"(?:^|[\s,])(\d{5})(?:-\d{4})?$", re.ASCII)
_STATE_AFTER: Final = re.compile(
    r"^(?P<county>.+?)(?:\s*,\s*|(?<=county)\s+|(?<=parish)\s+)(?P<state>[^,]+)$", re.IGNORECASE
)


def read_place(
    state: str | None, county: str | None, zip_code: str | None, places: Geography
) -> tuple[str, str | None] | None:
    """State (its USPS code) and county, as far as they can be read; None where not even the state is.

    Of a county's field it reads "Kings County, NY" and "Houston, TX 77002", too. What is written in words counts before
    what a ZIP code tells, and where the state's field and a state behind the county differ, no county does.
    """
    state_words, state_zip = _without_zip(state)
    county_words, county_zip = _without_zip(county)
    named, behind = _split(county_words)
    by_zip = places.place_of(next((code for code in (_digits(zip_code), county_zip, state_zip) if code), ""))
    said = normalise_state(state_words) or behind or (by_zip[0] if by_zip else None)
    if said is None:
        return None
    if behind not in (None, said):
        return said, None
    of_zip = by_zip[1] if by_zip and by_zip[0] == said else None
    return said, _chosen(named, of_zip)


def _chosen(named: str, of_zip: str | None) -> str | None:
    """What is called a county counts. Other words beside a ZIP code are a town's ("Austin 78701")."""
    return of_zip if of_zip and not says_county(named) else named or None


def _without_zip(text: str | None) -> tuple[str, str]:
    found = _ZIP.search(text or "")
    return ((text or "")[: found.start()].strip(" ,"), found[1]) if found else ((text or "").strip(), "")


def _digits(text: str | None) -> str:
    return _without_zip(f" {(text or '').strip()}")[1]


def _split(text: str) -> tuple[str, str | None]:
    found = _STATE_AFTER.match(text)
    state = normalise_state(found["state"]) if found else None
    return (found["county"], state) if found and state else (text, None)
