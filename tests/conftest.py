"""Real servers for the tests that need them: started once per run, stopped at its end, whatever happened.

And no property is timed: how long an example takes says how busy the machine is.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from deploy.local import probes, processes, servers

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Kafka and the document server live for seconds or minutes here: the second compiler would cost more than it saves.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")

MEMORY: Final = Path("/dev/shm")
ENOUGH_BYTES: Final = 2 * 1024**3


@dataclass(frozen=True)
class Servers:
    """Where the servers of this test run are, and where the mail sink keeps what it got."""

    kafka: str
    mongodb: str
    smtp: str
    mail: Path


@pytest.fixture(scope="session", name="servers")
def _servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers of this test run."""
    with started_servers(tmp_path_factory.mktemp("servers")) as servers:
        yield servers


@contextmanager
def started_servers(folder: Path) -> Iterator[Servers]:
    """Kafka, a document server and a mail sink on free loopback ports, without topics.

    `KAFKA_BOOTSTRAP` and `MONGODB_URI` replace the first two by the reader's own. Nothing is emptied there:
    a test makes its topics, groups and databases under names of its own.
    """
    kafka_port, controller_port, documents_port, mail_port = probes.free_ports(4)
    theirs = {"kafka": os.environ.get("KAFKA_BOOTSTRAP"), "documents": os.environ.get("MONGODB_URI")}
    with ExitStack() as stack:
        mail = servers.mail_sink(folder / "mail", port=mail_port)
        ours = [mail]
        if not theirs["documents"]:
            ours.append(servers.documents(stack.enter_context(_quick(folder)), port=documents_port))
        if not theirs["kafka"]:
            ours.append(servers.kafka(folder / "kafka", port=kafka_port, controller_port=controller_port))
        started = []
        for server in ours:
            running = servers.launch(server, log=folder / f"{server.name}.log", outlives=False)
            stack.callback(processes.stop, running)
            started.append((server, running))
        for server, running in started:
            servers.wait_ready(server, running, log=folder / f"{server.name}.log")
        urls = {server.name: server.url for server in ours}
        yield Servers(
            kafka=theirs["kafka"] or urls["kafka"],
            mongodb=theirs["documents"] or urls["documents"],
            smtp=mail.url,
            mail=folder / "mail",
        )


@contextmanager
def _quick(folder: Path) -> Iterator[Path]:
    """Where no write waits for a disk, if there is such a place. All other servers use disks."""
    there = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES
    with TemporaryDirectory(prefix="second-look-", dir=MEMORY if there else folder) as made:
        yield Path(made)
