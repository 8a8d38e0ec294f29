"""A sender in a process of its own that stands still at a point, by SIGSTOP, until somebody lets it go on.

`python -m tests.integration.mail_sleeper <mongodb> <smtp port> <prefix> <point>`: one round, then what it settled.
"""

import asyncio
import dataclasses
import os
import signal
import sys
from datetime import timedelta

from tests.integration.mail_world import World

START_CONTENT_WITHIN = timedelta(seconds=0.3)
STOPS = "stops"


async def main(mongodb: str, port: str, prefix: str, at: str) -> None:
    world = await World.on(mongodb, int(port), prefix)

    async def point(name: str) -> None:
        if name == at:
            print(STOPS, flush=True)
            os.kill(os.getpid(), signal.SIGSTOP)

    knobs = dataclasses.replace(world.knobs, start_content_within=START_CONTENT_WITHIN)
    print(await world.loop(point=point, knobs=knobs).once(), flush=True)
    await world.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
