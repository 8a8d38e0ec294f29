"""Reading logs line by line, however long they are: plain, gzipped, or from standard input (`-`)."""

import gzip
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from typing import IO, Final, Protocol

from cli.relay_logs.evidence import Evidence
from cli.relay_logs.generic import GenericLog
from cli.relay_logs.postfix import PostfixLog, Unreadable, Unstamped
from cli.saying import Failed

LONGEST_LINE: Final = 65_536
TELL_EVERY: Final = 2_000

Tell = Callable[[int], None]


class Log(Protocol):
    """One format."""

    def read(self, text: str, *, log: str, line: int) -> None: ...


def read(files: Sequence[Path], evidence: Evidence, *, zone: tzinfo | None, year: int | None, tell: Tell) -> None:
    """Read them in this order, oldest first. `tell` hears how many bytes of the files have been read.

    Raises `Failed` for a file that cannot be read at all. A line that cannot be read is noted, and passed over.
    """
    postfix, generic = PostfixLog(evidence, zone=zone, year=year), GenericLog(evidence)
    before = 0
    for file in files:
        name, readable, first_fault, number = named(file), 0, "it is empty", 0
        with _opened(file) as (lines, place):
            for number, text in enumerate(lines, 1):
                if text.strip():
                    format_: Log = generic if text.startswith("{") else postfix
                    fault = _fault(format_, text, name, number)
                    readable += fault is None
                    if fault is not None:
                        first_fault = f"line {number}: {fault}" if not evidence.unreadable_count else first_fault
                        evidence.cannot_read(f"Line {number} of {name} cannot be read: {fault}.")
                if number % TELL_EVERY == 0:
                    tell(before + place())
        evidence.lines += number
        before += file.stat().st_size if file.is_file() else 0
        tell(before)
        if not readable:
            raise Failed(f"{name} is neither Postfix's log nor JSON Lines: {first_fault}.")


def named(file: Path) -> str:
    """The log's name, as it is kept with what it settles."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", file.name)[-80:] if str(file) != "-" else "stdin"


def _fault(format_: Log, text: str, name: str, number: int) -> str | None:
    if len(text) > LONGEST_LINE:
        return "it is longer than 64 KiB"
    try:
        format_.read(text, log=name, line=number)
    except Unreadable as unreadable:
        return str(unreadable)
    except Unstamped as unstamped:
        raise Failed(f"Line {number} of {name}: {unstamped}") from None
    return None


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Iterator[str], Callable[[], int]]]:
    """Its lines, and how far in the file they are."""
    if str(file) == "-":
        yield _lines(sys.stdin.buffer), lambda: 0
        return
    try:
        with file.open("rb") as raw:
            if file.suffix == ".gz":
                with gzip.open(raw) as unpacked:
                    yield _lines(unpacked), raw.tell
            else:
                yield _lines(raw), raw.tell
    except (OSError, EOFError) as error:
        raise Failed(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def _lines(raw: "IO[bytes] | gzip.GzipFile") -> Iterator[str]:
    """Each whole line, of a longer one no more than tells that it is too long."""
    while piece := raw.readline(LONGEST_LINE + 2):
        rest = piece
        while len(rest) == LONGEST_LINE + 2 and not rest.endswith(b"\n"):
            rest = raw.readline(LONGEST_LINE + 2)
        yield piece.decode("utf-8", "replace").rstrip("\r\n")
