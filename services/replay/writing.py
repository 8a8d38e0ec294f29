"""Answers as files and lines: CSV that no spreadsheet runs, JSON lines, Parquet. Memory holds some thousand rows."""

import csv
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO, TypeVar

import duckdb
import pyarrow.parquet as pq
from duckdb import DuckDBPyRelation
from pydantic_core import to_json

from services.replay.asking import BATCH, Answer, CannotAsk, said
from services.replay.failing import CannotArchive

W = TypeVar("W")

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula."""


def csv_(answer: Answer, to: TextIO) -> None:
    """A line of names, then a line a row."""
    writer = csv.writer(to)
    writer.writerow(answer.columns)
    writer.writerows([_cell(value) for value in row] for row in answer.rows)


def jsonl(answer: Answer, to: TextIO) -> None:
    """An object a line."""
    for row in answer.rows:
        to.write(to_json(dict(zip(answer.columns, row, strict=True)), bytes_mode="base64").decode() + "\n")


def parquet(relation: DuckDBPyRelation, to: Path) -> None:
    """A file with DuckDB's types, as the archive's files have them."""
    batches = relation.to_arrow_reader(BATCH)
    with pq.ParquetWriter(to, batches.schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)


def _in_text(write: Callable[[Answer, TextIO], None]) -> Callable[[DuckDBPyRelation, Path], None]:
    def written(relation: DuckDBPyRelation, to: Path) -> None:
        with to.open("w", encoding="utf-8", newline="") as file:
            write(Answer(list(relation.columns), _rows(relation)), file)

    return written


_WRITERS: Final[dict[str, Callable[[DuckDBPyRelation, Path], None]]] = {
    ".csv": _in_text(csv_),
    ".jsonl": _in_text(jsonl),
    ".parquet": parquet,
}
"""How a file is written, by how its name ends."""


def write(relation: DuckDBPyRelation, to: Path) -> None:
    """Write a new file of the kind that its name says. Raises `CannotArchive`, `CannotAsk` and `OSError`."""
    written = by_ending(to, _WRITERS)
    with beside(to) as partly:
        try:
            written(relation, partly)
        except duckdb.Error as error:
            raise CannotAsk(said(error)) from None


def by_ending(to: Path, ways: Mapping[str, W]) -> W:
    """The way to write a file of this name. Raises `CannotArchive`."""
    if to.suffix not in ways:
        raise CannotArchive(f"{to.name} says no format: let it end in {', '.join(ways)}.")
    return ways[to.suffix]


@contextmanager
def beside(to: Path) -> Iterator[Path]:
    """A file to write to, that gets its name once it is whole. Raises `CannotArchive` where there is one already."""
    if to.exists():
        raise CannotArchive(f"{to} is there already: name another file, or remove it.")
    if not to.parent.is_dir():
        raise CannotArchive(f"There is no folder {to.parent}: make it first.")
    partly = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        yield partly
        partly.replace(to)
    finally:
        partly.unlink(missing_ok=True)


def _rows(relation: DuckDBPyRelation) -> Iterator[tuple[Any, ...]]:
    for batch in relation.to_arrow_reader(BATCH):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def text_of(value: Any) -> str:
    """A value for people; moments in UTC."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
        case list():
            return ", ".join(map(text_of, value))
        case _:
            return str(value)


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would run gets an apostrophe, by which it stays text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value.isoformat() if isinstance(value, datetime) else text_of(value)
    return f"'{text}" if text.startswith(FORMULAS) else text
