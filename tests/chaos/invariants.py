"""What must hold of the evidence: each invariant is one query, in `invariants.sql`, that must return no row."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_EACH: Final = re.compile(
    r"^-- (?P<name>I[^:]+): (?P<says>[^\n]+)\n-- of (?P<things>[^:]+): (?P<count>[^\n]+)\n(?P<sql>[^;]+);", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Invariant:
    """`name` begins with its number in the design; `sql` returns what breaks it of so many `things` as `count` says."""

    name: str
    says: str
    things: str
    count: str
    sql: str

    def broken_by(self, db: sqlite3.Connection) -> list[tuple[object, ...]]:
        """The rows; none is well."""
        return db.execute(self.sql).fetchall()

    def tried_on(self, db: sqlite3.Connection) -> int:
        """How often it could have been broken."""
        return int(db.execute(self.count).fetchone()[0])


def _read() -> Iterator[Invariant]:
    written = Path(__file__).with_name("invariants.sql").read_text(encoding="utf-8")
    for found in _EACH.finditer(written):
        yield Invariant(**found.groupdict())


ALL: Final = tuple(_read())
