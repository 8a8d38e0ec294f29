"""`python -m tests.faults [--seeds 5] [--lanes 4] [--only WORDS] [--report FILE]`: the whole matrix, on own servers."""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench import machine
from tests.conftest import started_servers
from tests.faults.lane import Lane
from tests.faults.letters import LetterRun, is_of_mail, letter_lanes
from tests.faults.matrix import Cell, Row, cells, play, table, total

REPORT = """# Faults at every point

Written by `make faults-points`; do not edit.

A running stack (intake, triage and escalation in one process, on real Kafka and the document server) gets requests over
HTTP and Kafka, some twice, and decisions. When a service reaches the point, the fault happens: `kill` is SIGKILL, `lost
reply` is a client library's error after the deed. The stack is healed, and then checked: each request has exactly one
case, assignment, decision and resolution, numbers have no gap, what is stored is what was published, nothing is held,
pending or left, and dead letters are just the poisonous records. *hits*: how often the point was reached.

At the points of the mail loop notification runs as well, and a relay that counts copies: each letter is sent once and
taken once, or suppressed, or uncertain and taken at most once. Uncertain are only letters that a fault hit: of a
process that was killed those that it had marked as handed over, of a task that was broken off at most its group's, at
an exception or a lost reply between content and reply just that one.
"""


async def campaign(folder: Path, *, seeds: int, lanes: int, only: str) -> dict[Cell, Row]:
    """Play it, and tell how far it is."""
    chosen = [cell for cell in cells() if only in f"{cell.point} {cell.kind}"]
    runs = [(cell, seed) for seed in range(seeds) for cell in chosen if not is_of_mail(cell)]
    of_mail = [(cell, seed) for seed in range(seeds) for cell in chosen if is_of_mail(cell)]

    def tell(done: int, violations: int) -> None:
        print(
            f"\r{done} runs of {len(runs)} + {len(of_mail)}, {violations} violations ",
            end="",
            file=sys.stderr,
            flush=True,
        )

    with started_servers(folder / "servers") as servers:
        async with Lane.several(servers, folder / "cases", lanes) as opened:
            rows = await play(opened, runs, tell)
        async with letter_lanes(servers, folder / "letters", lanes) as opened:
            rows |= await play(opened, of_mail, lambda done, found: tell(len(runs) + done, found), run=LetterRun)
    print(file=sys.stderr)
    return rows


def report(rows: Mapping[Cell, Row], where: Mapping[str, str], seconds: float) -> str:
    """The table as Markdown, with the machine."""
    lines = [REPORT, *(f"- {what}: {said}" for what, said in where.items()), f"- took: {seconds:.0f} s", ""]
    lines += [
        total(rows) + ".",
        "",
        "| point | kind | runs | hits | faults | violations |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {cell.point} | {cell.kind} | {row.runs} | {row.hits} | {row.happened} | {len(row.violations)} |"
        for cell, row in rows.items()
    ]
    return "\n".join([*lines, ""])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--only", default="", help="part of a point's and a kind's words")
    parser.add_argument("--report", type=Path, help="write the table to this file, as Markdown")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)  # aiokafka tells each time when a new topic has no leader yet
    began, where = time.monotonic(), machine.describe()
    folder = Path(tempfile.mkdtemp(prefix="secondlook-faults-"))
    rows = asyncio.run(campaign(folder, seeds=asked.seeds, lanes=asked.lanes, only=asked.only))
    print(table(rows))
    if asked.report:
        asked.report.write_text(report(rows, where, time.monotonic() - began), encoding="utf-8")
    print(f"{time.monotonic() - began:.0f} s; logs are in {folder}")
    sys.exit(1 if any(row.violations for row in rows.values()) else 0)


if __name__ == "__main__":
    main()
