"""The circuit breaker: how long the broker is left alone."""

import pytest

from shared.casework.breaker import Breaker


def test_it_stays_away_for_longer_after_each_failure_up_to_a_limit_and_closes_on_success() -> None:
    now = 100.0
    breaker = Breaker(lambda: now, first_seconds=1.0, longest_seconds=6.0, jitter=lambda: 1.0)
    assert (breaker.open, breaker.healthy) == (False, True)
    for pause in (1.0, 2.0, 4.0, 6.0, 6.0):
        breaker.failed()
        now += pause - 0.01
        assert breaker.open
        now += 0.02
        assert (breaker.open, breaker.healthy) == (False, False)
    breaker.worked()
    assert (breaker.open, breaker.healthy) == (False, True)
    breaker.failed()
    now += 1.01
    assert not breaker.open


@pytest.mark.parametrize(("jitter", "pause"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_jitter_shortens_a_pause_by_at_most_a_half(jitter: float, pause: float) -> None:
    now = 0.0
    breaker = Breaker(lambda: now, first_seconds=1.0, jitter=lambda: jitter)
    breaker.failed()
    now = pause - 0.01
    assert breaker.open
    now = pause + 0.01
    assert not breaker.open


def test_an_outage_of_days_is_still_counted() -> None:
    breaker = Breaker(lambda: 0.0)
    for _ in range(5000):
        breaker.failed()
    assert breaker.open
