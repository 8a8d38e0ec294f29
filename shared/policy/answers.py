"""What a decision says of each relief that was asked for: granted, declined or moot. Pure.

The field office and headquarters go by the same rule.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from shared.contracts.vocabulary import ReliefSought

Reliefs = tuple[ReliefSought, ...]


class Slip(NamedTuple):
    """What is wrong with one field of a decision; `says` tells people what is missing."""

    field: str
    code: str
    says: str


@dataclass(frozen=True, slots=True)
class Answers:
    """Of each relief what becomes of it."""

    granted: Reliefs = ()
    declined: Reliefs = ()
    moot: Reliefs = ()

    @property
    def all(self) -> frozenset[ReliefSought]:
        """Every relief that is answered."""
        return frozenset((*self.granted, *self.declined, *self.moot))


def asked_for(named: Reliefs) -> Reliefs:
    """What was asked for: a request that names no relief (it was urgent) asks for something that has no name."""
    return named or (ReliefSought.OTHER,)


def still_to_answer(named: Reliefs, granted_before: Iterable[ReliefSought]) -> Reliefs:
    """What of it a decision has to answer: a grant stands, whoever decides next."""
    before = frozenset(granted_before)
    return tuple(relief for relief in asked_for(named) if relief not in before)


def slips(
    answers: Answers, named: Reliefs, granted_before: Iterable[ReliefSought], *, field: str, explained: bool
) -> Iterator[Slip]:
    """What is wrong with the answers. `field`: where the outcome expects what is not answered yet.

    `explained`: something besides the codes says why, in words or as a reason for granting.
    """
    before = frozenset(granted_before)
    asked = frozenset(asked_for(named))
    open_ = [relief for relief in still_to_answer(named, before) if relief not in answers.all]
    if open_:
        said = "Say of each relief that was asked for whether it is granted, declined or moot. Not said:"
        yield Slip(field, f"{field}_missing", f"{said} {_list(open_)}.")
    for one, other in combinations(("granted", "declined", "moot"), 2):
        if both := [relief for relief in getattr(answers, one) if relief in getattr(answers, other)]:
            yield Slip(other, "answered_twice", f"Both {one} and {other}: {_list(both)}.")
    for name in ("declined", "moot"):
        given: Reliefs = getattr(answers, name)
        if stands := [relief for relief in given if relief in before]:
            yield Slip(name, "granted_before", f"Granted before, and a grant stands: {_list(stands)}.")
        if beyond := [relief for relief in given if relief not in asked]:
            yield Slip(name, "not_asked_for", f"Nobody asked for it: {_list(beyond)}.")
    if (more := [relief for relief in answers.granted if relief not in asked]) and not explained:
        yield Slip("reasons", "reason_for_more_missing", f"Nobody asked for {_list(more)}: say why it is granted.")


def each_once(found: Iterable[Slip]) -> tuple[Slip, ...]:
    """Of several slips of one kind in one field the first."""
    return tuple({(slip.field, slip.code): slip for slip in reversed(tuple(found))}.values())[::-1]


def _list(reliefs: Iterable[ReliefSought]) -> str:
    return ", ".join(reliefs)
