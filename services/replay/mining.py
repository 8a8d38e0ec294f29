"""Event logs for process mining, of an archive: XES (IEEE 1849) and OCEL 2.0 (JSON). Memory holds some thousand events.

A trace of XES is a case. OCEL's objects are cases and letters: an event of a letter is about both. Only what travels in
clear is in them. They are for analysts inside: a trace is one case, however few there are like it.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, TextIO
from xml.sax.saxutils import quoteattr

from pydantic_core import to_json

from services.replay.asking import EventArchive
from services.replay.columns import ARCHIVED
from services.replay.writing import beside, by_ending

IN_TRACES = """
    SELECT case_id, type, "time", source, id
    FROM (SELECT case_id, topic AS type, "time", source, id, seq FROM events) ORDER BY case_id, "time", type, seq"""
CASES = "SELECT case_id, office, urgency, stage, outcome, first_event_at FROM cases ORDER BY case_id"
LETTERS = """
    SELECT notification, any_value(letter), any_value(role), min("time") FROM notification_recorded
    GROUP BY notification ORDER BY notification"""
ALL = """
    SELECT e.id, e.topic, e."time", e.source, e.case_id, n.notification
    FROM events e LEFT JOIN (SELECT id, notification FROM notification_recorded) n USING (id)
    ORDER BY e."time", e.id"""
OF_CASES = ("office", "urgency", "stage", "outcome")
OF_LETTERS = ("letter", "role")

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
 <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
 <extension name="Identity" prefix="identity" uri="http://www.xes-standard.org/identity.xesext"/>
 <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
 <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
 <global scope="trace"><string key="concept:name" value=""/></global>
 <global scope="event">
  <string key="concept:name" value=""/><date key="time:timestamp" value="1970-01-01T00:00:00Z"/>
 </global>
 <classifier name="Activity" keys="concept:name"/>
"""


def xes(archive: EventArchive, to: TextIO) -> None:
    """A trace for each case, its events in the order in which they happened."""
    to.write(_HEAD)
    rows = (row for batch in archive.batches(IN_TRACES) for row in batch)
    for case_id, events in groupby(rows, key=itemgetter(0)):
        to.write(f" <trace>{_string('concept:name', case_id)}\n")
        for _, type_, time, source, id_ in events:
            named = _string("concept:name", type_) + _string("org:resource", source)
            to.write(
                f'  <event>{named}<id key="identity:id" value={quoteattr(id_)}/>'
                f'<date key="time:timestamp" value="{_at(time)}"/></event>\n'
            )
        to.write(" </trace>\n")
    to.write("</log>\n")


def _string(key: str, value: str) -> str:
    return f'<string key="{key}" value={quoteattr(value)}/>'


def ocel(archive: EventArchive, to: TextIO) -> None:
    """Cases and letters as objects, as they stand at the end; every event once."""
    to.write('{"objectTypes":' + _json([_type("case", OF_CASES), _type("letter", OF_LETTERS)]))
    to.write(',"eventTypes":' + _json([_type(str(kind), ("source",)) for kind in ARCHIVED]))
    to.write(',"objects":')
    _array(_objects(archive), to)
    to.write(',"events":')
    _array((_event(row) for batch in archive.batches(ALL) for row in batch), to)
    to.write("}\n")


def _objects(archive: EventArchive) -> Iterator[dict[str, Any]]:
    for kind, names, query in (("case", OF_CASES, CASES), ("letter", OF_LETTERS, LETTERS)):
        for batch in archive.batches(query):
            for id_, *values, since in batch:
                told = [
                    {"name": name, "time": _at(since), "value": value}
                    for name, value in zip(names, values, strict=True)
                    if value is not None
                ]
                yield {"id": id_, "type": kind, "attributes": told, "relationships": []}


def _event(row: tuple[Any, ...]) -> dict[str, Any]:
    id_, kind, time, source, case_id, letter = row
    about = [{"objectId": case_id, "qualifier": "case"}]
    return {
        "id": id_,
        "type": kind,
        "time": _at(time),
        "attributes": [{"name": "source", "value": source}],
        "relationships": about + ([{"objectId": letter, "qualifier": "letter"}] if letter else []),
    }


def _type(name: str, attributes: tuple[str, ...]) -> dict[str, Any]:
    return {"name": name, "attributes": [{"name": each, "type": "string"} for each in attributes]}


def _array(items: Iterator[dict[str, Any]], to: TextIO) -> None:
    separator = "[\n"
    for item in items:
        to.write(separator + _json(item))
        separator = ",\n"
    to.write("]" if separator == ",\n" else "[]")


def _json(what: Any) -> str:
    return to_json(what).decode()


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_LOGS: Final[dict[str, Callable[[EventArchive, TextIO], None]]] = {".xes": xes, ".jsonocel": ocel}
"""How a log is written, by how its file's name ends."""


def write(archive: EventArchive, to: Path) -> None:
    """Write a new log of the kind that its name says. Raises `CannotArchive`, `OSError`."""
    log = by_ending(to, _LOGS)
    with beside(to) as partly, partly.open("w", encoding="utf-8") as file:
        log(archive, file)
