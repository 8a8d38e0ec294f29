"""Links that can be bad: `python -m tests.chaos.links --routes FILE`, a TCP proxy before each server.

The file of routes says for each link on which port it listens and to which port it leads; `modes.json` beside it says
how each behaves from now on. What is not named there is well.
"""

import argparse
import asyncio
import json
import random
import signal
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from enum import StrEnum, unique
from functools import partial
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
CHUNK: Final = 2**16
LATE_SECONDS: Final = 0.25
MOST_LATE_SECONDS: Final = 0.5
THROTTLED_BYTES: Final = 20_000
"""A second, each way of each connection."""
CUT_AFTER_BYTES: Final = 3000
LOOK_EVERY_SECONDS: Final = 0.05


@unique
class Mode(StrEnum):
    """How a link behaves to each connection, also to those that stand already."""

    WELL = "well"
    LATE = "is late by a quarter of a second each way"
    JITTER = "is late by up to half a second, each time another"
    THROTTLED = "carries 20,000 bytes a second"
    RESET = "resets every connection that says anything"
    CUT = "is cut after every 3,000 bytes"
    BLACK_HOLE = "takes everything, delivers nothing, and is reset at the end"
    ONE_WAY = "delivers requests and no answers, and is reset at the end"


def set_modes(folder: Path, modes: Mapping[str, Mode]) -> None:
    """For the links of this folder, from now on; those that are not named are well."""
    part = folder / "modes.part"
    part.write_text(json.dumps(dict(modes)), encoding="utf-8")
    part.replace(folder / "modes.json")


class Links:
    """All links of one process."""

    def __init__(self, routes: Path) -> None:
        self._routes: dict[str, tuple[int, int]] = json.loads(routes.read_text(encoding="utf-8"))
        self._modes_file = routes.with_name("modes.json")
        self._modes: dict[str, Mode] = {}
        self._dice = random.Random(0)

    async def serve(self) -> None:
        """Listen on all of them, until cancelled."""
        with ExitStack() as stack:
            for name, (port, to) in self._routes.items():
                server = await asyncio.start_server(partial(self._connected, name, to), HOST, port)
                stack.callback(server.close)
            await self._follow()

    async def _follow(self) -> None:
        seen = None
        while True:
            with suppress(OSError, ValueError):
                if (now := self._modes_file.stat().st_mtime_ns) != seen:
                    said = json.loads(self._modes_file.read_text(encoding="utf-8"))
                    seen, self._modes = now, {name: Mode(mode) for name, mode in said.items()}
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    def _mode(self, name: str) -> Mode:
        return self._modes.get(name, Mode.WELL)

    def _swallows(self, name: str, *, answers: bool) -> bool:
        mode = self._mode(name)
        return mode is Mode.BLACK_HOLE or (mode is Mode.ONE_WAY and answers)

    def _delay(self, name: str, size: int) -> float:
        delays = {
            Mode.LATE: LATE_SECONDS,
            Mode.JITTER: self._dice.uniform(0.0, MOST_LATE_SECONDS),
            Mode.THROTTLED: size / THROTTLED_BYTES,
        }
        return delays.get(self._mode(name), 0.0)

    async def _until_well(self, name: str) -> None:
        while self._mode(name) is not Mode.WELL:  # noqa: ASYNC110 - a file says so
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _connected(self, name: str, to: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: both ways, until one end closes it."""
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, to)
        except OSError:
            writer.close()
            return
        ways = [
            asyncio.create_task(self._carry(name, reader, far_writer, answers=False)),
            asyncio.create_task(self._carry(name, far_reader, writer, answers=True)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for each in (writer, far_writer):
            each.transport.abort()

    async def _carry(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        carried = 0
        with suppress(OSError):
            while content := await reader.read(CHUNK):
                if self._swallows(name, answers=answers):
                    await self._until_well(name)
                    return  # What is lost in a stream is lost with all that comes behind it.
                if self._mode(name) is Mode.RESET:
                    return
                await asyncio.sleep(self._delay(name, len(content)))
                carried += len(content)
                if self._mode(name) is Mode.CUT and carried > CUT_AFTER_BYTES:
                    return
                writer.write(content)
                await writer.drain()


async def _serve(routes: Path) -> None:
    serving = asyncio.create_task(Links(routes).serve())
    for asked in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(asked, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.links", description=__doc__)
    parser.add_argument("--routes", type=Path, required=True)
    asyncio.run(_serve(parser.parse_args().routes))


if __name__ == "__main__":
    main()
