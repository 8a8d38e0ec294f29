"""One child process of the platform: started in a session of its own, ended by its own process id."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.failures import CannotStart
from deploy.local.places import PROJECT

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Running:
    """A started process. `born` tells it from a later process that was given the same id."""

    pid: int
    born: str


def start(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None, outlives: bool = True
) -> Running:
    """Start it detached, both outputs appended to `log`.

    `outlives` False: the system ends it with the thread that started it, however that ends (where it has `setpriv`).
    """
    if not outlives and (tied := shutil.which("setpriv")):
        command = [tied, "--pdeathsig", "TERM", *command]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        try:
            child = subprocess.Popen(
                list(command),
                cwd=PROJECT,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except FileNotFoundError as missing:
            raise CannotStart(f"{command[0]} is not installed: run `make bootstrap`.") from missing
    running = Running(pid=child.pid, born=_born(child.pid))
    _children[running] = child
    return running


# A dead child of ours stays a zombie until it is waited for; the handle is kept for that.
_children: dict[Running, subprocess.Popen[bytes]] = {}


def is_alive(running: Running) -> bool:
    child = _children.get(running)
    if child is not None:  # The system may call it a zombie while threads of it still hold its ports.
        return child.poll() is None
    return running.born != "" and _born(running.pid) == running.born


def stop(running: Running, *, within: float = 15.0) -> None:
    """Ask it to end, wait, then end it. Does nothing to another process that has got the same id since."""
    stop_all([running], within=within)


def stop_all(these: Sequence[Running], *, within: float = 15.0) -> None:
    """As `stop`, for several at once: they end side by side."""
    for asked, seconds in ((signal.SIGTERM, within), (signal.SIGKILL, 5.0)):
        for running in these:
            if is_alive(running):
                with suppress(ProcessLookupError):
                    os.kill(running.pid, asked)
        if wait_until(lambda: not any(map(is_alive, these)), within=seconds):
            break
    for running, child in list(_children.items()):  # also those that somebody else has killed meanwhile
        if child.poll() is not None:
            _children.pop(running)


def wait_until(condition: Callable[[], bool], *, within: float) -> bool:
    """Look again and again until it holds or `within` seconds are over; tells which."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _born(pid: int) -> str:
    """When the process with this id started, as the system tells it; empty when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return "" if Path("/proc/self").exists() else _born_by_ps(pid)
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state == "Z" else rest[18]


def _born_by_ps(pid: int) -> str:
    said = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return said.stdout.strip()
