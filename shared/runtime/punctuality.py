"""Deadlines: carried out only where the clock is right and nothing that could have moved them is unread.

No window may close while a record that would have kept it open is unread, be it in a partition of this instance or of
another one that lags, or stands still. So it is the whole group's progress that counts, and since when it is well.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.casework.engine import Engine
from shared.messaging.reader import Reader
from shared.policy.model import Policies
from shared.runtime.clock import Clock

LOOK_SECONDS = 2.0
"""How often Kafka is asked how far the groups are, besides each time when a deadline has come."""


class Punctuality:
    """Brings one service's deadlines. `readers` may grow until the first look."""

    def __init__(self, engine: Engine[Any], clock: Clock, policies: Policies, readers: Sequence[Reader]) -> None:
        self._engine = engine
        self._clock = clock
        self._policies = policies
        self._readers = readers
        self._since: datetime | None = None

    async def look(self) -> bool:
        """Whether everything is well now: the clock is right, and all groups are up to date in all partitions."""
        now, real = self._clock.now(), self._clock.real_now()
        well = self._clock.trustworthy and all([await reader.current(real) for reader in self._readers])
        self._since = (self._since or now) if well else None
        return well

    async def carry_out(self) -> None:
        """Carry out what is due, if all has been well for the policy's grace, and still is. Raises `Outage`."""
        now = self._clock.now()
        if self._since is None or now - self._since < self._policies.at(now).window_grace:
            return
        if await self._engine.store.due(now, 1) and await self.look():
            await self._engine.deadlines()
