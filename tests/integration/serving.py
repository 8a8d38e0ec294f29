"""An application on a real port, and the command line that calls it."""

import asyncio
import os
import pty
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from typer.testing import CliRunner

from cli.main import app as cli
from deploy.local.places import PROJECT
from tests.eventually import eventually


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The application's address, while it serves."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    task = asyncio.create_task(server.serve())

    async def started() -> bool:
        assert not task.done()
        return server.started

    await eventually(started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


async def on_a_terminal(*words: str) -> tuple[str, str]:
    """What the command line says where stderr is a terminal: stdout, and all that the terminal was told."""
    ours, theirs = pty.openpty()
    command = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.main",
        *words,
        cwd=PROJECT,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)

    def all_of_it() -> bytes:
        told = b""
        try:
            while piece := os.read(ours, 65_536):
                told += piece
        except OSError:  # The other end is closed.
            pass
        os.close(ours)
        return told

    (said, _), told = await asyncio.gather(command.communicate(), asyncio.to_thread(all_of_it))
    return said.decode(), told.decode()


async def secondlook(*words: str, typed: str | None = None) -> Any:
    """What the command line says, and how it ends; `typed`: what it is answered where it asks."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(cli, list(words), input=typed))
