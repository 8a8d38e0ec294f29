"""The benchmark's arithmetic, with expectations worked out by hand."""

import itertools
import random

import pytest

from bench.figures import Seen, arrivals, limit, percentile, rate
from bench.parts import BSON, ENGINE, HTTP, LOOP, MAIL, RULES, part_of

TO_A_HUNDRED = [float(number) for number in range(100, 0, -1)]


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        (TO_A_HUNDRED, 0.50, 50.0),
        (TO_A_HUNDRED, 0.99, 99.0),
        (TO_A_HUNDRED, 1.00, 100.0),
        (TO_A_HUNDRED, 0.00, 1.0),
        ([7.0], 0.99, 7.0),
        ([1.0, 2.0, 3.0], 0.50, 2.0),
        ([1.0, 2.0], 0.51, 2.0),  # more than half: the first alone is not enough
    ],
)
def test_a_percentile_is_a_value_that_was_measured(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


def test_arrivals_come_by_schedule_at_the_rate_that_was_asked_for() -> None:
    moments = arrivals(50.0, 200.0, random.Random(1))
    assert moments == sorted(moments)
    assert moments[0] > 0.0
    assert moments[-1] < 200.0
    assert len(moments) == pytest.approx(50 * 200, rel=0.03)  # three standard deviations of a Poisson count


def test_arrivals_are_the_same_for_the_same_seed_and_uneven() -> None:
    moments = arrivals(10.0, 100.0, random.Random(2))
    assert moments == arrivals(10.0, 100.0, random.Random(2))
    gaps = [after - before for before, after in itertools.pairwise(moments)]
    assert min(gaps) < 0.02 < 0.3 < max(gaps)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (10.0, 20.0, 10.0),
        (15.0, 20.0, 10.0),  # between two looks: in a straight line
        (20.0, 30.0, 30.0),
        (10.0, 30.0, 20.0),
        (30.0, 40.0, 0.0),  # nothing was seen any more
    ],
)
def test_a_rate_is_what_was_finished_within_the_window(start: float, end: float, expected: float) -> None:
    timeline = [Seen(10.0, 0), Seen(20.0, 100), Seen(30.0, 400)]
    assert rate(timeline, start, end) == pytest.approx(expected)


@pytest.mark.parametrize(("a", "b", "expected"), [(1000.0, 1000.0, 500.0), (3000.0, 1000.0, 750.0)])
def test_the_limit_is_one_after_the_other(a: float, b: float, expected: float) -> None:
    assert limit(a, b) == pytest.approx(expected)


SITE = "/somewhere/.venv/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("files", "part"),
    [
        (["/usr/lib/python3.11/uuid.py", "/p/shared/casework/store.py", "/p/shared/messaging/reader.py"], ENGINE),
        ([f"{SITE}/bson/__init__.py", "/p/shared/mongo/mapping.py", "/p/shared/casework/stepping.py"], BSON),
        (["<cattrs generated structure services.intake.domain.case.Case>", "/p/services/intake/app.py"], BSON),
        (["/p/services/notification/mail/wave.py"], MAIL),
        (["/p/services/notification/reactions.py", "/p/shared/casework/offering.py"], RULES),
        ([f"{SITE}/uvicorn/protocols/http/h11_impl.py", f"{SITE}/uvicorn/server.py"], HTTP),
        (["/usr/lib/python3.11/asyncio/runners.py", f"{SITE}/uvicorn/server.py"], LOOP),  # nothing is being done
    ],
)
def test_a_moment_belongs_to_the_innermost_part(files: list[str], part: str) -> None:
    assert part_of(files) == part
