"""The campaign's own bad links do what they say: otherwise a campaign shows nothing."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.local import probes
from tests.chaos.links import CUT_AFTER_BYTES, THROTTLED_BYTES, Links, Mode, set_modes
from tests.eventually import eventually


@dataclass
class Echo:
    """A server that answers with what it got, behind a link."""

    folder: Path
    port: int
    got: bytearray = field(default_factory=bytearray)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while content := await reader.read(2**16):
                self.got += content
                writer.write(content)
        writer.close()

    @asynccontextmanager
    async def connected(self, mode: Mode) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection that has been proved good, on a link that has gone bad since."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        set_modes(self.folder, {"echo": mode})
        await self._taken_in(mode)
        yield reader, writer
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    links: Links | None = None

    async def _taken_in(self, mode: Mode) -> None:
        async def known() -> bool:
            return self.links is not None and self.links._mode("echo") is mode

        await eventually(known)


@pytest.fixture(name="echo")
async def _echo(tmp_path: Path) -> AsyncIterator[Echo]:
    port, behind = probes.free_ports(2)
    echo = Echo(tmp_path, port)
    server = await asyncio.start_server(echo.converse, "127.0.0.1", behind)
    routes = tmp_path / "routes.json"
    routes.write_text(json.dumps({"echo": [port, behind]}), encoding="utf-8")
    echo.links = Links(routes)
    serving = asyncio.create_task(echo.links.serve())

    async def listens() -> bool:
        return await asyncio.to_thread(probes.something_listens, port, "127.0.0.1")

    await eventually(listens)
    yield echo
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    server.close()


async def gone(reader: asyncio.StreamReader) -> bool:
    """The connection was ended by the link, without another byte."""
    try:
        return await asyncio.wait_for(reader.read(), 5) == b""
    except ConnectionError:
        return True


async def test_a_late_link_delivers_all_of_it(echo: Echo) -> None:
    async with echo.connected(Mode.LATE) as (reader, writer):
        writer.write(b"late")
        assert await reader.readexactly(4) == b"late"


async def test_a_link_with_jitter_delivers_all_of_it_in_its_order(echo: Echo) -> None:
    async with echo.connected(Mode.JITTER) as (reader, writer):
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        writer.write(b"two")
        assert await reader.readexactly(3) == b"two"


async def test_a_throttled_link_delivers_all_of_it_at_its_pace(echo: Echo) -> None:
    async with echo.connected(Mode.THROTTLED) as (reader, writer):
        began, size = time.monotonic(), THROTTLED_BYTES // 4
        writer.write(b"x" * size)
        assert await reader.readexactly(size) == b"x" * size
        assert time.monotonic() - began >= 2 * size / THROTTLED_BYTES


async def test_a_link_that_resets_ends_each_connection_that_says_something(echo: Echo) -> None:
    async with echo.connected(Mode.RESET) as (reader, writer):
        writer.write(b"lost")
        assert await gone(reader)
    assert bytes(echo.got) == b"hello"


async def test_a_cut_link_ends_the_connection_after_some_bytes(echo: Echo) -> None:
    async with echo.connected(Mode.CUT) as (reader, writer):
        writer.write(b"x" * (CUT_AFTER_BYTES + 1))
        assert await gone(reader)


async def test_a_black_hole_delivers_nothing_and_ends_the_connection_when_it_is_over(echo: Echo) -> None:
    async with echo.connected(Mode.BLACK_HOLE) as (reader, writer):
        writer.write(b"lost")
        set_modes(echo.folder, {})
        assert await gone(reader)
    assert bytes(echo.got) == b"hello"


async def test_a_one_way_link_delivers_the_request_and_never_the_answer(echo: Echo) -> None:
    async with echo.connected(Mode.ONE_WAY) as (reader, writer):
        writer.write(b"applied")

        async def applied() -> bool:
            return echo.got.endswith(b"applied")

        await eventually(applied)
        set_modes(echo.folder, {})
        assert await gone(reader)
