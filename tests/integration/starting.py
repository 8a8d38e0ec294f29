"""Servers of a single test, for tests that kill or restart them."""

from collections.abc import Iterator
from contextlib import contextmanager
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
    started = servers.launch(server, log=log)
    try:
        servers.wait_ready(server, started, log=log)
        yield started
    finally:
        processes.stop(started)


def client(server: Server) -> MongoClient[dict[str, Any]]:
    """A client that waits for no second try: what is lost shows at once."""
    return MongoClient(server.url, serverSelectionTimeoutMS=5000, uuidRepresentation="standard", tz_aware=True)
