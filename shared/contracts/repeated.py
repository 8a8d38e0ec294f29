"""JSON in which a name comes twice in one object: readers disagree on which of the two counts, so none does here."""

import json
from typing import Any


class _Repeating(dict[str, Any]):
    """An object with a name that comes twice."""

    name: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    repeating, seen = _Repeating(made), set[str]()
    for name, _ in pairs:
        if name in seen:
            repeating.name = name
            break
        seen.add(name)
    return repeating


def repeated(raw: bytes) -> tuple[str | int, ...] | None:
    """Where a name comes twice: the way to it, the name last. None where each comes once. `raw` is valid JSON."""
    # What numbers say does not matter here, and a very long one would be refused.
    pending: list[tuple[tuple[str | int, ...], Any]] = [
        ((), json.loads(raw, object_pairs_hook=_object, parse_int=str, parse_float=str))
    ]
    while pending:
        way, node = pending.pop()
        if isinstance(node, _Repeating):
            return (*way, node.name)
        members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        pending += [((*way, name), value) for name, value in members if isinstance(value, dict | list)]
    return None
