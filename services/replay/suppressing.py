"""Small cells of a table of counts, and those from which they could be computed back, are withheld from outsiders.

A table has one or two dimensions and its totals, and all of it is published but for what is withheld. Whoever reads it
knows the sums, and that what is withheld is not zero. A set of withheld cells is safe when each of them could have
another value, and each small one could be `least` or more: so nobody can tell that it was small.

In two dimensions the cells are arcs between their row and their column, totals with the other sign; what may change of
them are the cycles of that graph (Cox 1980, network models of complementary suppression). A reader who puts several
tables of the same cases together may learn more: publish few, and not by one dimension that refines another.
"""

from collections import deque
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

TOTAL = None
"""Stands for all values of a dimension."""

LEAST = 11
"""No count of fewer is published, as the Centers for Medicare & Medicaid Services ask of those who publish."""

Cell = tuple[Hashable, ...]
Counts = Mapping[Cell, int]
_Step = tuple[Cell, int]
"""A cell that changes, and by how much: 1 or -1."""


def with_totals(counts: Counts) -> dict[Cell, int]:
    """The counts of one or two dimensions with their totals, and zero where nothing was counted."""
    size = len(next(iter(counts), (TOTAL,)))
    values = [list(dict.fromkeys(cell[place] for cell in counts)) for place in range(size)]
    if size == 1:
        return {**counts, (TOTAL,): sum(counts.values())}
    whole: dict[Cell, int] = {(row, column): counts.get((row, column), 0) for row in values[0] for column in values[1]}
    inner = list(whole.items())
    for (row, column), count in inner:
        for cell in ((row, TOTAL), (TOTAL, column), (TOTAL, TOTAL)):
            whole[cell] = whole.get(cell, 0) + count
    return whole


def withheld(whole: Counts, least: int = LEAST) -> frozenset[Cell]:
    """The cells of a table with its totals that must not be published: small ones, and others that would tell them."""
    hidden = {cell for cell, count in whole.items() if 0 < count < least}
    while exposed := next((cell for cell in sorted(hidden, key=str) if not _safe(whole, hidden, cell, least)), None):
        hidden.add(_another(whole, hidden, exposed))
    return frozenset(hidden)


def alternative(whole: Counts, hidden: frozenset[Cell] | set[Cell], cell: Cell, least: int) -> dict[Cell, int] | None:
    """Another table that a reader has to think possible, with another value of `cell`: at least `least` if it is small.

    None: there is none, and the reader can tell.
    """
    small = whole[cell] < least
    changed = _moved(whole, hidden, cell, 1, least - whole[cell] if small else 1)
    return changed if changed or small else _moved(whole, hidden, cell, -1, 1)


def _safe(whole: Counts, hidden: set[Cell], cell: Cell, least: int) -> bool:
    return alternative(whole, hidden, cell, least) is not None


def _moved(
    whole: Counts, hidden: frozenset[Cell] | set[Cell], cell: Cell, by: int, times: int
) -> dict[Cell, int] | None:
    """The table with `cell` changed so many times, each along a cycle of withheld cells that keeps all else."""
    net = _Net({each: whole[each] for each in hidden})
    for _ in range(times):
        if not net.change(cell, by):
            return None
    return {**whole, **net.values}


@dataclass(slots=True)
class _Net:
    values: dict[Cell, int]
    at: dict[Hashable, list[Cell]] = field(init=False)

    def __post_init__(self) -> None:
        self.at = {}
        for cell in self.values:
            for node in _ends(cell):
                self.at.setdefault(node, []).append(cell)

    def change(self, cell: Cell, by: int) -> bool:
        """Change a cell by one, and others such that all sums hold; False: that cannot be."""
        if self.values[cell] + by < 1:
            return False
        row, column = _ends(cell)
        start, goal = (column, row) if by * _sign(cell) > 0 else (row, column)
        came: dict[Hashable, tuple[Hashable, _Step]] = {}
        waiting = deque([start])
        while waiting and goal not in came:
            here = waiting.popleft()
            for there, step in self._steps(here, cell):
                if there not in came and there != start:
                    came[there] = (here, step)
                    waiting.append(there)
        if goal not in came:
            return False
        self.values[cell] += by
        while goal != start:
            goal, (changed, step_by) = came[goal]
            self.values[changed] += step_by
        return True

    def _steps(self, here: Hashable, without: Cell) -> Iterator[tuple[Hashable, _Step]]:
        for cell in self.at[here]:
            row, column = _ends(cell)
            by = _sign(cell) if here == row else -_sign(cell)
            if cell != without and self.values[cell] + by >= 1:
                yield (column if here == row else row), (cell, by)


def _ends(cell: Cell) -> tuple[Hashable, Hashable]:
    """The two sums that a cell stands in; in one dimension there is one, and nothing holds the other end."""
    return ("row", cell[0] if len(cell) == 2 else TOTAL), ("column", cell[1] if len(cell) == 2 else TOTAL)


def _sign(cell: Cell) -> int:
    return -1 if sum(value is TOTAL for value in cell) == 1 else 1


def _another(whole: Counts, hidden: set[Cell], exposed: Cell) -> Cell:
    """The next cell to withhold: rather no total, rather one that closes a cycle through the exposed one, and small."""
    rows, columns = (_reached(hidden - {exposed}, end) for end in _ends(exposed))

    def cost(cell: Cell) -> tuple[int, int, int, str]:
        here, there = _ends(cell)
        closes = (here in rows and there in columns) or (here in columns and there in rows)
        begins = {here, there} & (rows | columns)
        return sum(value is TOTAL for value in cell), 0 if closes else 1 if begins else 2, whole[cell], str(cell)

    return min((cell for cell, count in whole.items() if count and cell not in hidden), key=cost)


def _reached(hidden: set[Cell], start: Hashable) -> set[Hashable]:
    """The sums that hang together with one by withheld cells."""
    found = {start}
    while more := {end for cell in hidden if found & set(_ends(cell)) for end in _ends(cell)} - found:
        found |= more
    return found
