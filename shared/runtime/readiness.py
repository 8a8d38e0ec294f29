"""Whether a service can work now, and why not: what it needs is asked each time, and answered soon."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from shared.casework.breaker import Breaker
from shared.ending import ended
from shared.errors import Outage
from shared.messaging.reader import Reader
from shared.mongo.driver import PyMongoError
from shared.runtime.clock import Clock
from shared.runtime.starting import Starting

ANSWER_SECONDS = 2.5
"""After so long, what was asked counts as away: readiness tells it within five seconds."""
MOST_FAILURES = 2
"""More failures in a row than these are no passing trouble."""

log = structlog.get_logger()


class Question:
    """Whether something answers now. Asked once at a time, however often somebody wants to know.

    Whoever asks a store that is away waits in a thread for as long as the driver tries: askings must not pile up.
    """

    def __init__(self, ask: Callable[[], Awaitable[Any]], *, otherwise: str, within: float = ANSWER_SECONDS) -> None:
        """`ask` returns False, raises, or takes longer than `within` seconds when what it asks is away."""
        self._ask = ask
        self._otherwise = otherwise
        self._within = within
        self._asking: asyncio.Task[bool] | None = None

    async def unwell(self) -> str | None:
        """None when it answers, else the reason that was given for it."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._answered())
        try:
            async with asyncio.timeout(self._within):
                return None if await asyncio.shield(self._asking) else self._otherwise
        except TimeoutError:
            return self._otherwise

    async def stop(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            await ended(self._asking)

    async def _answered(self) -> bool:
        try:
            return await self._ask() is not False
        except (Outage, PyMongoError, OSError, TimeoutError):
            return False
        except Exception as error:  # noqa: BLE001 - a defect in the asking must not look like an answer
            log.error("loop_failed", loop="readiness", kind=type(error).__name__)  # noqa: TRY400 - may quote data
            return False


class Readiness:
    """All checks of one service. More `questions` may be added before it runs."""

    def __init__(
        self, starting: Starting, clock: Clock, breaker: Breaker, readers: Sequence[Reader], **questions: Question
    ) -> None:
        """`questions` by the name of their check; one is named `broker`."""
        self._starting = starting
        self._clock = clock
        self._breaker = breaker
        self._readers = readers
        self.questions = questions

    async def checks(self) -> Mapping[str, str | None]:
        """Check name -> None when well, else why not. Answers within three seconds, whatever is away."""
        answers = await asyncio.gather(*(question.unwell() for question in self.questions.values()))
        checks = dict(zip(self.questions, answers, strict=True))
        if self._breaker.open:
            checks["broker"] = checks["broker"] or "Kafka did not take the last event."
        checks["start"] = self._starting.not_yet
        checks["clock"] = None
        if not self._clock.trustworthy:
            checks["clock"] = "The clock of this machine is too far from the store's, or was never compared."
        checks["assignment"] = next((why for reader in self._readers if (why := _unwell(reader))), None)
        return checks

    async def stop(self) -> None:
        """Ask no more."""
        await asyncio.gather(*(question.stop() for question in self.questions.values()))


def _unwell(reader: Reader) -> str | None:
    if not reader.assigned:
        return "Kafka has not assigned partitions to this instance."
    if reader.failures > MOST_FAILURES:
        return "The records at hand cannot be settled."
    return "Records are waiting, and none is settled." if reader.stuck else None
