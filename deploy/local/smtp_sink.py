"""An SMTP server that keeps every message and delivers none: `python -m deploy.local.smtp_sink --port --folder`.

A message is on the disk before it is acknowledged, so that what was acknowledged can be counted:

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
        self._ledger = path / "ledger.jsonl"
        self._new.mkdir(parents=True, exist_ok=True)
        self._number = max((int(kept.stem) for kept in self._new.glob("*.eml")), default=0)

    def keep(self, *, sender: str, recipients: list[str], content: bytes) -> dict[str, Any]:
        """Store one message for good; returns its line in the ledger."""
        self._number += 1
        name = f"{self._number:08d}"
        headers = BytesHeaderParser(policy=compat32).parsebytes(content)
        entry = {
            "number": self._number,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "from": sender,
            "to": recipients,
            "message_id": headers.get("Message-ID", ""),
            "headers": {key: str(value) for key, value in headers.items() if key.lower().startswith("x-")},
        }
        _write(self._new / f"{name}.json", json.dumps(entry).encode())
        _write(self._new / f"{name}.eml", content)
        with self._ledger.open("ab") as ledger:
            ledger.write(json.dumps(entry).encode() + b"\n")
            ledger.flush()
            os.fsync(ledger.fileno())
        return entry


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: written beside its place, synced, then moved there."""
    part = path.with_suffix(path.suffix + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


class Sink:
    """What the SMTP server does with a message: keep it, then say 250."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        content = envelope.original_content or b""
        entry = self._folder.keep(sender=envelope.mail_from or "", recipients=list(envelope.rcpt_tos), content=content)
        return f"250 kept as {entry['number']}"


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
