"""Whether an archive holds what its manifest says: every offset once, every file unchanged, every schema known."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from services.replay import folder as folders
from services.replay import parts
from services.replay.manifest import Log, Manifest, Part
from shared.contracts.envelope import dataschema
from shared.contracts.vocabulary import EventType

ISLANDS = """
    SELECT partition, min("offset"), max("offset") + 1, count(*) FROM (
        SELECT partition, "offset", "offset" - dense_rank() OVER (PARTITION BY partition ORDER BY "offset") AS island
        FROM read_parquet($files))
    GROUP BY partition, island ORDER BY ALL"""

Range = tuple[int, int]
"""From an offset to the one before another."""


@dataclass(slots=True)
class Verified:
    """`wrong`: sentences about what must not be; `noted`: about what is as it should be told."""

    records: int = 0
    files: int = 0
    schemas: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)


def verify(folder: Path) -> Verified:
    """Read all of an archive that nobody writes to. Raises `CannotArchive` when there is none."""
    with folders.at_rest(folder) as manifest:
        found = Verified(records=sum(part.rows for part in manifest.parts), files=len(manifest.parts))
        whole = [part for part in manifest.parts if not _unlike(folder, part, found)]
        found.wrong += _left_over(folder, manifest)
        with parts.connection() as database:
            for topic, logs in manifest.logs.items():
                found.wrong += _compared(database, folder, topic, logs, [p for p in whole if p.topic == topic])
        for topic, logs in manifest.logs.items():
            found.noted += _holes(topic, logs)
        _count_schemas(manifest, found)
        return found


def _unlike(folder: Path, part: Part, found: Verified) -> bool:
    path = folder / part.path
    if not path.exists():
        found.wrong.append(f"{part.path} is missing.")
    elif parts.sha256(path) != part.sha256:
        found.wrong.append(f"{part.path} was changed: its checksum is another.")
    else:
        return False
    return True


def _left_over(folder: Path, manifest: Manifest) -> Iterator[str]:
    listed = {part.path for part in manifest.parts}
    there = (path.relative_to(folder).as_posix() for path in sorted((folder / folders.EVENTS).rglob("*.parquet")))
    yield from (f"{path} is in no manifest: the next archive removes it." for path in there if path not in listed)


def _compared(
    database: duckdb.DuckDBPyConnection, folder: Path, topic: str, logs: dict[int, Log], files: Sequence[Part]
) -> Iterator[str]:
    rows = database.execute(ISLANDS, {"files": [str(folder / part.path) for part in files]}).fetchall() if files else []
    for partition, first, following, count in rows:
        if count > following - first:
            yield f"{topic}, partition {partition}: {count - following + first} records are there more than once."
    for partition, log in logs.items():
        have = [(first, following) for number, first, following, _ in rows if number == partition]
        for first, following in without(expected(log), have):
            yield f"{topic}, partition {partition}: the offsets {first} to {following - 1} are missing."
        for first, following in without(have, expected(log)):
            yield f"{topic}, partition {partition}: the offsets {first} to {following - 1} should not be there."


def expected(log: Log) -> list[Range]:
    """What a partition's archive must hold, by its manifest."""
    return without([(log.begins, log.next)], [(hole.first, hole.following) for hole in log.holes])


def without(ranges: Iterable[Range], taken: Iterable[Range]) -> list[Range]:
    """What is left of ranges where others are taken out; all in order, none of them overlapping."""
    left = [each for each in ranges if each[0] < each[1]]
    for first, following in taken:
        cut = ((max(a, start), min(b, end)) for start, end in left for a, b in ((start, first), (following, end)))
        left = [each for each in cut if each[0] < each[1]]
    return left


def _holes(topic: str, logs: dict[int, Log]) -> Iterator[str]:
    why = {
        "corrupt": "could not be read (a corrupt batch)",
        "deleted": "were deleted before they were read",
        "absent": "are no records in Kafka either",
    }
    for partition, log in logs.items():
        for hole in log.holes:
            yield f"{topic}, partition {partition}: the offsets {hole.first} to {hole.following - 1} {why[hole.why]}."


def _count_schemas(manifest: Manifest, found: Verified) -> None:
    for part in manifest.parts:
        for schema, count in part.schemas.items():
            found.schemas[schema] = found.schemas.get(schema, 0) + count
    known = {dataschema(kind) for kind in EventType}
    for schema, count in sorted(found.schemas.items()):
        if schema not in known:
            what = f"the schema {schema}, which this build does not know" if schema else "no schema: they are no events"
            found.noted.append(f"{count} records have {what}.")
