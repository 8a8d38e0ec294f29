"""The lines of one connection after it was opened: commands and replies strictly in turn (RFC 5321 section 4.2).

aiosmtplib opens the connection (greeting, TLS, sign-in); from then on this reads it. A reply that nobody has asked for
ends the conversation: whatever came next would be read as the reply to something else.
"""

import asyncio
import re
from collections import deque
from typing import Final, cast

REPLY: Final = re.compile(rb"(?:[0-9]{3}-[^\n]*\n)*(?![0-9]{3}-)([^\n]*)\n")
LAST_LINE: Final = re.compile(rb"([2-5][0-9]{2})(?:[ \r].*)?", re.DOTALL)
LONGEST_REPLY: Final = 16_384
NO_CODE: Final = -1
"""What a reply is that is none: no code from 200 to 599, or far too long."""


class Dropped(Exception):
    """The relay has closed the connection, or has said something that was not asked for."""


class Conversation(asyncio.Protocol):
    """Takes over an open transport. Not for use by two letters at once."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._buffer = bytearray()
        self._asked: deque[asyncio.Future[int]] = deque()
        self._over = False
        transport.set_protocol(self)

    @property
    def goes_on(self) -> bool:
        """Whether more can be said."""
        return not (self._over or self._transport.is_closing())

    def say(self, what: bytes) -> "asyncio.Future[int]":
        """Write a command, or content, and be ready for its reply. Raises `Dropped` before the first byte is written.

        The reader stands ready before anything goes out: a reply is never missed, however fast it comes.
        """
        if not self.goes_on:
            raise Dropped
        reply: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked.append(reply)
        self._transport.write(what)
        return reply

    async def reply(self, said: "asyncio.Future[int]", *, within: float) -> int:
        """The code of the reply to what was said, or `NO_CODE`. Raises `Dropped` or `TimeoutError`."""
        async with asyncio.timeout(within):
            return await said

    async def ask(self, command: str, *, within: float) -> int:
        """One command, and its reply. Raises ValueError for what would be two commands."""
        if not (command.isascii() and command.isprintable()):
            raise ValueError("A command is one line of ASCII.")
        return await self.reply(self.say(command.encode("ascii") + b"\r\n"), within=within)

    def close(self) -> None:
        """End it at once: what was not sent yet is not sent."""
        self._end()
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._asked and (code := self._next()) is not None:
            asked = self._asked.popleft()
            if not asked.done():
                asked.set_result(code)
            if code == NO_CODE:
                self.close()
        if self._buffer and not self._asked:
            self.close()

    def eof_received(self) -> bool:
        self._end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why makes no difference
        self._end()

    def _next(self) -> int | None:
        """The code of the first whole reply; None when it has not come yet."""
        found = REPLY.match(self._buffer)
        if found is None:
            return NO_CODE if len(self._buffer) > LONGEST_REPLY else None
        last = LAST_LINE.fullmatch(cast("bytes", found.group(1)))
        del self._buffer[: found.end()]
        return int(last.group(1)) if last else NO_CODE

    def _end(self) -> None:
        self._over = True
        self._buffer.clear()
        while self._asked:
            asked = self._asked.popleft()
            if not asked.done():
                asked.set_exception(Dropped())
                asked.exception()  # Nobody may be waiting any more.
