"""Deadlines: carried out only where the clock is right and nothing that could have moved them is unread.

No window may close while a record that would have kept it open is unread, be it in a partition of this instance or of
another one that lags, or stands still. So it is the whole group's progress that counts: since when it is up to date,
and up to which moment.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.casework.engine import Engine
from shared.contracts.vocabulary import EventType
from shared.messaging.reader import Reader
from shared.messaging.records import partition_of
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

    async def look(self) -> datetime | None:
        """Up to which policy time all that was written is settled; None when groups lag, or the clock is wrong."""
        now, real = self._clock.now(), self._clock.real_now()
        moments = [real, *[await reader.through(real) for reader in self._readers]]
        known = [moment for moment in moments if moment is not None]
        if not self._clock.trustworthy or len(known) < len(moments):
            self._since = None
            return None
        self._since = self._since or now
        return self._clock.at(min(known))

    async def carry_out(self) -> None:
        """Carry out what was due when all had been settled, once that has been well for the policy's grace.

        Raises `Outage`.
        """
        now = self._clock.now()
        if self._since is None or now - self._since < self._policies.at(now).window_grace:
            return
        if await self._engine.store.due(now, 1) and (until := await self.look()) is not None:
            await self._engine.deadlines(until=until, spare=self._stands)

    def _stands(self, case_id: UUID) -> bool:
        """Whether events of this case may lie behind a corrupt batch: its deadlines wait, and those of no other case.

        All topics have the same number of partitions, and a case's events lie in the same one of each.
        """
        key = str(case_id).encode()
        return any(
            not topic.startswith(EventType.REQUEST_RECEIVED) and partition_of(key, count) == partition
            for reader in self._readers
            for topic, partition, count in reader.standing
        )
