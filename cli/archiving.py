"""`secondlook archive`: the event topics as Parquet files in a folder, and whether they are all there."""

import asyncio
import logging
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.saying import Failed, as_json, err, out, plainly
from cli.where import DEFAULT, Data, Json, kafka

if TYPE_CHECKING:
    from services.replay.archive import Archived

# DuckDB and PyArrow are only loaded by the commands that need them.

app = typer.Typer(invoke_without_command=True)

Folder = Annotated[Path | None, typer.Argument(help="The folder of the archive; that of the data folder if left out.")]


def folder_of(given: Path | None, data: Path) -> Path:
    """Where the archive is."""
    return given or data / "archive"


@app.callback()
@plainly
def archive(
    context: typer.Context,
    into: Annotated[
        Path | None, typer.Option(help="Another folder than the data folder's archive; made if need be.")
    ] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new events until Ctrl-C.")] = False,
    every: Annotated[
        float, typer.Option(min=1, max=3600, help="While following: write after so many seconds at the latest.")
    ] = 10,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Copy all event topics into Parquet files, which DuckDB and others read. Run again, it goes on where it stopped.

    It only reads Kafka, and joins no consumer group. What outsiders submit (request.received) is never copied.
    docs/analysts.md shows what to do with it.

    Example: `secondlook archive --into ~/events`

    Example: `secondlook archive --follow`
    """
    if context.invoked_subcommand is None:
        into = folder_of(into, data)
        done = _copied(kafka(data), into, every if follow else None)
        if as_json_:
            as_json({"records": done.records, "folder": str(into), "absent": done.absent, "holes": _holes(done)})
            return
        out.print(f"[green]✓[/] {done.records:,} new records in {into}.")
        for topic in done.absent:
            err.print(f"[yellow]This Kafka has no topic {topic}: its platform is older.[/]")
        for hole in _holes(done):
            err.print(f"[yellow]{hole}[/]")


def _copied(bootstrap: str, into: Path, every: float | None) -> "Archived":
    from services.replay.archive import Limits
    from services.replay.archive import archive as copied
    from services.replay.failing import CannotArchive
    from shared.messaging.tap import NoTap

    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # What it says is said in a sentence.

    async def copy() -> "Archived":
        stop = asyncio.Event()
        if every is not None:
            for each in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(each, stop.set)
        with _progress() as progress:
            task = progress.add_task("records", total=None)

            def tell(done: int, of: int) -> None:
                progress.update(task, completed=done, total=max(done, of))

            limits = Limits(seconds=every or Limits().seconds)
            return await copied(bootstrap, into, follow=None if every is None else stop, limits=limits, tell=tell)

    try:
        return asyncio.run(copy())
    except CannotArchive as failure:
        raise Failed(str(failure)) from None
    except NoTap as failure:
        raise Failed(f"{failure} Start it, or set KAFKA_BOOTSTRAP, and run this again: it goes on.") from None


def _progress() -> Progress:
    """On stderr, with rate and time left; nothing of it stays."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(),
        console=err, transient=True,
    )  # fmt: skip


class _Rate(TextColumn):
    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Any) -> Any:
        from rich.text import Text

        return Text(f"{task.finished_speed or task.speed or 0:,.0f}/s")


def _holes(done: "Archived") -> list[str]:
    why = {"corrupt": "cannot be read", "deleted": "were deleted before", "absent": "are no records"}
    return [
        f"{place.topic}, partition {place.partition}: offsets {hole.first} to {hole.following - 1} {why[hole.why]}."
        for place, hole in done.holes
    ]


@app.command()
@plainly
def verify(folder: Folder = None, data: Data = DEFAULT, as_json_: Json = False) -> None:
    """Look whether an archive is whole: every offset once, no file changed, every schema known. Ends with 1 if not.

    Example: `secondlook archive verify ~/events`
    """
    from services.replay.failing import CannotArchive
    from services.replay.verify import verify as verified

    try:
        found = verified(folder_of(folder, data))
    except CannotArchive as failure:
        raise Failed(str(failure)) from None
    if as_json_:
        as_json({name: getattr(found, name) for name in ("records", "files", "schemas", "wrong", "noted")})
    else:
        for sentence in found.noted:
            err.print(f"[yellow]{sentence}[/]")
        for sentence in found.wrong:
            err.print(f"[red]✗[/] {sentence}")
        if not found.wrong:
            out.print(f"[green]✓[/] {found.records:,} records in {found.files:,} files: each once, none changed.")
    if found.wrong:
        raise typer.Exit(1)
