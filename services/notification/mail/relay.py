"""One connection to the relay, step by step, and what its replies mean (RFC 5321, RFC 1047).

Until content is written nothing can have been sent. After that only a 2xx, 4xx or 5xx reply to the final dot says what
happened; everything else leaves it open. A connection on which anything went wrong is closed, never used again: the
next letter would read the reply to this one.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from aiosmtplib.errors import SMTPServerDisconnected

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
    """What a reply code means. aiosmtplib reports a malformed reply as -1: that is no answer."""
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
    """How long each step may take, in seconds. Together they stay below the lease of a claim."""

    connect: float = 10.0
    envelope: float = 20.0
    reply: float = 60.0
    idle: float = 20.0


class Connection:
    """One connection. Not for use by two letters at once."""

    def __init__(
        self, relay: RelayAddress, patience: Patience, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._relay = relay
        self._patience = patience
        self._monotonic = monotonic
        self._client: SMTP | None = None
        self._used_at = 0.0
        self._in_transaction = False

    async def ensure_open(self) -> None:
        """Connect, unless an earlier connection is still fresh. Raises `Unreachable`."""
        if self._client is not None and self._client.is_connected:
            if self._monotonic() - self._used_at < self._patience.idle:
                return
            self.close()
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
        except BaseException as error:
            client.close()
            if isinstance(error, SMTPException | OSError):
                raise Unreachable(type(error).__name__) from None
            raise
        self._client, self._used_at = client, self._monotonic()

    async def envelope(self, sender: str, recipient: str) -> None:
        """MAIL and RCPT. Raises `Refused` or `Unreachable`: nothing was sent, and the connection is closed."""
        client = self._open_client()
        self._in_transaction = True
        try:
            reply = await client.execute_command(
                b"MAIL", b"FROM:<%s>" % sender.encode("ascii"), timeout=self._patience.envelope
            )
            if reply.code // 100 != 2:
                raise Refused(_of_the_sender(reply.code))
            reply = await client.execute_command(
                b"RCPT", b"TO:<%s>" % recipient.encode("ascii"), timeout=self._patience.envelope
            )
            if reply.code // 100 != 2:
                raise Refused(_before_content(reply.code))
        except BaseException as error:  # noqa: BLE001 - a cancellation, too, leaves a reply unread; raised again
            self.close()
            raise _nothing_sent(error) from None

    async def content(self, message: bytes, written: Callable[[], Awaitable[None]]) -> Reply:
        """DATA, the content and its final dot; the reply to that dot. `written` is awaited before the reply is read.

        Raises `Refused` or `Unreachable` only while no content has been written. A connection that did not answer with
        2xx is closed.
        """
        client = self._open_client()
        try:
            reply = await client.execute_command(b"DATA", timeout=self._patience.envelope)
            if reply.code != START_INPUT:
                raise Refused(_before_content(reply.code))
        except BaseException as error:  # noqa: BLE001 - a cancellation, too, leaves a reply unread; raised again
            self.close()
            raise _nothing_sent(error) from None
        answer = Reply(Verdict.UNKNOWN, "BROKEN_OFF")
        try:
            answer = await self._after_start(client, message, written)
        finally:
            if answer.verdict is not Verdict.TAKEN:
                self.close()
        self._used_at = self._monotonic()
        self._in_transaction = False
        return answer

    def rest(self) -> None:
        """Between two letters: a connection that is in the middle of one is closed."""
        if self._in_transaction:
            self.close()

    def close(self) -> None:
        """Drop the connection at once, without a word."""
        client, self._client = self._client, None
        self._in_transaction = False
        if client is not None:
            client.close()

    async def quit(self) -> None:
        """Say goodbye to the relay, if it still listens."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            await client.quit(timeout=1.0)
        except (SMTPException, OSError):
            pass
        finally:
            client.close()

    async def _after_start(self, client: SMTP, message: bytes, written: Callable[[], Awaitable[None]]) -> Reply:
        protocol = client.protocol
        if protocol is None:
            raise Unreachable("SMTPServerDisconnected")
        # Not `client.data()`: its error does not tell a refused DATA (nothing sent) from the reply to the final dot.
        # The reader stands ready before the content goes out: a reply that comes when nobody reads is thrown away.
        reading = asyncio.create_task(protocol.read_response(timeout=self._patience.reply))
        try:
            await asyncio.sleep(0)
            try:
                protocol.write(LEADING_DOT.sub(b"..", message) + b".\r\n")
            except SMTPServerDisconnected as error:
                raise Unreachable(type(error).__name__) from None  # Raised before the first byte was written.
            await written()
            reply = await reading
        except SMTPServerDisconnected:
            return Reply(Verdict.UNKNOWN, "DROPPED")
        except SMTPResponseException as error:
            return meaning(error.code)
        except (SMTPException, OSError):
            return Reply(Verdict.UNKNOWN, "TIMED_OUT")
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        return meaning(reply.code)

    def _open_client(self) -> SMTP:
        if self._client is None:
            raise Unreachable("NotConnected")
        return self._client


def _before_content(code: int) -> Reply:
    """A refusal of recipient or DATA. Whatever is not a clear 5xx may be tried again: nothing was sent."""
    said = meaning(code)
    return said if said.verdict is Verdict.NEVER else Reply(Verdict.LATER, said.reply_class)


def _of_the_sender(code: int) -> Reply:
    """A refusal of our own sender: an operator can mend that, so no letter fails for good at once because of it."""
    return Reply(Verdict.LATER, meaning(code).reply_class)


def _nothing_sent(error: BaseException) -> BaseException:
    if isinstance(error, SMTPException | OSError):
        return Unreachable(type(error).__name__)
    return error
