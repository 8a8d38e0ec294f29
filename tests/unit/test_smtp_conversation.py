"""Replies are read strictly in turn: what nobody asked for ends the conversation, and is never read as an answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from services.notification.mail.conversation import LONGEST_REPLY, NO_CODE, Conversation, Dropped
from tests.eventually import eventually


class Talk:
    """A conversation with a server that sends what a test tells it to."""

    conversation: Conversation
    heard = b""
    _port: int

    def __init__(self) -> None:
        self._arrived = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    @classmethod
    @asynccontextmanager
    async def with_server(cls) -> AsyncIterator["Talk"]:
        talk = cls()
        server = await asyncio.start_server(talk._serve, "127.0.0.1", 0)
        talk._port = server.sockets[0].getsockname()[1]
        await talk.begin()
        try:
            yield talk
        finally:
            talk.conversation.close()
            server.close()
            for writer in talk._writers:
                writer.close()
                await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    async def begin(self) -> None:
        """Open a connection, and talk on that from now on."""
        self._arrived.clear()
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, "127.0.0.1", self._port)
        await self._arrived.wait()
        self.conversation = Conversation(transport)

    async def say(self, what: bytes) -> None:
        """What the server says."""
        self._writers[-1].write(what)
        await self._writers[-1].drain()

    def go(self) -> None:
        """The server ends it."""
        self._writers[-1].close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._arrived.set()
        with suppress(ConnectionError):
            while heard := await reader.read(10_000):
                self.heard += heard


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    async with Talk.with_server() as made:
        yield made


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"250 ok\r\n", 250),
        (b"250\r\n", 250),
        (b"550 no such user\n", 550),
        (b"250-first\r\n250-second\r\n250 last\r\n", 250),
        (b"450-first\r\n550 last\r\n", 550),
        (b"999 what\r\n", NO_CODE),
        (b"199 what\r\n", NO_CODE),
        (b"2500\r\n", NO_CODE),
        (b"gibberish\r\n", NO_CODE),
        (b"\r\n", NO_CODE),
        (b"250-" + b"x" * LONGEST_REPLY, NO_CODE),
    ],
)
async def test_a_reply_is_its_code_whatever_its_lines(talk: Talk, said: bytes, code: int) -> None:
    for cut in (len(said), 1, 5):
        if not talk.conversation.goes_on:
            await talk.begin()
        asked = talk.conversation.say(b"NOOP\r\n")
        await talk.say(said[:cut])
        await talk.say(said[cut:])
        assert await talk.conversation.reply(asked, within=5) == code
        assert talk.conversation.goes_on == (code != NO_CODE)


async def test_a_line_that_is_not_whole_is_no_reply_yet(talk: Talk) -> None:
    asked = talk.conversation.say(b"NOOP\r\n")
    await talk.say(b"250-first\r\n250 not who")
    await eventually(lambda: _has(talk, b"NOOP"))
    assert not asked.done()
    await talk.say(b"le\r\n")
    assert await talk.conversation.reply(asked, within=5) == 250


async def test_what_nobody_asked_for_ends_it(talk: Talk) -> None:
    await talk.say(b"250 for nobody\r\n")
    await eventually(lambda: _is_over(talk))
    with pytest.raises(Dropped):
        talk.conversation.say(b"MAIL FROM:<no-reply@agency.example>\r\n")
    assert talk.heard == b""


async def test_a_second_reply_in_the_same_breath_ends_it_after_the_first(talk: Talk) -> None:
    asked = talk.conversation.say(b"NOOP\r\n")
    await talk.say(b"451 later\r\n250 after all\r\n")
    assert await talk.conversation.reply(asked, within=5) == 451
    assert not talk.conversation.goes_on


async def test_replies_to_two_commands_come_in_turn(talk: Talk) -> None:
    first, second = talk.conversation.say(b"ONE\r\n"), talk.conversation.say(b"TWO\r\n")
    await talk.say(b"250 one\r\n550 two\r\n")
    assert [await talk.conversation.reply(each, within=5) for each in (first, second)] == [250, 550]
    assert talk.conversation.goes_on


async def test_who_waits_when_the_relay_goes_is_told(talk: Talk) -> None:
    asked = talk.conversation.say(b"NOOP\r\n")
    talk.go()
    with pytest.raises(Dropped):
        await talk.conversation.reply(asked, within=5)


async def test_silence_has_an_end(talk: Talk) -> None:
    with pytest.raises(TimeoutError):
        await talk.conversation.ask("NOOP", within=0.01)


@pytest.mark.parametrize("command", ["RCPT TO:<a@example.org>\r\nDATA", "NOOP\x00", "RCPT TO:<ä@example.org>"])
async def test_one_command_is_one_line_of_ascii(talk: Talk, command: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        await talk.conversation.ask(command, within=1)


async def _has(talk: Talk, what: bytes) -> bool:
    return what in talk.heard


async def _is_over(talk: Talk) -> bool:
    return not talk.conversation.goes_on
