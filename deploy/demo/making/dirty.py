"""What goes wrong with requests: parts that are missing, values that cannot be, records that are no requests at all."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from deploy.demo.making.bodies import Body

CODES = (
    "NO_NAME",
    "NO_A_NUMBER",
    "BAD_A_NUMBER",
    "NO_DATE_OF_BIRTH",
    "NO_REQUESTOR_NAME",
    "NO_DECISION_STATED",
    "NO_RELIEF_STATED",
    "NO_NARRATIVE",
    "NO_PLACE",
)
"""In the order in which a rejection lists them."""

_NO_NUMBERS = ("A12345", "b(6), b(7)c", "(b)(6)", "Unknown", "N", "A1234567890", "MSC2190012345", "A98-B76-543", "none")
"""What stands in real exports and letters where an A-number should be; MSC... is the form of a USCIS receipt number."""

_EMPTY = ("", "   ", None)


def without(body: Body, codes: tuple[str, ...], rng: Random) -> Body:
    """The body with what makes each of the codes true: a part left out, null, or blank."""
    made = deepcopy(body)
    person = made["noncitizen"]
    for code in codes:
        match code:
            case "NO_NAME":
                for field in rng.choice((("given_name", "family_name"), ("family_name",), ("given_name",))):
                    _empty(person, field, rng)
            case "NO_A_NUMBER":
                _empty(person, "a_number", rng)
            case "BAD_A_NUMBER":
                person["a_number"] = rng.choice(_NO_NUMBERS)
            case "NO_DATE_OF_BIRTH":
                _empty(person, "date_of_birth", rng)
            case "NO_REQUESTOR_NAME":
                _empty(made["requestor"], "name", rng)
            case "NO_DECISION_STATED":
                made["decision_under_review"] = []
            case "NO_RELIEF_STATED":
                del made["relief_sought"]
            case "NO_NARRATIVE":
                _empty(made, "narrative", rng)
            case "NO_PLACE":
                del made["place"]
            case _:
                raise ValueError(code)
    return made


def _empty(part: Body, field: str, rng: Random) -> None:
    how = rng.choice(("left out", *_EMPTY))
    part[field] = how
    if how == "left out":
        del part[field]


Change = Callable[[Body], None]


def _set(*path: str, to: Any) -> Change:
    def change(body: Body) -> None:
        part = body
        for step in path[:-1]:
            part = part.setdefault(step, {})
        part[path[-1]] = to

    return change


WRONG_TYPES = (
    _set("noncitizen", "given_name", to=12345),
    _set("noncitizen", to="see the letter"),
    _set("noncitizen", "date_of_birth", to="03/17/1985"),
    _set("noncitizen", "date_of_birth", to="Unknown"),
    _set("custody", "status", to="IN_JAIL"),
    _set("requestor", "type", to="LAWYER"),
    _set("decision_under_review", to="CUSTODY"),
    _set("relief_sought", to=[{"code": "RELEASE"}]),
    _set("removal", "scheduled_for", to="next week"),
    _set("narrative", to=["one", "two"]),
    _set("facts", "final_order", to={"value": "perhaps", "asserted_by": "requestor", "on": "2021-03-08"}),
    _set("requestor", "email", to="not an address"),
)
"""Bodies that are no request by their types or codes. Not a question of what is missing: refused, and no case."""

BORN_LATER = _set("noncitizen", "date_of_birth", to="2031-05-17")


def changed(body: Body, change: Change) -> Body:
    """A copy of the body with one change."""
    made = deepcopy(body)
    change(made)
    return made


@dataclass(frozen=True, slots=True)
class Raw:
    """A Kafka record's value that is no event. `fill`: to be filled up with the letter x to so many bytes."""

    why: str
    value: bytes
    fill: int | None = None
    headers: dict[str, bytes] | None = None


def broken_records(event_id: str, marker: str) -> tuple[Raw, ...]:
    """One of each kind of broken record. They carry the marker, so that it can be searched for where they are kept."""
    told = f"The letter is from {marker} Street."
    event: dict[str, Any] = {"specversion": "1.0", "id": event_id, "type": "request.received", "source": "/demo"}
    bad_header = {"x-origin": b"\xff\xfe\xfa"}
    return (
        Raw("not_json", told.encode()),
        Raw("not_json", _json({**event, "data": {"narrative": told}})[:-9]),
        Raw("not_json", b"\xff\xfe" + told.encode("utf-16-le")),
        Raw("not_json", b'{"specversion":"1.0","id":"\xc3\x28","data":{"narrative":"' + told.encode() + b'"}}'),
        Raw("not_json", b""),
        Raw("not_json", b"[" * 1_500 + told.encode()),
        Raw("not_an_event", _json([told])),
        Raw("not_an_event", _json(told)),
        Raw("not_an_event", _json({"specversion": "1.0", "type": "request.received", "data": {"narrative": told}})),
        Raw("not_an_event", _json({**event, "data": told})),
        Raw("not_an_event", _json({**event, "id": {"no": 7}, "data": {"narrative": told}})),
        Raw("too_large", told.encode() + b" ", fill=300_000),
        Raw("not_json", told.encode() + b"}", headers=bad_header),
    )


def bad_headers() -> dict[str, str]:
    """Headers whose bytes are no UTF-8. Headers are never read: the record counts by its value."""
    return {"x-origin": base64(b"\xff\xfe\xfa"), "traceparent": base64(b"\xc3\x28")}


def base64(value: bytes) -> str:
    """As it is written in the file."""
    return b64encode(value).decode("ascii")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def digits_in(text: str) -> list[str]:
    """All runs of 7 to 9 digits, read through the hyphens and spaces of A-numbers."""
    return re.findall(r"(?<!\d)\d{7,9}(?!\d)", re.sub(r"(?<=\d)[- ](?=\d{3})", "", text))
