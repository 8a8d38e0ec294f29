"""Where a ZIP code is, and which time zone holds where: what is known of places, whichever office answers for them.

Pure; standard library and pure siblings only.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.policy.places import normalise_county, normalise_state


@dataclass(frozen=True, slots=True, eq=False)
class Geography:
    """Keys of `zones` are as those of an office map: (state, county), and (state, "") for all other places of a state.

    `zips` has the county of a ZIP code where one is known, and codes that lie beyond the border of their neighbours'
    state; `prefixes` the state of all others, by their first three digits.
    """

    version: str
    zones: Mapping[tuple[str, str], str]
    zips: Mapping[str, tuple[str, str | None]]
    prefixes: Mapping[str, str]

    def zone_of(self, state: str | None, county: str | None) -> str | None:
        """The IANA name of the zone of a place; None where not even a state is known."""
        code = normalise_state(state or "") or ""
        return self.zones.get((code, normalise_county(county or ""))) or self.zones.get((code, ""))

    def place_of(self, zip_code: str) -> tuple[str, str | None] | None:
        """State and county of a ZIP code of five digits. No county where none is known, or it lies in several."""
        found = self.zips.get(zip_code)
        state = self.prefixes.get(zip_code[:3])
        return found or ((state, None) if state else None)
