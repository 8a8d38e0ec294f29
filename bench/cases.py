"""Requests to measure with: the demo's accepted ones over and over, each with its own key, A-number and address."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from deploy.demo import lines
from deploy.demo.lines import SOURCE, Line
from deploy.local.places import PROJECT
from shared.contracts.vocabulary import RequestorType
from shared.messaging.submitting import CHANNEL, cloud_event

REQUESTS = PROJECT / "deploy" / "demo" / "requests.jsonl"
CHANNEL_NAMESPACE: Final = f"channel:{CHANNEL}"
"""Whose idempotency keys those of the records are."""
LETTERS: Final = 7
"""Received, at the field office, considered (suppressed), resolved; all but the second also to the noncitizen."""
LETTERS_TO_ONESELF: Final = 4
LARGEST_BODY = 20_000
"""The demo's deliberately huge narratives are left out: they would measure themselves."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `letters` is how many letters, sent or suppressed, its favourable case makes."""

    key: str
    body: dict[str, Any]
    letters: int

    @property
    def record(self) -> bytes:
        """As other systems write it to `request.received`."""
        return cloud_event(self.key, self.body, source=SOURCE)

    @property
    def http_body(self) -> bytes:
        """As `POST /requests` takes it."""
        return json.dumps(self.body, ensure_ascii=False).encode()


def templates() -> list[Line]:
    """The demo's lines that become a case with a field office."""
    return [
        line
        for line in lines.read(REQUESTS)
        if line.counts_as == "submitted"
        and line.expect["office"]
        and "resubmits" not in line.body
        and len(line.value) < LARGEST_BODY
    ]


def offices() -> frozenset[str]:
    """The offices that these cases come to."""
    return frozenset(str(line.expect["office"]) for line in templates())


def endless(first: int) -> Iterator[Request]:
    """Requests without end. `first` is the number of the first one: runs on the same store must not meet."""
    return (_request(line, number) for line, number in zip(itertools.cycle(templates()), itertools.count(first)))


def _request(line: Line, number: int) -> Request:
    body = dict(line.body)
    for part in ("noncitizen", "requestor"):
        body[part] = _own_address(dict(body.get(part) or {}), number)
    if body["noncitizen"].get("a_number"):
        body["noncitizen"]["a_number"] = f"A{number % 1_000_000_000:09d}"
    alone = body["requestor"].get("type") == RequestorType.NONCITIZEN
    return Request(str(uuid4()), body, LETTERS_TO_ONESELF if alone else LETTERS)


def _own_address(part: dict[str, Any], number: int) -> dict[str, Any]:
    name, at, domain = str(part.get("email") or "").partition("@")
    return part | {"email": f"{name}.{number}@{domain}"} if at else part
