"""Members of a request's body that are none of its fields. They are passed over, and that is told.

A name that somebody else chose may say anything, a person's name too. Whoever sent it is told it as far as it looks
like a name in a program; in clear there is only which field of ours it resembles (`shared.contracts.clear_fields`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import Any, Final

from pydantic import BaseModel

from shared.contracts.parsing import models_in
from shared.contracts.received import MAX_IGNORED, OTHER, RequestBody

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_ALIKE: Final = 0.75


@dataclass(frozen=True, slots=True)
class Ignored:
    """One of them: where (dotted; `*` for a name that looks like none), and the field that was probably meant."""

    field: str
    like: str | None = None

    @property
    def clear(self) -> str:
        """What may be said of it in clear: a field of ours, or that it was something else."""
        return self.like or OTHER


def ignored(body: Mapping[str, Any]) -> tuple[Ignored, ...]:
    """What was passed over of a body that could be read, at most `MAX_IGNORED` of it."""
    return tuple(islice(_below(body, RequestBody, ""), MAX_IGNORED))


def _below(node: Mapping[str, Any], model: type[BaseModel], place: str) -> Iterator[Ignored]:
    fields = _fields(model)
    for name, value in node.items():
        if name not in fields:
            yield Ignored(place + (name if _NAME.fullmatch(name) else "*"), _meant(name, model, place))
            continue
        for inner in fields[name]:
            for each in value if isinstance(value, list) else (value,):
                if isinstance(each, dict):
                    yield from _below(each, inner, f"{place}{name}.")


def _meant(name: str, model: type[BaseModel], place: str) -> str | None:
    """A field beside it, else one elsewhere of the very same name, or one that is like it, if there is one only."""
    said = name.lower().replace("-", "_")
    if beside := get_close_matches(said, _fields(model), 1, _ALIKE):
        return place + beside[0]
    elsewhere = _places()
    alike = [said] if said in elsewhere else get_close_matches(said, elsewhere, 1, _ALIKE)
    found = elsewhere[alike[0]] if alike else ()
    return found[0] if len(found) == 1 else None


@cache
def _fields(model: type[BaseModel]) -> dict[str, tuple[type[BaseModel], ...]]:
    return {name: tuple(models_in(field.annotation)) for name, field in model.model_fields.items()}


@cache
def _places() -> dict[str, tuple[str, ...]]:
    """For each name of a field, where it stands."""
    found: dict[str, list[str]] = {}
    pending: list[tuple[str, type[BaseModel]]] = [("", RequestBody)]
    while pending:
        place, model = pending.pop()
        for name, inner in _fields(model).items():
            found.setdefault(name, []).append(place + name)
            pending += [(f"{place}{name}.", each) for each in inner]
    return {name: tuple(places) for name, places in found.items()}
