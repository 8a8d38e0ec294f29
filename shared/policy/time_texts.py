"""How time is written in policy files: durations, time limits, times of day, weekdays, holidays, zones."""

import re
from datetime import time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field

from shared.policy.calendar import FixedDay, WeekdayOfMonth
from shared.policy.time_limits import TimeLimit, Unit

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_FEWEST_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def _duration(written: object) -> timedelta:
    match = re.fullmatch(r"(\d{1,5}) (day|hour)s?", written) if isinstance(written, str) else None
    if match is None:
        raise ValueError('a duration is written "14 days" or "36 hours"')
    count = int(match[1])
    return timedelta(days=count) if match[2] == "day" else timedelta(hours=count)


def _limit(written: object) -> TimeLimit:
    form = r"(\d{1,5}) ((?:business )?(?:day|hour))s?(?:, by (\d\d:\d\d)(, or the next business day)?)?"
    match = re.fullmatch(form, written) if isinstance(written, str) else None
    if match is None or not int(match[1]):
        raise ValueError('a time limit is written "36 hours", "14 days, by 17:00", "10 business days"')
    unit = Unit(f"{match[2]}s")
    if match[3] and not unit.in_days:
        raise ValueError("only days end by a time of day")
    if match[4] and unit is not Unit.DAYS:
        raise ValueError("business days end on one anyway")
    return TimeLimit(int(match[1]), unit, _wall_clock(match[3]) if match[3] else None, on_open_day=bool(match[4]))


def _wall_clock(written: object) -> time:
    try:
        if not isinstance(written, str) or not re.fullmatch(r"\d\d:\d\d", written):
            raise ValueError
        return time.fromisoformat(written)
    except ValueError:
        raise ValueError('a time of day is written "17:00", with its quotation marks') from None


def _weekday(written: object) -> int:
    if written not in _WEEKDAYS:
        raise ValueError(f"a weekday is one of {', '.join(_WEEKDAYS)}")
    return _WEEKDAYS.index(str(written)) + 1


def _holiday_rule(written: object) -> FixedDay | WeekdayOfMonth:
    words = written.split() if isinstance(written, str) else []
    match words:
        case [month, day] if month in _MONTHS and day.isdecimal():
            if 1 <= int(day) <= _FEWEST_DAYS[_MONTHS.index(month)]:
                return FixedDay(_MONTHS.index(month) + 1, int(day))
        case [nth, weekday, "of", month] if nth in _NTH and month in _MONTHS:
            return WeekdayOfMonth(_MONTHS.index(month) + 1, _NTH[nth], _weekday(weekday.upper()))
    raise ValueError('a holiday is on "January 1", or on "third Monday of January"')


def _zone(written: object) -> str:
    try:
        return ZoneInfo(str(written)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("this is no time zone of the IANA database") from None


Duration = Annotated[timedelta, BeforeValidator(_duration), Field(gt=timedelta(0))]
Limit = Annotated[TimeLimit, BeforeValidator(_limit)]
WallClock = Annotated[time, BeforeValidator(_wall_clock)]
Weekday = Annotated[int, BeforeValidator(_weekday)]
HolidayRule = Annotated[FixedDay | WeekdayOfMonth, BeforeValidator(_holiday_rule)]
Zone = Annotated[str, BeforeValidator(_zone)]
