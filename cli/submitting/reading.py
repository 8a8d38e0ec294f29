"""A file of requests, line by line: what each line is, and what is wrong with it, without quoting it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid5

from shared.contracts.envelope import NAMESPACE
from shared.contracts.reading import WrongBody, read_mapping

MOST_LINE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """A line that holds a request. The same line at the same place always has the same key."""

    line: int
    key: str
    body: Mapping[str, Any]

    @property
    def content(self) -> bytes:
        return json.dumps(self.body, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that cannot be sent, or would be refused: fields and codes, never values."""

    line: int
    codes: tuple[str, ...]


def read(file: Path) -> Iterator[Request | Wrong]:
    """Each line that is not blank. A line is a request, or has one as `body` beside its `key`."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _read(number, line)


def _read(number: int, line: bytes) -> Request | Wrong:
    if len(line) > MOST_LINE_BYTES:
        return Wrong(number, ("line: too_large",))
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return Wrong(number, ("line: not_json",))
    if not isinstance(said, dict):
        return Wrong(number, ("line: not_an_object",))
    if "body" not in said and "raw" in said:
        return Wrong(number, ("line: no_request",))
    body = said.get("body", said)
    key = said.get("key") if "body" in said else None
    if not isinstance(body, dict) or not isinstance(key, str | None):
        return Wrong(number, ("line: no_request",))
    return Request(number, key or str(uuid5(NAMESPACE, f"{number}:{line.strip().decode()}")), body)


def checked(each: Request | Wrong, *, today: date) -> Wrong | None:
    """What would be refused. Whether a request is complete is not asked here: that is intake's to say, with codes."""
    if isinstance(each, Wrong):
        return each
    try:
        read_mapping(each.body, today=today)
    except WrongBody as error:
        return Wrong(each.line, tuple(f"{wrong.field}: {wrong.code}" for wrong in error.wrong))
    return None


def clashes(requests: list[Request]) -> list[Wrong]:
    """Lines that repeat an earlier line's key with another body; they would be refused."""
    first: dict[str, Request] = {}
    wrong = []
    for request in requests:
        earlier = first.setdefault(request.key, request)
        if earlier.body != request.body:
            wrong.append(Wrong(request.line, (f"key: used_by_line_{earlier.line}",)))
    return wrong
