"""What is running in a data folder: the state file, and the lock that keeps two commands apart."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from deploy.local.failures import Busy
from deploy.local.processes import Running


@dataclass(frozen=True)
class Member:
    """One server or service that was started here."""

    running: Running
    ports: tuple[int, ...]
    url: str
    log: str


@dataclass(frozen=True)
class State:
    """Members by name, in the order of their start; and the ports that were chosen, which a restart uses again."""

    members: dict[str, Member] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    external: dict[str, str] = field(default_factory=dict)

    def with_member(self, name: str, member: Member) -> "State":
        return replace(self, members={**self.members, name: member})

    def without(self, name: str) -> "State":
        return replace(self, members={key: value for key, value in self.members.items() if key != name})


def load(data: Path) -> State:
    file = _file(data)
    if not file.exists():
        return State()
    kept = json.loads(file.read_text(encoding="utf-8"))
    members = {
        name: Member(
            running=Running(**member["running"]),
            ports=tuple(member["ports"]),
            url=member["url"],
            log=member["log"],
        )
        for name, member in kept["members"].items()
    }
    return State(members=members, ports=kept["ports"], external=kept["external"])


def save(data: Path, state: State) -> None:
    """Whole or not at all: another command may be reading."""
    part = _file(data).with_suffix(".part")
    part.write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
    part.replace(_file(data))


def _file(data: Path) -> Path:
    return data / "platform.json"


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder's lock; raise `Busy` when another process has it. It ends with the process that holds it."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Busy(
                f"Another command (process {lock.read().strip() or 'unknown'}) is starting or stopping the platform "
                f"in {data}: wait until it is done."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
