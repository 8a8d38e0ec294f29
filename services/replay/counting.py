"""Cases counted for outsiders, by one or two of their properties, with small counts withheld."""

import pyarrow as pa
from duckdb import DuckDBPyRelation

from services.replay.asking import CannotAsk, EventArchive
from services.replay.suppressing import LEAST, TOTAL, Cell, with_totals, withheld

BY = {
    "office": "office",
    "urgency": "urgency",
    "stage": "stage",
    "outcome": "outcome",
    "ended_by": "ended_by",
    "field_office_outcome": "field_office_outcome",
    "requestor_type": "requestor_type",
    "represented": "represented",
    "language": "language",
    "age_band": "age_band",
    "custody": "custody",
    "channel": "channel",
    "guidance": "guidance",
    "month_received": "strftime(received_at, '%Y-%m')",
    "year_received": "strftime(received_at, '%Y')",
}
"""By what outsiders may have cases counted: a few values each, none of which says who. In SQL, of the view `cases`."""

ALL = "all"
NOT_SAID = "not said"


def counted(archive: EventArchive, by: list[str], least: int = LEAST) -> DuckDBPyRelation:
    """A row for each cell, totals (`all`) too; `cases` is NULL where `withheld`. Raises `CannotAsk`."""
    if len(by) not in (1, 2) or len(set(by)) != len(by) or not set(by) <= BY.keys():
        raise CannotAsk(f"Cases are counted by one or two of: {', '.join(BY)}.")
    if least < LEAST:
        raise CannotAsk(f"Counts of fewer than {LEAST} are not for outsiders: ask with `secondlook sql`.")
    asked = ", ".join(f"coalesce(CAST({BY[name]} AS VARCHAR), '{NOT_SAID}')" for name in by)
    rows = archive.rows(f"SELECT {asked}, count(*) FROM cases GROUP BY ALL ORDER BY ALL")  # noqa: S608 - of our own names
    whole = with_totals({tuple(row[:-1]): row[-1] for row in rows})
    hidden = withheld(whole, least)
    cells: list[Cell] = list(whole) if rows else []
    columns = {
        name: pa.array([ALL if cell[place] is TOTAL else cell[place] for cell in cells], pa.string())
        for place, name in enumerate(by)
    }
    counts = pa.array([None if cell in hidden else whole[cell] for cell in cells], pa.int64())
    return archive.of(pa.table({**columns, "cases": counts, "withheld": [cell in hidden for cell in cells]}))
