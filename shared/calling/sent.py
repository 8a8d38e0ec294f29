"""The sender's own ledger: what was sent and what was answered, one line each, on the disk before all else is done.

After a crash it tells where to go on. It holds private links, so nobody but its owner may read the file; of the
requests themselves it holds nothing.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum, unique
from pathlib import Path
from types import TracebackType


@unique
class Answer(StrEnum):
    """What became of a line. `sent`: handed to Kafka, which answers nothing else."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REFUSED = "refused"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Sent:
    """One line that was answered. `place` = topic, partition and offset, where it went to Kafka.

    Of a request that was taken in: `missing` by codes, and how many names were `ignored`, being no field of a request.
    """

    line: int
    key: str | None
    answer: Answer
    status: int = 0
    number: str | None = None
    link: str | None = None
    codes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    ignored: int = 0
    place: tuple[str, int, int] | None = None
    replayed: bool = field(default=False)


class Ledger:
    """Append-only; every entry is synced before `note` returns."""

    def __init__(self, file: Path) -> None:
        """Opens it, or makes it. What a crash left half-written at its end is no entry: it is cut off."""
        self.entries: list[Sent] = []
        whole = 0
        if file.exists():
            content = file.read_bytes()
            whole = content.rfind(b"\n") + 1
            self.entries = [_entry(line) for line in content[:whole].splitlines() if line.strip()]
        self._file = os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
        os.fchmod(self._file.fileno(), 0o600)  # Also where somebody made the file before, readable to others.
        self._file.truncate(whole)
        self._file.seek(whole)
        self._done = {(entry.line, entry.key) for entry in self.entries}

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        self._file.close()

    def has(self, line: int, key: str | None) -> bool:
        """Whether this line was answered before. A line that was changed since has another key, or another answer."""
        return (line, key) in self._done

    def note(self, sent: Sent) -> None:
        """Write an entry down for good."""
        self._file.write(json.dumps({name: value for name, value in asdict(sent).items() if value}).encode() + b"\n")
        os.fsync(self._file.fileno())
        self.entries.append(sent)
        self._done.add((sent.line, sent.key))

    def of(self, lines: Iterable[int]) -> dict[int, Sent]:
        """The last entry of each of these lines."""
        wanted = set(lines)
        return {entry.line: entry for entry in self.entries if entry.line in wanted}


def _entry(written: bytes) -> Sent:
    said = json.loads(written)
    said["answer"] = Answer(said["answer"])
    said["codes"], said["missing"] = tuple(said.get("codes", ())), tuple(said.get("missing", ()))
    if said.get("place"):
        said["place"] = tuple(said["place"])
    return Sent(**{"key": None, **said})
