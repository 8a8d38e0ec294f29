"""Whom a case is about, who asks, and for what: the head of a case as its officer or SRO reads it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.markup import escape

from shared.calling.words import word

ON_RECORD = "[dim]That you opened this, and when, is on record.[/]"
ERASED = "[yellow]The personal data is erased: whom it is about, and what people wrote, cannot be read any more.[/]"


def lines(
    case: Mapping[str, Any], *, requestor_type: str | None, reviewed: Sequence[str], relief: Sequence[str]
) -> Iterator[str]:
    """Person, requestor, decision under review and relief asked. What is not known says so."""
    if case["erased"]:
        yield ERASED
    people = case["people"]
    if people is not None:
        yield f"about      [bold]{_person(people['noncitizen'])}[/]"
        yield f"asked by   {_requestor(people['requestor'])}{f' ({word(requestor_type)})' if requestor_type else ''}"
    yield f"decision   {_codes(reviewed)}"
    yield f"asks for   {_codes(relief)}"
    if people is not None:
        yield ON_RECORD


def _person(known: Mapping[str, Any]) -> str:
    name = _name(known)
    number = known.get("a_number") or "A-number not known"
    born = f"born {known['date_of_birth']}" if known.get("date_of_birth") else "date of birth not known"
    country = f"in {known['country_of_birth']}" if known.get("country_of_birth") else ""
    return escape(f"{name}, {number}, {' '.join(filter(None, (born, country)))}")


def _name(known: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (known.get("given_name"), known.get("family_name")))) or "name not known"


def _requestor(known: Mapping[str, Any]) -> str:
    ways = (known.get("organisation"), known.get("relationship"), known.get("email"), known.get("phone"))
    return escape(", ".join(filter(None, (known.get("name") or "name not known", *ways))))


def _codes(codes: Sequence[str]) -> str:
    return ", ".join(map(word, codes)) or "not said"
