"""Why a case is to be assigned: what of its place is not known, and what to ask for. Pure; never a guess."""

from typing import Final

from services.triage.domain.situation import Situation, responsible_place
from shared.contracts.vocabulary import CustodyStatus
from shared.policy.model import OfficeMap, Unplaced

HELD: Final = {
    Unplaced.NO_STATE: "The person is held, and nobody said where. Find the facility.",
    Unplaced.NO_COUNTY: "Several offices share the facility's state, and its county is not known. Ask for it.",
    Unplaced.UNKNOWN_COUNTY: "The facility's county is none of its state's. Ask for the county, or the ZIP code.",
    Unplaced.TOWN_OR_COUNTY: "The facility's county has the name of a town elsewhere. Ask which is meant.",
    Unplaced.NO_AREA: "The facility is in no office's area.",
}
AT_HOME: Final = {
    Unplaced.NO_STATE: "Nobody said where the person lives. Ask for the state and the county.",
    Unplaced.NO_COUNTY: "Several offices share the person's state, and no county is known. Ask for it or the ZIP code.",
    Unplaced.UNKNOWN_COUNTY: "The person's county is none of the state's; perhaps a city. Ask for the county.",
    Unplaced.TOWN_OR_COUNTY: "The person's county has the name of a town elsewhere. Ask which is meant.",
    Unplaced.NO_AREA: "The person lives in no office's area.",
}


def unplaced(situation: Situation, offices: OfficeMap) -> str | None:
    """The sentence for staff; None where the place has an office."""
    place = responsible_place(situation)
    found = offices.placed(place.state, place.county) if place else Unplaced.NO_STATE
    if not isinstance(found, Unplaced):
        return None
    return (HELD if situation.custody.status is CustodyStatus.DETAINED else AT_HOME)[found]
