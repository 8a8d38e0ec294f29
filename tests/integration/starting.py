"""Servers of a single test, for tests that kill or restart them."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from deploy.local import probes, processes, servers
from deploy.local.processes import Running
from deploy.local.servers import Server


def launcher(folder: Path) -> Server:
    """The document launcher on a free port, also where a real `mongod` is installed."""
    return servers.document_launcher(folder / "documents", port=probes.free_ports(1)[0])


@contextmanager
def running(server: Server, folder: Path) -> Iterator[Running]:
    """The server, ready; stopped at the end."""
    log = folder / f"{server.name}.log"
    started = servers.launch(server, log=log, outlives=False)
    try:
        servers.wait_ready(server, started, log=log)
        yield started
    finally:
        processes.stop(started)


@dataclass
class Killable:
    """A server that is killed and comes back on the same port with what it had."""

    server: Server
    log: Path
    running: Running | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it; it need not answer yet."""
        self.server.prepare()
        self.running = processes.start(
            self.server.command, log=self.log, environment=dict(self.server.environment), outlives=False
        )

    async def kill(self) -> None:
        """Gone at once, without a goodbye."""
        assert self.running is not None
        os.kill(self.running.pid, signal.SIGKILL)
        await asyncio.to_thread(processes.stop, self.running)

    async def back(self) -> None:
        """Start it again; returns when it answers."""
        self.start()
        await self.answers()

    async def answers(self) -> None:
        """Returns when it answers."""
        assert self.running is not None
        await asyncio.to_thread(servers.wait_ready, self.server, self.running, log=self.log)

    def stop(self) -> None:
        """For good."""
        if self.running is not None:
            processes.stop(self.running)


def client(server: Server) -> MongoClient[dict[str, Any]]:
    """A client that waits for no second try: what is lost shows at once."""
    return MongoClient(server.url, serverSelectionTimeoutMS=5000, uuidRepresentation="standard", tz_aware=True)
