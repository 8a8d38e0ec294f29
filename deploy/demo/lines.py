"""The demo's requests as they are read and sent: one `Line` for each line of the file (README.md has the words)."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

from shared.messaging.submitting import CHANNEL, cloud_event
from shared.privacy.case_ids import CaseIds

SOURCE: Final = "urn:secondlook:demo"
_KEYS_OF = {"http": "anonymous", "kafka": f"channel:{CHANNEL}"}
"""Whose idempotency keys these are."""


@dataclass(frozen=True, slots=True)
class Line:
    """One request to send, with what must become of it and what people do with it."""

    number: int
    channel: Literal["http", "kafka"]
    key: str | None
    value: bytes
    body: Mapping[str, Any]
    expect: Mapping[str, Any]
    plan: Mapping[str, Any]
    headers: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    ids: CaseIds | None = field(default=None, repr=False)

    @property
    def counts_as(self) -> str:
        """`submitted`, `rejected`, `refused` or `duplicate`."""
        return str(self.expect["counts_as"])

    @property
    def case_id(self) -> UUID:
        """The case that the line becomes: derived as intake does it, from whose key it is, and the key."""
        if self.ids is None:
            raise LookupError("These lines were read without the id key of a platform, so they are nobody's cases.")
        return self.ids.case_id(_KEYS_OF[self.channel], self.key or "")

    @property
    def comes_back_to(self) -> int | None:
        """The earlier line that must have been answered before this one is sent."""
        named = (self.expect.get("of_line"), self.expect.get("double_of_line"), self.plan.get("resubmits_line"))
        return next((number for number in named if number is not None), None)

    @property
    def email(self) -> str | None:
        """Where the requestor reads letters."""
        return (self.body.get("requestor") or {}).get("email")

    @property
    def steps(self) -> Sequence[str]:
        """What people do with the case, in order."""
        return tuple(self.plan.get("steps", ()))

    def mending(self, number: str) -> bytes:
        """The value to send when the line mends a rejected request of that number."""
        return _encoded({**self.body, "resubmits": number})


def read(file: Path, ids: CaseIds | None = None) -> list[Line]:
    """All lines of a file, in order; to be sent to the platform whose case ids are given."""
    with file.open(encoding="utf-8") as lines:
        return [line_of(json.loads(each), ids) for each in lines if each.strip()]


def line_of(said: Mapping[str, Any], ids: CaseIds | None = None) -> Line:
    """One line, filled up and ready to be sent: an HTTP body, or a Kafka record's value."""
    body = dict(said.get("body") or {})
    fill = int(said.get("fill") or 0)
    if said.get("raw") is not None:
        value = base64.b64decode(said["raw"]).ljust(fill, b"x")
    else:
        if fill:
            body["narrative"] = str(body.get("narrative") or "").ljust(fill, "x")
        value = _encoded(body) if said["channel"] == "http" else cloud_event(said["key"], body, source=SOURCE)
    headers = tuple((name, base64.b64decode(of)) for name, of in (said.get("headers") or {}).items())
    return Line(said["line"], said["channel"], said["key"], value, body, said["expect"], said["plan"], headers, ids)


def _encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
