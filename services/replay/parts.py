"""Parquet files of one topic and day: made of records, and merged with smaller ones, so that they stay few."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.replay.columns import COMMON, reading, shapes
from services.replay.folder import EVENTS
from services.replay.manifest import Part, Span
from shared.contracts.vocabulary import EventType
from shared.messaging.copying import Raw

MOMENT = pa.timestamp("ms", "UTC")
LAST_MS = 253_402_300_799_999
"""The end of the year 9999: a later time is nobody's clock."""
GROUP_ROWS = 50_000
MOST_ROWS = 500_000
"""No file grows beyond this by merging."""
ORDER = [("partition", "ascending"), ("offset", "ascending")]


def connection() -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own, in memory; its clock is UTC."""
    made = duckdb.connect()
    made.execute("SET TimeZone = 'UTC'; SET threads = 2")
    return made


def tabled(
    kind: EventType, records: Mapping[int, Sequence[Raw]], database: duckdb.DuckDBPyConnection
) -> dict[date, pa.Table]:
    """Records of one topic, by partition, as tables by day; sorted by partition and offset."""
    laid = [(partition, record) for partition in sorted(records) for record in records[partition]]
    times = [record.timestamp if 0 <= record.timestamp <= LAST_MS else None for _, record in laid]
    values = pa.array([record.value for _, record in laid], pa.binary())
    raw = pa.table({"n": range(len(laid)), "text": _texts(values), "timestamp": pa.array(times, MOMENT)})
    database.register("raw", raw)
    read = database.sql(reading(kind)).to_arrow_table()
    whole = {
        "topic": pa.repeat(str(kind), len(laid)),
        "partition": pa.array([partition for partition, _ in laid], pa.int32()),
        "offset": pa.array([record.offset for _, record in laid], pa.int64()),
        "timestamp": raw["timestamp"],
        "key": pa.array([record.key for _, record in laid], pa.binary()),
        "value": values,
    }
    table = pa.table(whole | {name: read[name] for name in (*COMMON, *shapes(kind)) if name not in whole})
    return dict(_by_day(table, read["day"]))


def _by_day(table: pa.Table, days: pa.ChunkedArray) -> Iterator[tuple[date, pa.Table]]:
    """Sorted by day once, then cut: to pick each day's rows would read all of them for each day."""
    keys = pa.table({"day": days, "partition": table["partition"], "offset": table["offset"]})
    order = pc.sort_indices(keys, sort_keys=[("day", "ascending"), *ORDER])
    table, at = table.take(order), 0
    for day, count in sorted(Counter(days.to_pylist()).items()):
        yield day, table.slice(at, count)
        at += count


def _texts(values: pa.Array) -> pa.Array:
    """The values as text; NULL where they are none."""
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([_text(value) for value in values.to_pylist()], pa.string())


def _text(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


@dataclass(frozen=True, slots=True)
class Written:
    """A file under its temporary name, and the parts whose rows it has taken in."""

    beside: Path
    part: Part
    instead_of: tuple[Part, ...]

    def place(self, folder: Path) -> set[Path]:
        """Give it its name. Returns the folders that have to be synced, so that it keeps it."""
        self.beside.replace(folder / self.part.path)
        day = self.beside.parent
        return {day, day.parent, day.parent.parent}


def write(folder: Path, topic: str, day: date, table: pa.Table, *, name: str, earlier: Sequence[Part]) -> Written:
    """Write rows to a new file, together with those of the last parts of the day that are not larger than it.

    So a day's files at least halve from one to the next: few to read, and each row is written again rarely.
    """
    taken: list[Part] = []
    for part in reversed(earlier):
        if part.rows > table.num_rows or part.rows + table.num_rows > MOST_ROWS:
            break
        table = pa.concat_tables(
            [pq.read_table(folder / part.path, partitioning=None), table], promote_options="default"
        )
        taken.append(part)
    if taken:
        table = table.sort_by(ORDER)
    path = f"{EVENTS}/topic={topic}/day={day.isoformat()}/{name}.parquet"
    beside = folder / f"{path}.tmp"
    beside.parent.mkdir(parents=True, exist_ok=True)
    with beside.open("wb") as file:
        pq.write_table(
            table,
            file,
            compression="zstd",
            row_group_size=GROUP_ROWS,
            use_dictionary=[name for name, kind in COMMON.items() if kind == "VARCHAR" and name not in UNLIKE],
            write_statistics=True,
            sorting_columns=pq.SortingColumn.from_ordering(table.schema, ORDER),
        )
        file.flush()
        os.fsync(file.fileno())
    return Written(beside, _part(path, topic, day, beside, table), tuple(taken))


UNLIKE = {"id", "causationid"}
"""Texts that hardly ever repeat."""


def _part(path: str, topic: str, day: date, beside: Path, table: pa.Table) -> Part:
    return Part(
        path=path,
        topic=topic,
        day=day.isoformat(),
        rows=table.num_rows,
        bytes=beside.stat().st_size,
        sha256=sha256(beside),
        shape=hashlib.sha256(str(table.schema.remove_metadata()).encode()).hexdigest()[:12],
        schemas=dict(Counter(table["dataschema"].fill_null("").to_pylist())),
        offsets=dict(_spans(table)),
    )


def _spans(table: pa.Table) -> Iterator[tuple[int, Span]]:
    found: Any = (
        table.select(["partition", "offset"])
        .group_by("partition")
        .aggregate([("offset", "min"), ("offset", "max"), ("offset", "count")])
    )
    for row in found.sort_by("partition").to_pylist():
        yield row["partition"], Span(first=row["offset_min"], last=row["offset_max"], rows=row["offset_count"])


def sha256(path: Path) -> str:
    """Of a file's content, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
