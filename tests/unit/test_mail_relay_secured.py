"""A connection that was secured, and signed in on, is taken over as it stands, on both kinds of event loop."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvloop
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.notification.mail.relay import Connection, Patience, RelayAddress, Reply, Unreachable, Verdict

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

MESSAGE = b"Subject: Second Look\r\n\r\nA line.\r\n.\r\n"
TAKEN = Reply(Verdict.TAKEN, "250")


class Inbox:
    """Keeps what came, and whether it came secured and signed in."""

    def __init__(self) -> None:
        self.got: list[tuple[bool, bool, bytes]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert server.transport is not None
        secured = server.transport.get_extra_info("sslcontext") is not None
        self.got.append((secured, bool(session.authenticated), envelope.original_content or b""))
        return "250 kept"


def certificate(folder: Path) -> Path:
    """A self-signed one for localhost, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "relay.pem"
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(written + signed.public_bytes(serialization.Encoding.PEM))
    return file


def relay(inbox: Inbox, context: ssl.SSLContext | None) -> SMTP:
    """A relay that takes letters only from whom has signed in; `context`: it offers STARTTLS."""

    def signs_in(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, said: object) -> AuthResult:
        right = (getattr(said, "login", b""), getattr(said, "password", b"")) == (b"second-look", b"pass word")
        return AuthResult(success=right, handled=False)

    return SMTP(
        inbox,
        tls_context=context,
        require_starttls=context is not None,
        auth_required=True,
        auth_require_tls=context is not None,
        authenticator=signs_in,
        hostname="localhost",
    )


async def two_letters(scheme: str, context: ssl.SSLContext, password: str) -> tuple[list[Reply], Inbox]:
    """Hand two letters over on one connection."""
    inbox, loop = Inbox(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: relay(inbox, context if scheme == "smtp" else None),
        "localhost",
        0,
        ssl=context if scheme == "smtps" else None,
    )
    port = server.sockets[0].getsockname()[1]
    address = RelayAddress.of(f"{scheme}://second-look:{password}@localhost:{port}")
    connection = Connection(address, Patience(connect=5.0, envelope=5.0, reply=5.0))
    replies: list[Reply] = []
    try:
        for _ in range(2):
            await connection.ensure_open()
            await connection.envelope("no-reply@agency.example", "ana@example.org")
            replies.append(await connection.content(MESSAGE, _nothing))
    finally:
        await connection.quit()
        server.close()
        await server.wait_closed()
    return replies, inbox


async def _nothing() -> None:
    return


LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])


@LOOPS
@pytest.mark.parametrize("scheme", ["smtp", "smtps", "smtp+plain"])
def test_letters_go_out_secured_and_signed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    with asyncio.Runner(loop_factory=loop) as runner:
        replies, inbox = runner.run(two_letters(scheme, context, "pass%20word"))
    assert replies == [TAKEN, TAKEN]
    assert inbox.got == [(scheme != "smtp+plain", True, MESSAGE)] * 2


@LOOPS
def test_a_relay_that_does_not_know_us_is_not_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    with asyncio.Runner(loop_factory=loop) as runner, pytest.raises(Unreachable, match="SMTPAuthenticationError"):
        runner.run(two_letters("smtp", context, "wrong"))
