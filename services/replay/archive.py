"""`archive`: copies the event topics into a folder, and can follow them. Killed at any moment, it goes on exactly.

It commits nothing and is no member of a group. Memory is bounded by `Limits` and by what the client fetches ahead.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from services.replay import folder as folders
from services.replay.columns import ARCHIVED
from services.replay.failing import CannotArchive
from services.replay.keeping import Keeping, Point, no_point
from services.replay.manifest import Anchor, Hole, Log
from shared.contracts.vocabulary import EventType
from shared.messaging.copying import Copier, Place, Raw, Run, digest
from shared.messaging.tap import NoTap

SILENT_SECONDS = 30.0
LISTEN_SECONDS = 0.5

Tell = Callable[[int, int], None]
"""How many records were read so far, of how many."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When what was read is written: at so many records, or bytes; while following also after so many seconds."""

    rows: int = 50_000
    bytes: int = 32 * 1024 * 1024
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Archived:
    """What a run has done. `absent`: topics that this Kafka does not have (a platform of before)."""

    records: int
    holes: tuple[tuple[Place, Hole], ...]
    absent: tuple[str, ...]


@dataclass(slots=True)
class _Read:
    """What was read and is not written yet."""

    records: dict[EventType, dict[int, list[Raw]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    rows: int = 0
    bytes: int = 0
    moved: bool = False
    since: float = field(default_factory=time.monotonic)


async def archive(
    bootstrap: str,
    folder: Path,
    *,
    follow: asyncio.Event | None = None,
    prefix: str = "",
    limits: Limits = Limits(),
    point: Point = no_point,
    tell: Tell = lambda _, __: None,
) -> Archived:
    """Bring a folder's archive up to where the topics end now; with `follow`, go on until that is set.

    Raises `CannotArchive`, and `NoTap` when Kafka does not answer. What was read before is kept in both cases.
    """
    with folders.locked(folder):
        keeping = Keeping(folder, folders.opened(folder), point)
        async with Copier(bootstrap, prefix=prefix) as copier:
            run = _Run(copier, keeping, limits, tell)
            try:
                await run.begin()
                await run.catch_up(follow)
                if follow is not None:
                    await run.follow(follow)
            finally:
                await run.settled()
                keeping.close()
    return Archived(run.rows, tuple(run.holes), tuple(run.absent))


class _Run:
    def __init__(self, copier: Copier, keeping: Keeping, limits: Limits, tell: Tell) -> None:
        self._copier = copier
        self._keeping = keeping
        self._limits = limits
        self._tell = tell
        self._logs: dict[Place, Log] = {}
        self._ends: dict[Place, int] = {}
        self._unchecked: dict[Place, Anchor] = {}
        self._read = _Read()
        self._writing: asyncio.Task[None] | None = None
        self.rows = 0
        self._of = 0
        self.holes: list[tuple[Place, Hole]] = []
        self.absent: list[str] = []

    async def begin(self) -> None:
        """See where each log stands, here and in Kafka."""
        places = await self._copier.places(ARCHIVED)
        there = {place.topic for place in places}
        self.absent = [kind for kind in ARCHIVED if kind not in there]
        if not there:
            raise CannotArchive("This Kafka has none of the event topics: name the Kafka that the services use.")
        kept = {Place(t, n): log for t, logs in self._keeping.manifest.logs.items() for n, log in logs.items()}
        for place in kept.keys() - set(places):
            raise _changed(place, "it is not there any more")
        bounds = await self._copier.bounds(places)
        for place, (first, end) in bounds.items():
            log = kept.get(place, Log(begins=first, next=first))
            if end < log.next:
                raise _changed(place, f"it ends before offset {log.next}, up to which it is archived")
            self._logs[place] = log
            if first > log.next:
                self._pass(place, first, "deleted")
            elif log.anchor and first <= log.anchor.offset:
                self._unchecked[place] = log.anchor
        self._ends = {place: end for place, (_, end) in bounds.items()}
        self._of = sum(end - self._logs[place].next for place, end in self._ends.items())

    async def catch_up(self, until: asyncio.Event | None = None) -> None:
        """Everything up to the ends that `begin` saw, one topic after the other: a day's records come together."""
        for kind in ARCHIVED:
            behind = self._behind(place for place in self._logs if place.topic == kind)
            if behind:
                self._go_to(behind)
            heard = time.monotonic()
            while self._behind(behind) and not (until and until.is_set()):
                if await self._take_more():
                    heard = time.monotonic()
                elif time.monotonic() - heard > SILENT_SECONDS:  # the client itself would wait for ever
                    raise NoTap("Kafka does not answer.")
        await self._write()

    async def follow(self, until: asyncio.Event) -> None:
        """Go on with all topics at once, and write every few seconds. An outage of Kafka's is waited for."""
        self._go_to(self._logs)
        while not until.is_set():
            await self._take_more()
            if self._read.moved and time.monotonic() - self._read.since >= self._limits.seconds:
                await self._write()
        await self._write()

    async def settled(self) -> None:
        """Until nothing is being written any more."""
        writing, self._writing = self._writing, None
        if writing is not None:
            await asyncio.shield(writing)

    def _behind(self, places: Iterable[Place]) -> list[Place]:
        return [place for place in places if self._logs[place].next < self._ends[place] or place in self._unchecked]

    def _go_to(self, places: Collection[Place]) -> None:
        checked = {place: anchor.offset for place, anchor in self._unchecked.items()}
        self._copier.go_to({place: checked.get(place, self._logs[place].next) for place in places})

    async def _take_more(self) -> bool:
        runs = await self._copier.more(within=LISTEN_SECONDS)
        for run in runs:
            await self._take(run)
        if self._read.rows >= self._limits.rows or self._read.bytes >= self._limits.bytes:
            await self._write()
        if runs:
            self._tell(self.rows, self._of)
        return bool(runs)

    async def _take(self, run: Run) -> None:
        place, records = run.place, run.records
        if place in self._unchecked and (records or run.corrupt):
            records = self._known_again(place, records)
        if not records and run.following <= self._logs[place].next:
            return
        into = self._read.records[EventType(place.topic)][place.partition]
        at = self._logs[place].next
        if records and (records[0].offset != at or records[-1].offset != at + len(records) - 1):
            for record in records:
                await self._up_to(place, record.offset)
                self._logs[place] = self._logs[place].model_copy(update={"next": record.offset + 1})
        if records:
            into.extend(records)
            last = Anchor(offset=records[-1].offset, digest=digest(records[-1]))
            self._logs[place] = self._logs[place].model_copy(update={"next": last.offset + 1, "anchor": last})
        if run.corrupt:
            await self._up_to(place, run.corrupt.offset)
            self._pass(place, run.following, "corrupt")
        await self._up_to(place, run.following)
        self._read.rows += len(records)
        self._read.bytes += sum(len(record.value or b"") + len(record.key or b"") for record in records)
        self._read.moved = True
        self.rows += len(records)

    def _known_again(self, place: Place, records: Collection[Raw]) -> list[Raw]:
        """Without the first record, which is the last one that was archived, if the log is still the same."""
        anchor, (first, *others) = self._unchecked.pop(place), records or (None,)
        if first is None or (first.offset, digest(first)) != (anchor.offset, anchor.digest):
            raise _changed(place, f"its record at offset {anchor.offset} is not the one that is archived")
        return others

    async def _up_to(self, place: Place, offset: int) -> None:
        """Go on at an offset. Whatever lies between is no record, or was deleted while it was being read."""
        at = self._logs[place].next
        if offset < at:
            raise _changed(place, f"it went back from offset {at} to {offset}")
        if offset > at:
            first, _ = (await self._copier.bounds([place]))[place]
            if first > at:
                self._pass(place, min(first, offset), "deleted")
            if first < offset:
                self._pass(place, offset, "absent")

    def _pass(self, place: Place, following: int, why: str) -> None:
        log = self._logs[place]
        hole = Hole.model_validate({"first": log.next, "following": following, "why": why})
        holes = log.holes
        if holes and (holes[-1].following, holes[-1].why) == (hole.first, hole.why):
            hole, holes = hole.model_copy(update={"first": holes[-1].first}), holes[:-1]
        self._logs[place] = log.model_copy(update={"next": following, "holes": (*holes, hole)})
        self.holes.append((place, hole))
        self._read.moved = True

    async def _write(self) -> None:
        """Have what was read written, while more is read; what was to be written before is written then."""
        await self.settled()
        read, self._read = self._read, _Read()
        if read.moved:
            self._writing = asyncio.create_task(asyncio.to_thread(self._keeping.keep, read.records, dict(self._logs)))


def _changed(place: Place, how: str) -> CannotArchive:
    return CannotArchive(
        f"The topic {place.topic}, partition {place.partition}, is not the one that was archived ({how}): "
        "archive this Kafka into a new folder."
    )
