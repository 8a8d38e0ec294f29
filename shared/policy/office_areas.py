"""From an offices file to the map that routes: every place in one office, and nothing in two."""

from collections.abc import Iterator

from shared.policy.model import HEADQUARTERS, Office, OfficeMap
from shared.policy.places import normalise_county, normalise_state
from shared.policy.shapes import OfficesFile, WrittenOffice
from shared.policy.written import Field, PolicyInvalid, Written

Area = tuple[str, str]


def office_map(written: Written, file: OfficesFile) -> OfficeMap:
    """The map of a file.

    Raises PolicyInvalid for an unknown state, a doubled office, a place in two areas, and a map without headquarters.
    """
    wrong = [written.complaint(field, message) for field, message in _complaints(file)]
    if wrong:
        raise PolicyInvalid("\n".join(wrong))
    offices = {office.code: _office(office) for office in file.offices}
    areas = {area: office.code for office in file.offices for area, _ in _areas(office)}
    towns = {(_state(state), normalise_county(name)) for office in file.offices for state, name in _towns(office)}
    return OfficeMap(version=file.version, offices=offices, areas=areas, towns=frozenset(towns))


def _office(written: WrittenOffice) -> Office:
    return Office(
        code=written.code,
        name=written.name,
        seat=written.seat,
        zone=written.zone,
        duty_mailbox=written.duty_mailbox,
    )


def _areas(office: WrittenOffice) -> Iterator[tuple[Area, Field]]:
    """The areas of an office, each with the field (below the office) where it is written."""
    for at, state in enumerate(office.states):
        yield (_state(state), ""), ("states", at)
    for state, counties in office.counties.items():
        for at, county in enumerate(counties):
            yield (_state(state), normalise_county(county)), ("counties", state, at)
    for state, names in office.also_called.items():
        for name in names:
            yield (_state(state), normalise_county(name)), ("also_called", state, name)


def _state(text: str) -> str:
    return normalise_state(text) or text


def _complaints(file: OfficesFile) -> Iterator[tuple[Field, str]]:
    codes: set[str] = set()
    owners: dict[Area, str] = {}
    whole = {_state(state): office.code for office in file.offices for state in office.states}
    for at, office in enumerate(file.offices):
        here: Field = ("offices", at)
        if office.code in codes:
            yield (*here, "code"), f"{office.code} is given twice"
        codes.add(office.code)
        for (state, county), field in _areas(office):
            if normalise_state(state) is None:
                yield (*here, *field), f"{state} is no state or territory"
            elif (state, county) in owners:
                yield (*here, *field), f"belongs to {owners[state, county]} already"
            elif county and state in whole:
                yield (*here, *field), f"{state} belongs to {whole[state]} whole"
            owners[state, county] = office.code
        for field, message in _unknown_names(office):
            yield (*here, *field), message
    if HEADQUARTERS not in codes:
        yield ("offices",), f"headquarters ({HEADQUARTERS}) is missing: cases that no office has yet are its business"


def _towns(office: WrittenOffice) -> Iterator[tuple[str, str]]:
    return ((state, name) for state, names in office.also_towns.items() for name in names)


def _unknown_names(office: WrittenOffice) -> Iterator[tuple[Field, str]]:
    for state, names in office.also_called.items():
        for name, county in names.items():
            if county not in office.counties.get(state, ()):
                yield ("also_called", state, name), f"{county} is not among this office's counties"
    for state, name in _towns(office):
        if name not in office.counties.get(state, ()):
            yield ("also_towns", state), f"{name} is not among this office's counties"
