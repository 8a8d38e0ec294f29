"""`secondlook up`, `down`, `status`, `logs`: the platform on this machine."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from operator import attrgetter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.local import looking, platform
from deploy.local.failures import CannotStart
from deploy.local.places import DEFAULT_DATA
from shared.contracts.vocabulary import Service
from shared.errors import RESTORED

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Data = Annotated[Path, typer.Option(help="The folder with the data, keys, logs, and what is running.")]


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """A failed start is one sentence and a status, never a traceback."""
    try:
        yield
    except CannotStart as failure:
        err.print(f"[red]✗[/] {escape(str(failure))}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        err.print("Interrupted: what was started has been stopped.")
        raise typer.Exit(130) from None


class Progress:
    """One line per step, with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, step: str) -> None:
        out.print(f"[dim]{self.seconds:5.1f} s[/]  {escape(step)}")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began


def up(
    *,
    data: Data = DEFAULT_DATA,
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Take free ports, not the usual ones.")] = False,
    servers_only: Annotated[bool, typer.Option("--servers-only", help="Kafka, documents and mail only.")] = False,
    instances: Annotated[list[str] | None, typer.Option(help="More of one service, like intake=2. May repeat.")] = None,
    clock: Annotated[
        str | None,
        typer.Option(
            envvar="SECONDLOOK_CLOCK",
            help="A policy clock, start*speed: 2021-03-08T09:00-05:00*86400 lets a day pass each second.",
        ),
    ] = None,
    attach: Annotated[bool, typer.Option("--attach", help="Stay here; Ctrl-C stops everything.")] = False,
) -> None:
    """Start the platform on this machine, and return when all of it is ready.

    Starts Kafka, a document server (a real mongod when one is on the PATH) and a mail sink that delivers nothing,
    makes the topics, then starts the four services. What runs already is left alone: doing it twice is harmless.

    To use servers of your own, set KAFKA_BOOTSTRAP, MONGODB_URI or SMTP_URL.

    Example: `secondlook up --free-ports --instances intake=2`

    Afterwards: `secondlook status` shows the addresses, `secondlook logs` what is said, `secondlook down` stops it.
    """
    with told_in_one_sentence(), platform.sigterm_interrupts():
        plan = platform.Plan(
            data=data,
            services=() if servers_only else tuple(Service),
            instances=_instances(instances or []),
            free_ports=free_ports,
            clock=clock,
        )
        _start(plan.with_environment(), attach=attach)


def _start(plan: platform.Plan, *, attach: bool) -> None:
    progress = Progress()
    running = platform.up(plan, progress)
    try:
        intake = running.members.get("intake")
        what = f"Second Look is ready: {intake.url}" if intake else "The servers are ready"
        if still := looking.standing_still(running):
            out.print(f"[yellow]![/] {', '.join(still)}: {RESTORED}")
        else:
            out.print(f"[green]✓[/] {what} ({progress.seconds:.1f} s)")
        if attach:
            _watch(plan.data)
    except KeyboardInterrupt:
        if not attach:
            raise
        platform.down(plan.data, Progress())


def _instances(asked: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in asked:
        name, _, number = each.partition("=")
        if name not in set(Service) or not number.isdigit() or not 1 <= int(number) <= 9:
            raise CannotStart(
                f"--instances {each} cannot be read: write a service and a number up to 9, like intake=2."
            )
        counts[name] = int(number)
    return counts


def _watch(data: Path) -> None:
    """Stay until Ctrl-C or SIGTERM (KeyboardInterrupt); stop all when a member ends by itself."""
    out.print("Ctrl-C stops everything.")
    ended: list[str] = []
    while not ended:
        threading.Event().wait(0.5)
        ended = looking.ended(data)
    platform.down(data, Progress())
    raise CannotStart(f"{ended[0]} ended by itself, so everything was stopped: see `secondlook logs {ended[0]}`.")


def down(data: Data = DEFAULT_DATA) -> None:
    """Stop the services, then the servers. The data stays; nothing running is no error.

    Example: `secondlook down`
    """
    with told_in_one_sentence():
        platform.down(data, Progress())
        out.print("[green]✓[/] Nothing runs here any more.")


def status(
    data: Data = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: a list of members.")] = False,
) -> None:
    """Show what runs here, where, and whether it is ready. Ends with 1 when something is not, or when nothing runs.

    Example: `secondlook status --json`
    """
    looks = looking.status(data)
    if as_json:
        typer.echo(json.dumps([asdict(look) for look in looks], indent=1))
    elif not looks:
        out.print("Nothing runs here. Start it with `secondlook up`.")
    else:
        table = Table("member", "condition", "address", "process", "", box=None)
        for look in looks:
            colour = "green" if look.condition in {"ready", "own"} else "red"
            pid = str(look.pid or "")
            table.add_row(look.name, f"[{colour}]{look.condition}[/]", look.url, pid, escape(look.detail))
        out.print(table)
    if not looks or any(look.condition not in {"ready", "own"} for look in looks):
        raise typer.Exit(1)


def logs(
    member: Annotated[
        str | None, typer.Argument(help="Like intake, kafka, documents; the four services when left out.")
    ] = None,
    data: Data = DEFAULT_DATA,
    servers: Annotated[
        bool, typer.Option("--servers", help="Also Kafka, the document server and the mail sink.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on showing new lines until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many last lines of each.", min=0)] = 20,
) -> None:
    """Show what the services have said lately. A line is a JSON object.

    Example: `secondlook logs intake --follow`

    Example: `secondlook logs kafka`
    """
    files = _log_files(data / "logs", member, servers=servers)
    ends: dict[Path, int] = {}
    for file in files:
        with file.open("rb") as log:
            for line in deque(log, maxlen=lines):
                _show(file, line, prefixed=member is None)
            ends[file] = log.tell()
    if follow:
        try:
            _follow(ends, prefixed=member is None)
        except KeyboardInterrupt:
            return


def _log_files(folder: Path, member: str | None, *, servers: bool) -> list[Path]:
    """The log of one member; else those of the services, or of all. Ends the command where there is none."""
    known = sorted(folder.glob("*.log"), key=attrgetter("stem"))
    if member is not None:
        found = [file for file in known if file.stem == member]
    else:
        found = [file for file in known if servers or file.stem.partition("-")[0] in set(Service)]
    if not found:
        there = ", ".join(file.stem for file in known) or "none yet"
        err.print(f"[red]✗[/] There is no log of {escape(member or 'a service')} in {folder}; there are: {there}.")
        raise typer.Exit(1)
    return found


def _follow(ends: dict[Path, int], *, prefixed: bool) -> None:
    while True:
        for file, end in list(ends.items()):
            with file.open("rb") as log:
                log.seek(end)
                for line in log:
                    if not line.endswith(b"\n"):
                        break  # Still being written.
                    _show(file, line, prefixed=prefixed)
                    ends[file] += len(line)
        threading.Event().wait(0.2)


def _show(file: Path, line: bytes, *, prefixed: bool) -> None:
    text = line.decode("utf-8", errors="replace").rstrip("\n")
    typer.echo(f"{file.stem:<14} {text}" if prefixed else text)
