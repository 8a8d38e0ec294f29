"""Waiting for an outcome, in place of a fixed sleep."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(probe: Callable[[], Awaitable[T | None]], *, within: float = 10.0) -> T:
    """The first answer of `probe` that is neither None nor False; fails when none comes `within` seconds.

    An AssertionError of the probe counts as "not yet", and is told when the time is over.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    last: object = None
    while True:
        try:
            answer = await probe()
        except AssertionError as not_yet:
            last = not_yet
        else:
            if answer is not None and answer is not False:
                return answer
            last = answer
        if loop.time() >= deadline:
            raise AssertionError(f"not within {within} s; the last answer was {last!r}")
        await asyncio.sleep(0.02)
