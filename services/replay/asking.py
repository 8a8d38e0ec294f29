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
from typing import Any

import duckdb
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


class EventArchive:
    """An archive as it stood when this was made; with `at`, as if nothing had happened after that moment."""

    def __init__(self, folder: str | Path, *, at: datetime | None = None) -> None:
        """Raises `CannotArchive` when there is none. `at` is aware."""
        self.folder = Path(folder).expanduser().absolute()
        self.manifest = manifest.load(self.folder)
        self._database = parts.connection()
        files: dict[EventType, list[str]] = defaultdict(list)
        for part in self.manifest.parts:
            files[EventType(part.topic)].append(str(self.folder / part.path))
        until = f"""("time" IS NULL OR "time" <= TIMESTAMPTZ '{at.astimezone(UTC).isoformat()}')""" if at else ""
        for statement in views.statements(files, until):
            self._database.execute(statement)
        mine = str(self.folder / EVENTS).replace("'", "''")
        self._database.execute(f"SET allowed_directories = ['{mine}/']; SET enable_external_access = false")
        self._database.execute("SET lock_configuration = true")

    def ask(self, text: str) -> Iterator[duckdb.DuckDBPyRelation]:
        """The answer of each statement that has one. Raises `CannotAsk`."""
        try:
            for statement in self._database.extract_statements(text):
                if statement.type not in ALLOWED:
                    raise CannotAsk(f"{statement.type.name} is not for here: ask with SELECT, which changes no file.")
                answer = self._database.sql(statement.query)
                if answer is not None:
                    yield answer
        except duckdb.Error as error:
            raise CannotAsk(_said(error)) from None

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of one question of our own, with `$name` for values."""
        return self._database.execute(query, values).fetchall()

    def batches(self, query: str, **values: Any) -> Iterator[list[tuple[Any, ...]]]:
        """The same, some thousand rows at a time."""
        answer = self._database.execute(query, values)
        while rows := answer.fetchmany(BATCH):
            yield rows

    def sql(self, query: str) -> duckdb.DuckDBPyRelation:
        """The answer to one question."""
        for answer in self.ask(query):
            return answer
        raise CannotAsk("This has no answer: ask with SELECT.")

    def events(self) -> duckdb.DuckDBPyRelation:
        """Every event once."""
        return self._database.view("events")

    def cases(self) -> duckdb.DuckDBPyRelation:
        """One row a case."""
        return self._database.view("cases")

    def close(self) -> None:
        """Nothing is asked any more."""
        self._database.close()


def _said(error: duckdb.Error) -> str:
    if isinstance(error, duckdb.IOException):
        return "A file of the archive is not there any more: it was written to meanwhile, or is damaged. Ask again."
    return str(error)
