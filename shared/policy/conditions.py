"""The conditions in which guidance is written, over what is known of a person. Three-valued, after Kleene; pure.

Absent is unknown, and what is unknown never counts as no: a condition is UNKNOWN until what is known settles it, and
what is settled stays so whatever else becomes known. The set of conditions is closed and small on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique
from typing import Final, NamedTuple, assert_never

YES_NO: Final = frozenset(
    {
        "national_security_concern",
        "apprehended_entering_unlawfully",
        "last_entry_unlawful",
        "aggravated_felony",
        "gang_conviction",
        "gang_participation.intentional",
        "threat_to_public_safety",
        "final_order",
        "pending_in_court",
    }
)
"""Facts that are yes or no."""

DAYS: Final = frozenset({"apprehended_on", "first_present_on", "last_entry_on", "released_from_incarceration_on"})
"""Facts that are a calendar date."""

NUMBERS: Final = frozenset({"gang_participation.age_at_conduct"})
"""Facts that are a whole number: years of age."""

NAMED: Final = frozenset({"mitigating", "aggravating"})
"""Lists of codes. A code that is not named is not known to be absent."""

AGE_BAND: Final = "age_band"
"""The person's age in bands of years, as made from the date of birth."""

AGE_BANDS: Final = frozenset({"UNDER_18", "18_TO_24", "25_TO_44", "45_TO_64", "65_PLUS"})

PRESUMED: Final = "presumed."
"""Before a category's name: whether that category is presumed, as far as notices may ask."""

Known = Mapping[str, bool | date | int | str | frozenset[str]]
"""What is known, by the names above. What is not in it is unknown."""


@unique
class Truth(StrEnum):
    """Whether a condition holds."""

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Yes:
    """The fact is yes."""

    fact: str


@dataclass(frozen=True, slots=True)
class No:
    """The fact is no."""

    fact: str


@dataclass(frozen=True, slots=True)
class OnOrAfter:
    """The fact's day is `day` or a later one."""

    fact: str
    day: date


@dataclass(frozen=True, slots=True)
class Before:
    """The fact's day is before `day`."""

    fact: str
    day: date


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The fact's number is `number` or more."""

    fact: str
    number: int


@dataclass(frozen=True, slots=True)
class AnyNamed:
    """Somebody has named one of these factors."""

    fact: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class AgedIn:
    """The person's age is in one of these bands."""

    bands: frozenset[str]
    fact: str = AGE_BAND


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: "tuple[Condition, ...]"


Asked = Yes | No | OnOrAfter | Before | AtLeast | AnyNamed | AgedIn
Condition = Asked | AllOf | AnyOf


class Weighed(NamedTuple):
    """Whether a condition holds, and the facts it rests on: those that settle it, or those that are still unknown."""

    truth: Truth
    because: tuple[str, ...]


def weigh(condition: Condition, known: Known) -> Weighed:
    """Whether a condition holds by what is known."""
    match condition:
        case AllOf(parts):
            return _joined([weigh(part, known) for part in parts], settles=Truth.NO, otherwise=Truth.YES)
        case AnyOf(parts):
            return _joined([weigh(part, known) for part in parts], settles=Truth.YES, otherwise=Truth.NO)
        case _:
            return Weighed(_answered(condition, known), (condition.fact,))


def facts_of(condition: Condition) -> tuple[str, ...]:
    """The facts that a condition asks about, each once, in their order."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return tuple(dict.fromkeys(fact for part in parts for fact in facts_of(part)))
        case _:
            return (condition.fact,)


def _joined(parts: list[Weighed], *, settles: Truth, otherwise: Truth) -> Weighed:
    for truth in (settles, Truth.UNKNOWN):
        such = [part for part in parts if part.truth is truth]
        if such:
            return Weighed(truth, _together(such))
    return Weighed(otherwise, _together(parts))


def _together(parts: list[Weighed]) -> tuple[str, ...]:
    if len(parts) == 1:
        return parts[0].because
    return tuple(dict.fromkeys(fact for part in parts for fact in part.because))


def _answered(asked: Asked, known: Known) -> Truth:
    value = known.get(asked.fact)
    if value is None:
        return Truth.UNKNOWN
    match asked:
        case Yes():
            return _truth(value is True)
        case No():
            return _truth(value is False)
        case OnOrAfter(day=day):
            return _truth(isinstance(value, date) and value >= day)
        case Before(day=day):
            return _truth(isinstance(value, date) and value < day)
        case AtLeast(number=number):
            return _truth(isinstance(value, int) and value >= number)
        case AnyNamed(codes=codes):
            named = isinstance(value, frozenset) and bool(value & codes)
            return Truth.YES if named else Truth.UNKNOWN
        case AgedIn(bands=bands):
            return _truth(value in bands)
        case _:
            assert_never(asked)


def _truth(holds: bool) -> Truth:
    return Truth.YES if holds else Truth.NO
