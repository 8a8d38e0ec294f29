"""`secondlook export`: what an archive holds, as files for other programs and for people outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asking import Archive, At, opened
from cli.saying import Failed, done, plainly
from cli.where import DEFAULT, Data, Json

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

app = typer.Typer(help="Write what an archive holds to files: tables, counts for outsiders, logs for process mining.")

File = Annotated[Path, typer.Argument(help="A new file; how its name ends says what it is.")]


@app.command()
@plainly
def table(
    question: Annotated[str, typer.Argument(help='In SQL, like "FROM cases".')],
    to: File,
    *,
    archive: Archive = None,
    at: At = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Write the answer to a question to a file: .csv, .jsonl or .parquet. Not for outsiders: small counts stand in it.

    In CSV, a text that a spreadsheet would run as a formula begins with an apostrophe.

    Example: `secondlook export table "FROM decisions" decisions.parquet`
    """
    with _told(), opened(archive, data, at) as asked:
        _write(asked.sql(question), to, as_json_)


@app.command()
@plainly
def counts(
    by: Annotated[str, typer.Argument(help="One or two properties of cases, like office,outcome.")],
    to: File,
    *,
    at_least: Annotated[int, typer.Option(help="No smaller count is published; 11 at least.")] = 11,
    archive: Archive = None,
    at: At = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Count cases for outsiders, with totals, to a .csv, .jsonl or .parquet file. Small counts are withheld.

    So are others from which those could be computed back. Each table is safe by itself: publish few of the same cases,
    and none that refines another.

    Example: `secondlook export counts office,outcome outcomes.csv`
    """
    from services.replay.counting import counted

    with _told(), opened(archive, data, at) as asked:
        _write(counted(asked, [name.strip() for name in by.split(",")], at_least), to, as_json_)


@app.command()
@plainly
def log(to: File, *, archive: Archive = None, at: At = None, data: Data = DEFAULT, as_json_: Json = False) -> None:
    """Write a log of all events for process mining: .xes (a trace a case) or .jsonocel (OCEL 2.0). Not for outsiders.

    Example: `secondlook export log events.jsonocel`
    """
    from services.replay.mining import write

    with _told(), opened(archive, data, at) as asked:
        write(asked, to)
    done({"file": str(to)}, str(to), as_json_=as_json_)


@contextmanager
def _told() -> Iterator[None]:
    from services.replay.failing import CannotArchive

    try:
        yield
    except CannotArchive as failure:
        raise Failed(str(failure)) from None
    except OSError as failure:
        raise Failed(f"The file cannot be written: {failure.strerror}. Name another, or make room.") from None


def _write(answer: "DuckDBPyRelation", to: Path, as_json_: bool) -> None:
    from services.replay.writing import write

    write(answer, to)
    done({"file": str(to)}, str(to), as_json_=as_json_)
