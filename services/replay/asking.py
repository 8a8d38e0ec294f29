"""Asking an archive in SQL, or from Python. What is asked can read the archive's files, and touch nothing else.

    from services.replay.asking import EventArchive
    EventArchive("~/events").cases().df()        # pandas; .pl() polars, .to_arrow_table() Arrow

DuckDB runs in memory, without access to files or the network but for the archive's own folder, and its configuration
is locked. Statements that could write even there are refused.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
from duckdb import StatementType

from services.replay import manifest, parts, views
from services.replay.folder import EVENTS
from shared.contracts.vocabulary import EventType

ALLOWED = {
    StatementType.SELECT,
    StatementType.CREATE,
    StatementType.INSERT,
    StatementType.UPDATE,
    StatementType.DELETE,
    StatementType.DROP,
    StatementType.ALTER,
    StatementType.RELATION,
}
"""What is written goes to the database in memory, and is gone with it. (EXPLAIN ANALYZE would do what it explains.)"""

BATCH = 5000


class CannotAsk(Exception):
    """What is wrong with a question, in DuckDB's words or ours."""


class Answer(NamedTuple):
    """Rows are read as they are asked for, before the next question."""

    columns: list[str]
    rows: Iterator[tuple[Any, ...]]


class EventArchive:
    """An archive as it stood when this was made; with `at`, as if nothing had happened after that moment."""

    def __init__(self, folder: str | Path, *, at: datetime | None = None) -> None:
        """Raises `CannotArchive` when there is none. `at` is aware."""
        self.folder = Path(folder).expanduser().absolute()
        self.manifest = manifest.load(self.folder)
        self._database = parts.connection()
        files: dict[EventType, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for part in self.manifest.parts:
            files[EventType(part.topic)][part.shape].append(str(self.folder / part.path))
        until = f"""("time" IS NULL OR "time" <= TIMESTAMPTZ '{at.astimezone(UTC).isoformat()}')""" if at else ""
        for statement in views.statements(files, until):
            self._database.execute(statement)
        mine = str(self.folder / EVENTS).replace("'", "''")
        self._database.execute(f"SET allowed_directories = ['{mine}/']; SET enable_external_access = false")
        self._database.execute("SET lock_configuration = true")

    def ask(self, text: str) -> Iterator[Answer]:
        """Carry out what is asked, a statement after the other; the answer of each that has one. Raises `CannotAsk`."""
        for statement in self._statements(text):
            try:
                answer = self._database.execute(statement)
                if statement.type is StatementType.SELECT:
                    yield Answer([each[0] for each in answer.description or ()], self._fetched(answer))
            except duckdb.Error as error:
                raise CannotAsk(said(error)) from None

    def _statements(self, text: str) -> list[duckdb.Statement]:
        try:
            found = self._database.extract_statements(text)
        except duckdb.Error as error:
            raise CannotAsk(said(error)) from None
        for statement in found:
            if statement.type not in ALLOWED:
                raise CannotAsk(f"{statement.type.name} is not for here: ask with SELECT, which changes no file.")
        return found

    def _fetched(self, answer: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
        try:
            while rows := answer.fetchmany(BATCH):
                yield from rows
        except duckdb.Error as error:
            raise CannotAsk(said(error)) from None

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of one question of our own, with `$name` for values."""
        return self._database.execute(query, values).fetchall()

    def batches(self, query: str, **values: Any) -> Iterator[list[tuple[Any, ...]]]:
        """The same, some thousand rows at a time."""
        answer = self._database.execute(query, values)
        while rows := answer.fetchmany(BATCH):
            yield rows

    def sql(self, query: str) -> duckdb.DuckDBPyRelation:
        """The answer to one question, as a relation. Raises `CannotAsk`."""
        if [statement.type for statement in self._statements(query)] != [StatementType.SELECT]:
            raise CannotAsk("This has no answer: ask with one SELECT.")
        try:
            return self._database.sql(query)
        except duckdb.Error as error:
            raise CannotAsk(said(error)) from None

    def of(self, table: pa.Table) -> duckdb.DuckDBPyRelation:
        """A table of our own as a relation, like an answer."""
        return self._database.from_arrow(table)

    def events(self) -> duckdb.DuckDBPyRelation:
        """Every event once."""
        return self._database.view("events")

    def cases(self) -> duckdb.DuckDBPyRelation:
        """One row a case."""
        return self._database.view("cases")

    def close(self) -> None:
        """Nothing is asked any more."""
        self._database.close()


def said(error: duckdb.Error) -> str:
    """What is wrong, for whoever asked."""
    if isinstance(error, duckdb.IOException):
        return "A file of the archive is not there any more: it was written to meanwhile, or is damaged. Ask again."
    return str(error)
