"""What runs beside the readers in every instance: the sweeper, the deadlines, the publish marks.

The sweeper publishes what a crash left. Its clock is this process's own monotonic one: a case is taken up only when its
outbox was seen unchanged for `STALE_SECONDS`, well above the time an acknowledgement takes. What this very process
could not send is taken up at once.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog

from shared.casework.engine import Engine
from shared.errors import Outage
from shared.failpoints import Point, Reached, no_point

STALE_SECONDS = 10.0
SWEEP_SECONDS = 2.0
DEADLINE_SECONDS = 0.25
AT_ONCE = 500
MOST_SEEN = 20_000
"""How many cases are watched at a time: after an outage that many are due at once."""

log = structlog.get_logger()


class Sweeper:
    """Finds cases whose events nobody publishes, and publishes their stored bytes."""

    def __init__(
        self,
        engine: Engine[Any],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        stale_seconds: float = STALE_SECONDS,
        point: Point = no_point,
    ) -> None:
        self._engine = engine
        self._monotonic = monotonic
        self._stale_seconds = stale_seconds
        self._point = point
        self._seen: dict[UUID, tuple[int, float]] = {}

    async def sweep(self) -> int:
        """One round; returns how many cases were taken up. One case that cannot be sent starves no other.

        While the broker is away it only looks, so that what stood still meanwhile goes out once it is back.
        """
        now, outbox = self._monotonic(), self._engine.outbox
        away = outbox.breaker.open
        owed = set() if away else outbox.owed()
        pending = dict(await self._engine.store.pending(MOST_SEEN))
        self._seen = {
            case_id: self._seen[case_id] if self._seen.get(case_id, (None, 0.0))[0] == emitted else (emitted, now)
            for case_id, emitted in pending.items()
        }
        if away:
            return 0
        stale = [
            case_id
            for case_id, (_, since) in self._seen.items()
            if case_id in owed or now - since >= self._stale_seconds
        ]
        if stale:
            log.info("sweeping", service=self._engine.rules.behaviour.service, cases=len(stale))
        for first in range(0, len(stale), AT_ONCE):
            await self._take_up(stale[first : first + AT_ONCE])
        return len(stale)

    async def _take_up(self, cases: list[UUID]) -> None:
        for case_id in cases:  # Whatever comes of it, the others have their turn before these come again.
            self._seen[case_id] = (self._seen[case_id][0], self._monotonic())
        await self._point(Reached.STALE_FOUND)
        outbox = self._engine.outbox
        try:
            await outbox.publish_stored(cases)
        except Outage:
            if not outbox.breaker.healthy:  # nothing was taken at all: it is not these cases' fault
                outbox.owe(cases)
            raise
        await self._point(Reached.SWEPT)


async def for_ever(work: Callable[[], Awaitable[Any]], *, every_seconds: float, name: str) -> None:
    """Do some work again and again. An outage ends a round, never the loop; a defect is logged and tried again."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await work()
        except Outage as error:
            log.info("waiting_for_a_server", loop=name, why=str(error))
        except Exception as error:  # noqa: BLE001 - the loop must outlive a defect
            log.error("loop_failed", loop=name, kind=type(error).__name__)  # noqa: TRY400 - its text may quote data
            await asyncio.sleep(1.0)
