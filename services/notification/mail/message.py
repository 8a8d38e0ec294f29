"""The e-mail's bytes: two alternatives, text and HTML, and headers of which none can be made by a stranger.

Written by hand, for it is always the same shape: the standard library's generator costs a millisecond a letter, and
accepts NUL in headers. Every header value is stripped of control characters; one recipient per message.
"""

import re
from base64 import b64encode
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parseaddr
from uuid import UUID, uuid5

from services.notification.rendering import Rendered
from shared.contracts.vocabulary import Recipient

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
LONGEST_ADDRESS = 254


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the letters are from (`MAIL_FROM`, such as `Second Look <no-reply@agency.example>`)."""

    name: str
    address: str

    @classmethod
    def of(cls, mail_from: str) -> "Sender":
        """Raises ValueError when there is no plain address in it."""
        name, address = parseaddr(mail_from)
        if not ADDRESS.fullmatch(address) or not name.isascii():
            raise ValueError("MAIL_FROM must hold one plain address, such as Second Look <no-reply@agency.example>.")
        return cls(CONTROL.sub("", name).replace('"', "").replace("\\", ""), address)

    @property
    def domain(self) -> str:
        """The right side of Message-IDs."""
        return self.address.rpartition("@")[2]


def thread_of(case_id: UUID, role: Recipient) -> UUID:
    """The id to which all letters of a case to one role refer. No message has it: whichever letter came first may be
    lost or suppressed, and a thread needs none of them (RFC 5322 3.6.4 asks only that the ids agree).
    """
    return uuid5(case_id, f"thread:{role.value}")


def usable(address: str | None) -> str | None:
    """The address as it can be written to, or None: one plain mailbox; a domain in other letters as its ASCII form."""
    if address is None:
        return None
    local, at, domain = CONTROL.sub("", address).strip().rpartition("@")
    try:
        plain = f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return None
    return plain if len(plain) <= LONGEST_ADDRESS and ADDRESS.fullmatch(plain) else None


def compose(rendered: Rendered, *, notification: UUID, thread: UUID, sender: Sender, to: str, at: datetime) -> bytes:
    """The message, with CRLF lines of ASCII. `Message-ID` is the notification id, so that a copy can be recognised.

    `thread` stands for the case towards its reader: all its letters refer to it, so that mailboxes keep them together.
    """
    boundary = notification.hex
    origin = f'"{sender.name}" <{sender.address}>' if sender.name else sender.address
    headers = {
        "From": origin,
        "To": to,
        "Subject": rendered.subject,
        "Date": format_datetime(at),
        "Message-ID": f"<{notification}@{sender.domain}>",
        "In-Reply-To": f"<{thread}@{sender.domain}>",
        "References": f"<{thread}@{sender.domain}>",
        "Content-Language": rendered.language,
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": f"multipart/alternative; boundary={boundary}",
    }
    head = "".join(f"{name}: {_header(value)}\r\n" for name, value in headers.items()).encode("ascii")
    parts = b"".join(
        b"--%s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%s\r\n"
        % (boundary.encode(), kind, _quoted(body))
        for kind, body in ((b"plain", rendered.text), (b"html", rendered.html))
    )
    return b"%s\r\n%s--%s--\r\n" % (head, parts, boundary.encode())


def _header(value: str) -> str:
    clean = CONTROL.sub("", value)
    if clean.isascii():
        return clean
    pieces = (clean[start : start + 10] for start in range(0, len(clean), 10))  # RFC 2047: 75 characters a word at most
    return " ".join(f"=?utf-8?b?{b64encode(piece.encode()).decode()}?=" for piece in pieces)


def _quoted(body: str) -> bytes:
    lines = body.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    return b2a_qp(lines.encode())
