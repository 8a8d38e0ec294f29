"""The facts that the priorities ask about, and who asserts them. Absent is unknown, never no.

An officer's word outranks the requestor's claim, whichever came first, and both stay visible. Officers may take their
word back; the claim counts again then.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Final, Generic, TypeVar

V = TypeVar("V")

OFFICER: Final = "officer"
REQUESTOR: Final = "requestor"


@dataclass(frozen=True, slots=True)
class Claim(Generic[V]):
    """What the requestor says, where an officer has the last word."""

    value: V
    on: date


@dataclass(frozen=True, slots=True)
class Asserted(Generic[V]):
    """What somebody asserts, and since when."""

    value: V
    asserted_by: str
    on: date
    claimed: Claim[V] | None = None


@dataclass(frozen=True, slots=True)
class Participation:
    """Active participation in an organized criminal gang, as events word it. Without an age, nobody knows it."""

    intentional: bool
    age_at_conduct: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the priorities ask about (health and victim factors are sealed, and not here)."""

    national_security_concern: Asserted[bool] | None = None
    apprehended_on: Asserted[date] | None = None
    apprehended_entering_unlawfully: Asserted[bool] | None = None
    first_present_on: Asserted[date] | None = None
    last_entry_on: Asserted[date] | None = None
    last_entry_unlawful: Asserted[bool] | None = None
    aggravated_felony: Asserted[bool] | None = None
    gang_conviction: Asserted[bool] | None = None
    gang_participation: Asserted[Participation] | None = None
    threat_to_public_safety: Asserted[bool] | None = None
    released_from_incarceration_on: Asserted[date] | None = None
    final_order: Asserted[bool] | None = None
    pending_in_court: Asserted[bool] | None = None
    mitigating: tuple[Asserted[str], ...] = ()
    aggravating: tuple[Asserted[str], ...] = ()


NAMES: Final = frozenset(field.name for field in fields(Facts))


def merged(known: Facts, new: Facts) -> Facts:
    """The facts with what somebody asserts anew. Factors are added; of the others each has one value that counts."""
    given = {name: value for name in NAMES if (value := getattr(new, name))}
    return replace(known, **{name: _both(getattr(known, name), value) for name, value in given.items()})


def without_officers_word(known: Facts, names: Collection[str]) -> Facts:
    """The facts as if no officer had asserted these: what the requestor claims counts again, or nothing is known."""
    return replace(known, **{name: _claimed(getattr(known, name)) for name in names})


def _both(known: Any, new: Any) -> Any:
    if isinstance(new, tuple):
        return tuple({(factor.value, factor.asserted_by): factor for factor in (*(known or ()), *new)}.values())
    if known is None or (new.asserted_by, known.asserted_by) == (REQUESTOR, REQUESTOR):
        return new
    if new.asserted_by == REQUESTOR:
        return replace(known, claimed=Claim(new.value, new.on))
    claim = Claim(known.value, known.on) if known.asserted_by == REQUESTOR else known.claimed
    return replace(new, claimed=claim)


def _claimed(known: Any) -> Any:
    if isinstance(known, tuple):
        return tuple(factor for factor in known if factor.asserted_by != OFFICER)
    if known is None or known.asserted_by != OFFICER:
        return known
    return Asserted(known.claimed.value, REQUESTOR, known.claimed.on) if known.claimed else None
