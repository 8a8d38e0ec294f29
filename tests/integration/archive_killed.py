"""An archive in a process of its own that kills itself at the nth time that it comes to a named moment."""

import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path

from services.replay.archive import Limits, archive
from services.replay.keeping import Moment

LIMITS = Limits(rows=10)


def main(bootstrap: str, prefix: str, folder: str, moment: str, nth: str) -> None:
    """With the signal that nobody can catch."""
    reached: Counter[Moment] = Counter()

    def point(now: Moment) -> None:
        reached[now] += 1
        if now == moment and reached[now] == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(archive(bootstrap, Path(folder), prefix=prefix, limits=LIMITS, point=point))


if __name__ == "__main__":
    main(*sys.argv[1:])
