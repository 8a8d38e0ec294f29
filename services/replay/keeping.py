"""Adds records to an archive: whole batches, each by one replacement of the manifest, so that none counts twice."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from enum import StrEnum
from pathlib import Path

from services.replay import manifest, parts
from services.replay.columns import ARCHIVED, types_of
from services.replay.folder import told
from services.replay.manifest import Log, Manifest, Part
from shared.contracts.vocabulary import EventType
from shared.messaging.copying import Place, Raw


class Moment(StrEnum):
    """The named moments at which a test kills an archive."""

    READ = "records read, nothing written"
    WRITTEN = "files written, not named"
    PLACED = "files named, manifest not written"
    BESIDE = "manifest written, not in its place"
    REPLACED = "manifest in its place, merged files not removed"
    KEPT = "all kept"


GRACE_SECONDS = 120.0
"""How long a merged file stays for who has read the manifest before."""

WRITERS = 4
"""Threads that write files: each waits for the disk most of the time."""

Point = Callable[[Moment], None]


def no_point(_: Moment) -> None:
    """Nothing is installed: nothing happens."""


class Keeping:
    """The writing side of a locked archive. `keep` may run in a thread of its own, one at a time."""

    def __init__(self, folder: Path, begun: Manifest, point: Point = no_point) -> None:
        self._folder = folder
        self._point = point
        self._database = parts.connection()
        self._days: dict[tuple[str, str], list[Part]] = defaultdict(list)
        self._merged: list[tuple[float, Path]] = []
        self.manifest = begun
        for part in begun.parts:
            self._days[part.topic, part.day].append(part)

    def keep(self, records: Mapping[EventType, Mapping[int, Sequence[Raw]]], logs: Mapping[Place, Log]) -> None:
        """Have these records in the archive, and all logs stand as given. Raises `CannotArchive`."""
        with told(self._folder):
            self._point(Moment.READ)
            written = self._write_all(records)
            self._point(Moment.WRITTEN)
            manifest.synced({folder for each in written for folder in each.place(self._folder)})
            self._point(Moment.PLACED)
            following = self._following(written, logs)
            beside = manifest.write_beside(following, self._folder)
            self._point(Moment.BESIDE)
            manifest.replace(beside, self._folder)
            self.manifest = following
            self._point(Moment.REPLACED)
            self._merge(written)
            self._remove(before=time.monotonic() - GRACE_SECONDS)
            self._point(Moment.KEPT)

    def close(self) -> None:
        """Nothing more is written. Raises `CannotArchive`."""
        self._database.close()
        with told(self._folder):
            self._remove(before=math.inf)

    def _write_all(self, records: Mapping[EventType, Mapping[int, Sequence[Raw]]]) -> list[parts.Written]:
        """Files wait for the disk, so some are written at once."""
        with ThreadPoolExecutor(WRITERS) as pool:
            writing = [
                pool.submit(self._write, kind, day, table)
                for kind, of_topic in records.items()
                for day, table in parts.tabled(kind, of_topic, self._database).items()
            ]
            return [each.result() for each in writing]

    def _write(self, kind: EventType, day: date, table: object) -> parts.Written:
        name = f"{self.manifest.generation + 1:08}"
        earlier = self._days[kind, day.isoformat()]
        return parts.write(self._folder, kind, day, table, name=name, earlier=earlier)

    def _following(self, written: Sequence[parts.Written], logs: Mapping[Place, Log]) -> Manifest:
        merged = {part.path for each in written for part in each.instead_of}
        by_topic: dict[str, dict[int, Log]] = defaultdict(dict)
        for place, log in sorted(logs.items()):
            by_topic[place.topic][place.partition] = log
        kept = [part for part in self.manifest.parts if part.path not in merged]
        return Manifest(
            generation=self.manifest.generation + 1,
            columns={str(kind): types_of(kind) for kind in ARCHIVED},
            logs=by_topic,
            parts=(*kept, *(each.part for each in written)),
        )

    def _merge(self, written: Sequence[parts.Written]) -> None:
        for each in written:
            day = self._days[each.part.topic, each.part.day]
            for part in each.instead_of:
                day.remove(part)
                self._merged.append((time.monotonic(), self._folder / part.path))
            day.append(each.part)

    def _remove(self, *, before: float) -> None:
        for at, path in self._merged:
            if at < before:
                path.unlink(missing_ok=True)
        self._merged = [(at, path) for at, path in self._merged if at >= before]
