"""The arithmetic of the benchmarks: percentiles, arrival schedules, rates in a window, the limit L. No I/O."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """So many were finished by this moment (seconds on a monotonic clock)."""

    at: float
    count: int


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all values do not exceed: a value that was measured."""
    if not values:
        raise ValueError("There is no percentile of nothing.")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def arrivals(per_second: float, seconds: float, rng: random.Random) -> list[float]:
    """When requests arrive in an open loop, in seconds from its start: by chance (Poisson), whatever is answered."""
    moments: list[float] = []
    moment = rng.expovariate(per_second)
    while moment < seconds:
        moments.append(moment)
        moment += rng.expovariate(per_second)
    return moments


def count_at(timeline: Sequence[Seen], moment: float) -> float:
    """How many were finished at a moment, in a straight line between the two looks around it."""
    before = Seen(timeline[0].at, timeline[0].count)
    for after in timeline:
        if after.at >= moment:
            span = after.at - before.at
            share = (moment - before.at) / span if span > 0 else 1.0
            return before.count + max(0.0, share) * (after.count - before.count)
        before = after
    return before.count


def rate(timeline: Sequence[Seen], start: float, end: float) -> float:
    """Finished per second between two moments."""
    return (count_at(timeline, end) - count_at(timeline, start)) / (end - start)


def limit(a: float, b: float) -> float:
    """L = 1/(1/a + 1/b): cases per second if each case's records and writes were moved bare, one after the other."""
    return 1.0 / (1.0 / a + 1.0 / b)
