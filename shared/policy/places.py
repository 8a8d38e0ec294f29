"""Spellings of places. Pure; standard library only.

People write a county in many ways ("St. Lawrence County", "condado de Kings", "DONA ANA"); one key stands for all.
"""

import re
import unicodedata
from enum import StrEnum, unique

STATES = {
    "AL": "Alabama",
    "AK": "Alaska",
    "AZ": "Arizona",
    "AR": "Arkansas",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DE": "Delaware",
    "DC": "District of Columbia",
    "FL": "Florida",
    "GA": "Georgia",
    "HI": "Hawaii",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "IA": "Iowa",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "ME": "Maine",
    "MD": "Maryland",
    "MA": "Massachusetts",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MS": "Mississippi",
    "MO": "Missouri",
    "MT": "Montana",
    "NE": "Nebraska",
    "NV": "Nevada",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NY": "New York",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VT": "Vermont",
    "VA": "Virginia",
    "WA": "Washington",
    "WV": "West Virginia",
    "WI": "Wisconsin",
    "WY": "Wyoming",
    "AS": "American Samoa",
    "GU": "Guam",
    "MP": "Northern Mariana Islands",
    "PR": "Puerto Rico",
    "VI": "Virgin Islands",
}
"""USPS codes with the names of states, territories and the capital."""

_OTHER_NAMES = {
    "Washington DC": "DC",
    "Distrito de Columbia": "DC",
    "United States Virgin Islands": "VI",
    "US Virgin Islands": "VI",
    "USVI": "VI",
    "Islas Virgenes": "VI",
    "Commonwealth of the Northern Mariana Islands": "MP",
    "CNMI": "MP",
    "Islas Marianas del Norte": "MP",
    "Commonwealth of Puerto Rico": "PR",
    "Samoa Americana": "AS",
    "State of Washington": "WA",
    "New York State": "NY",
    "Carolina del Norte": "NC",
    "Carolina del Sur": "SC",
    "Dakota del Norte": "ND",
    "Dakota del Sur": "SD",
    "Luisiana": "LA",
    "Misisipi": "MS",
    "Misuri": "MO",
    "Nueva Jersey": "NJ",
    "Nueva York": "NY",
    "Nueva Hampshire": "NH",
    "Nuevo Mexico": "NM",
    "Pensilvania": "PA",
    "Tejas": "TX",
    "Virginia Occidental": "WV",
}

_BEFORE = re.compile(r"^(?:city and county|county|parish|borough|municipality|condado|parroquia|municipio) (?:of|de) ")
_AFTER = re.compile(
    r" (?:city and county|city and borough|county|co|parish|borough|municipio|municipality|census area|condado)$"
)
_ARTICLE = re.compile(r"^(?:the|el|la|los|las) (?=bronx|county|city and county|borough|condado)")
_SAINT = re.compile(r"^(?:saint|sainte|ste) ")


@unique
class Unplaced(StrEnum):
    """Why nobody can tell which office answers for a place."""

    NO_STATE = "no_state"
    NO_AREA = "no_area"
    NO_COUNTY = "no_county"
    UNKNOWN_COUNTY = "unknown_county"
    TOWN_OR_COUNTY = "town_or_county"


def _plain(text: str) -> str:
    """Lower case, without accents, and with single spaces where anything but letters and digits stood."""
    decomposed = unicodedata.normalize("NFKD", text)
    letters = "".join(mark for mark in decomposed if not unicodedata.combining(mark)).casefold().replace("&", " and ")
    return " ".join(re.sub(r"[^a-z0-9]+", " ", re.sub(r"['’.]", "", letters)).split())


_BY_NAME = {_plain(name): code for code, name in STATES.items()} | {_plain(n): code for n, code in _OTHER_NAMES.items()}


def normalise_state(text: str) -> str | None:
    """The USPS code of a state or territory, from its code or its English or Spanish name; None when it is none."""
    if text in STATES:
        return text
    plain = _plain(text)
    code = plain.replace(" ", "").upper()
    return code if code in STATES else _BY_NAME.get(plain)


def normalise_county(text: str) -> str:
    """The key of a county: without its kind ("County", "Parish"), article, accents, spaces; with "st" for "Saint"."""
    plain = _BEFORE.sub("", _ARTICLE.sub("", _plain(text)))
    return _SAINT.sub("st ", _AFTER.sub("", plain)).replace(" ", "")


def says_county(text: str) -> bool:
    """Whether a county is called one, and not by its name alone, which may be a town's as well."""
    plain = _ARTICLE.sub("", _plain(text))
    return bool(_BEFORE.search(plain) or _AFTER.search(plain))
