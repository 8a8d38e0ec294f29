"""Which days offices are open: weekdays, public holidays with the days on which they are kept, and single days. Pure.

A name of a holiday's rule is as in 5 U.S.C. 6103: a fixed day of a month, or the n-th (or last) weekday of a month.
"""

from dataclasses import dataclass, field
from datetime import date, time, timedelta

SATURDAY, SUNDAY = 6, 7
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FixedDay:
    """The same day of a month every year. On a Saturday it is kept the day before, on a Sunday the day after."""

    month: int
    day: int

    def kept_in(self, year: int) -> date:
        """The day on which the holiday of a year is kept: for New Year's Day perhaps the last of the year before."""
        day = date(year, self.month, self.day)
        return day + {SATURDAY: -DAY, SUNDAY: DAY}.get(day.isoweekday(), 0 * DAY)


@dataclass(frozen=True, slots=True)
class WeekdayOfMonth:
    """The `nth` such weekday of a month (1: Monday ... 7: Sunday); -1 for the last one."""

    month: int
    nth: int
    weekday: int

    def kept_in(self, year: int) -> date:
        """The day on which the holiday of a year is kept."""
        if self.nth < 0:
            end = date(year + self.month // 12, self.month % 12 + 1, 1)
            return end - ((end.isoweekday() - self.weekday - 1) % 7 + 1) * DAY
        begin = date(year, self.month, 1)
        return begin + ((self.weekday - begin.isoweekday()) % 7 + 7 * (self.nth - 1)) * DAY


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday; `since`: the first day on which it could be kept, where it was made a holiday later."""

    name: str
    on: FixedDay | WeekdayOfMonth
    since: date = date.min


@dataclass(frozen=True, eq=False)
class Calendar:
    """The days and hours that offices work, in each office's own zone. `weekdays`: 1 (Monday) to 7.

    Each is itself and no other, so that what follows from one can be kept cheaply.
    """

    version: str
    opens: time
    closes: time
    weekdays: frozenset[int]
    holidays: tuple[Holiday, ...] = ()
    also_closed: frozenset[date] = frozenset()
    _kept: dict[int, frozenset[date]] = field(default_factory=dict, init=False, repr=False)

    def is_open(self, day: date) -> bool:
        """Whether offices work on a day."""
        return day.isoweekday() in self.weekdays and day not in self.also_closed and day not in self._kept_in(day.year)

    def _kept_in(self, year: int) -> frozenset[date]:
        """The days of a year on which holidays are kept, worked out once."""
        kept = self._kept.get(year)
        if kept is None:
            around = (
                (holiday, holiday.on.kept_in(each))
                for holiday in self.holidays
                for each in range(max(year - 1, date.min.year + 1), min(year + 1, date.max.year - 1) + 1)
            )
            kept = frozenset(day for holiday, day in around if day.year == year and day >= holiday.since)
            self._kept[year] = kept
        return kept
