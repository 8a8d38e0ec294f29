"""What changed between two looks at a case: at the field office's decision, at the request for review, now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from services.escalation.domain.file import Amendment, File
from shared.contracts.comparing import Change, differences
from shared.contracts.vocabulary import TriageOutcome


class Look(StrEnum):
    """A moment at which the facts were looked at."""

    DECISION = "decision"
    REQUEST = "request"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time between two looks, with what changed in it and the amendments that changed it."""

    since: Look
    until: Look
    from_: datetime
    changes: tuple[Change, ...]
    amendments: tuple[Amendment, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    look: Look
    at: datetime
    amendment: int
    told: Mapping[str, str]


def stretches(file: File, now: datetime) -> tuple[Stretch, ...]:
    """What changed from the field office's last decision to the request, and from there to now; in order of time.

    After a remand the decision is the later one, and only what came after it is told.
    """
    looks = sorted(_looks(file), key=lambda seen: seen.at)
    decided = next((index for index, seen in enumerate(looks) if seen.look is Look.DECISION), 0)
    newest = _Seen(Look.NOW, now, file.amendment, {group: known.value for group, known in file.facts.items()})
    points = [*looks[decided:], newest]
    return tuple(_between(file, one, next_) for one, next_ in pairwise(points))


def _looks(file: File) -> list[_Seen]:
    looks = []
    decided = [record for record in file.records if record.outcome is not TriageOutcome.NO_ANSWER]
    if decided:
        last = decided[-1]
        looks.append(_Seen(Look.DECISION, last.completed_at, last.facts_seen, last.saw))
    if file.request is not None:
        looks.append(_Seen(Look.REQUEST, file.request.at, file.request.amendment, file.request.told))
    return looks


def _between(file: File, one: _Seen, other: _Seen) -> Stretch:
    amendments = tuple(told for told in file.amendments if one.amendment < told.number <= other.amendment)
    return Stretch(one.look, other.look, one.at, differences(one.told, other.told), amendments)
