"""`secondlook sql`: questions to an archive, in SQL; and a shell."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from cli.saying import Failed, err, out, plainly
from cli.where import DEFAULT, Data

if TYPE_CHECKING:
    from services.replay.asking import Answer, EventArchive

SHOWN_ROWS = 200

Archive = Annotated[
    Path | None, typer.Option("--archive", help="The archive's folder; that of the data folder if left out.")
]
At = Annotated[
    str | None,
    typer.Option("--at", help="As it stood then, like 2021-06-01T12:00Z or 2021-06-01 (its beginning, UTC)."),
]
Form = Literal["table", "csv", "jsonl"]


def moment(said: str | None) -> datetime | None:
    """A moment as it is typed; without a zone it is UTC."""
    if said is None:
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise Failed(f"{said} is no moment: write it like 2021-06-01T12:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@contextmanager
def opened(given: Path | None, data: Path, at: str | None = None) -> Iterator["EventArchive"]:
    """The archive that is meant."""
    from services.replay.asking import CannotAsk, EventArchive
    from services.replay.failing import CannotArchive

    try:
        archive = EventArchive(given or data / "archive", at=moment(at))
    except CannotArchive as failure:
        raise Failed(str(failure)) from None
    try:
        yield archive
    except CannotAsk as failure:
        raise Failed(str(failure)) from None
    finally:
        archive.close()


@plainly
def sql(
    question: Annotated[str | None, typer.Argument(help="In DuckDB's SQL. Without one, a shell asks for it.")] = None,
    *,
    archive: Archive = None,
    at: At = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="For spreadsheets; no text in it is taken for a formula.")
    ] = False,
    as_json_: Annotated[bool, typer.Option("--json", help="For scripts: JSON on stdout, an object a line.")] = False,
    data: Data = DEFAULT,
) -> None:
    """Ask an archive of the event topics in SQL. It reads the archive's files, and nothing else on this machine.

    The views: cases, events, decisions, notifications, stays, durations, queues_over_time, records, and one for each
    event type, like triage_completed. `DESCRIBE cases` lists a view's columns. docs/analysts.md has more.

    Example: `secondlook sql "SELECT stage, count(*) FROM cases GROUP BY stage"`

    Example: `secondlook sql --at 2021-06-01 "SELECT office, count(*) FROM cases GROUP BY office"`

    Example: `secondlook sql "FROM decisions" --csv`
    """
    form: Form = "jsonl" if as_json_ else "csv" if as_csv else "table"
    with opened(archive, data, at) as asked:
        if question is None:
            _shell(asked, form)
            return
        for answer in asked.ask(question):
            _show(answer, form)


def _shell(asked: "EventArchive", form: Form) -> None:
    """Statements end with a semicolon, the shell with Ctrl-D."""
    from services.replay.asking import CannotAsk
    from services.replay.views import ABOUT

    interactive = sys.stdin.isatty()
    if interactive:
        import readline  # noqa: F401 - gives `input` a history and editing

        for name, about in ABOUT.items():
            err.print(f"[bold]{name:<18}[/]{about}")
        err.print("[dim]End a question with ; and the shell with Ctrl-D.[/]")
    typed = ""
    while True:
        try:
            typed += input(("... " if typed else "sql> ") if interactive else "") + "\n"
        except EOFError:
            return
        if typed.strip().endswith(";"):
            try:
                for answer in asked.ask(typed):
                    _show(answer, form)
            except CannotAsk as failure:
                err.print(f"[red]✗[/] {escape(str(failure))}")
            typed = ""


def _show(answer: "Answer", form: Form) -> None:
    from services.replay import writing

    match form:
        case "csv":
            writing.csv_(answer, sys.stdout)
        case "jsonl":
            writing.jsonl(answer, sys.stdout)
        case _:
            columns, rows = answer
            table = Table(*columns, box=None, header_style="bold")
            for row in islice(rows, SHOWN_ROWS):
                table.add_row(*(escape("" if value is None else writing.text_of(value)) for value in row))
            out.print(table)
            if next(rows, None):
                err.print(f"[yellow]There are more than {SHOWN_ROWS} rows: ask for fewer, or use --csv.[/]")
