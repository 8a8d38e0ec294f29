"""The servers that the services need: Kafka, a document server, a mail sink. Each is started and stopped alone."""

import base64
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local import probes, processes
from deploy.local.failures import CannotStart
from deploy.local.places import JARS, JAVA_LOGGING, LAUNCHER_CLASSES
from deploy.local.processes import Running

START_SECONDS = 120.0
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Server:
    """How one server is started, and how one sees that it is ready.

    `prepare` runs before the first start in a data folder; `url` is what its clients are given. `stands_still` says why
    it waits for a person, who needs it running; empty when it does not.
    """

    name: str
    title: str
    ports: tuple[int, ...]
    url: str
    command: tuple[str, ...]
    ready: Callable[[], bool]
    prepare: Callable[[], None] = lambda: None
    environment: tuple[tuple[str, str], ...] = ()
    stands_still: Callable[[], str] = lambda: ""


def launch(server: Server, *, log: Path, outlives: bool = True) -> Running:
    """Start it; refuses when one of its ports is busy. It is not ready yet: see `wait_ready`, and `processes.start`."""
    for port in server.ports:
        if not probes.port_is_free(port):
            raise CannotStart(
                f"Port {port} for {server.title} is in use: stop what listens there, or start with --free-ports."
            )
    server.prepare()
    return processes.start(server.command, log=log, environment=dict(server.environment), outlives=outlives)


@dataclass(frozen=True)
class Started:
    """A server that was launched and may not be ready yet."""

    server: Server
    running: Running
    log: Path


def wait_ready(server: Server, running: Running, *, log: Path, within: float = START_SECONDS) -> None:
    """Return when it answers; raise `CannotStart` with the log's last words when it dies or stays silent."""
    wait_all_ready([Started(server, running, log)], within=within)


def wait_all_ready(
    started: Sequence[Started], *, within: float = START_SECONDS, on_ready: Callable[[Server], None] = lambda _: None
) -> None:
    """Return when all answer. One that dies or stays silent ends the wait; the caller stops the others."""
    waiting = list(started)

    def all_ready() -> bool:
        for each in list(waiting):
            # Alive after it answered: otherwise another program might have answered on its port.
            if (each.server.ready() or each.server.stands_still()) and processes.is_alive(each.running):
                waiting.remove(each)
                on_ready(each.server)
            elif not processes.is_alive(each.running):
                raise CannotStart(f"{each.server.title} ended while it started: {_last_words(each.log)} ({each.log})")
        return not waiting

    if not processes.wait_until(all_ready, within=within):
        slow = waiting[0]
        raise CannotStart(
            f"{slow.server.title} was not ready after {within:.0f} s: {_last_words(slow.log)} ({slow.log})"
        )


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"


def java(*arguments: str, memory: str, classes: Path | None = None) -> tuple[str, ...]:
    """The command that runs a Java program on the jars that the bootstrap has fetched."""
    found = os.environ.get("JAVA_HOME", "") and str(Path(os.environ["JAVA_HOME"]) / "bin" / "java")
    program = found if found and Path(found).exists() else shutil.which("java")
    if program is None:
        raise CannotStart("Java 17 or newer is not installed: run `make bootstrap`.")
    if not any(JARS.glob("kafka_*.jar")) or not any(LAUNCHER_CLASSES.rglob("*.class")):
        raise CannotStart("Kafka and the document server have not been fetched yet: run `make bootstrap`.")
    path = os.pathsep.join([*([str(classes)] if classes else []), f"{JARS}/*"])
    logging = f"-Dlog4j2.configurationFile={JAVA_LOGGING}"
    return (program, f"-Xmx{memory}", "-XX:+UseParallelGC", logging, "-cp", path, *arguments)


def kafka(data: Path, *, port: int, controller_port: int) -> Server:
    """One broker that is its own controller (KRaft), on the loopback only."""
    settings = data / "server.properties"

    def prepare() -> None:
        data.mkdir(parents=True, exist_ok=True)
        settings.write_text(_kafka_settings(data / "log", port, controller_port), encoding="utf-8")
        if not (data / "log" / "meta.properties").exists():
            _format(settings)

    return Server(
        name="kafka",
        title="Kafka",
        ports=(port, controller_port),
        url=f"{HOST}:{port}",
        command=java("kafka.Kafka", str(settings), memory="512m"),
        ready=lambda: probes.kafka_answers(port),
        prepare=prepare,
    )


def _format(settings: Path) -> None:
    # An id that begins with a hyphen would be read as an option.
    cluster = "c" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
    # The second compiler is for programs that live longer than a second.
    storage = ("-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings))
    command = java(*storage, memory="128m")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotStart(f"Kafka's data folder could not be made ready: {(done.stderr or done.stdout).strip()[-300:]}")


def _kafka_settings(logs: Path, port: int, controller_port: int) -> str:
    return f"""\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{HOST}:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}
advertised.listeners=PLAINTEXT://{HOST}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
min.insync.replicas=1
default.replication.factor=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# Fifty partitions each, the default, take seconds to make and serve nobody here.
offsets.topic.num.partitions=3
transaction.state.log.num.partitions=3
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
"""


def documents(data: Path, *, port: int) -> Server:
    """A real `mongod` when one is on the PATH, else the launcher with its MongoDB-compatible server.

    A single node is enough: no transaction and no change stream is used, so no replica set is needed.
    """
    mongod = shutil.which("mongod")
    return _mongod(mongod, data, port=port) if mongod else document_launcher(data, port=port)


def _mongod(program: str, data: Path, *, port: int) -> Server:
    command = (program, "--dbpath", str(data), "--bind_ip", HOST, "--port", str(port), "--nounixsocket")
    return _document_server(data, port, command)


def document_launcher(data: Path, *, port: int) -> Server:
    """The MongoDB-compatible server under deploy/local/launcher; what it can and cannot do is told in its Main.java."""
    arguments = (HOST, str(port), str(data / "documents.mv"))
    command = java("secondlook.documents.Main", *arguments, memory="1g", classes=LAUNCHER_CLASSES)
    return _document_server(data, port, command)


def _document_server(data: Path, port: int, command: tuple[str, ...]) -> Server:
    return Server(
        name="documents",
        title="The document server",
        ports=(port,),
        url=f"mongodb://{HOST}:{port}",
        command=command,
        ready=lambda: probes.documents_answer(port),
        prepare=lambda: data.mkdir(parents=True, exist_ok=True),
    )


def mail_sink(data: Path, *, port: int) -> Server:
    """Keeps every e-mail that it is given, and delivers none."""
    return Server(
        name="mail",
        title="The mail sink",
        ports=(port,),
        url=f"smtp://{HOST}:{port}",
        command=(sys.executable, "-m", "deploy.local.smtp_sink", "--port", str(port), "--folder", str(data)),
        ready=lambda: probes.smtp_answers(port),
    )
