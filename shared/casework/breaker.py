"""A circuit breaker: while the broker is known to be gone, nothing is sent; after a pause, one try."""

import random
from collections.abc import Callable

MOST_DOUBLINGS = 16
"""An outage of hours has thousands of failures, and two to the power of that is no number to wait for."""


class Breaker:
    """Opens on a failure for a pause that doubles up to a limit (with jitter) and closes on the first success."""

    def __init__(
        self,
        monotonic: Callable[[], float],
        *,
        first_seconds: float = 0.5,
        longest_seconds: float = 4.0,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._monotonic = monotonic
        self._first = first_seconds
        self._longest = longest_seconds
        self._jitter = jitter
        self._failures = 0
        self._until = 0.0

    @property
    def open(self) -> bool:
        """Whether to leave the broker alone now."""
        return self._monotonic() < self._until

    @property
    def healthy(self) -> bool:
        """Whether the last try worked (or none was made yet)."""
        return self._failures == 0

    def failed(self) -> None:
        """A try failed: stay away for longer."""
        pause = min(self._first * 2 ** min(self._failures, MOST_DOUBLINGS), self._longest)
        self._failures += 1
        self._until = self._monotonic() + pause * (0.5 + self._jitter() / 2)

    def worked(self) -> None:
        """A try worked: go on as usual."""
        self._failures = 0
        self._until = 0.0
