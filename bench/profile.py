"""Where a service's CPU time goes while cases flow: `python -m bench.profile [service ...]`."""

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path

import uvloop
from rich.table import Table

from bench.run import QUICK, Sizes, console, measuring
from bench.sampled import FOLDER
from deploy.local import platform
from deploy.local.places import PROJECT
from shared.contracts.vocabulary import Service

LINES = 30
CASES = 1500

Looked = dict[str, dict[str, float]]


async def cases_flow(data: Path, sizes: Sizes, cases: int, *, with_letters: bool) -> tuple[int, dict[str, Looked]]:
    """How many cases went the whole way after the warm-up, and what each service has spent on them."""
    async with measuring(data, sizes, module="bench.sampled") as bench:
        before, done = {service: read(data, service) for service in Service}, bench.finished
        await bench.flow(cases, with_letters=with_letters)
        after = {service: read(data, service) for service in Service}
        return bench.finished - done, {service: since(before[service], after[service]) for service in Service}


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


def shown(service: str, looked: Looked, cases: int) -> Table:
    """The places that cost most, with all that they call."""
    total = sum(looked["own"].values())
    title = f"{service}: {1000 * total / cases:.2f} ms a case over {cases} cases"
    table = Table("function", "with calls", "itself", title=title, title_justify="left")
    for place, spent in sorted(looked["whole"].items(), key=lambda each: -each[1]):
        table.add_row(place, f"{spent / total:6.1%}", f"{looked['own'].get(place, 0) / total:6.1%}")
        if table.row_count == LINES:
            break
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
    arguments.add_argument("services", nargs="*", help="like triage; all when left out")
    arguments.add_argument("--quick", action="store_true", help="few cases")
    arguments.add_argument("--core", action="store_true", help="without letters: notification does not run")
    chosen = arguments.parse_args()
    folder = PROJECT / ".secondlook"
    folder.mkdir(exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="profile-", dir=folder))
    os.environ[FOLDER] = str(data)
    with platform.sigterm_interrupts():
        count = 500 if chosen.quick else CASES
        cases, found = uvloop.run(cases_flow(data, QUICK, count, with_letters=not chosen.core))
    for service in chosen.services or list(Service):
        console.print(shown(service, found[service], cases))
        console.print(most_by_themselves(service, found[service]))
    shutil.rmtree(data)


if __name__ == "__main__":
    main()
