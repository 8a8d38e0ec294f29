"""An SMTP server that keeps every message and delivers none: `python -m deploy.local.smtp_sink --port --folder`.

A message is kept before it is acknowledged, so that what was acknowledged can be counted:

    new/<number>.eml       the message as it came, byte for byte
    new/<number>.json      its envelope: sender, recipients, when
    ledger.jsonl           one line per acknowledged message, synced: number, envelope, Message-ID, X- headers
"""

import argparse
import asyncio
import json
import os
import signal
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.policy import compat32
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

MAX_BYTES = 5_000_000


class Folder:
    """The kept messages. Numbers go on where an earlier run stopped."""

    def __init__(self, path: Path) -> None:
        self._new = path / "new"
        self._new.mkdir(parents=True, exist_ok=True)
        self._number = max((int(kept.stem) for kept in self._new.glob("*.eml")), default=0)
        self._ledger = (path / "ledger.jsonl").open("ab", buffering=0)
        self._written = self._synced = 0
        self._turn = asyncio.Lock()

    async def keep(self, *, sender: str, recipients: list[str], content: bytes) -> int:
        """Store one message for good; returns its number. Raises OSError when it cannot."""
        self._number += 1
        number = self._number
        entry = json.dumps(_entry(number, sender, recipients, content)).encode()
        (self._new / f"{number:08d}.json").write_bytes(entry)
        (self._new / f"{number:08d}.eml").write_bytes(content)
        self._ledger.write(entry + b"\n")
        self._written += 1
        await self._sync(self._written)
        return number

    async def _sync(self, line: int) -> None:
        """Return when this line of the ledger is on the disk. One sync serves all who wait for it."""
        async with self._turn:
            if self._synced < line:
                written = self._written
                await asyncio.to_thread(os.fsync, self._ledger.fileno())
                self._synced = written


def _entry(number: int, sender: str, recipients: list[str], content: bytes) -> dict[str, Any]:
    headers = BytesHeaderParser(policy=compat32).parsebytes(content)
    return {
        "number": number,
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "from": sender,
        "to": recipients,
        "message_id": headers.get("Message-ID", ""),
        "headers": {key: str(value) for key, value in headers.items() if key.lower().startswith("x-")},
    }


class Sink:
    """What the SMTP server does with a message: keep it, then say 250."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        content = envelope.original_content or b""
        sender, recipients = envelope.mail_from or "", list(envelope.rcpt_tos)
        try:
            number = await self._folder.keep(sender=sender, recipients=recipients, content=content)
        except OSError as failure:
            return f"451 cannot be kept now: {failure.strerror}"
        return f"250 kept as {number}"


async def serve(port: int, folder: Path, *, host: str = "127.0.0.1") -> None:
    """Listen until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    sink = Sink(Folder(folder))
    stop = asyncio.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(asked, stop.set)
    server = await loop.create_server(
        lambda: SMTP(sink, data_size_limit=MAX_BYTES, hostname="localhost", ident="Second Look mail sink"), host, port
    )
    async with server:
        await stop.wait()


def main() -> None:
    arguments = argparse.ArgumentParser(prog="smtp_sink", description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--folder", type=Path, required=True)
    chosen = arguments.parse_args()
    try:
        asyncio.run(serve(chosen.port, chosen.folder))
    except OSError as refused:
        raise SystemExit(f"The mail sink cannot use port {chosen.port} or {chosen.folder}: {refused}") from refused


if __name__ == "__main__":
    main()
