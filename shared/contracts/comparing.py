"""What differs between two tellings of the same groups of facts. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one group that differs. `before` is None where nothing was known, or where nobody told us.

    Values are as they came: of a fact `{value, asserted_by, on}`.
    """

    group: str
    field: str
    before: Any
    after: Any
    before_was_told: bool


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """Field by field, what differs between two sets of groups (JSON objects). A group only in `before` is as it was."""
    found: list[Change] = []
    for group, value in sorted(after.items()):
        old, new = _fields(before.get(group)), _fields(value)
        found += [
            Change(group, name, old.get(name), new.get(name), before_was_told=group in before)
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        ]
    return tuple(found)


def _fields(value: str | None) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(value) if value else {}
    return fields
