"""Texts, addresses and dates as strangers send them: cleaned, bounded, and refused with words that never quote them."""

import re
from datetime import date, timedelta
from typing import Annotated, Any
from unicodedata import normalize

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo, validate_email
from pydantic_core import PydanticCustomError

OLDEST_BIRTH_YEAR = 1900
FURTHEST_PLAN = timedelta(days=3653)
"""Ten years: nobody schedules a removal later; a date beyond is a slip of the hand."""

_INVISIBLE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Control characters, and those that turn the reading direction, by which a text can be made to look like another."""

_SPACES = re.compile(r"\s+")
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")

_PLAIN_ADDRESS = re.compile(
    r"(?P<local>[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*)@(?P<domain>(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,20})",
    re.ASCII | re.IGNORECASE,
)
_RESERVED = {"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"}
"""Top-level names under which no mail is delivered; left to the thorough check."""


def _visible(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("nul_character", "must not hold a NUL character")
    return normalize("NFC", _INVISIBLE.sub("", text))


def _line(text: str) -> str:
    return _SPACES.sub(" ", _visible(text)).strip()


def _paragraphs(text: str) -> str:
    return _LINE_ENDS.sub("\n", _visible(text)).strip()


def _email(text: str) -> str:
    text = text.strip()
    if plain := plain_address(text):
        return plain
    if "<" in text:
        raise PydanticCustomError("email", "is not a valid e-mail address")
    try:
        return validate_email(text)[1]
    except ValueError:
        raise PydanticCustomError("email", "is not a valid e-mail address") from None


def plain_address(text: str) -> str | None:
    """The address, if it is of the usual form, which needs no look at all the others: a fiftieth of the time."""
    if len(text) > 254 or not (match := _PLAIN_ADDRESS.fullmatch(text)):
        return None
    local, labels = match["local"], match["domain"].lower().split(".")
    if labels[-1] in _RESERVED or any(len(label) > 63 for label in labels):
        return None
    return f"{local}@{'.'.join(labels)}"


def _iso_date(value: Any) -> Any:
    if not isinstance(value, str):
        return value  # Of a wrong type, or a date already: the next validator tells.
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise PydanticCustomError("date_format", "must be a date written as YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date_format", "is not a day of the calendar") from None


def _today(info: ValidationInfo) -> date | None:
    today = (info.context or {}).get("today")
    return today if isinstance(today, date) else None


def _past(value: date, info: ValidationInfo) -> date:
    if value.year < OLDEST_BIRTH_YEAR:
        raise PydanticCustomError("date_too_early", "is before 1900")
    # Somewhere on earth it is tomorrow already.
    if (today := _today(info)) and value > today + timedelta(days=1):
        raise PydanticCustomError("date_in_the_future", "is in the future")
    return value


def _planned(value: date, info: ValidationInfo) -> date:
    if value.year < 2000:
        raise PydanticCustomError("date_too_early", "is before 2000")
    if (today := _today(info)) and value > today + FURTHEST_PLAN:
        raise PydanticCustomError("date_too_late", "is more than ten years ahead")
    return value


Name = Annotated[str, StringConstraints(max_length=100), AfterValidator(_line)]
"""One line: a name, a county, a reference."""

Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_line)]
"""One line that may be longer: a facility, an organisation."""

Short = Annotated[str, StringConstraints(max_length=40), AfterValidator(_line)]
"""One short line: a telephone number, an A-number as written, a case number."""

Narrative = Annotated[str, StringConstraints(max_length=100_000), AfterValidator(_paragraphs)]
"""Paragraphs."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,49}$")]
"""A code of the policy in force; which codes there are, the policy knows."""

Email = Annotated[
    str, StringConstraints(max_length=254), AfterValidator(_email), Field(json_schema_extra={"format": "email"})
]
"""An address that mail could be sent to. Whether anybody reads there is not asked (no DNS)."""

PastDate = Annotated[date, BeforeValidator(_iso_date), AfterValidator(_past)]
"""A day that has come, from 1900 on."""

PlannedDate = Annotated[date, BeforeValidator(_iso_date), AfterValidator(_planned)]
"""A day from 2000 on, at most ten years ahead."""
