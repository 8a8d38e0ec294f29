"""Where a service's CPU time goes while cases flow: `python -m bench.profile [service ...]`."""

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import uvloop
from rich.table import Table

from bench.run import QUICK, Sizes, console, measuring
from bench.sampled import FOLDER
from deploy.local import platform
from deploy.local.places import PROJECT
from shared.contracts.vocabulary import Service

LINES = 30
CASES = Sizes(warm=1500)


async def cases_flow(data: Path, sizes: Sizes) -> int:
    """Let the warm-up run on a platform whose services are looked at; how many cases went the whole way."""
    async with measuring(data, sizes, module="bench.sampled") as bench:
        return bench.finished


def shown(service: str, looked: dict[str, dict[str, float]], cases: int) -> Table:
    """The places that cost most, with all that they call."""
    total = sum(looked["own"].values())
    title = f"{service}: {1000 * total / cases:.2f} ms a case over {cases} cases"
    table = Table("function", "with calls", "itself", title=title, title_justify="left")
    for place, spent in sorted(looked["whole"].items(), key=lambda each: -each[1]):
        table.add_row(place, f"{spent / total:6.1%}", f"{looked['own'].get(place, 0) / total:6.1%}")
        if table.row_count == LINES:
            break
    return table


def most_by_themselves(service: str, looked: dict[str, dict[str, float]]) -> Table:
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
    chosen = arguments.parse_args()
    folder = PROJECT / ".secondlook"
    folder.mkdir(exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="profile-", dir=folder))
    os.environ[FOLDER] = str(data)
    with platform.sigterm_interrupts():
        cases = uvloop.run(cases_flow(data, QUICK if chosen.quick else CASES))
    for service in chosen.services or list(Service):
        looked: dict[str, Any] = json.loads((data / f"{service}.json").read_text(encoding="utf-8"))
        console.print(shown(service, looked, cases))
        console.print(most_by_themselves(service, looked))
    shutil.rmtree(data)


if __name__ == "__main__":
    main()
