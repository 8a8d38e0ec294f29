"""Time: the store's clock for what is real, the policy clock (start + speed x (store's clock - anchor)) for the rest.

Only `now` of inputs, event times, `due_at` and windows use the policy clock; leases, tokens, caches, back-off, the
sweeper and skew are real or monotonic time.
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.casework.answering import answering
from shared.casework.commands import whole_milliseconds

MOST_SKEW_SECONDS = 30.0
"""Further apart from the store's clock than this, an instance says that it is not ready."""

_FORM = re.compile(r"(?P<start>[^*@]+)(\*(?P<speed>[0-9.]+))?(@(?P<anchor>.+))?")


class UnusableClock(Exception):
    """SECONDLOOK_CLOCK must be start*speed@anchor, for example 2021-03-08T09:00-05:00*86400@2026-01-31T12:00+00:00."""


@dataclass(frozen=True, slots=True)
class PolicyTime:
    """How policy time runs: from `start` at real time `anchor`, `speed` times as fast."""

    start: datetime
    speed: float
    anchor: datetime

    def at(self, real: datetime) -> datetime:
        """The policy time at a real moment."""
        return whole_milliseconds(self.start + (real - self.anchor) * self.speed)

    @classmethod
    def parse(cls, text: str) -> "PolicyTime":
        """Read the setting; raises `UnusableClock`."""
        found = _FORM.fullmatch(text.strip())
        try:
            if found is None:
                raise ValueError
            start, anchor = datetime.fromisoformat(found["start"]), datetime.fromisoformat(found["anchor"] or "")
            speed = float(found["speed"] or 1)
            if start.tzinfo is None or anchor.tzinfo is None or not 0 < speed <= 10_000_000:
                raise ValueError
        except ValueError:
            raise UnusableClock(str(UnusableClock.__doc__)) from None
        return cls(start.astimezone(UTC), speed, anchor.astimezone(UTC))


REAL_TIME = PolicyTime(datetime(2000, 1, 1, tzinfo=UTC), 1.0, datetime(2000, 1, 1, tzinfo=UTC))
"""Policy time is real time."""


class Clock:
    """This process's view of the store's clock, and of policy time upon it.

    Between two comparisons it goes by the monotonic clock: when somebody sets this machine's clock, no deadline comes
    early by that.
    """

    def __init__(
        self,
        store_time: Callable[[], Awaitable[datetime]],
        policy_time: PolicyTime = REAL_TIME,
        *,
        local: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store_time = store_time
        self._policy_time = policy_time
        self._local = local
        self._monotonic = monotonic
        self._compared = (local(), monotonic())
        self._skew = timedelta()
        self.synchronised = False

    @property
    def speed(self) -> float:
        """How many policy seconds pass in a real one."""
        return self._policy_time.speed

    @property
    def skew_seconds(self) -> float:
        """How far this machine's clock was from the store's when they were compared."""
        return abs(self._skew.total_seconds())

    @property
    def trustworthy(self) -> bool:
        """Whether the two clocks were compared and agree well enough."""
        return self.synchronised and self.skew_seconds <= MOST_SKEW_SECONDS

    def real_now(self) -> datetime:
        """The store's clock, as far as this process knows."""
        store, at = self._compared
        return whole_milliseconds(store + timedelta(seconds=self._monotonic() - at))

    def now(self) -> datetime:
        """Policy time."""
        return self.at(self.real_now())

    def at(self, real: datetime) -> datetime:
        """The policy time at a real moment."""
        return self._policy_time.at(real)

    async def synchronise(self) -> None:
        """Compare with the store's clock (taken at the middle of the question); raises `Outage`."""
        before = self._monotonic()
        with answering():
            store = await self._store_time()
        after, local = self._monotonic(), self._local()
        self._compared = (store, (before + after) / 2)
        self._skew = local - store - timedelta(seconds=(after - before) / 2)
        self.synchronised = True
