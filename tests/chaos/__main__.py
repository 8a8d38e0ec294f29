"""`python -m tests.chaos`: a seeded campaign of faults against a whole platform, judged from outside.

`MINUTES` or `SECONDS` (default: 15 minutes) and `SEED` come from the environment, as `make chaos SEED=3 MINUTES=5` sets
them; `A_SECOND` is the rate of requests, `WITHOUT` a word of the kinds of poison to leave out. Goes on for up to a
quarter longer until each fault of a process has come once. Exits with 1 when an invariant is broken, when it did not
get quiet, or when, in a run of the usual length or more, some fault had no time.
"""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

from bench import machine
from deploy.local.platform import sigterm_interrupts
from tests.chaos import campaign, report
from tests.chaos.campaign import Wish

MINUTES = 15.0
PREPARING_AND_JUDGING_SECONDS = 220.0


def wished() -> Wish:
    """What the environment asks for: time in all, of which some goes to the start, to quiet and to judging."""
    whole = float(os.environ.get("SECONDS") or float(os.environ.get("MINUTES") or MINUTES) * 60)
    faults = max(whole - PREPARING_AND_JUDGING_SECONDS, whole * 0.4)
    rate, without = float(os.environ.get("A_SECOND") or 1), os.environ.get("WITHOUT", "")
    return Wish(int(os.environ.get("SEED") or 1), faults, rate, without=without)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--report", type=Path, help="write the report to this file")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)  # the clients tell each time when a server is away
    wish, where, began = wished(), machine.describe(), time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="secondlook-chaos-"))
    print(f"seed {wish.seed}, {wish.seconds:.0f} s of faults; everything is in {folder}", flush=True)
    try:
        with sigterm_interrupts():
            outcome, evidence = asyncio.run(campaign.run(wish, folder))
    except KeyboardInterrupt:
        sys.exit("Stopped; all processes have been ended.")
    said = report.written(wish, outcome, evidence, where, time.monotonic() - began)
    print(said)
    if asked.report:
        asked.report.write_text(said, encoding="utf-8")
    missed = outcome.unreached if wish.seconds >= MINUTES * 60 - PREPARING_AND_JUDGING_SECONDS else []
    sys.exit(1 if outcome.broken or outcome.quiet_after is None or missed else 0)


if __name__ == "__main__":
    main()
