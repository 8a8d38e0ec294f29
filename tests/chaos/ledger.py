"""Append-only ledgers of the campaign: one JSON object a line, on the disk before the call returns."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Ledger:
    """One file. What was written stays, whatever happens to whoever wrote it."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file.open("ab", buffering=0)

    def note(self, **entry: Any) -> None:
        """Write one line, with the time."""
        self._file.write(json.dumps({"at": time.time(), **entry}, default=str).encode() + b"\n")
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def read(file: Path) -> Iterator[dict[str, Any]]:
    """All whole lines; nothing where there is no file."""
    if not file.exists():
        return
    for line in file.read_bytes().split(b"\n"):
        if line.strip():
            yield json.loads(line)
