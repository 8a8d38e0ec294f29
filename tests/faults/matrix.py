"""Every point x kind of fault, several seeds each; `python -m tests.faults` plays them all."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.contracts.vocabulary import EventType, Service
from shared.failpoints import OF_MAIL, Reached
from tests.faults.checks import findings
from tests.faults.faulty import LOST, POINTS, SERVICES, Fault, Kind, Way
from tests.faults.lane import READY_SECONDS, Lane, until
from tests.faults.load import Asked, Notes, Outsiders, wave

IN_A_WAVE = 6
DONE_SECONDS = 120.0
QUIET_SECONDS = 45.0
LAST_POINT_SECONDS = 10.0
PENDING: Final = {"pending_since": {"$exists": True}}

INTAKE, TRIAGE, ESCALATION = SERVICES
BY_RECORDS: Final = [(service, Way.RECORDS) for service in SERVICES]
BY_COMMANDS: Final = [(INTAKE, Way.ELSE), (TRIAGE, Way.ELSE)]
BESIDE: Final = [(service, Way.ELSE) for service in SERVICES]

REACHED_BY: Final[dict[Reached, Sequence[tuple[Service, Way]]]] = {
    Reached.POLLED: BY_RECORDS,
    Reached.SETTLED: BY_RECORDS,
    Reached.COMMIT_APPLIED: BY_RECORDS,
    Reached.DEAD_LETTERS_KEPT: [(INTAKE, Way.RECORDS)],
    Reached.MARKING: BESIDE,
    Reached.MARK_APPLIED: BESIDE,
    Reached.MARKED: BESIDE,
    Reached.REVOKED: BESIDE,
    Reached.DRAINING: BESIDE,
    Reached.COMMANDED: [*BY_COMMANDS, (INTAKE, Way.RECORDS)],
    Reached.PUBLISHING_LATER: BY_COMMANDS,
    Reached.DEADLINES_FOUND: [(INTAKE, Way.ELSE)],
    Reached.DEADLINES_DONE: [(INTAKE, Way.ELSE)],
    Reached.STALE_FOUND: BY_COMMANDS,
    Reached.SWEPT: BY_COMMANDS,
    **dict.fromkeys(OF_MAIL, ((Service.NOTIFICATION, Way.ELSE),)),
}
"""Who reaches a point by what the outsiders do here; the others are reached by all records and commands."""

SELDOM: Final = frozenset(REACHED_BY) - {
    Reached.POLLED,
    Reached.SETTLED,
    Reached.COMMIT_APPLIED,
    Reached.COMMANDED,
    *OF_MAIL,
}
"""Points that may be reached once in a run. At all others the fault happens at the first, second or third time."""

ONCE_A_BATCH: Final = {Reached.SENDING, Reached.SENT, Reached.PUBLISHED, Reached.COMMANDED}
"""Points that a run may bring a service to once: intake emits only for its arrivals, and takes requests together."""

BY_THE_STOP: Final = {Reached.REVOKED, Reached.DRAINING}
"""Points that are reached while an instance is replaced."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One point and kind."""

    point: Reached
    kind: Kind


@dataclass(slots=True)
class Row:
    """What the runs of a cell have shown."""

    runs: int = 0
    hits: int = 0
    happened: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)


def cells() -> Iterator[Cell]:
    """All of them."""
    for point in (*POINTS, *OF_MAIL):
        for kind in (Kind.KILL, Kind.EXCEPTION, Kind.CANCELLATION):
            yield Cell(point, kind)
        if point in LOST:
            yield Cell(point, Kind.LOST_REPLY)


class Run:
    """One cell, one seed, on a lane."""

    quiet_seconds = QUIET_SECONDS

    def __init__(self, lane: Lane, cell: Cell, seed: int) -> None:
        self._lane, self._cell = lane, cell
        dice = random.Random(f"{cell.point} {cell.kind} {seed}")
        ways = REACHED_BY.get(cell.point, [*BY_RECORDS, *BY_COMMANDS])
        self._service, self._way = ways[seed % len(ways)]
        together = self._way is Way.RECORDS or self._service is INTAKE
        seldom = SELDOM | (ONCE_A_BATCH if together else frozenset())
        most = 12 if (self._service, self._way) == (TRIAGE, Way.ELSE) else 3  # so that it meets claims and decisions
        first = 1 if cell.point in seldom else dice.randint(1, most)
        self._fault = Fault(self._service, cell.point, cell.kind, self._way, first=first)
        self._notes = Notes()
        self._pause = dice.random() * 0.5
        self._waves = [wave(IN_A_WAVE, dice.randrange(1000)) for _ in range(2)]
        self._unclean: list[str] = []

    async def carry_out(self, row: Row) -> None:
        """Fault, load, healing, quiet; what is wrong is added to the row."""
        lane, began = self._lane, time.monotonic()
        await lane.ready()
        hits, happened = lane.counters.hits(self._service, self._cell.point, self._way), lane.counters.happened
        letters = await lane.count(Service.INTAKE, "dead_letters")
        await lane.install(*self._provocation(), self._fault)
        watching = asyncio.create_task(self._watch(happened))
        try:
            if not await self._load():
                self._unclean.append(f"not done after {DONE_SECONDS:.0f} s")
            # What is seen of the last step may be published before its last point is reached.
            await until(lambda: _holds(lane.counters.happened > happened), within=LAST_POINT_SECONDS)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await lane.leave_one()  # in another instance the next run's fault would not be installed
        await lane.ready()
        await lane.install()
        self._unclean += [f"{self._name}: {wrong}" for wrong in await self._quiet(letters)]
        row.runs += 1
        row.hits += lane.counters.hits(self._service, self._cell.point, self._way) - hits
        row.happened += lane.counters.happened - happened
        if lane.counters.happened == happened:
            self._unclean.append(f"{self._name}: the fault never happened")
        row.seconds += time.monotonic() - began
        row.violations += self._unclean

    @property
    def _name(self) -> str:
        return f"{self._service}, {self._way}, hit {self._fault.first}"

    def _provocation(self) -> list[Fault]:
        if self._cell.point not in {Reached.STALE_FOUND, Reached.SWEPT}:
            return []
        return [Fault(self._service, Reached.PUBLISHING_LATER, Kind.OUTAGE, Way.ELSE, times=4)]

    async def _load(self) -> bool:
        lane = self._lane
        outsiders = Outsiders(
            self._notes, kafka=lane.servers.kafka, topic=lane.arrivals, token=lane.token, url=lambda: lane.url
        )
        try:
            async with asyncio.timeout(DONE_SECONDS), asyncio.TaskGroup() as group:
                group.create_task(self._wave(outsiders, self._waves[0], poison=True))
                await asyncio.sleep(self._pause)
                group.create_task(self._provoke())
                group.create_task(self._wave(outsiders, self._waves[1], poison=False))
        except TimeoutError:
            return False
        return await until(self._all_resolved, within=DONE_SECONDS)

    @staticmethod
    async def _wave(outsiders: Outsiders, asked: Sequence[Asked], *, poison: bool) -> None:
        await outsiders.send(asked, poison=poison)
        await outsiders.decide(asked)

    async def _provoke(self) -> None:
        """What brings an instance to the point that it does not reach by itself."""
        lane = self._lane
        if self._cell.point is Reached.REVOKED and (old := lane.current) is not None:
            happened = lane.counters.happened
            lane.start()
            await until(lambda: _holds(lane.counters.happened > happened), within=READY_SECONDS)
            if self._cell.kind is Kind.CANCELLATION:
                await old.stop()
            await lane.ready()
        elif self._cell.point is Reached.DRAINING:
            await self._replace()

    async def _replace(self) -> None:
        """Stop the current instance as an operator does; the next one starts at the same moment."""
        old = self._lane.current
        self._lane.start()
        if old is None:
            return
        clean = await old.stop()
        broken_off = self._cell.point is Reached.DRAINING and self._cell.kind is Kind.CANCELLATION
        if not clean and not broken_off and self._cell.kind is not Kind.KILL:
            self._unclean.append(f"{self._name}: an instance did not stop cleanly ({old.process.exitcode})")

    async def _watch(self, happened: int) -> None:
        """An instance that died is followed by another; so is one in which a task was cancelled."""
        lane, cancelled = self._lane, self._cell.kind is Kind.CANCELLATION and self._cell.point not in BY_THE_STOP
        while True:
            if lane.current is not None and not lane.current.alive:
                await self._died()
                lane.start()
            if cancelled and lane.counters.happened > happened:
                cancelled = False
                await self._replace()
            await asyncio.sleep(0.05)

    async def _died(self) -> None:
        """The instance is dead, and the next one not started yet."""

    async def _wrong_beside(self) -> list[str]:
        """What else is to be looked at when all should be quiet."""
        return []

    async def _all_resolved(self) -> bool:
        await self._lane.read()
        return all(
            any(event.type is EventType.RESOLUTION_ISSUED for event in self._lane.log.events[case_id])
            for case_id in self._notes.case_ids
        )

    async def _quiet(self, letters: int) -> list[str]:
        """What is still wrong when it had time to get right."""
        found: list[str] = []

        async def well() -> bool:
            await self._lane.read()
            found.clear()
            documents = await self._lane.documents(self._notes.case_ids)
            dead = await self._lane.count(Service.INTAKE, "dead_letters") - letters
            found.extend(findings(self._notes, self._lane.log, documents, dead))
            found.extend(await self._wrong_beside())
            pending = {each: await self._lane.count(each, "cases", PENDING) for each in self._lane.services}
            found.extend(f"{service}: {count} cases are pending" for service, count in pending.items() if count)
            return not found

        await until(well, within=self.quiet_seconds)
        self._lane.log.findings.clear()
        return list(found)


async def _holds(answer: bool) -> bool:
    return answer


async def play(
    lanes: Sequence[Lane],
    runs: Sequence[tuple[Cell, int]],
    tell: Callable[[int, int], None] = lambda *_: None,
    *,
    run: type[Run] = Run,
) -> dict[Cell, Row]:
    """All runs, side by side on the lanes. `tell(done, violations)` hears of each that has ended."""
    rows: dict[Cell, Row] = defaultdict(Row)
    left = list(reversed(runs))

    async def work(lane: Lane) -> None:
        while left:
            cell, seed = left.pop()
            try:
                await run(lane, cell, seed).carry_out(rows[cell])
            except Exception as error:  # noqa: BLE001 - the others go on; this one has failed
                rows[cell].violations.append(f"the run itself failed: {error!r}")
            tell(sum(row.runs for row in rows.values()), sum(len(row.violations) for row in rows.values()))

    await asyncio.gather(*(work(lane) for lane in lanes))
    return {cell: rows[cell] for cell in cells() if cell in rows}


def table(rows: dict[Cell, Row]) -> str:
    """One line a cell, and what was wrong below it."""
    said = [f"{'point':52} {'kind':13} {'runs':>4} {'hits':>5} {'faults':>6} {'violations':>10} {'s/run':>6}"]
    for cell, row in rows.items():
        each = row.seconds / max(row.runs, 1)
        counts = f"{row.runs:4} {row.hits:5} {row.happened:6} {len(row.violations):10} {each:6.1f}"
        said.append(f"{cell.point:52} {cell.kind:13} {counts}")
        said += [f"    {violation}" for violation in row.violations[:20]]
    return "\n".join([*said, total(rows)])


def total(rows: Mapping[Cell, Row]) -> str:
    """All of it in one sentence."""
    runs, faults = sum(row.runs for row in rows.values()), sum(row.happened for row in rows.values())
    wrong = sum(len(row.violations) for row in rows.values())
    return f"{len(rows)} cells, {runs} runs, {faults} faults, {wrong} violations"
