"""No withheld count can be computed back: for each there is another table that a reader has to think possible."""

from hypothesis import example, given
from hypothesis import strategies as st

from services.replay.suppressing import TOTAL, Cell, alternative, with_totals, withheld

LEAST = 4
VALUES = st.sampled_from("abcde")
COUNTS = st.one_of(
    st.dictionaries(st.tuples(VALUES), st.integers(1, 12), min_size=1),
    st.dictionaries(st.tuples(VALUES, VALUES), st.integers(1, 12), min_size=1),
)


@given(COUNTS)
@example({("a", "x"): 1, ("a", "y"): 1, ("b", "x"): 1, ("b", "y"): 1})
@example({("a",): 1, ("b",): 9})
def test_whoever_knows_what_is_published_cannot_tell_what_is_withheld(counts: dict[Cell, int]) -> None:
    whole = with_totals(counts)
    hidden = withheld(whole, LEAST)
    assert hidden >= {cell for cell, count in whole.items() if 0 < count < LEAST}
    for cell in hidden:
        other = alternative(whole, hidden, cell, LEAST)
        assert other is not None
        assert other == with_totals(_inner(other))
        assert {each: other[each] for each in whole if each not in hidden} == {
            each: count for each, count in whole.items() if each not in hidden
        }
        assert min(other[each] for each in hidden) >= 1
        assert other[cell] != whole[cell]
        assert whole[cell] >= LEAST or other[cell] >= LEAST


@given(COUNTS)
def test_nothing_is_withheld_where_nothing_is_small(counts: dict[Cell, int]) -> None:
    whole = with_totals({cell: count + LEAST for cell, count in counts.items()})
    assert not withheld(whole, LEAST)


def _inner(whole: dict[Cell, int]) -> dict[Cell, int]:
    return {cell: count for cell, count in whole.items() if TOTAL not in cell}


def test_a_small_cell_takes_others_with_it() -> None:
    counts: dict[Cell, int] = {("a", "x"): 2, ("a", "y"): 50, ("b", "x"): 60, ("b", "y"): 70}
    assert withheld(with_totals(counts), LEAST) == counts.keys()
    assert withheld(with_totals({("a",): 2, ("b",): 30, ("c",): 40}), LEAST) == {("a",), ("b",)}


def test_a_reader_can_tell_where_only_the_small_cell_is_withheld() -> None:
    whole = with_totals({("a", "x"): 2, ("a", "y"): 50, ("b", "x"): 60, ("b", "y"): 70})
    assert alternative(whole, {("a", "x")}, ("a", "x"), LEAST) is None
    ones = with_totals({(row, column): 1 for row in "ab" for column in "xy"})
    assert alternative(ones, {(row, column) for row in "ab" for column in "xy"}, ("a", "x"), LEAST) is None


def test_a_large_table_is_done_soon_enough() -> None:
    whole = with_totals({(f"o{n}", f"c{m}"): (n * 7 + m * 13) % 40 for n in range(26) for m in range(8)})
    hidden = withheld(whole)
    assert 0 < len(hidden) < len(whole)
