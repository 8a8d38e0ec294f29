"""Reads the conditions of a guidance file, and says of every slip where it is and what may stand there instead.

is_yes: F / is_no: F · on_or_after: {F: day} / before: {F: day} · at_least: {F: number} · age_band: [BAND, ..]
any_named: {mitigating: [CODE, ..]} · all_of: [..] / any_of: [..]
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, TypeVar

from shared.policy.conditions import (
    AGE_BANDS,
    DAYS,
    NAMED,
    NUMBERS,
    YES_NO,
    AgedIn,
    AllOf,
    AnyNamed,
    AnyOf,
    AtLeast,
    Before,
    Condition,
    No,
    OnOrAfter,
    Yes,
)
from shared.policy.written import Field

C = TypeVar("C")

MOST_NESTED: Final = 8
"""No guidance needs more; a file that goes deeper has slipped."""


class Slip(ValueError):
    """What is wrong with a condition; `field` leads to it from where the reading began."""

    def __init__(self, at: Field, message: str) -> None:
        super().__init__(message)
        self.field = tuple(at)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads conditions. `presumed` may be asked with yes and no besides facts; `codes` are the factors of the file."""

    presumed: Collection[str] = ()
    codes: Mapping[str, Collection[str]] = field(default_factory=dict)

    def read(self, node: Any, at: Field) -> Condition:
        """The condition that is written at a field. Raises Slip."""
        if len(at) > MOST_NESTED * 2:
            raise Slip(at, "conditions are nested too deeply")
        if not isinstance(node, dict) or len(node) != 1:
            raise Slip(at, f"a condition has one key: {', '.join(sorted(_KINDS))}")
        ((kind, content),) = node.items()
        if kind not in _KINDS:
            raise Slip((*at, str(kind)), f"no condition is called {kind}; there are {', '.join(sorted(_KINDS))}")
        return _KINDS[kind](self, content, (*at, kind))

    def _yes(self, content: Any, at: Field) -> Yes:
        return Yes(self._yes_or_no(content, at))

    def _no(self, content: Any, at: Field) -> No:
        return No(self._yes_or_no(content, at))

    def _yes_or_no(self, content: Any, at: Field) -> str:
        return _one_of(content, {*YES_NO, *self.presumed}, "a fact that is yes or no", at)

    def _on_or_after(self, content: Any, at: Field) -> OnOrAfter:
        return OnOrAfter(*_compared(content, DAYS, _day, at))

    def _before(self, content: Any, at: Field) -> Before:
        return Before(*_compared(content, DAYS, _day, at))

    def _at_least(self, content: Any, at: Field) -> AtLeast:
        return AtLeast(*_compared(content, NUMBERS, _number, at))

    def _any_named(self, content: Any, at: Field) -> AnyNamed:
        fact, codes = _compared(content, NAMED, _texts, at)
        for place, code in enumerate(codes):
            _one_of(code, self.codes.get(fact, ()), f"a factor of this file ({fact})", (*at, fact, place))
        return AnyNamed(fact, frozenset(codes))

    def _age_band(self, content: Any, at: Field) -> AgedIn:
        bands = _texts(content, at)
        return AgedIn(frozenset(_one_of(band, AGE_BANDS, "a band", (*at, i)) for i, band in enumerate(bands)))

    def _all_of(self, content: Any, at: Field) -> AllOf:
        return AllOf(self._parts(content, at))

    def _any_of(self, content: Any, at: Field) -> AnyOf:
        return AnyOf(self._parts(content, at))

    def _parts(self, content: Any, at: Field) -> tuple[Condition, ...]:
        if not isinstance(content, list) or not content:
            raise Slip(at, "a list of conditions stands here, with one at least")
        return tuple(self.read(part, (*at, place)) for place, part in enumerate(content))


_KINDS: Final[Mapping[str, Callable[[Reader, Any, Field], Condition]]] = {
    "is_yes": Reader._yes,
    "is_no": Reader._no,
    "on_or_after": Reader._on_or_after,
    "before": Reader._before,
    "at_least": Reader._at_least,
    "any_named": Reader._any_named,
    "age_band": Reader._age_band,
    "all_of": Reader._all_of,
    "any_of": Reader._any_of,
}


def _one_of(content: Any, known: Collection[str], what: str, at: Field) -> str:
    if not isinstance(content, str) or content not in known:
        raise Slip(at, f"{content} is not {what}: {', '.join(sorted(known)) or 'there are none'}")
    return content


def _compared(content: Any, known: Collection[str], read: Callable[[Any, Field], C], at: Field) -> tuple[str, C]:
    if not isinstance(content, dict) or len(content) != 1:
        raise Slip(at, f"one fact and what it is compared with stand here: {', '.join(sorted(known))}")
    ((fact, value),) = content.items()
    return _one_of(fact, known, "a fact that can stand here", (*at, str(fact))), read(value, (*at, str(fact)))


def _day(value: Any, at: Field) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Slip(at, "a day is written 2020-11-01")
    return value


def _number(value: Any, at: Field) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Slip(at, "a whole number stands here")
    return value


def _texts(value: Any, at: Field) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(text, str) for text in value):
        raise Slip(at, "a list of codes stands here, with one at least")
    return tuple(value)
