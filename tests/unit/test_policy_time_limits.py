"""When a time limit is over: weekends, holidays, closing time, summer time, pauses; never earlier for a later start."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.contracts.vocabulary import Urgency
from shared.policy.loading import load
from shared.policy.time_limits import TimeLimit, Unit, added_back, end_of, moment_of

CALENDAR = load().versions[-1][1].calendar
EASTERN = ZoneInfo("America/New_York")
GUAM = ZoneInfo("Pacific/Guam")
SAN_JUAN = ZoneInfo("America/Puerto_Rico")
PHOENIX = ZoneInfo("America/Phoenix")
ZONES = [EASTERN, GUAM, SAN_JUAN, PHOENIX, ZoneInfo("America/Denver"), ZoneInfo("Pacific/Honolulu")]

FIVE = time(17)
LIMITS = [
    TimeLimit(36, Unit.HOURS),
    TimeLimit(14, Unit.DAYS),
    TimeLimit(1, Unit.DAYS),
    TimeLimit(14, Unit.DAYS, FIVE),
    TimeLimit(3, Unit.DAYS, time(2, 30)),
    TimeLimit(30, Unit.DAYS, time(23, 59), on_open_day=True),
    TimeLimit(10, Unit.BUSINESS_DAYS),
    TimeLimit(1, Unit.BUSINESS_DAYS, time(23, 59)),
    TimeLimit(16, Unit.BUSINESS_HOURS),
]


def end(limit: TimeLimit, start: str, zone: ZoneInfo = EASTERN) -> str:
    """Local times in, local times out."""
    began = datetime.fromisoformat(start).replace(tzinfo=zone)
    return end_of(limit, began, calendar=CALENDAR, zone=zone).astimezone(zone).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("limit", "start", "ends"),
    [
        (TimeLimit(14, Unit.DAYS), "2021-03-08T09:00", "2021-03-22T09:00-04:00"),  # summer time began on the 14th
        (TimeLimit(14, Unit.DAYS), "2021-03-08T17:00", "2021-03-22T17:00-04:00"),
        (TimeLimit(14, Unit.DAYS), "2021-10-29T17:00", "2021-11-12T17:00-05:00"),  # and ended on 7 November
        (TimeLimit(14, Unit.DAYS, FIVE), "2021-03-08T09:00", "2021-03-22T17:00-04:00"),
        (TimeLimit(7, Unit.DAYS, FIVE), "2021-11-01T20:00", "2021-11-08T17:00-05:00"),
        (TimeLimit(36, Unit.HOURS), "2021-03-13T09:00", "2021-03-14T22:00-04:00"),  # one of these hours was left out
        (TimeLimit(36, Unit.HOURS), "2021-11-06T09:00", "2021-11-07T20:00-05:00"),
        (TimeLimit(1, Unit.BUSINESS_DAYS), "2021-03-12T09:00", "2021-03-15T17:00-04:00"),  # from a Friday
        (TimeLimit(1, Unit.BUSINESS_DAYS), "2021-03-13T09:00", "2021-03-15T17:00-04:00"),  # from a Saturday
        (TimeLimit(1, Unit.BUSINESS_DAYS), "2021-03-12T23:59", "2021-03-15T17:00-04:00"),
        (TimeLimit(10, Unit.BUSINESS_DAYS), "2021-06-10T09:00", "2021-06-25T17:00-04:00"),  # the first Juneteenth
        (TimeLimit(10, Unit.BUSINESS_DAYS), "2020-06-11T09:00", "2020-06-25T17:00-04:00"),  # the year before
        (TimeLimit(2, Unit.BUSINESS_DAYS, time(12)), "2021-12-29T09:00", "2022-01-03T12:00-05:00"),
        (TimeLimit(9, Unit.BUSINESS_HOURS), "2021-03-08T08:00", "2021-03-08T17:00-05:00"),
        (TimeLimit(9, Unit.BUSINESS_HOURS), "2021-03-08T07:00", "2021-03-08T17:00-05:00"),
        (TimeLimit(9, Unit.BUSINESS_HOURS), "2021-03-08T09:00", "2021-03-09T09:00-05:00"),
        (TimeLimit(2, Unit.BUSINESS_HOURS), "2021-03-12T16:00", "2021-03-15T09:00-04:00"),
        (TimeLimit(2, Unit.BUSINESS_HOURS), "2021-03-12T17:00", "2021-03-15T10:00-04:00"),
        (TimeLimit(2, Unit.BUSINESS_HOURS), "2021-03-14T02:00", "2021-03-15T10:00-04:00"),
    ],
)
def test_a_time_limit_ends_on_the_clocks_of_the_office(limit: TimeLimit, start: str, ends: str) -> None:
    assert end(limit, start) == ends


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        (EASTERN, "-05:00", "-04:00"),
        (SAN_JUAN, "-04:00", "-04:00"),
        (PHOENIX, "-07:00", "-07:00"),
        (GUAM, "+10:00", "+10:00"),
    ],
)
def test_five_o_clock_is_five_o_clock_on_both_sides_of_the_change(zone: ZoneInfo, winter: str, summer: str) -> None:
    week = TimeLimit(7, Unit.DAYS, FIVE)
    assert end(week, "2021-03-05T11:00", zone) == f"2021-03-12T17:00{winter}"
    assert end(week, "2021-03-10T11:00", zone) == f"2021-03-17T17:00{summer}"


def test_a_day_begins_earlier_in_guam_than_where_headquarters_is() -> None:
    sunday_noon_in_washington = datetime(2021, 3, 7, 12, tzinfo=EASTERN)
    limit = TimeLimit(1, Unit.BUSINESS_DAYS)
    in_guam = end_of(limit, sunday_noon_in_washington, calendar=CALENDAR, zone=GUAM)
    in_washington = end_of(limit, sunday_noon_in_washington, calendar=CALENDAR, zone=EASTERN)
    assert in_guam.astimezone(GUAM) == datetime(2021, 3, 9, 17, tzinfo=GUAM)  # it was Monday there already
    assert in_washington.astimezone(EASTERN) == datetime(2021, 3, 8, 17, tzinfo=EASTERN)


@pytest.mark.parametrize(
    ("day", "wall_clock", "moment"),
    [
        (date(2021, 3, 14), time(1, 59), "2021-03-14T06:59+00:00"),
        (date(2021, 3, 14), time(2, 0), "2021-03-14T07:00+00:00"),  # left out: the moment of the change
        (date(2021, 3, 14), time(2, 30), "2021-03-14T07:00+00:00"),
        (date(2021, 3, 14), time(3, 0), "2021-03-14T07:00+00:00"),
        (date(2021, 11, 7), time(0, 59), "2021-11-07T04:59+00:00"),
        (date(2021, 11, 7), time(1, 30), "2021-11-07T06:30+00:00"),  # comes twice: the second time
        (date(2021, 11, 7), time(2, 0), "2021-11-07T07:00+00:00"),
    ],
)
def test_a_time_that_comes_twice_or_never_is_one_moment(day: date, wall_clock: time, moment: str) -> None:
    assert moment_of(day, wall_clock, EASTERN).isoformat(timespec="minutes") == moment


def test_what_began_in_the_hour_that_comes_twice_ends_in_its_order() -> None:
    first = datetime(2021, 11, 7, 1, 30, tzinfo=EASTERN)
    second = datetime(2021, 11, 7, 1, 10, tzinfo=EASTERN, fold=1)
    assert first.astimezone(UTC) < second.astimezone(UTC)
    ends = [end_of(TimeLimit(14, Unit.DAYS), each, calendar=CALENDAR, zone=EASTERN) for each in (first, second)]
    assert ends == [datetime(2021, 11, 21, 1, 30, tzinfo=EASTERN), datetime(2021, 11, 21, 2, 0, tzinfo=EASTERN)]


# Pauses


@pytest.mark.parametrize(
    ("limit", "since", "until", "later"),
    [
        (TimeLimit(36, Unit.HOURS), "2021-03-09T10:00", "2021-03-09T15:30", timedelta(hours=5, minutes=30)),
        (TimeLimit(14, Unit.DAYS), "2021-03-09T10:00", "2021-03-11T12:00", timedelta(days=2, hours=2)),
        (TimeLimit(14, Unit.DAYS, FIVE), "2021-03-09T10:00", "2021-03-11T12:00", timedelta(days=2)),
        (TimeLimit(14, Unit.DAYS, FIVE), "2021-03-09T10:00", "2021-03-09T23:00", timedelta()),
        (TimeLimit(14, Unit.DAYS, FIVE), "2021-03-09T23:00", "2021-03-10T01:00", timedelta(days=1)),
        (TimeLimit(5, Unit.BUSINESS_DAYS), "2021-03-05T10:00", "2021-03-08T10:00", timedelta(days=1)),  # a weekend
        (TimeLimit(5, Unit.BUSINESS_DAYS), "2021-03-06T10:00", "2021-03-07T10:00", timedelta()),
        (TimeLimit(20, Unit.BUSINESS_HOURS), "2021-03-05T16:00", "2021-03-08T09:00", timedelta(hours=2)),
        (TimeLimit(20, Unit.BUSINESS_HOURS), "2021-03-05T18:00", "2021-03-08T07:00", timedelta()),
        (TimeLimit(14, Unit.DAYS), "2021-03-09T10:00", "2021-03-09T09:00", timedelta()),
    ],
)
def test_a_pause_is_added_back_in_what_the_limit_is_counted_in(
    limit: TimeLimit, since: str, until: str, later: timedelta
) -> None:
    before = datetime(2021, 3, 10, 10 if not limit.by else 17, tzinfo=EASTERN)
    if limit.unit is Unit.BUSINESS_DAYS:
        before = before.replace(hour=17)
    paused = [datetime.fromisoformat(each).replace(tzinfo=EASTERN) for each in (since, until)]
    after = added_back(limit, before, since=paused[0], until=paused[1], calendar=CALENDAR, zone=EASTERN)
    assert after - before == later


# Properties

MOMENTS = st.integers(0, 7 * 365 * 86400).map(
    lambda seconds: datetime(2021, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
NEAR_A_CHANGE = st.sampled_from(["2021-03-14T07:00", "2021-11-07T06:00", "2022-03-13T09:00"]).flatmap(
    lambda change: st.integers(-7200, 7200).map(
        lambda seconds: datetime.fromisoformat(f"{change}+00:00") + timedelta(seconds=seconds)
    )
)
STARTS = MOMENTS | NEAR_A_CHANGE | NEAR_A_CHANGE.map(lambda moment: moment - timedelta(days=14))
LIMIT = st.sampled_from(LIMITS)
IN_BUSINESS_TIME = [limit for limit in LIMITS if limit.unit in {Unit.BUSINESS_DAYS, Unit.BUSINESS_HOURS}]
PAUSES = st.tuples(*[st.timedeltas(timedelta(), timedelta(days=30))] * 2).map(sorted)
ZONE = st.sampled_from(ZONES)


@given(STARTS, STARTS, LIMIT, ZONE)
@example(
    datetime(2021, 11, 7, 5, 59, tzinfo=UTC), datetime(2021, 11, 7, 6, 1, tzinfo=UTC), TimeLimit(1, Unit.DAYS), EASTERN
)
@example(
    datetime(2021, 2, 28, 7, 40, tzinfo=UTC), datetime(2021, 2, 28, 8, 1, tzinfo=UTC), TimeLimit(14, Unit.DAYS), EASTERN
)
@settings(max_examples=500)
def test_what_began_later_never_ends_earlier(one: datetime, other: datetime, limit: TimeLimit, zone: ZoneInfo) -> None:
    first, second = sorted((one, other))
    ends = [end_of(limit, each, calendar=CALENDAR, zone=zone) for each in (first, second)]
    assert first < ends[0] <= ends[1]


@given(STARTS, st.timedeltas(timedelta(), timedelta(days=3)), LIMIT, ZONE)
@settings(max_examples=300)
def test_neighbouring_starts_end_in_their_order(
    first: datetime, later: timedelta, limit: TimeLimit, zone: ZoneInfo
) -> None:
    ends = [end_of(limit, each, calendar=CALENDAR, zone=zone) for each in (first, first + later)]
    assert ends[0] <= ends[1]


@given(STARTS, PAUSES, LIMIT, ZONE)
@settings(max_examples=300)
def test_a_longer_pause_never_brings_the_end_nearer(
    since: datetime, pauses: list[timedelta], limit: TimeLimit, zone: ZoneInfo
) -> None:
    short, long = pauses
    end_ = end_of(limit, since - timedelta(hours=1), calendar=CALENDAR, zone=zone)

    def after(pause: timedelta) -> datetime:
        return added_back(limit, end_, since=since, until=since + pause, calendar=CALENDAR, zone=zone)

    assert end_ <= after(short) <= after(long)


@given(STARTS, st.sampled_from(IN_BUSINESS_TIME), ZONE)
@settings(max_examples=200)
def test_business_time_ends_while_somebody_is_there(start: datetime, limit: TimeLimit, zone: ZoneInfo) -> None:
    ends = end_of(limit, start, calendar=CALENDAR, zone=zone).astimezone(zone)
    assert CALENDAR.is_open(ends.date())
    assert ends.timetz().replace(tzinfo=None) == limit.by or CALENDAR.opens <= ends.time() <= CALENDAR.closes


WINDOW = TimeLimit(30, Unit.DAYS, time(23, 59), on_open_day=True)


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        ("2021-03-08T09:00", "2021-04-07T23:59-04:00"),  # a Wednesday: the thirtieth day itself
        ("2021-03-10T09:00", "2021-04-09T23:59-04:00"),  # a Friday
        ("2021-03-11T09:00", "2021-04-12T23:59-04:00"),  # a Saturday: the Monday after
        ("2021-03-12T09:00", "2021-04-12T23:59-04:00"),  # a Sunday
        ("2021-05-01T09:00", "2021-06-01T23:59-04:00"),  # Memorial Day: the Tuesday after
        (
            "2021-11-24T09:00",
            "2021-12-27T23:59-05:00",
        ),  # Christmas Eve, on which Christmas Day is kept: after the weekend
        ("2024-11-24T09:00", "2024-12-26T23:59-05:00"),  # closed by order on the 24th, Christmas Day
        ("2025-11-24T09:00", "2025-12-29T23:59-05:00"),  # closed by order on the 24th and the 26th, and the weekend
    ],
)
def test_a_requestor_s_window_whose_last_day_is_no_business_day_runs_to_the_end_of_the_next(
    start: str, ends: str
) -> None:
    """8 CFR 1.2: all days are counted."""
    assert end(WINDOW, start) == ends


def test_what_the_agency_owes_is_counted_in_days_alone() -> None:
    policy = load().at(datetime(2021, 3, 8, tzinfo=UTC))
    owed = [
        *(limits.values() for limits in (policy.answer_within, policy.silence_after, policy.sro_answer_within)),
        *(limits.values() for limits in (policy.office_answers_within, policy.carry_out_within)),
    ]
    assert not any(limit.on_open_day for limits in owed for limit in limits)
    asked = (policy.review_window, policy.question_answer_within, policy.resubmit_within)
    assert all(limit.on_open_day for limit in asked)
    assert end(policy.sro_answer_within[Urgency.DETAINED], "2021-03-13T09:00") == "2021-03-27T17:00-04:00"  # a Saturday
