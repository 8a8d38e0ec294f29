"""Which days offices are open: the default calendar against a public library, and the rules by themselves."""

from datetime import date, timedelta

import holidays
import pytest

from shared.policy.calendar import FixedDay, WeekdayOfMonth
from shared.policy.loading import load
from shared.policy.model import Calendar

CALENDAR = load().versions[-1][1].calendar
SINGLE_DAYS = {date(2024, 12, 24), date(2025, 1, 9), date(2025, 12, 24), date(2025, 12, 26)}


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def test_every_weekday_of_the_holidays_that_a_public_library_knows_is_closed_and_every_other_is_open() -> None:
    first, last = date(2021, 1, 1), date(2060, 12, 31)
    known = holidays.country_holidays("US", years=range(2020, 2062), observed=True)
    for day in days(first, last):
        works = day.isoweekday() <= 5 and day not in known and day not in SINGLE_DAYS
        assert CALENDAR.is_open(day) is works, day


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        (date(2020, 6, 19), True),  # a Friday on which Juneteenth was no holiday yet
        (date(2021, 6, 17), True),  # the day on which it was made one
        (date(2021, 6, 18), False),  # kept for the first time, on the Friday before
        (date(2022, 6, 20), False),  # on a Sunday: kept on the Monday after
        (date(2021, 12, 31), False),  # New Year's Day 2022 is a Saturday
        (date(2022, 12, 26), False),
        (date(2023, 1, 2), False),
        (date(2021, 5, 31), False),  # the last Monday of May is the fifth
        (date(2021, 11, 25), False),
        (date(2021, 11, 26), True),  # no federal holiday
        (date(2024, 12, 24), False),  # closed by executive order
        (date(2025, 1, 9), False),
        (date(2025, 12, 24), False),
        (date(2025, 12, 26), False),
        (date(2024, 12, 26), True),  # each order names its days: no other year's
        (date(2026, 12, 24), True),
        (date(2026, 1, 9), True),
    ],
)
def test_a_day_is_open_or_closed(day: date, is_open: bool) -> None:
    assert CALENDAR.is_open(day) is is_open


@pytest.mark.parametrize("year", [1, 9999])
def test_the_first_and_the_last_year_have_days_too(year: int) -> None:
    assert isinstance(CALENDAR.is_open(date(year, 6, 15)), bool)


@pytest.mark.parametrize(
    ("rule", "year", "day"),
    [
        (WeekdayOfMonth(5, -1, 1), 2021, date(2021, 5, 31)),
        (WeekdayOfMonth(12, -1, 5), 2021, date(2021, 12, 31)),
        (WeekdayOfMonth(2, -1, 7), 2021, date(2021, 2, 28)),
        (WeekdayOfMonth(9, 1, 1), 2022, date(2022, 9, 5)),
        (WeekdayOfMonth(11, 4, 4), 2022, date(2022, 11, 24)),
        (FixedDay(7, 4), 2020, date(2020, 7, 3)),
        (FixedDay(7, 4), 2021, date(2021, 7, 5)),
        (FixedDay(7, 4), 2022, date(2022, 7, 4)),
    ],
)
def test_a_rule_names_the_day_on_which_a_holiday_is_kept(rule: FixedDay | WeekdayOfMonth, year: int, day: date) -> None:
    assert rule.kept_in(year) == day


def test_an_agency_without_holidays_may_say_so() -> None:
    always = Calendar("x", CALENDAR.opens, CALENDAR.closes, frozenset(range(1, 8)))
    assert all(always.is_open(day) for day in days(date(2021, 1, 1), date(2021, 12, 31)))
