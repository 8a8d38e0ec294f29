"""A lane: topics, databases and groups of its own, and instances that follow one another while faults happen."""

import asyncio
import multiprocessing
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx

from deploy.local import probes
from deploy.local.environment import key_settings
from deploy.local.topics import declared
from shared.contracts.vocabulary import EventType, Service
from shared.messaging.tap import Tap
from shared.messaging.topics import ensure
from shared.mongo.driver import Driver, MongoClient
from shared.policy.loading import OWN_FILES
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests import known_ids
from tests.conftest import Servers
from tests.faults import instance, load
from tests.faults.checks import Documents, Log
from tests.faults.faulty import SERVICES, Counters, Fault
from tests.faults.instance import Spec

PARTITIONS = 2
READY_SECONDS = 40.0
STOP_SECONDS = 45.0
HOURS_EACH_SECOND = 2.0
"""The policy clock: the window to ask for review, cut down to three hours, closes in a second and a half."""
NOBODY: Final = 1
"""A port on which nobody listens."""

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.faults.instance"])


@dataclass(frozen=True)
class Instance:
    """A process of `tests.faults.instance`."""

    process: Any
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        return self.process.exitcode is None

    async def stop(self) -> bool:
        """As an operator stops it; false when it had to be killed, or was dead."""
        if self.alive:
            self.process.terminate()
            await asyncio.to_thread(self.process.join, STOP_SECONDS)
        if self.alive:
            self.process.kill()
            await asyncio.to_thread(self.process.join)
        return bool(self.process.exitcode == 0)


class Lane:
    """Made by `several`, or opened and closed by whoever wants other services or settings in its instances."""

    def __init__(
        self, servers: Servers, folder: Path, services: tuple[Service, ...] = SERVICES, **settings: Any
    ) -> None:
        self.prefix = f"f{uuid4().hex[:8]}_"
        self.servers = servers
        self.services = services
        self.log = Log(self.prefix)
        self.current: Instance | None = None
        self._folder = folder
        self._instances_log = folder / "instances.log"
        self._settings = _settings(servers, folder, self.prefix) | settings
        self._started: list[Instance] = []
        self._client = MongoClient(servers.mongodb, Driver.PYMONGO)
        self.counters = Counters(folder / "counters")
        told = [kind for kind in EventType if kind is not EventType.REQUEST_RECEIVED]
        self._tap = Tap(servers.kafka, [f"{self.prefix}{kind}" for kind in told])
        self.token = DevelopmentIssuer(folder / "keys").staff("officer-1", [Role.OFFICER], offices=load.offices())
        self.arrivals = f"{self.prefix}{EventType.REQUEST_RECEIVED}"

    @classmethod
    @asynccontextmanager
    async def several(
        cls, servers: Servers, folder: Path, count: int, services: tuple[Service, ...] = SERVICES, **settings: Any
    ) -> AsyncIterator[list["Lane"]]:
        """Lanes side by side, each with a folder of its own; stopped at the end."""
        async with AsyncExitStack() as stack:
            lanes = []
            for number in range(count):
                (folder / f"lane{number}").mkdir(parents=True)
                lanes.append(cls(servers, folder / f"lane{number}", services, **settings))
                await lanes[-1].open()
                stack.push_async_callback(lanes[-1].close)
            yield lanes

    async def open(self) -> None:
        """Make the topics."""
        topics = [replace(topic, partitions=PARTITIONS) for topic in declared("local", prefix=self.prefix)]
        await ensure(self.servers.kafka, topics)
        await self._tap.__aenter__()

    def last_lines(self, count: int = 30) -> str:
        """What its instances said last, for whoever has to find out why one did not do as it was told."""
        return "\n".join(self._instances_log.read_text(errors="replace").splitlines()[-count:])

    async def leave_one(self) -> None:
        """Stop all instances but the current one."""
        for each in self._started:
            if each is not self.current:
                await each.stop()

    async def close(self) -> None:
        """Stop what runs."""
        for started in self._started:
            await started.stop()
        await self._tap.__aexit__(None, None, None)
        await self._client.close()

    @property
    def url(self) -> str:
        """Where the instance of this moment answers, or nobody does."""
        return self.current.url if self.current is not None else f"http://127.0.0.1:{NOBODY}"

    def start(self) -> Instance:
        """Another instance; it is the current one from now on."""
        (port,) = probes.free_ports(1)
        settings, counters = self._settings | {"port": port}, self._folder / "counters"
        spec = Spec(port, settings, counters, self._instances_log, self.services)
        process = _processes.Process(target=instance.run, args=(spec,), daemon=True)
        process.start()
        self.current = Instance(process, port)
        self._started = [each for each in self._started if each.alive] + [self.current]
        return self.current

    async def ready(self) -> Instance:
        """The current instance, started when there is none, once all its services say that they are ready."""
        found = self.current if self.current is not None and self.current.alive else self.start()

        async def all_ready() -> bool:
            if not found.alive:
                raise AssertionError(f"the instance ended: {found.process.exitcode}")
            async with httpx.AsyncClient() as http:
                answers = [await http.get(f"{found.url}/{service}/health/ready") for service in self.services]
            return all(answer.status_code == 200 for answer in answers)

        await until(all_ready, within=READY_SECONDS)
        return found

    async def install(self, *faults: Fault) -> None:
        """In the current instance."""
        async with httpx.AsyncClient() as http:
            (await http.post(f"{self.url}/faults", json=instance.encoded(list(faults)))).raise_for_status()

    async def read(self) -> None:
        """What the topics have got since the last time."""
        self.log.add(await self._tap.to_the_end())

    async def documents(self, wanted: frozenset[Any]) -> Documents:
        """The cases as each service stores them."""
        found = {}
        for service in self.services:
            cases = self._client.database(f"{self.prefix}secondlook_{service}")["cases"]
            found[service] = await cases.find({"_id": {"$in": list(wanted)}}).to_list(None)
        return found

    async def count(self, service: Service, collection: str, query: dict[str, Any] | None = None) -> int:
        """How many documents a service keeps."""
        kept = self._client.database(f"{self.prefix}secondlook_{service}")[collection]
        return await kept.count_documents(query or {})


async def until(probe: Callable[[], Awaitable[bool]], *, within: float) -> bool:
    """Ask until it holds; whether it did in time. Who cannot be reached does not say that it holds."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        with suppress(httpx.HTTPError):
            if await probe():
                return True
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.1)


def _settings(servers: Servers, folder: Path, prefix: str) -> dict[str, Any]:
    nowhere = f"http://127.0.0.1:{NOBODY}"
    anchor = datetime.now(UTC).isoformat(timespec="milliseconds")
    known_ids.place(folder)
    keys = {name.lower(): value for name, value in key_settings(folder).items()}
    return {
        **keys,
        "kafka_bootstrap": servers.kafka,
        "mongodb_uri": servers.mongodb,
        "secondlook_prefix": prefix,
        "secondlook_clock": f"2021-03-08T09:00-05:00*{HOURS_EACH_SECOND * 3600}@{anchor}",
        "policy_dir": short_policy(folder / "policy"),
        "smtp_url": servers.smtp,
        "mail_from": "Second Look <no-reply@second-look.example>",
        "public_url": nowhere,
        "public_per_second": 10_000,
        "public_burst": 10_000,
        **{f"{service}_url": nowhere for service in Service},
    }


def short_policy(folder: Path) -> Path:
    """The policy in force, with a short window to ask for review; nothing is ever late to be carried out."""
    for kind in ("guidance", "process", "offices"):
        shutil.copytree(OWN_FILES / kind, folder / kind)
    (file,) = (folder / "process").glob("*.yaml")
    written = file.read_text(encoding="utf-8")
    for name, is_ in (("review_window", "3 hours"), ("window_grace", "1 hours")):
        written, changed = re.subn(rf"(?m)^({name}:\n(?:  .*\n)*?  is: ).*$", rf"\g<1>{is_}", written)
        assert changed == 1
    block = re.search(r"(?m)^carry_out_within:\n(?:  .*\n)+", written)
    assert block
    written = written.replace(block[0], re.sub(r"(?m): \d+ (business )?days.*$", ": 400 days", block[0]))
    file.write_text(written, encoding="utf-8")
    return folder
