"""Where the services' CPU time goes while cases flow: `python -m bench.profile [service ...]`.

Both profiles of the benchmark, one after the other. A look every few milliseconds makes everything a little slower, so
the sums differ from those of the benchmark; the shares are what counts.
"""

import argparse
import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop
from rich.table import Table

from bench import machine, report
from bench.run import QUICK, Sizes, console, measuring
from bench.sampled import FOLDER
from deploy.local import platform
from deploy.local.places import PROJECT
from shared.contracts.vocabulary import Service

LINES = 30
CASES = 1500
WARM = Sizes(warm=3000)

Looked = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Profiled:
    """One profile: milliseconds of CPU a case by service and part."""

    cases: int
    parts: dict[str, dict[str, float]]


async def cases_flow(data: Path, sizes: Sizes, cases: int) -> dict[str, tuple[int, dict[str, Looked]]]:
    """For each profile, how many cases went the whole way after the warm-up, and what each service spent on them."""
    found: dict[str, tuple[int, dict[str, Looked]]] = {}
    async with measuring(data, sizes, module="bench.sampled") as bench:
        for name in ("whole", "core"):
            before, done = {service: read(data, service) for service in Service}, bench.finished
            await bench.flow(cases, with_letters=name == "whole")
            after = {service: read(data, service) for service in Service}
            spent = {service.value: since(before[service], after[service]) for service in Service}
            found[name] = (bench.finished - done, spent)
    return found


def read(data: Path, service: str) -> Looked:
    """What was seen of a service so far."""
    looked: Looked = json.loads((data / f"{service}.json").read_text(encoding="utf-8"))
    return looked


def since(before: Looked, after: Looked) -> Looked:
    """What was spent between two looks."""
    return {
        kind: {place: spent - before[kind].get(place, 0.0) for place, spent in places.items()}
        for kind, places in after.items()
    }


def in_parts(cases: int, spent: dict[str, Looked]) -> Profiled:
    """Milliseconds a case."""
    return Profiled(
        cases,
        {
            service: {part: 1000 * seconds / cases for part, seconds in looked["parts"].items()}
            for service, looked in spent.items()
        },
    )


def shown(service: str, looked: Looked, cases: int) -> Table:
    """The places that cost most, with all that they call."""
    total = sum(looked["own"].values())
    title = f"{service}: {1000 * total / cases:.2f} ms a case over {cases} cases"
    table = Table("function", "with calls", "itself", title=title, title_justify="left")
    for place, spent in sorted(looked["whole"].items(), key=lambda each: -each[1])[:LINES]:
        table.add_row(place, f"{spent / total:6.1%}", f"{looked['own'].get(place, 0) / total:6.1%}")
    return table


def most_by_themselves(service: str, looked: Looked) -> Table:
    """The places that cost most without what they call."""
    total = sum(looked["own"].values())
    table = Table("function", "itself", title=f"{service}: by itself", title_justify="left")
    for place, spent in sorted(looked["own"].items(), key=lambda each: -each[1])[:LINES]:
        table.add_row(place, f"{spent / total:6.1%}")
    return table


def main() -> None:
    arguments = argparse.ArgumentParser(prog="profile", description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("services", nargs="*", help="like triage: show its functions, too")
    arguments.add_argument("--quick", action="store_true", help="few cases, to try the profiler itself")
    arguments.add_argument("--results", type=Path, default=PROJECT / "bench", help="where the results are written")
    chosen = arguments.parse_args()
    folder = PROJECT / ".secondlook"
    folder.mkdir(exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="profile-", dir=folder))
    os.environ[FOLDER] = str(data)
    described = machine.describe()  # Before the platform's own load.
    with platform.sigterm_interrupts():
        found = uvloop.run(cases_flow(data, QUICK if chosen.quick else WARM, 500 if chosen.quick else CASES))
    for name, (cases, spent) in found.items():
        for service in chosen.services:
            if any(spent[service]["own"].values()):
                console.print(f"{name} profile")
                console.print(shown(service, spent[service], cases))
                console.print(most_by_themselves(service, spent[service]))
    profiles = {name: in_parts(*each) for name, each in found.items()}
    as_json = {name: asdict(profile) for name, profile in profiles.items()}
    chosen.results.mkdir(parents=True, exist_ok=True)
    (chosen.results / "profile.json").write_text(
        json.dumps({"machine": described, "profiles": as_json}, indent=1) + "\n"
    )
    report.write(chosen.results)
    console.print(report.parts(as_json), markup=False)
    shutil.rmtree(data)


if __name__ == "__main__":
    main()
