"""One connection to the relay, step by step, and what its replies mean (RFC 5321, RFC 1047).

Until content is written nothing can have been sent. After that only a 2xx, 4xx or 5xx reply to the final dot says what
happened; everything else leaves it open. A connection on which anything went wrong is closed, never used again: the
next letter would read the reply to this one.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import cast
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException
from aiosmtplib.errors import SMTPServerDisconnected

from services.notification.mail.conversation import Conversation, Dropped

LEADING_DOT = re.compile(rb"(?m)^\.")
START_INPUT = 354


class Verdict(Enum):
    """What a reply means for a letter."""

    TAKEN = auto()
    LATER = auto()
    NEVER = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """A verdict, with a short class that holds no text of the relay (it may quote the address)."""

    verdict: Verdict
    reply_class: str


def meaning(code: int) -> Reply:
    """What a reply code means; anything but 200 to 599 is no answer."""
    match code // 100 if 200 <= code <= 599 else 0:
        case 2:
            return Reply(Verdict.TAKEN, str(code))
        case 4:
            return Reply(Verdict.LATER, str(code))
        case 5:
            return Reply(Verdict.NEVER, str(code))
        case _:
            return Reply(Verdict.UNKNOWN, "NO_VALID_REPLY")


class Unreachable(Exception):
    """The relay cannot be talked to at the moment. Nothing was sent, and no letter is to blame."""


class Refused(Exception):
    """The relay refused before any content was written: definite, nothing was sent."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.reply_class)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class RelayAddress:
    """Where the relay is, from `SMTP_URL`: smtp:// (STARTTLS when offered), smtps://, or smtp+plain:// (never TLS)."""

    host: str
    port: int
    use_tls: bool = False
    start_tls: bool | None = None
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        """Without the password."""
        return f"RelayAddress({self.host}:{self.port})"

    @classmethod
    def of(cls, url: str) -> "RelayAddress":
        """Raises ValueError for a URL that is none of the three."""
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps", "smtp+plain"} or not parts.hostname:
            raise ValueError("SMTP_URL must look like smtp://host:port, smtps://host:port or smtp+plain://host:port.")
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if parts.scheme == "smtps" else 25),
            use_tls=parts.scheme == "smtps",
            start_tls=False if parts.scheme in {"smtps", "smtp+plain"} else None,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each step may take, in seconds. The lease of a claim follows from them (`Knobs.lease`)."""

    connect: float = 10.0
    envelope: float = 20.0
    reply: float = 60.0
    idle: float = 20.0

    @classmethod
    def of(cls, reply: float) -> "Patience":
        """With so long a wait for the reply to the content; no other step is waited for longer than that."""
        usual = cls()
        return cls(min(usual.connect, reply), min(usual.envelope, reply), reply, usual.idle)


async def answers(relay: RelayAddress, patience: Patience) -> bool:
    """Whether the relay takes a new connection now."""
    connection = Connection(relay, patience)
    try:
        await connection.ensure_open()
    except Unreachable:
        return False
    await connection.quit()
    return True


class Connection:
    """One connection. Not for use by two letters at once."""

    def __init__(
        self,
        relay: RelayAddress,
        patience: Patience,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        replied: Callable[[float], None] = lambda _: None,
    ) -> None:
        """`replied` hears how many seconds each reply to a letter's content took."""
        self._relay = relay
        self._patience = patience
        self._monotonic = monotonic
        self._replied = replied
        self._conversation: Conversation | None = None
        self._used_at = 0.0
        self._in_transaction = False

    async def ensure_open(self) -> None:
        """Connect, unless an earlier connection is still fresh. Raises `Unreachable`."""
        if self._conversation is not None:
            if self._conversation.goes_on and self._monotonic() - self._used_at < self._patience.idle:
                return
            self.close()
        self._conversation, self._used_at = await self._connect(), self._monotonic()

    async def envelope(self, sender: str, recipient: str) -> None:
        """MAIL and RCPT. Raises `Refused` or `Unreachable`: nothing was sent, and the connection is closed."""
        with self._closed_on_failure() as conversation:
            self._in_transaction = True
            code = await conversation.ask(f"MAIL FROM:<{sender}>", within=self._patience.envelope)
            if code // 100 != 2:
                raise Refused(_of_the_sender(code))
            code = await conversation.ask(f"RCPT TO:<{recipient}>", within=self._patience.envelope)
            if code // 100 != 2:
                raise Refused(_before_content(code))

    async def content(self, message: bytes, written: Callable[[], Awaitable[None]]) -> Reply:
        """DATA, the content and its final dot; the reply to that dot. `written` is awaited before the reply is read.

        Raises `Refused` or `Unreachable` only while no content has been written. A connection that did not answer with
        2xx is closed.
        """
        with self._closed_on_failure() as conversation:
            code = await conversation.ask("DATA", within=self._patience.envelope)
            if code != START_INPUT:
                raise Refused(_before_content(code))
            said = conversation.say(LEADING_DOT.sub(b"..", message) + b".\r\n")
        answer = Reply(Verdict.UNKNOWN, "BROKEN_OFF")
        try:
            await written()
            asked = self._monotonic()
            answer = meaning(await conversation.reply(said, within=self._patience.reply))
        except Dropped:
            answer = Reply(Verdict.UNKNOWN, "DROPPED")
        except TimeoutError:
            answer = Reply(Verdict.UNKNOWN, "TIMED_OUT")
        finally:
            if answer.verdict is not Verdict.TAKEN:
                self.close()
        self._used_at = self._monotonic()
        if answer.verdict is not Verdict.UNKNOWN:
            self._replied(self._used_at - asked)
        self._in_transaction = False
        return answer

    def rest(self) -> None:
        """Between two letters: a connection that is in the middle of one is closed."""
        if self._in_transaction:
            self.close()

    def close(self) -> None:
        """Drop the connection at once, without a word."""
        conversation, self._conversation = self._conversation, None
        self._in_transaction = False
        if conversation is not None:
            conversation.close()

    async def quit(self) -> None:
        """Say goodbye to the relay, if it still listens."""
        try:
            if self._conversation is not None:
                await self._conversation.ask("QUIT", within=1.0)
        except (Dropped, TimeoutError):
            pass
        finally:
            self.close()

    async def _connect(self) -> Conversation:
        relay = self._relay
        client = SMTP(
            hostname=relay.host,
            port=relay.port,
            use_tls=relay.use_tls,
            start_tls=relay.start_tls,
            username=relay.username,
            password=relay.password,
            local_hostname="localhost",
            timeout=self._patience.connect,
        )
        try:
            await client.connect()
            await client.ehlo()
            if client.transport is None:
                raise SMTPServerDisconnected("Connection lost")
            return Conversation(cast("asyncio.Transport", client.transport))
        except BaseException as error:
            client.close()
            if isinstance(error, SMTPException | OSError):
                raise Unreachable(type(error).__name__) from None
            raise

    @contextmanager
    def _closed_on_failure(self) -> Iterator[Conversation]:
        """For steps before any content: whatever goes wrong, a cancellation too, leaves a reply unread.

        The relay's silence and its going away are raised as `Unreachable`.
        """
        if self._conversation is None:
            raise Unreachable("NotConnected")
        try:
            yield self._conversation
        except (Dropped, TimeoutError) as error:
            self.close()
            raise Unreachable(type(error).__name__) from None
        except BaseException:
            self.close()
            raise


def _before_content(code: int) -> Reply:
    """A refusal of recipient or DATA. Whatever is not a clear 5xx may be tried again: nothing was sent."""
    said = meaning(code)
    return said if said.verdict is Verdict.NEVER else Reply(Verdict.LATER, said.reply_class)


def _of_the_sender(code: int) -> Reply:
    """A refusal of our own sender: an operator can mend that, so no letter fails for good at once because of it."""
    return Reply(Verdict.LATER, meaning(code).reply_class)
