"""From a places file to what it tells: a zone for every place, and a place for every ZIP code, none in two."""

from collections.abc import Iterator

from shared.policy.geography import Geography
from shared.policy.places import STATES, normalise_county
from shared.policy.shapes import PlacesFile
from shared.policy.written import Field, PolicyInvalid, Written

ZIP_DIGITS = 5


def geography(written: Written, file: PlacesFile) -> Geography:
    """The places of a file. Raises PolicyInvalid for a state without a zone, and for what is given twice."""
    wrong = [written.complaint(field, message) for field, message in _complaints(file)]
    if wrong:
        raise PolicyInvalid("\n".join(wrong))
    whole = [(code, state) for state, codes in file.zips.states.items() for code in codes]
    named = [(code, (state, name)) for state, name, codes, _ in _named(file) for code in codes]
    single: dict[str, tuple[str, str | None]] = {
        code: (state, None) for code, state in whole if len(code) == ZIP_DIGITS
    }
    return Geography(
        version=file.version,
        zones={(state, ""): zone for state, zone in file.zones.items()}
        | {(state, normalise_county(county)): zone for state, zone, county, _ in _counties(file)},
        zips=single | dict(named),
        prefixes={code: state for code, state in whole if len(code) < ZIP_DIGITS},
    )


def _counties(file: PlacesFile) -> Iterator[tuple[str, str, str, Field]]:
    for state, by_zone in file.zones_of_counties.items():
        for zone, counties in by_zone.items():
            for at, county in enumerate(counties):
                yield state, zone, county, ("zones_of_counties", state, zone, at)


def _named(file: PlacesFile) -> Iterator[tuple[str, str, tuple[str, ...], Field]]:
    """Counties, which are called so because some have the name of a town elsewhere, and towns."""
    for kind, named, called in (("counties", file.zips.counties, "{} County"), ("towns", file.zips.towns, "{}")):
        for state, places in named.items():
            for name, codes in places.items():
                yield state, called.format(name), codes, ("zips", kind, state, name)


def _complaints(file: PlacesFile) -> Iterator[tuple[Field, str]]:
    for state in file.zones.keys() - STATES.keys():
        yield ("zones", state), f"{state} is no state or territory"
    for state in STATES.keys() - file.zones.keys():
        yield ("zones",), f"{state} has no zone"
    seen: set[tuple[str, str]] = set()
    for state, _, county, field in _counties(file):
        if (key := (state, normalise_county(county))) in seen:
            yield field, f"{county} is given twice"
        seen.add(key)
    yield from _zips_amiss(file)


def _zips_amiss(file: PlacesFile) -> Iterator[tuple[Field, str]]:
    zips = file.zips
    owners: dict[str, str] = {}
    for state, prefixes in zips.states.items():
        if state not in STATES:
            yield ("zips", "states", state), f"{state} is no state or territory"
        for code in prefixes:
            if code in owners:
                yield ("zips", "states", state), f"{code} belongs to {owners[code]} already"
            owners[code] = state
    placed = dict.fromkeys(zips.on_a_border, "the border")
    for state, name, codes, field in _named(file):
        for code in codes:
            if code in placed:
                yield field, f"{code} belongs to {placed[code]} already"
            if owners.get(code, owners.get(code[:3])) != state:
                yield field, f"{code} is not in {state}"
            placed[code] = name
