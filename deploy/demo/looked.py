"""What was read of a case on its way: where it stood in a queue, and what staff had before them when they acted.

All of it is what the services answered at that moment, nothing is what the demo had sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a case stood in its queue: how urgent the cases before it were, how many there were in all, its entry."""

    ahead: tuple[str, ...]
    total: int
    entry: Mapping[str, Any]

    @property
    def place(self) -> int:
        """Its place, from 1."""
        return len(self.ahead) + 1

    @classmethod
    def among(cls, entries: Sequence[Mapping[str, Any]], case_id: UUID) -> Self | None:
        """Where the case stands among a queue's entries; None when it is not there."""
        for at, entry in enumerate(entries):
            if entry["case_id"] == str(case_id):
                return cls(tuple(each["urgency"] for each in entries[:at]), len(entries), entry)
        return None


@dataclass(slots=True)
class Looked:
    """By the number of the step: the queue's entry at a claim, the case as staff saw it when they acted.

    `moved`: where it stood before its facts changed, and afterwards.
    """

    entries: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    screens: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    moved: tuple[Stand | None, Stand | None] = (None, None)
