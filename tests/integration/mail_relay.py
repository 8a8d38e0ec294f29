"""A relay that does what a test tells it to at each step of an SMTP conversation, on a real socket.

It counts a message as taken before it answers the final dot, as relays do: a lost answer does not undo a mail.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

STEPS = ("MAIL", "RCPT", "DATA", "dot")
GOOD = {"MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go ahead", "dot": "250 taken"}
DROP = "drop"
HANG = "hang"
DROP_BEFORE_TAKING = "drop before taking"
DROP_IN_THE_CONTENT = "drop in the content"


@dataclass
class ScriptedRelay:
    """`script` answers (step, recipient) with a reply, one of the above, or None for the usual."""

    script: Callable[[str, str], str | None] = lambda _step, _to: None
    taken: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, str]] = field(default_factory=list)
    connections: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """What `HANG` waits for; afterwards it answers as usual, however late."""

    @property
    def copies(self) -> Counter[str]:
        """How many copies of each Message-ID were taken."""
        return Counter(str(message["Message-ID"]) for message in self.taken)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = recipient = ""
        open_already = False
        await _say(writer, "220 relay")
        while line := (await reader.readline()).decode().strip():
            verb = line.split(":")[0].split()[0].upper()
            if verb == "MAIL":
                sender = line.partition(":")[2].strip("<> ").split(">")[0]
            elif verb == "RCPT":
                recipient = line.partition(":")[2].strip("<> ")
            elif verb == "QUIT":
                await _say(writer, "221 bye")
                return
            if verb not in STEPS or (verb == "MAIL" and open_already):
                await _say(writer, "503 nested MAIL" if verb == "MAIL" else "250 relay")
                continue
            open_already = verb == "MAIL" or (open_already and verb != "DATA")
            # The recipient of the coming message is not known at MAIL.
            reply = await self._decided(self.script(verb, recipient if verb != "MAIL" else ""), verb)
            if reply is None:
                return
            await _say(writer, reply)
            if reply.startswith("354") and not await self._content(reader, writer, sender, recipient):
                return

    async def _content(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sender: str, recipient: str
    ) -> bool:
        said = self.script("dot", recipient)
        if said == DROP_IN_THE_CONTENT:
            await reader.readexactly(20)
            return False
        content = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
        if said == DROP_BEFORE_TAKING:
            return False
        if said is None or said in {DROP, HANG} or said.startswith(("2", "gibberish")):
            self.taken.append(message_from_bytes(content, policy=default))
            self.envelopes.append((sender, recipient))
        reply = await self._decided(said, "dot")
        if reply is None:
            return False
        await _say(writer, reply)
        return True

    async def _decided(self, said: str | None, step: str) -> str | None:
        """The reply; None to drop the connection."""
        if said == DROP:
            return None
        if said == HANG:
            await self.released.wait()
            return GOOD[step]
        return said or GOOD[step]


async def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(line.encode() + b"\r\n")
    await writer.drain()


@asynccontextmanager
async def running(relay: ScriptedRelay) -> AsyncIterator[int]:
    """The relay on a free loopback port."""
    server = await asyncio.start_server(relay.converse, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        relay.released.set()
        server.close()
