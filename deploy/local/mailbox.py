"""Reading what the mail sink has kept: its ledger, and single letters."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

LINK = re.compile(r"https?://[^\s\"'<>]+/status/[A-Za-z0-9_-]+")
CASE_NUMBER = re.compile(r"\b(?:case|caso) (?P<number>[0-9A-Z-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mail:
    """One acknowledged message: a line of the sink's ledger. `id` is the Message-ID without its brackets and domain."""

    number: int
    at: str
    to: tuple[str, ...]
    id: str

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Mail":
        written = str(entry["message_id"]).strip().strip("<>")
        return cls(int(entry["number"]), str(entry["at"]), tuple(entry["to"]), written.partition("@")[0])


@dataclass(frozen=True, slots=True)
class Letter:
    """What somebody reads who opens the message."""

    subject: str
    text: str
    language: str

    @property
    def link(self) -> str | None:
        """The private link in it."""
        found = LINK.search(self.text)
        return found.group() if found else None

    @property
    def case_number(self) -> str | None:
        """The case that the subject names."""
        found = CASE_NUMBER.search(self.subject)
        return found["number"] if found else None


@dataclass(slots=True)
class Mailbox:
    """The sink's folder. It may be empty, or filling."""

    folder: Path
    _read: int = field(default=0, init=False)

    def new(self) -> list[Mail]:
        """What has come since the last call, oldest first; at the first call, everything."""
        ledger = self.folder / "ledger.jsonl"
        if not ledger.exists():
            return []
        with ledger.open("rb") as lines:
            lines.seek(self._read)
            whole = lines.read().rpartition(b"\n")[0]
        if not whole:
            return []
        self._read += len(whole) + 1
        return [Mail.of(json.loads(line)) for line in whole.splitlines() if line.strip()]

    def all(self) -> list[Mail]:
        """Every message, oldest first."""
        return Mailbox(self.folder).new()

    def letter(self, number: int) -> Letter | None:
        """The message of that number as a person reads it; None when there is none."""
        file = self.folder / "new" / f"{number:08d}.eml"
        if not file.exists():
            return None
        message = message_from_bytes(file.read_bytes())  # The modern policy would take ten times as long.
        plain = next((part for part in message.walk() if part.get_content_type() == "text/plain"), None)
        content = plain.get_payload(decode=True) if plain else b""
        text = content.decode("utf-8", errors="replace") if isinstance(content, bytes) else ""
        subject = str(make_header(decode_header(message.get("Subject", ""))))
        return Letter(subject, text.replace("\r\n", "\n"), message.get("Content-Language", ""))
