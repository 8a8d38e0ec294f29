"""`make bench`: the whole platform on free ports in a fresh folder, warmed up, measured, stopped, and written down."""

import argparse
import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console

from bench import acknowledging, bare, cases, filling, machine, report, samples, usage
from bench.acknowledging import Acknowledged
from bench.connections import Connections
from bench.figures import limit, rate
from bench.officer import Officer
from bench.pump import TOPICS, Pump, producer
from deploy.local import platform, processes
from deploy.local.environment import case_ids
from deploy.local.places import PROJECT
from deploy.local.platform import Plan
from deploy.local.state import State
from shared.contracts.vocabulary import Service
from shared.messaging.tap import Tap
from shared.mongo.driver import MongoClient
from shared.web.tokens import DevelopmentIssuer

CLOCK = "2021-03-08T09:00-05:00*1"
"""Real speed, on the demo's first day: its requests are of that time."""

ONE_ADDRESS = {"PUBLIC_PER_SECOND": "1000000", "PUBLIC_BURST": "1000000"}
"""All requests come from here, so the limit for one address is out of the way."""

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured. `window` and `acknowledge` are seconds, the others are cases."""

    warm: int = 3000
    settle: int = 1000
    window: float = 20.0
    acknowledge: float = 16.0
    on_their_way: int = 2500
    bare_records: int = 6000
    bare_documents: int = 3000


QUICK = Sizes(600, 300, 8.0, 6.0, 1200, 2000, 1000)


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile. CPU in milliseconds a case and memory in MB by member; `load` is the benchmark itself."""

    per_second: float
    a: float
    b: float
    limit: float
    ratio: float
    cpu_ms: dict[str, float]
    rss_mb: dict[str, float]
    letters_per_case: float


@dataclass(slots=True)
class Results:
    """Everything that one run has found."""

    machine: dict[str, str]
    stored: int
    whole: Profile | None = None
    core: Profile | None = None
    acknowledged: Acknowledged | None = None
    bytes_per_case: dict[str, float] = field(default_factory=dict)


class Bench:
    """One run on a platform that is ready."""

    def __init__(self, data: Path, running: State, sizes: Sizes, pump: Pump) -> None:
        self._data = data
        self._running = running
        self._sizes = sizes
        self._pump = pump
        self._kafka = running.members["kafka"].url
        self._mongodb = running.members["documents"].url
        self._client = MongoClient(self._mongodb)
        self._intake = Connections(running.members["intake"].url)
        self._samples: dict[str, Any] = {}
        self._stored = 0

    @property
    def finished(self) -> int:
        """How many cases have gone the whole way."""
        return self._pump.finished

    async def warm_up(self) -> None:
        """Send cases the whole way until both servers and all services have done it often; keep some as samples."""
        async with self._pump.running(most=self._sizes.on_their_way, with_letters=True):
            await self._pump.finish(self._sizes.warm)
        self._samples = await samples.documents(self._kafka, self._client)

    async def flow(self, cases: int, *, with_letters: bool) -> None:
        """So many cases the whole way, and those that were begun meanwhile; without letters, notification ends."""
        if not with_letters:
            processes.stop(self._running.members[Service.NOTIFICATION].running)
        async with self._pump.running(most=self._sizes.on_their_way, with_letters=with_letters):
            await self._pump.finish(cases)

    async def fill(self, to: int) -> None:
        """Store finished cases until there are so many."""
        self._stored = await filling.fill(self._client, self._samples, to=to, say=console.print)

    async def all(self, described: dict[str, str]) -> Results:
        """The whole profile, acknowledgements, and last the core profile, for which notification is stopped."""
        found = Results(described, self._stored)
        console.print("whole profile: with every e-mail")
        before, finished = self._on_disk(), self._pump.finished
        found.whole = await self._profile(with_letters=True)
        done = self._pump.finished - finished
        found.bytes_per_case = {name: (size - before[name]) / done for name, size in self._on_disk().items()}
        console.print(f"{found.whole.per_second:.0f} cases/s; acknowledgements of POST /requests")
        found.acknowledged = await acknowledging.measure(
            self._intake, cases.endless(500_000_000), seconds=self._sizes.acknowledge
        )
        console.print("core profile: the service notification is stopped")
        processes.stop(self._running.members[Service.NOTIFICATION].running)
        found.core = await self._profile(with_letters=False)
        found.machine["load average after"] = machine.load()
        await self._intake.close()
        await self._client.close()
        return found

    async def _profile(self, *, with_letters: bool) -> Profile:
        pump, loop = self._pump, asyncio.get_running_loop()
        async with pump.running(most=self._sizes.on_their_way, with_letters=with_letters):
            await pump.finish(self._sizes.settle)
            used, start, finished = usage.of_all(self._running), loop.time(), pump.finished
            letters = self._letters()
            await asyncio.sleep(self._sizes.window)
            after, end, done = usage.of_all(self._running), loop.time(), pump.finished - finished
            letters = self._letters() - letters
        per_second = rate(pump.timeline, start, end)
        a, b = await self._bare(with_letters=with_letters)
        return Profile(
            per_second=per_second,
            a=a,
            b=b,
            limit=limit(a, b),
            ratio=per_second / limit(a, b),
            cpu_ms={name: 1000 * cpu / done for name, cpu in usage.cpu_between(used, after).items()},
            rss_mb={name: process.rss / 1e6 for name, process in after.items()},
            letters_per_case=letters / done,
        )

    async def _bare(self, *, with_letters: bool) -> tuple[float, float]:
        flows = await samples.flows(self._kafka, with_letters=with_letters)
        a = await bare.kafka(self._kafka, flows, cases=self._sizes.bare_records)
        b = await bare.documents(
            self._mongodb, self._samples, with_letters=with_letters, cases=self._sizes.bare_documents
        )
        return a, b

    def _letters(self) -> int:
        """E-mails that the sink has acknowledged."""
        with (self._data / "mail" / "ledger.jsonl").open("rb") as ledger:
            return sum(1 for _ in ledger)

    def _on_disk(self) -> dict[str, int]:
        return {name: usage.on_disk(self._data / name) for name in ("kafka", "documents")}


@asynccontextmanager
async def measuring(data: Path, sizes: Sizes, *, module: str = Plan.module) -> AsyncIterator[Bench]:
    """A platform of its own, warmed up, inside the block. `module` is what runs as each service."""
    plan = Plan(data=data, free_ports=True, clock=CLOCK, settings=ONE_ADDRESS, module=module)
    running = await asyncio.to_thread(platform.up, plan, lambda step: console.print(f"[dim]{step}[/]"))
    try:
        async with AsyncExitStack() as stack:
            kafka = running.members["kafka"].url
            tap = await stack.enter_async_context(Tap(kafka, TOPICS))
            sender = producer(kafka)
            await sender.start()
            stack.push_async_callback(sender.stop)
            triage = Connections(running.members["triage"].url)
            stack.push_async_callback(triage.close)
            officer = Officer(triage, DevelopmentIssuer(data / "keys"))
            bench = Bench(data, running, sizes, Pump(sender, tap, officer, cases.endless(0), case_ids(data)))
            console.print("warming up")
            await bench.warm_up()
            yield bench
    finally:
        await asyncio.to_thread(platform.down, data)


async def once(sizes: Sizes, stored: int) -> Results:
    """One run, in a folder that is removed when it has worked."""
    folder = PROJECT / ".secondlook"
    folder.mkdir(exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="bench-", dir=folder))
    described = machine.describe()  # Before the platform's own load.
    async with measuring(data, sizes) as bench:
        await bench.fill(stored)
        found = await bench.all(described)
    shutil.rmtree(data)
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="small numbers, to try the benchmark itself")
    arguments.add_argument(
        "--stored", type=int, nargs="*", default=[0], help="measure with so many cases stored before"
    )
    arguments.add_argument("--results", type=Path, default=PROJECT / "bench", help="where the results are written")
    chosen = arguments.parse_args()
    name = "results" if chosen.stored == [0] else "growth"
    chosen.results.mkdir(parents=True, exist_ok=True)
    runs: list[Results] = []
    for stored in chosen.stored:
        with platform.sigterm_interrupts():
            runs.append(uvloop.run(once(QUICK if chosen.quick else Sizes(), stored)))
        console.print(report.table(runs[-1]))
        (chosen.results / f"{name}.json").write_text(json.dumps([asdict(run) for run in runs], indent=1) + "\n")
        report.write(chosen.results)


if __name__ == "__main__":
    main()
