"""Real places, each with the field office that is responsible for it: chosen by hand from the public list of areas.

The expected office of every demo request comes from here, and from nothing that the product itself reads.
"""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Place:
    """A county, its USPS state or territory, and the office that answers for it; None: nobody can tell."""

    state: str
    county: str | None
    office: str | None


_BY_OFFICE = {
    "ATL": "GA Fulton; GA Gwinnett; GA Stewart; NC Mecklenburg; NC Orange; SC Charleston",
    "BAL": "MD Baltimore; MD Montgomery; MD Prince George's; MD Washington; MD Worcester",
    "BOS": "MA Suffolk; MA Plymouth; CT Hartford; RI Providence; NH Strafford; VT Chittenden; ME Cumberland",
    "BUF": "NY Erie; NY Monroe; NY Genesee; NY St. Lawrence; NY Washington; NY Montgomery; NY Albany",
    "CHI": "IL Cook; IL McHenry; IN Clay; IN Montgomery; WI Dodge; MO Jackson; KY Boone; KS Chase",
    "DAL": "TX Dallas; TX Tarrant; TX Johnson; TX Jones; TX Van Zandt; OK Tulsa; OK Oklahoma",
    "DEN": "CO Arapahoe; CO Denver; CO Adams; WY Natrona; WY Laramie",
    "DET": "MI Wayne; MI Calhoun; MI Kent; OH Butler; OH Montgomery; OH Geauga",
    "ELP": "TX El Paso; TX Midland; NM Doña Ana; NM Otero; NM Cibola",
    "HAL": "TX Cameron; TX Hidalgo; TX Willacy; TX Webb; TX Nueces",
    "HOU": "TX Harris; TX Montgomery; TX Orange; TX Washington; TX Walker; TX DeWitt",
    "LOS": "CA Los Angeles; CA Orange; CA San Bernardino; CA Riverside; CA Ventura",
    "MIA": "FL Miami-Dade; FL Broward; FL Orange; FL Baker; PR San Juan; VI St. Croix",
    "NEW": "NJ Essex; NJ Bergen; NJ Hudson; NJ Union; NJ Mercer",
    "NOL": "LA Orleans; LA LaSalle; LA Winn; AL Etowah; MS Adams; TN Montgomery; AR Pulaski",
    "NYC": "NY Kings; NY Queens; NY Orange; NY Bronx; NY Suffolk; NY Richmond",
    "PHI": "PA Philadelphia; PA York; PA Washington; PA Clearfield; DE New Castle; WV Kanawha",
    "PHO": "AZ Maricopa; AZ Pinal; AZ Pima; AZ Yuma; AZ Santa Cruz",
    "SEA": "WA King; WA Pierce; OR Washington; OR Multnomah; AK Anchorage",
    "SFR": "CA San Francisco; CA Kings; CA Kern; CA Alameda; HI Honolulu; GU ; MP Saipan",
    "SLC": "UT Salt Lake; UT Washington; ID Ada; MT Yellowstone; NV Clark; NV Washoe",
    "SNA": "TX Bexar; TX Travis; TX Frio; TX Williamson; TX La Salle; TX Karnes",
    "SND": "CA San Diego; CA Imperial",
    "SPM": "MN Hennepin; MN Washington; IA Polk; NE Douglas; ND Cass; SD Minnehaha",
    "WAS": "VA Fairfax; VA Arlington; VA Orange; VA Prince Edward; DC ",
}

_ANSWERS = {"HAL": "SNA"}
"""Harlingen had no field office of its own in March 2021: San Antonio's answered for its places."""

PLACES = {
    office: tuple(Place(part[:2], part[3:] or None, _ANSWERS.get(office, office)) for part in written.split("; "))
    for office, written in _BY_OFFICE.items()
}

TO_BE_ASSIGNED = (
    Place("TX", "Los Olvidos", None),
    Place("TX", "Travers", None),
    Place("TX", "Rio Seco", None),
    Place("TX", None, None),
    Place("CA", "Los Angelos", None),
    Place("CA", "Bay Area", None),
    Place("CA", "San Benedict", None),
    Place("CA", None, None),
    Place("NY", "Upstate", None),
    Place("NY", "Kingston", None),
    Place("NY", "Long Lake", None),
    Place("AS", "Tutuila", None),
)
"""Places that no area covers: a county that does not exist or is not given in a divided state, and American Samoa."""

_STATE_NAMES = {
    "AZ": "Arizona",
    "CA": "California",
    "DC": "District of Columbia",
    "FL": "Florida",
    "GA": "Georgia",
    "LA": "Louisiana",
    "MD": "Maryland",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NY": "New York",
    "PR": "Puerto Rico",
    "TX": "Texas",
    "WA": "Washington",
}


def written_as(place: Place, rng: Random) -> dict[str, str]:
    """The place as somebody might write it; one in five not in the tidy way."""
    untidy = rng.random() < 0.2
    state = rng.choice((place.state, place.state.lower(), _STATE_NAMES.get(place.state, place.state)))
    county = place.county
    if county is not None and untidy:
        kind = {"LA": "Parish", "AK": "Municipality", "PR": "Municipio"}.get(place.state, "County")
        county = rng.choice((f"{county} {kind}", county.upper(), f" {county.lower()}", f"{county} {kind.lower()} "))
    written = {"state": state if untidy else place.state}
    return written if county is None else {**written, "county": county}


def spoken(place: Place) -> str:
    """The place in a sentence."""
    state = _STATE_NAMES.get(place.state, place.state)
    return state if place.county is None else f"{place.county}, {state}"
