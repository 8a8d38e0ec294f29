"""Time travel: a case as it stood at a moment, folded from the archive by the same `history.py` as the live view."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from services.replay.asking import EventArchive
from shared.contracts.history import History, dump, fold
from shared.contracts.parsing import Unparsable, parse_any
from shared.contracts.telling import Told, in_order


class NoCase(Exception):
    """What was asked for is not in the archive, in one sentence."""


@dataclass(frozen=True, slots=True)
class Offset:
    """A record of a topic. Up to it is: what lay in Kafka when it was written, by the broker's times."""

    topic: str
    partition: int
    offset: int


CASE_IDS = """
    SELECT case_id FROM events WHERE case_id = $said
    UNION SELECT case_id FROM request_submitted WHERE number = $said
    UNION SELECT case_id FROM request_rejected WHERE number = $said
    UNION SELECT case_id FROM review_requested WHERE number = $said
    UNION SELECT case_id FROM triage_completed WHERE number = $said"""
VALUES = """
    SELECT case_id, value FROM records WHERE problem IS NULL AND case_id = $case ORDER BY topic, partition, "offset" """
SOME_VALUES = """
    SELECT case_id, value FROM records WHERE problem IS NULL AND hash(case_id) % $shares = $share
    ORDER BY case_id, topic, partition, "offset" """
SHARE_ROWS = 200_000
"""So many records are sorted by case at a time, whatever the archive's size."""
UP_TO = """
    SELECT case_id, value FROM records, (SELECT timestamp AS written FROM records
        WHERE topic = $topic AND partition = $partition AND "offset" = $offset)
    WHERE problem IS NULL AND case_id = $case AND CASE WHEN topic = $topic AND partition = $partition
        THEN "offset" <= $offset ELSE timestamp <= written END
    ORDER BY topic, partition, "offset" """


def case_id_of(archive: EventArchive, said: str) -> str:
    """The case of a number, or of an id. Raises `NoCase`."""
    found = archive.rows(CASE_IDS, said=said.strip())
    if not found:
        raise NoCase(f"The archive has no case {said} at that time: check the number, or archive again.")
    return str(found[0][0])


def history_at(
    archive: EventArchive, case_id: str, *, event: UUID | None = None, offset: Offset | None = None
) -> History:
    """A case as it stood at the archive's moment; or with `event` just after that, or when `offset` was written."""
    if offset is None:
        rows = archive.rows(VALUES, case=case_id)
    else:
        rows = archive.rows(UP_TO, case=case_id, topic=offset.topic, partition=offset.partition, offset=offset.offset)
    told = list(_told(value for _, value in rows))
    if event is not None:
        told = _up_to(in_order(told), event)
    if not told:
        raise NoCase(f"Nothing had happened in the case {case_id} by then: name a later moment.")
    return fold(told)


def histories(archive: EventArchive, *, share_rows: int = SHARE_ROWS) -> Iterator[History]:
    """All cases, one after the other, a share of them in memory."""
    shares = 1 + sum(part.rows for part in archive.manifest.parts) // share_rows
    rows = (
        row
        for share in range(shares)
        for batch in archive.batches(SOME_VALUES, shares=shares, share=share)
        for row in batch
    )
    for _, of_case in groupby(rows, key=itemgetter(0)):
        told = list(_told(value for _, value in of_case))
        if told:
            yield fold(told)


def _told(values: Iterable[bytes]) -> Iterator[Told]:
    """What the services would have taken for events; the rest is in nobody's history."""
    for value in values:
        try:
            yield parse_any(value)
        except Unparsable:
            continue


def _up_to(told: list[Told], event: UUID) -> list[Told]:
    places = [place for place, each in enumerate(told) if str(each.id) == str(event)]
    if not places:
        raise NoCase(f"The case has no event {event}: see its events with `secondlook sql`.")
    return told[: places[0] + 1]


def differences(before: Any, after: Any) -> dict[str, tuple[Any, Any]]:
    """The members of two JSON objects that differ, with both values; the same bytes mean the same."""
    names = dict.fromkeys((*before, *after))
    return {
        name: (before.get(name), after.get(name))
        for name in names
        if to_json(before.get(name)) != to_json(after.get(name))
    }


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a case between two moments. `happened`: the lines that its timeline has got."""

    fields: dict[str, tuple[Any, Any]]
    happened: list[dict[str, Any]]


def change(before: History | None, after: History) -> Change:
    """From one history of a case to a later one; None: nothing had happened yet."""
    old = before.model_dump(mode="json") if before else {}
    new = after.model_dump(mode="json")
    known = [to_json(line) for line in old.pop("timeline", ())]
    happened = [line for line in new.pop("timeline") if to_json(line) not in known]
    return Change(differences(old, new), happened)


def compared(replayed: History, live: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields in which the archive and the services differ; none: they are equal byte for byte."""
    if dump(replayed) == to_json(live) + b"\n":
        return {}
    return differences(replayed.model_dump(mode="json"), live) or {"order of fields": (None, None)}
