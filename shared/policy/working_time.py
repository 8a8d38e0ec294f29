"""From a calendar file to the calendar that clocks count business time by."""

from collections.abc import Iterator
from datetime import date

from shared.policy.calendar import Calendar, Holiday
from shared.policy.shapes import CalendarFile
from shared.policy.written import Field, PolicyInvalid, Written


def calendar(written: Written, file: CalendarFile) -> Calendar:
    """The calendar of a file. Raises PolicyInvalid for hours that are none, and for what is named twice."""
    wrong = [written.complaint(field, message) for field, message in _complaints(file)]
    if wrong:
        raise PolicyInvalid("\n".join(wrong))
    return Calendar(
        version=file.version,
        opens=file.opens.value,
        closes=file.closes.value,
        weekdays=file.open_on.value,
        holidays=tuple(Holiday(each.name, each.day, each.since or date.min) for each in file.holidays),
        also_closed=frozenset(each.day for each in file.also_closed),
    )


def _complaints(file: CalendarFile) -> Iterator[tuple[Field, str]]:
    if file.opens.value >= file.closes.value:
        yield ("closes", "is"), "is not after the time at which offices open"
    names = [each.name for each in file.holidays]
    for at, name in enumerate(names):
        if name in names[:at]:
            yield ("holidays", at, "name"), f"{name} is given twice"
    days = [each.day for each in file.also_closed]
    for at, day in enumerate(days):
        if day in days[:at]:
            yield ("also_closed", at, "day"), f"{day} is given twice"
