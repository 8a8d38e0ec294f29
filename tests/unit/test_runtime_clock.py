"""The clocks: policy time from real time, and this process's view of the store's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import Outage
from shared.mongo.driver import PyMongoError
from shared.runtime.clock import REAL_TIME, Clock, PolicyTime, UnusableClock

STORE = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Machine:
    """A machine's two clocks, and a store that answers after `way` seconds each way."""

    def __init__(self, *, off: timedelta = timedelta(), way: float = 0.0) -> None:
        self.passed = 0.0
        self.off, self.way, self.away = off, way, False

    def local(self) -> datetime:
        return STORE + timedelta(seconds=self.passed) + self.off

    def monotonic(self) -> float:
        return 5000.0 + self.passed

    async def store(self) -> datetime:
        if self.away:
            raise PyMongoError("mongodb://user:secret@host")
        self.passed += self.way
        answer = STORE + timedelta(seconds=self.passed)
        self.passed += self.way
        return answer

    def clock(self, policy_time: PolicyTime = REAL_TIME) -> Clock:
        return Clock(self.store, policy_time, local=self.local, monotonic=self.monotonic)


def test_policy_time_runs_from_its_start_as_many_times_as_fast() -> None:
    parsed = PolicyTime.parse("2021-03-08T09:00-05:00*86400@2026-01-31T12:00+00:00")
    assert parsed.at(STORE) == datetime(2021, 3, 8, 14, tzinfo=UTC)
    assert parsed.at(STORE + timedelta(seconds=2)) == datetime(2021, 3, 10, 14, tzinfo=UTC)
    assert PolicyTime.parse("2021-03-08T14:00Z@2026-01-31T12:00Z").speed == 1
    assert REAL_TIME.at(STORE) == STORE
    assert REAL_TIME.at(STORE + timedelta(microseconds=1999)) == STORE + timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2021-03-08T14:00Z",  # no anchor: each start would begin anew
        "2021-03-08T14:00@2026-01-31T12:00Z",  # which zone?
        "2021-03-08T14:00Z*0@2026-01-31T12:00Z",
        "2021-03-08T14:00Z*1.2.3@2026-01-31T12:00Z",
        "2021-03-08T14:00Z*99999999@2026-01-31T12:00Z",
        "yesterday@2026-01-31T12:00Z",
    ],
)
def test_a_setting_that_is_no_clock_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UnusableClock, match=r"^SECONDLOOK_CLOCK must be start\*speed@anchor"):
        PolicyTime.parse(text)


async def test_it_follows_the_store_not_the_machine() -> None:
    machine = Machine(off=timedelta(seconds=-20), way=0.5)
    clock = machine.clock()
    assert not clock.trustworthy
    await clock.synchronise()
    assert clock.real_now() == STORE + timedelta(seconds=1)
    assert (clock.skew_seconds, clock.trustworthy) == (20, True)
    machine.passed += 60
    assert clock.now() == STORE + timedelta(seconds=61)


async def test_a_machine_whose_clock_is_set_meanwhile_brings_no_deadline_early() -> None:
    machine = Machine()
    clock = machine.clock(PolicyTime(datetime(2021, 3, 8, tzinfo=UTC), 10.0, STORE))
    await clock.synchronise()
    machine.off = timedelta(hours=1)
    machine.passed += 1
    assert clock.real_now() == STORE + timedelta(seconds=1)
    assert clock.now() == datetime(2021, 3, 8, 0, 0, 10, tzinfo=UTC)
    await clock.synchronise()
    assert (clock.real_now(), clock.trustworthy) == (STORE + timedelta(seconds=1), False)


async def test_a_store_that_is_away_is_an_outage_and_tells_no_address() -> None:
    machine = Machine()
    clock = machine.clock()
    await clock.synchronise()
    machine.away = True
    machine.passed += 3
    with pytest.raises(Outage) as raised:
        await clock.synchronise()
    assert "secret" not in str(raised.value)
    assert (clock.trustworthy, clock.real_now()) == (True, STORE + timedelta(seconds=3))
