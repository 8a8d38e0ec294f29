"""The whole platform on one machine: servers, topics, services; started, stopped, and looked at."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from deploy.local import environment, probes, processes, servers, state, topics
from deploy.local.failures import CannotStart
from deploy.local.places import DEFAULT_DATA
from deploy.local.servers import HOST, Server, Started
from deploy.local.state import Member, State
from shared.contracts.vocabulary import Service
from shared.messaging.topics import TopicsUnusable, ensure_now

DEFAULT_PORTS = {
    "kafka": 19092,
    "kafka-controller": 19093,
    "documents": 27117,
    "mail": 2525,
    "returns": 2424,
    "intake": 8101,
    "triage": 8102,
    "escalation": 8103,
    "notification": 8104,
}
MORE_INSTANCES = 10  # Intake's second instance listens on 8111, its third on 8121.

OWN_SERVERS = {"kafka": "KAFKA_BOOTSTRAP", "documents": "MONGODB_URI", "mail": "SMTP_URL"}

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to start, and where. `own` names servers that the user runs already, by their address.

    `module` is run for each service, as `python -m`; `settings` are more environment variables for all of them.
    `prefix` is put before topics, groups and databases, so that several platforms can share the user's own servers.
    """

    data: Path = DEFAULT_DATA
    services: tuple[Service, ...] = tuple(Service)
    instances: Mapping[str, int] = field(default_factory=dict)
    free_ports: bool = False
    clock: str | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    module: str = "services.{service}.app"
    settings: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""

    def with_environment(self) -> "Plan":
        """The same plan, with the servers, the clock and the prefix that the environment names."""
        own = {name: os.environ[setting] for name, setting in OWN_SERVERS.items() if os.environ.get(setting)}
        clock = self.clock or os.environ.get("SECONDLOOK_CLOCK") or None
        return replace(self, own=own, clock=clock, prefix=self.prefix or os.environ.get("SECONDLOOK_PREFIX", ""))

    def members(self) -> list[str]:
        """The names of everything that the plan may start, servers first."""
        names = list(OWN_SERVERS)
        for service in self.services:
            names += [service.value, *(f"{service}-{n}" for n in range(2, self.instances.get(service, 1) + 1))]
        return names


def up(plan: Plan, say: Say = lambda _: None) -> State:
    """Start what is not running yet, and return when all of it is ready.

    When something fails, or on Ctrl-C or SIGTERM, whatever this call has started is stopped again.
    """
    data = plan.data.absolute()
    with state.only_one(data), sigterm_interrupts():
        before = state.load(data)
        started: list[str] = []
        try:
            return _start(replace(plan, data=data), before, started, say)
        except BaseException:
            with _uninterrupted():
                _stop(data, started, say)
            raise


def _start(plan: Plan, before: State, started: list[str], say: Say) -> State:
    alive = {name: member for name, member in before.members.items() if processes.is_alive(member.running)}
    external = {name: url for name, url in plan.own.items() if name not in alive}
    now = State(members=alive, ports=_ports(plan, before, alive), external=external)
    state.save(plan.data, now)
    for name, url in external.items():
        _check_own(name, url)

    now = _launch(plan, now, _servers(plan, now), started, say)
    kafka, mongodb, smtp = (external.get(name) or now.members[name].url for name in OWN_SERVERS)
    say("topics are compared with their declaration")
    where: topics.Where = "deployed" if "kafka" in external else "local"
    try:
        ensure_now(kafka, topics.declared(where, prefix=plan.prefix))
    except TopicsUnusable as failure:
        raise CannotStart(str(failure)) from failure
    if not plan.services:
        return now
    urls = {service.value: f"http://{HOST}:{now.ports[service.value]}" for service in plan.services}
    settings = environment.service_settings(
        data=plan.data, kafka=kafka, mongodb=mongodb, smtp=smtp, urls=urls, clock=plan.clock
    )
    settings |= {"SECONDLOOK_PREFIX": plan.prefix, **plan.settings}
    return _launch(plan, now, _services(plan, now, settings), started, say)


def _ports(plan: Plan, before: State, alive: Mapping[str, Member]) -> dict[str, int]:
    """The ports of what runs stay; others are the default ones, or free ones, the same as last time if still free."""
    wanted = ["kafka-controller", "returns", *plan.members()]
    if plan.free_ports:
        fresh = dict(zip(wanted, probes.free_ports(len(wanted)), strict=True))
        kept = {name: port for name, port in before.ports.items() if name in alive or probes.port_is_free(port)}
        return {**fresh, **kept}
    usual = {name: _usual_port(name) for name in wanted}
    return {**usual, **{name: port for name, port in before.ports.items() if name.split("-controller")[0] in alive}}


def _usual_port(name: str) -> int:
    if name in DEFAULT_PORTS:
        return DEFAULT_PORTS[name]
    service, _, number = name.rpartition("-")
    return DEFAULT_PORTS[service] + MORE_INSTANCES * (int(number) - 1)


def _servers(plan: Plan, now: State) -> list[Server]:
    ports = now.ports
    makers: dict[str, Callable[[], Server]] = {
        "mail": lambda: servers.mail_sink(plan.data / "mail", port=ports["mail"]),
        "documents": lambda: servers.documents(plan.data / "documents", port=ports["documents"]),
        # The last one: its data folder is made ready while the others start.
        "kafka": lambda: servers.kafka(
            plan.data / "kafka", port=ports["kafka"], controller_port=ports["kafka-controller"]
        ),
    }
    return [make() for name, make in makers.items() if name not in now.external and name not in now.members]


def _services(plan: Plan, now: State, settings: Mapping[str, str]) -> list[Server]:
    return [
        _service(name, now.ports[name], settings, plan.module, returns=now.ports["returns"])
        for name in plan.members()
        if name not in OWN_SERVERS and name not in now.members
    ]


def _service(name: str, port: int, settings: Mapping[str, str], module: str, *, returns: int) -> Server:
    own = {**settings, "HOST": HOST, "PORT": str(port), "INSTANCE": name}
    if name == Service.NOTIFICATION:  # Its first instance takes delivery reports for all of them.
        own["RETURNS_PORT"] = str(returns)
    return Server(
        name=name,
        title=f"The service {name}",
        ports=(port,),
        url=f"http://{HOST}:{port}",
        command=(sys.executable, "-m", module.format(service=name.partition("-")[0])),
        ready=lambda: probes.http_answers(port),
        stands_still=lambda: probes.stands_still(port),
        environment=tuple(own.items()),
    )


def _launch(plan: Plan, now: State, wanted: list[Server], started: list[str], say: Say) -> State:
    """Start these at once; each is in the state file before the next, so that `down` always finds it."""
    waiting: list[Started] = []
    for server in wanted:
        say(f"{server.name} is starting")
        log = plan.data / "logs" / f"{server.name}.log"
        running = servers.launch(server, log=log)
        started.append(server.name)
        now = now.with_member(server.name, Member(running, server.ports, server.url, str(log)))
        state.save(plan.data, now)
        waiting.append(Started(server, running, log))
    servers.wait_all_ready(waiting, on_ready=lambda server: say(_started(server)))
    return now


def _started(server: Server) -> str:
    why = server.stands_still()
    return f"{server.name} stands still: {why}" if why else f"{server.name} is ready: {server.url}"


def _check_own(name: str, url: str) -> None:
    """Refuse an address that nothing listens on. What only its driver can find (mongodb+srv) is not looked up."""
    first = url.split(",", maxsplit=1)[0]
    parts = urlsplit(first if "://" in first else f"//{first}")
    if parts.scheme == "mongodb+srv" or parts.hostname is None:
        return
    port = parts.port or {"kafka": 9092, "documents": 27017, "mail": 25}[name]
    if not probes.something_listens(port, parts.hostname):
        raise CannotStart(
            f"Nothing listens on {parts.hostname}:{port}: start that server, or correct {OWN_SERVERS[name]}."
        )


def down(data: Path = DEFAULT_DATA, say: Say = lambda _: None) -> None:
    """Stop everything that runs in this data folder: services first. Nothing running is no error."""
    data = data.absolute()
    with state.only_one(data), _uninterrupted():
        _stop(data, list(state.load(data).members), say)
        state.save(data, replace(state.load(data), external={}))


def _stop(data: Path, names: list[str], say: Say) -> None:
    now = state.load(data)
    chosen = {name: now.members[name].running for name in names if name in now.members}
    services_first = [
        {name: running for name, running in chosen.items() if name not in OWN_SERVERS},
        {name: running for name, running in chosen.items() if name in OWN_SERVERS},
    ]
    for group in services_first:
        processes.stop_all(list(group.values()))
        for name in group:
            say(f"{name} has stopped")
            now = now.without(name)
    state.save(data, now)


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """SIGTERM ends a start in the same way as Ctrl-C."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handled({signal.SIGTERM: interrupt}):
        yield


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A second Ctrl-C must not leave half of the platform running."""
    with _handled({signal.SIGTERM: signal.SIG_IGN, signal.SIGINT: signal.SIG_IGN}):
        yield


@contextmanager
def _handled(
    handlers: Mapping[signal.Signals, Callable[[int, FrameType | None], None] | signal.Handlers],
) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Only the main thread receives signals.
        return
    before = {each: signal.signal(each, handler) for each, handler in handlers.items()}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
