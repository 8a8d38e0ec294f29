"""How a service starts: step by step, each again until it works, and never ended unseen."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from shared.errors import Outage
from shared.privacy.keys import WrongKey
from shared.web.problems import log_unexpected

RETRY_SECONDS = 1.0
DEFECT_SECONDS = 10.0
"""Between two tries of which the first failed for no outage: what is wrong may be mended, and is reported each time."""

log = structlog.get_logger()


class Starting:
    """The start of one service. `not_yet` says what it waits for, or why it cannot work; None once it has started."""

    def __init__(self, *, retry_seconds: float = RETRY_SECONDS, defect_seconds: float = DEFECT_SECONDS) -> None:
        self._retry_seconds = retry_seconds
        self._defect_seconds = defect_seconds
        self.not_yet: str | None = "It has not been started yet."

    async def take(self, *steps: Callable[[], Awaitable[None]]) -> None:
        """Take the steps in their order. A server that is away, a defect, a wrong key: each is tried again."""
        for step in steps:
            while not await self._works(step):
                pass
        self.not_yet = None

    async def _works(self, step: Callable[[], Awaitable[None]]) -> bool:
        try:
            await step()
        except Outage as error:
            self.not_yet = str(error)
            log.info("waiting_for_a_server", why=self.not_yet)
            await asyncio.sleep(self._retry_seconds)
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, the service must not go on half started
            defect = f"It cannot be started ({type(error).__name__}); where that comes from is in the log."
            self.not_yet = str(error) if isinstance(error, WrongKey) else defect
            log.critical("cannot_work", why=self.not_yet, reference=log_unexpected(error))
            await asyncio.sleep(self._defect_seconds)
            return False
        return True
