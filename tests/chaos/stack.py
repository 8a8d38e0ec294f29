"""The platform under attack: servers, a relay of its own, two processes of each service; each ended by its own pid."""

import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from deploy.local import environment, probes, processes, servers, topics
from deploy.local.processes import Running
from deploy.local.servers import HOST, Server
from shared.contracts.vocabulary import Service
from shared.messaging.topics import ensure_now
from shared.policy.loading import OWN_FILES
from tests import known_ids

INSTANCES: Final = 2
SESSION_SECONDS: Final = 6.0
"""As short as a broker allows: a process is stopped for up to three of them."""
CLOCK: Final = "2021-03-08T09:00-05:00*21600"
"""Six hours each second, so that windows close within half a minute."""
SHORT: Final = {"silence_after": "8 days", "review_window": "6 days", "window_grace": "12 hours"}
KAFKA: Final = "kafka"
DOCUMENTS: Final = "documents"
RELAY: Final = "relay"
LINKS: Final = "links"
"""No part of the platform: nobody kills it."""


@dataclass(slots=True)
class Member:
    """One process of the platform, as it is meant to run."""

    server: Server
    log: Path
    running: Running | None = None
    stopped: bool = False
    """By SIGSTOP."""

    @property
    def alive(self) -> bool:
        return self.running is not None and processes.is_alive(self.running)


@dataclass(slots=True)
class Stack:
    """All of it. `members` by name: kafka, documents, relay, intake-1, intake-2, triage-1 ..."""

    folder: Path
    seed: int = 0
    members: dict[str, Member] = field(default_factory=dict)
    urls: dict[Service, list[str]] = field(default_factory=dict)
    links: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Port and where it leads: one to Kafka, one to the relay, and one of each service process to its documents."""

    @property
    def kafka_port(self) -> int:
        return self.members[KAFKA].server.ports[0]

    @property
    def logs(self) -> Path:
        """Kafka's own files."""
        return self.folder / "kafka" / "log"

    @property
    def mongodb(self) -> str:
        return self.members[DOCUMENTS].server.url

    @property
    def service_names(self) -> list[str]:
        return [f"{service}-{n}" for service in Service for n in range(1, INSTANCES + 1)]

    def start(self) -> None:
        """Start everything, and return when all of it is ready."""
        kafka, controller, documents, relay, *ports = probes.free_ports(6 + 2 * INSTANCES * len(Service))
        to_kafka, to_relay, *to_documents = ports[INSTANCES * len(Service) :]
        self.links = {KAFKA: (to_kafka, kafka), RELAY: (to_relay, relay)}
        self.links |= {name: (port, documents) for name, port in zip(self.service_names, to_documents, strict=True)}
        self._add(servers.documents(self.folder / "documents", port=documents))
        self._add(_advertised(servers.kafka(self.folder / "kafka", port=kafka, controller_port=controller), to_kafka))
        self._add(_relay(self.folder / "mail", relay, self.seed))
        self._add(_links(self.folder / "links", self.links))
        for name in (LINKS, DOCUMENTS, RELAY, KAFKA):
            self.launch(name)
        self.wait_ready(LINKS, DOCUMENTS, RELAY, KAFKA)
        ensure_now(self.members[KAFKA].server.url, topics.declared("local"))
        self.urls = {service: [] for service in Service}
        names = dict(zip(self.service_names, ports, strict=False))
        for name, port in names.items():
            self.urls[service_of(name)].append(f"http://{HOST}:{port}")
        settings = self._settings()
        for name, port in names.items():
            documents_link = {"MONGODB_URI": f"mongodb://{HOST}:{self.links[name][0]}"}
            self._add(_service(name, port, {**settings, **documents_link}))
            self.launch(name)
        self.wait_ready(*names)

    def _settings(self) -> Mapping[str, str]:
        known_ids.place(self.folder)
        shared = environment.service_settings(
            data=self.folder,
            kafka=self.members[KAFKA].server.url,
            mongodb=self.mongodb,
            smtp=f"smtp://{HOST}:{self.links[RELAY][0]}",
            urls={service.value: urls[0] for service, urls in self.urls.items()},
            clock=CLOCK,
        )
        return {
            **shared,
            "POLICY_DIR": str(short_policy(self.folder / "policy")),
            "KAFKA_SESSION_SECONDS": str(SESSION_SECONDS),
            "PUBLIC_PER_SECOND": "10000",
            "PUBLIC_BURST": "10000",
            "PYTHONDONTWRITEBYTECODE": "",
        }

    def _add(self, server: Server) -> None:
        self.members[server.name] = Member(server, self.folder / "logs" / f"{server.name}.log")

    def launch(self, name: str) -> None:
        """Start it; it is not ready yet. From the main thread only: with it ends what this has started."""
        member = self.members[name]
        processes.wait_until(lambda: all(map(probes.port_is_free, member.server.ports)), within=10.0)
        member.running, member.stopped = servers.launch(member.server, log=member.log, outlives=False), False

    def wait_ready(self, *names: str) -> None:
        """Return when all of these answer; raises `CannotStart`."""
        started = [
            servers.Started(member.server, member.running, member.log)
            for name in names
            if (member := self.members[name]).running
        ]
        servers.wait_all_ready(started)

    def send(self, name: str, what: signal.Signals) -> None:
        """A signal, if it lives."""
        member = self.members[name]
        if member.running is not None and member.alive:
            with suppress(ProcessLookupError):
                os.kill(member.running.pid, what)
            if what in {signal.SIGSTOP, signal.SIGCONT}:
                member.stopped = what is signal.SIGSTOP

    def unready(self) -> list[str]:
        """Who does not answer, or says that it is not ready."""
        return [name for name, member in self.members.items() if not (member.alive and member.server.ready())]

    def stop_services(self, *, within: float) -> list[str]:
        """As an operator stops them; who did not end in so many seconds, and was killed."""
        running = {name: member.running for name in self.service_names if (member := self.members[name]).running}
        for name in running:
            self.send(name, signal.SIGTERM)
        processes.wait_until(lambda: not any(self.members[name].alive for name in running), within=within)
        left = [name for name in running if self.members[name].alive]
        processes.stop_all([each for each in running.values() if each is not None], within=0.0)
        return left

    def close(self) -> None:
        """End everything, services first; what stands still is woken up for it."""
        for name, member in self.members.items():
            if member.stopped:
                self.send(name, signal.SIGCONT)
        running = {name: each.running for name, each in self.members.items() if each.running and each.alive}
        processes.stop_all([each for name, each in running.items() if name in self.service_names], within=20.0)
        processes.stop_all(list(running.values()), within=20.0)

    def memory(self) -> dict[str, int]:
        """Resident memory of each live process, in KiB."""
        return {name: _resident(each.running.pid) for name, each in self.members.items() if each.running and each.alive}


@contextmanager
def running(folder: Path, seed: int = 0) -> Iterator[Stack]:
    """Started, and ended whatever happens. `seed`: of the relay's moods."""
    stack = Stack(folder, seed)
    try:
        stack.start()
        yield stack
    finally:
        stack.close()


def service_of(name: str) -> Service:
    """The service that a process belongs to."""
    return Service(name.rpartition("-")[0])


def _service(name: str, port: int, settings: Mapping[str, str]) -> Server:
    own = {**settings, "HOST": HOST, "PORT": str(port), "INSTANCE": name}
    return Server(
        name=name,
        title=f"The service {name}",
        ports=(port,),
        url=f"http://{HOST}:{port}",
        command=(sys.executable, "-m", f"services.{service_of(name)}.app"),
        ready=lambda: probes.http_answers(port),
        environment=tuple(own.items()),
    )


def _relay(folder: Path, port: int, seed: int) -> Server:
    return Server(
        name=RELAY,
        title="The relay",
        ports=(port,),
        url=f"smtp://{HOST}:{port}",
        command=(
            *(sys.executable, "-m", "tests.chaos.relay", "--port", str(port)),
            *("--folder", str(folder), "--seed", str(seed)),
        ),
        ready=lambda: probes.smtp_answers(port),
    )


def _links(folder: Path, routes: Mapping[str, tuple[int, int]]) -> Server:
    folder.mkdir(parents=True)
    file, ports = folder / "routes.json", tuple(port for port, _ in routes.values())
    file.write_text(json.dumps(routes), encoding="utf-8")
    return Server(
        name=LINKS,
        title="The links",
        ports=ports,
        url="",
        command=(sys.executable, "-m", "tests.chaos.links", "--routes", str(file)),
        ready=lambda: all(probes.something_listens(port, HOST) for port in ports),
    )


def _advertised(kafka: Server, port: int) -> Server:
    """The same broker, which tells its clients to come by another port."""
    settings = Path(kafka.command[-1])

    def prepare() -> None:
        kafka.prepare()
        written = settings.read_text(encoding="utf-8")
        told = re.sub(r"(?m)^advertised.listeners=.*$", f"advertised.listeners=PLAINTEXT://{HOST}:{port}", written)
        settings.write_text(told, encoding="utf-8")

    return replace(kafka, prepare=prepare)


def short_policy(folder: Path) -> Path:
    """The policy in force, with short times to wait."""
    for kind in ("guidance", "process", "offices"):
        shutil.copytree(OWN_FILES / kind, folder / kind)
    (file,) = (folder / "process").glob("*.yaml")
    written = file.read_text(encoding="utf-8")
    for name, wanted in SHORT.items():
        block = re.search(rf"(?m)^{name}:\n(?:  .*\n)+", written)
        assert block, name
        changed = re.sub(r"(?m): \d+ (?:days|hours)(?:, by [0-9:]+)?$", f": {wanted}", block[0])
        written = written.replace(block[0], changed)
    file.write_text(written, encoding="utf-8")
    return folder


def _resident(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0
