"""The manifest of an archive: which files hold which offsets. What it does not list is no part of the archive.

It is replaced in one step (written beside, synced, renamed), so that it is always whole, the old one or the new one.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from services.replay.failing import CannotArchive

NAME = "manifest.json"
VERSION = 1
READING = (
    "SET VARIABLE parts = (SELECT list('FOLDER/' || part.path) FROM (SELECT unnest(parts) AS part FROM "
    "read_json('FOLDER/manifest.json', columns = {parts: 'STRUCT(path VARCHAR)[]'}, maximum_object_size = 1000000000"
    "))); SELECT * FROM read_parquet(getvariable('parts'), union_by_name = true);"
)
"""How DuckDB reads an archive without us."""
ABOUT = (
    "The event topics of Second Look as Parquet files, one record a row, each record once. Only the files in `parts` "
    "count: others are left from a run that was killed, and the next one removes them. DuckDB reads all of them with: "
    + READING
)

HoleWhy = Literal["corrupt", "deleted", "absent"]


class Kept(BaseModel):
    """A part of the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Kept):
    """What a file holds of one partition: its first and last offset, and how many records."""

    first: int
    last: int
    rows: int


class Part(Kept):
    """One file. `schemas`: how many records of each `dataschema` it has; `offsets` by partition.

    Files of one `shape` have the same columns.
    """

    path: str
    topic: str
    day: str
    rows: int
    bytes: int
    sha256: str
    shape: str
    schemas: dict[str, int]
    offsets: dict[int, Span]


class Hole(Kept):
    """Offsets without a record in the archive, from `first` to the one before `following`, and why.

    corrupt: the batch there cannot be read. deleted: it was gone before it was read. absent: Kafka has no record there.
    """

    first: int
    following: int
    why: HoleWhy


class Anchor(Kept):
    """The last record that was archived, by which the log is known again."""

    offset: int
    digest: str


class Log(Kept):
    """One partition: archived is everything from `begins` to the offset before `next`, but for the holes."""

    begins: int
    next: int
    anchor: Anchor | None = None
    holes: tuple[Hole, ...] = ()


class Manifest(Kept):
    """What an archive holds. `logs` by topic and partition; `generation` counts how often it was written."""

    format: Literal["second-look-archive"] = "second-look-archive"
    version: int = VERSION
    about: str = ABOUT
    generation: int = 0
    columns: dict[str, dict[str, str]] = Field(default_factory=dict)
    """By topic, the types of its columns in SQL, as the build that wrote last knows them."""
    logs: dict[str, dict[int, Log]] = Field(default_factory=dict)
    parts: tuple[Part, ...] = ()


def load(folder: Path) -> Manifest:
    """The manifest of an archive. Raises `CannotArchive`."""
    try:
        raw = (folder / NAME).read_bytes()
    except OSError:
        raise CannotArchive(
            f"There is no archive in {folder}: make one with `secondlook archive --into {folder}`, or name its folder."
        ) from None
    try:
        found = from_json(raw)
        version = found["version"] if found["format"] == "second-look-archive" else None
    except (ValueError, TypeError, KeyError):
        version = None
    if not isinstance(version, int):
        raise CannotArchive(f"{folder / NAME} is damaged: put it back from a copy, or archive into a new folder.")
    if version != VERSION:
        raise CannotArchive(
            f"The archive in {folder} is of version {version}, and this build reads version {VERSION}: "
            "use the build that wrote it, or archive into a new folder."
        )
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError:
        raise CannotArchive(
            f"{folder / NAME} is damaged: put it back from a copy, or archive into a new folder."
        ) from None


def write_beside(manifest: Manifest, folder: Path) -> Path:
    """Write it to a temporary name, synced; `replace` makes it count."""
    beside = folder / f"{NAME}.tmp"
    with beside.open("wb") as file:
        file.write(manifest.model_dump_json(indent=1).encode())
        file.flush()
        os.fsync(file.fileno())
    return beside


def replace(beside: Path, folder: Path) -> None:
    """From now on it counts, also after a power cut."""
    beside.replace(folder / NAME)
    synced([folder])


def synced(folders: Iterable[Path]) -> None:
    """Have the names in these folders on the disk."""
    for folder in folders:
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
