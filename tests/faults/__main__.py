"""`python -m tests.faults [--seeds 5] [--lanes 4] [--only WORDS]`: the whole matrix, on servers started for it."""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import started_servers
from tests.faults.lane import Lane
from tests.faults.matrix import cells, play, table


async def campaign(folder: Path, *, seeds: int, lanes: int, only: str) -> int:
    """Print the table; how many violations there were."""
    chosen = [cell for cell in cells() if only in f"{cell.point} {cell.kind}"]
    runs = [(cell, seed) for seed in range(seeds) for cell in chosen]
    with started_servers(folder / "servers") as servers:
        async with Lane.several(servers, folder, lanes) as opened:
            rows = await play(opened, runs)
    print(table(rows))
    return sum(len(row.violations) for row in rows.values())


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--only", default="", help="part of a point's and a kind's words")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)  # aiokafka tells each time when a new topic has no leader yet
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="secondlook-faults-"))
    wrong = asyncio.run(campaign(folder, seeds=asked.seeds, lanes=asked.lanes, only=asked.only))
    print(f"{time.monotonic() - began:.0f} s; logs are in {folder}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
