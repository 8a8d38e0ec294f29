"""The connections to the relay, kept between letters. A letter is claimed only when one stands open for it."""

import asyncio
from collections.abc import Callable

from services.notification.mail.relay import Connection, Unreachable


class Pool:
    """So many connections, opened when they are first needed; the one used last is used first."""

    def __init__(self, connect: Callable[[], Connection], size: int) -> None:
        self._free = [connect() for _ in range(size)]
        self._size = size
        self._released = asyncio.Event()

    @property
    def free(self) -> int:
        """How many are not in anybody's hands."""
        return len(self._free)

    async def until_free(self, wanted: int, *, within: float) -> None:
        """Return when so many are free (or all there are), at the latest after `within` seconds."""
        try:
            async with asyncio.timeout(within):
                while self.free < min(wanted, self._size):
                    self._released.clear()
                    await self._released.wait()
        except TimeoutError:
            return

    async def open(self, wanted: int) -> list[Connection]:
        """Up to so many connections that stand open; whoever gets one releases it. `Unreachable` when none stands."""
        taken = [self._free.pop() for _ in range(min(wanted, self.free))]
        try:
            results = await asyncio.gather(*(each.ensure_open() for each in taken), return_exceptions=True)
        except BaseException:
            for each in taken:
                self.release(each)
            raise
        standing = [each for each, result in zip(taken, results, strict=True) if result is None]
        for each, result in zip(taken, results, strict=True):
            if result is not None:
                self.release(each)
        if taken and not standing:
            raise Unreachable("no connection to the relay")
        return standing

    def release(self, connection: Connection) -> None:
        """It is free again; one that is in the middle of a letter is closed first."""
        connection.rest()
        self._free.append(connection)
        self._released.set()

    async def close(self) -> None:
        """Say goodbye on all of them."""
        await asyncio.gather(*(connection.quit() for connection in self._free))
