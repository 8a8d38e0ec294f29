"""A file of requests, line by line: what each line is, what is wrong with it, and what it lacks, without quoting it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid5

from services.intake import from_body
from services.intake.domain.completeness import NotAccepted, assess, gaps
from services.intake.domain.facts import is_urgent
from shared.contracts.envelope import NAMESPACE
from shared.contracts.ignored import Ignored
from shared.contracts.reading import Read, WrongBody, WrongField, read_mapping, said_twice
from shared.policy.model import Policy

MOST_LINE_BYTES = 4 * 1024 * 1024

_TOO_LARGE = WrongField("line", "too_large", f"must not be longer than {MOST_LINE_BYTES} bytes")
_NOT_JSON = WrongField("line", "not_json", "must be one JSON object in UTF-8, on this line alone")
_NOT_AN_OBJECT = WrongField("line", "not_an_object", "must be a JSON object: {...}")
_NO_REQUEST = WrongField("line", "no_request", "must be a request, or have one as `body` beside a text `key`")


@dataclass(frozen=True, slots=True)
class Request:
    """A line that holds a request."""

    line: int
    key: str
    body: Mapping[str, Any]

    @property
    def content(self) -> bytes:
        return json.dumps(self.body, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Lacks:
    """A right line, and what intake will say of it: what is missing, whether it is sent back, what is passed over."""

    line: int
    missing: tuple[str, ...]
    sent_back: bool
    ignored: tuple[Ignored, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that would be refused: fields, codes, and what to do; never a value."""

    line: int
    fields: tuple[WrongField, ...]


def read(file: Path) -> Iterator[Request | Wrong]:
    """Each line that is not blank. A line is a request, or has one as `body` beside its `key`.

    A line without a key gets one from what it says, and from how often the same was said above. So it keeps its key
    when other lines are added, mended or taken out.
    """
    before: Counter[bytes] = Counter()
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _read(number, line, before)


def _read(number: int, line: bytes, before: Counter[bytes]) -> Request | Wrong:
    if len(line) > MOST_LINE_BYTES:
        return Wrong(number, (_TOO_LARGE,))
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return Wrong(number, (_NOT_JSON,))
    if not isinstance(said, dict):
        return Wrong(number, (_NOT_AN_OBJECT,))
    if (twice := said_twice(line)) is not None:
        return Wrong(number, (twice,))
    if "body" not in said and "raw" in said:
        return Wrong(number, (_NO_REQUEST,))
    body = said.get("body", said)
    key = said.get("key") if "body" in said else None
    if not isinstance(body, dict) or not isinstance(key, str | None):
        return Wrong(number, (_NO_REQUEST,))
    return Request(number, key or _key_of(body, before), body)


def _key_of(body: Mapping[str, Any], before: Counter[bytes]) -> str:
    """Spaces and the order of members do not count: a file that was written anew has the same requests."""
    said = sha256(json.dumps(body, sort_keys=True).encode()).digest()
    before[said] += 1
    return str(uuid5(NAMESPACE, f"{said.hex()}:{before[said]}"))


class Checking:
    """Looks at lines one after the other; remembers of each only its key and a hash."""

    def __init__(self, now: datetime, policy: Policy) -> None:
        """`now` and `policy` as intake has them, when the file is sent."""
        self._now = now
        self._policy = policy
        self.lacking: list[Lacks] = []
        """Of right lines: what they lack, and what is passed over of them."""
        self._first: dict[str, tuple[int, bytes]] = {}

    def wrong(self, each: Request | Wrong) -> Wrong | None:
        """What would be refused. What a right line lacks goes to `lacking`."""
        if isinstance(each, Wrong):
            return each
        read = _read_body(each, self._now.date())
        fields = [*(read if isinstance(read, tuple) else ()), *self._clash(each)]
        if fields:
            return Wrong(each.line, tuple(fields))
        if isinstance(read, Read) and (lacks := self._lacks(each.line, read)):
            self.lacking.append(lacks)
        return None

    def _lacks(self, line: int, read: Read) -> Lacks | None:
        body, policy = read.body, self._policy
        missing = gaps(from_body.content_of(body, policy), policy.papers)
        custody, removal = from_body.custody_of(body.custody, policy.places), from_body.removal_of(body.removal)
        urgent = is_urgent(custody, removal, self._now, policy.imminent_within)
        sent_back = isinstance(assess(missing, required=policy.required, urgent=urgent), NotAccepted)
        return Lacks(line, missing, sent_back, read.ignored) if missing or read.ignored else None

    def _clash(self, each: Request) -> Iterator[WrongField]:
        said = sha256(json.dumps(each.body, sort_keys=True).encode()).digest()
        line, known = self._first.setdefault(each.key, (each.line, said))
        if known != said:
            yield WrongField("key", f"used_by_line_{line}", "must be another one: an earlier line has it")


def _read_body(each: Request, today: date) -> Read | tuple[WrongField, ...]:
    try:
        return read_mapping(each.body, today=today)
    except WrongBody as error:
        return error.wrong
