"""The views that analysts ask, in DuckDB's SQL, over an archive: `events`, `cases`, `decisions` and others.

Each event counts once, also where it was published twice. Where a case stands follows `shared/contracts/standing.py`,
and a test compares the two.
"""

from collections.abc import Iterable, Mapping, Sequence

from services.replay.columns import ARCHIVED, COMMON, types_of
from services.replay.queries import QUERIES
from shared.contracts.vocabulary import EventType

ABOUT = {
    "records": "every record as it lies in Kafka, also what is no event (`problem` says why)",
    "events": "every event once: what all events have in common",
    "cases": "one row a case: who, where, how urgent, where it stands, how it ended",
    "decisions": "one row a decision, of the field office and of headquarters",
    "notifications": "one row a letter: what became of it last",
    "stays": "one row for each time that a case lay at a field office or at headquarters",
    "durations": "one row for each step of a case; `ended` is false where it still goes on",
    "queues_over_time": "for each day and place: cases that came, that left, and that lie there at its end",
}
"""What each view has; besides, there is a view for each event type, like `triage_completed`."""

RAW = ("key", "value", "problem")
"""What only `records` shows."""


def view_of(kind: EventType) -> str:
    """The name of an event type's view."""
    return kind.replace(".", "_")


def statements(files: Mapping[EventType, Mapping[str, Sequence[str]]], until: str = "") -> list[str]:
    """The views over files (by event type and shape), each after those it needs. `until`: a condition on records."""
    return [
        *(_of_topic(kind, files.get(kind, {}), until) for kind in ARCHIVED),
        f"CREATE VIEW records AS {_union(_record(kind) for kind in ARCHIVED)}",
        *(f"CREATE VIEW {view_of(kind)} AS {_once(kind)}" for kind in ARCHIVED),
        f"CREATE VIEW events AS {_union(_event(kind) for kind in ARCHIVED)}",
        *(f"CREATE VIEW {name} AS {query}" for name, query in QUERIES.items()),
    ]


def _raw(kind: EventType) -> str:
    return f'"records of {kind}"'


def _of_topic(kind: EventType, shapes: Mapping[str, Sequence[str]], until: str) -> str:
    """All records of a topic, with the columns that this build knows, and those that the files have besides.

    Files of one shape are read as one: DuckDB then looks into one of them to know the columns, and not into all.
    """
    nothing = ", ".join(f'CAST(NULL AS {type_}) AS "{name}"' for name, type_ in types_of(kind).items())
    where = f" WHERE {until}" if until else ""
    every = [f"SELECT {nothing} WHERE false"]
    for files in shapes.values():
        listed = ", ".join("'{}'".format(file.replace("'", "''")) for file in files)
        every.append(f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false){where}")  # noqa: S608 - our files
    return f"CREATE VIEW {_raw(kind)} AS {' UNION ALL BY NAME '.join(every)}"


def _record(kind: EventType) -> str:
    return f"SELECT {_quoted(COMMON)} FROM {_raw(kind)}"  # noqa: S608 - our own names


def _once(kind: EventType) -> str:
    first = 'QUALIFY row_number() OVER (PARTITION BY id ORDER BY partition, "offset") = 1'
    return f"SELECT * EXCLUDE ({', '.join(RAW)}) FROM {_raw(kind)} WHERE problem IS NULL {first}"  # noqa: S608 - our own


def _event(kind: EventType) -> str:
    return f"SELECT {_quoted(name for name in COMMON if name not in RAW)} FROM {view_of(kind)}"  # noqa: S608 - our own


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _union(queries: Iterable[str]) -> str:
    return " UNION ALL ".join(queries)
