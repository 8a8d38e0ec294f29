"""How long something may take, and when that ends: in hours or days, or in an office's own working time. Pure.

Ends never come earlier for what began later: clocks that are set forward or back are met so, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum, unique
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.policy.calendar import Calendar

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@unique
class Unit(StrEnum):
    """What a time limit is counted in. Business time is what the calendar in force calls so, in the office's zone."""

    HOURS = "hours"
    DAYS = "days"
    BUSINESS_HOURS = "business hours"
    BUSINESS_DAYS = "business days"

    @property
    def in_days(self) -> bool:
        """Whether it ends at some time of a last day."""
        return self in {Unit.DAYS, Unit.BUSINESS_DAYS}


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """Such as "36 hours", "14 days, by 17:00", "10 business days", "30 days, by 23:59, or the next business day".

    The day on which it begins is not counted. It ends on its last day at the local time `by`; without one, days end at
    the time of day at which they began, and business days when the office closes. `on_open_day`: all days are counted,
    and where the last one is no business day it ends on the next (8 CFR 1.2: what somebody outside has to do by then).
    """

    count: int
    unit: Unit
    by: time | None = None
    on_open_day: bool = False

    def last_day(self, day: date, calendar: Calendar) -> date:
        """The day on which it ends, where counting leads to `day`."""
        return next(each for each in _from(day) if calendar.is_open(each)) if self.on_open_day else day


def end_of(limit: TimeLimit, start: datetime, *, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """When a time limit that begins at `start` is over, in UTC."""
    match limit.unit:
        case Unit.HOURS:
            return start.astimezone(UTC) + timedelta(hours=limit.count)
        case Unit.BUSINESS_HOURS:
            return _after_open_time(start, timedelta(hours=limit.count), calendar, zone)
        case Unit.DAYS:
            began = _wall_clock(start, zone)
            last = limit.last_day(began.date() + limit.count * DAY, calendar)
            return moment_of(last, limit.by or began.time(), zone)
        case Unit.BUSINESS_DAYS:
            last = _open_day_after(_wall_clock(start, zone).date(), limit.count, calendar)
            return moment_of(last, limit.by or calendar.closes, zone)


def added_back(
    limit: TimeLimit, end: datetime, *, since: datetime, until: datetime, calendar: Calendar, zone: ZoneInfo
) -> datetime:
    """When a time limit that would be over at `end` is over after its clock stood still from `since` until `until`.

    Where an end has a fixed time of day, whole days are added back: as many as began while the clock stood still. Never
    earlier than `end`, though policy may have changed since that was worked out.
    """
    if until <= since:
        return end
    first, last = _wall_clock(since, zone).date(), _wall_clock(until, zone).date()
    end_day = end.astimezone(zone).date()
    match limit:
        case TimeLimit(unit=Unit.BUSINESS_HOURS):
            return _after_open_time(end, _open_time(since, until, calendar, zone), calendar, zone)
        case TimeLimit(unit=Unit.BUSINESS_DAYS, by=by):
            days = sum(calendar.is_open(day) for day in _days(first + DAY, last))
            return max(end, moment_of(_open_day_after(end_day, days, calendar), by or calendar.closes, zone))
        case TimeLimit(unit=Unit.DAYS, by=time() as by):
            return max(end, moment_of(limit.last_day(end_day + (last - first), calendar), by, zone))
        case _:
            return end + (until - since)


def moment_of(day: date, wall_clock: time, zone: ZoneInfo) -> datetime:
    """When a zone's clocks show this time on this day, in UTC.

    Of a time that comes twice (clocks are set back) it is the second; for one that is left out (clocks are set forward)
    it is the moment of the change.
    """
    first = datetime.combine(day, wall_clock, tzinfo=zone)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    early, late = first.astimezone(UTC), second.astimezone(UTC)
    return late if late > early else _change(late, early, zone)


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()


def _wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the zone's clocks show. While they show times for the second time, the end of that hour stands for them.

    Otherwise what began in the second hour would end before what began in the first.
    """
    local = moment.astimezone(zone)
    if not local.fold:
        return local
    hour = _offset(local.replace(fold=0)) - _offset(local)
    change = _change(local.astimezone(UTC) - hour, local.astimezone(UTC), zone)
    return (change + hour).astimezone(zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between these two, to the second, from which on the zone has its new offset."""
    start = before.replace(microsecond=0)
    low, high = 0, (after - start) // SECOND + 1
    old = start.astimezone(zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if (start + middle * SECOND).astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return start + high * SECOND


def _days(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included; none when the last is the earlier one."""
    return (first + number * DAY for number in range((last - first).days + 1))


def _from(first: date) -> Iterator[date]:
    return (first + number * DAY for number in range((date.max - first).days))


@lru_cache(maxsize=4096)
def _open_day_after(day: date, count: int, calendar: Calendar) -> date:
    """The `count`th open day after a day; for 0 the day itself."""
    while count:
        day += DAY
        count -= calendar.is_open(day)
    return day


def _office_hours(day: date, calendar: Calendar, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return moment_of(day, calendar.opens, zone), moment_of(day, calendar.closes, zone)


def _after_open_time(start: datetime, wanted: timedelta, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """The moment at which the office has been open for so long since `start`."""
    for day in _from(start.astimezone(zone).date()):
        if not calendar.is_open(day):
            continue
        opens, closes = _office_hours(day, calendar, zone)
        begins = max(opens, start.astimezone(UTC))
        if begins + wanted <= closes:
            return begins + wanted
        wanted -= max(closes - begins, timedelta())
    raise OverflowError("The calendar never opens again.")


def _open_time(since: datetime, until: datetime, calendar: Calendar, zone: ZoneInfo) -> timedelta:
    """For how long the office was open in between."""
    total = timedelta()
    for day in _days(since.astimezone(zone).date(), until.astimezone(zone).date()):
        if calendar.is_open(day):
            opens, closes = _office_hours(day, calendar, zone)
            total += max(min(closes, until) - max(opens, since), timedelta())
    return total
