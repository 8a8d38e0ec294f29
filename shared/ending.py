"""Ending tasks that go on for ever, whatever the client libraries under them do with a cancellation."""

import asyncio
from typing import Any

import structlog

AGAIN_SECONDS = 6.0
"""Longer than a client may take to close its connections: who is about to leave is not disturbed."""

log = structlog.get_logger()


async def ended(*tasks: "asyncio.Task[Any]", again_seconds: float = AGAIN_SECONDS) -> None:
    """Cancel tasks, and return when all have ended; what they raised is nobody's business any more.

    Once is not enough: aiokafka's clients swallow a cancellation that comes while they close (`AIOKafkaClient.close`,
    0.14), and a loop around one would go on for ever.
    """
    left: set[asyncio.Task[Any]] = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_seconds)
        for task in left:
            log.warning("does_not_end", loop=task.get_name())
    await asyncio.gather(*tasks, return_exceptions=True)
