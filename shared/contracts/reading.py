"""Reading a request's body: wrong types and values are told with their fields, in words that never quote the value.

Absent, null and blank say the same. A name that comes twice is wrong; one that is no field is passed over, and told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from shared.contracts.ignored import Ignored, ignored
from shared.contracts.parsing import field_path
from shared.contracts.received import MAX_BODY_BYTES, RequestBody
from shared.contracts.repeated import repeated


@dataclass(frozen=True, slots=True)
class WrongField:
    """One thing that is wrong with a body: where (dotted; `body` for all of it), a code, words without the value."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Read:
    """A body that could be read, and what was passed over of it."""

    body: RequestBody
    ignored: tuple[Ignored, ...] = ()


class WrongBody(ValueError):
    """The body has wrong types or values (HTTP 400); everything that is wrong is listed at once."""

    def __init__(self, *wrong: WrongField) -> None:
        super().__init__("; ".join(f"{each.field} {each.message}" for each in wrong))
        self.wrong = wrong


NOT_JSON = WrongField("body", "json_invalid", "is not valid JSON in UTF-8")
TOO_LARGE = WrongField("body", "too_large", f"is larger than {MAX_BODY_BYTES} bytes")


def read_body(raw: bytes, *, today: date) -> Read:
    """The body of `POST /requests`. `today` (policy clock) bounds its dates. Raises `WrongBody`."""
    if len(raw) > MAX_BODY_BYTES:
        raise WrongBody(TOO_LARGE)
    try:
        node = from_json(raw, allow_inf_nan=False)
    except ValueError:
        raise WrongBody(NOT_JSON) from None
    if (twice := said_twice(raw)) is not None:
        raise WrongBody(twice)
    return _validated(_said(node), today)


def ignored_of(raw: bytes) -> tuple[Ignored, ...]:
    """What was passed over of a body that could be read."""
    return ignored(_said(from_json(raw)))


def said_twice(raw: bytes) -> WrongField | None:
    """What comes twice in valid JSON. A name that is no field of ours is not repeated: `?`."""
    way = repeated(raw)
    return WrongField(field_path(way), "repeated", "comes twice") if way is not None else None


def read_mapping(data: Mapping[str, Any], *, today: date) -> Read:
    """Like `read_body`, of JSON that has been read already: a submission's `data`, or a web form made into one."""
    try:
        raw = to_json(dict(data))
    except (ValueError, TypeError, RecursionError):
        raise WrongBody(NOT_JSON) from None
    return read_body(raw, today=today)


def _validated(node: Any, today: date) -> Read:
    try:
        # Strict, from JSON: a text is no number and "true" no truth, but dates and codes are texts.
        body = RequestBody.model_validate_json(to_json(node), strict=True, context={"today": today})
        return Read(body, ignored(node))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise WrongBody(*(_wrong(problem) for problem in problems)) from None


def _said(node: Any) -> Any:
    """A JSON value without the members that say nothing (null, blank text)."""
    match node:
        case dict():
            return {key: _said(value) for key, value in node.items() if not _silent(value)}
        case list():
            return [_said(item) for item in node]
        case _:
            return node


def _silent(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


_MESSAGES = {
    "bool_type": "must be true or false",
    "date_type": "must be a date written as YYYY-MM-DD",
    "enum": "must be one of {expected}",
    "greater_than_equal": "must not be less than {ge}",
    "int_type": "must be a whole number",
    "json_invalid": NOT_JSON.message,
    "less_than_equal": "must not be more than {le}",
    "literal_error": "must be one of {expected}",
    "missing": "is missing",
    "model_type": "must be an object",
    "string_pattern_mismatch": "must be a code: letters, digits and underscores",
    "string_too_long": "must not be longer than {max_length} characters",
    "string_type": "must be a text",
    "too_long": "must not have more than {max_length} entries",
    "tuple_type": "must be a list",
}
"""Our own words: those of the validator may quote what was sent."""

_OWN = {"date_format", "date_in_the_future", "date_too_early", "date_too_late", "email", "nul_character"}


def _wrong(problem: ErrorDetails) -> WrongField:
    code = problem["type"]
    words = problem["msg"] if code in _OWN else _MESSAGES.get(code, "is not valid").format(**problem.get("ctx", {}))
    return WrongField(".".join(map(str, problem["loc"])) or "body", code, words)
