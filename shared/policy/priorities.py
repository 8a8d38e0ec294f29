"""Guidance versions as plain values: which categories are presumed priorities, why, and from when until when. Pure.

Loaded from `guidance/*.yaml`. A presumption is for the officer's eyes: it decides nothing, and nobody outside hears it.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, assert_never

from shared.contracts.vocabulary import ApproverRole, PriorityCategory
from shared.policy.conditions import AllOf, AnyOf, Condition

NOTE: Final = "A presumption for the officer. It decides nothing, and nobody outside is told."
"""What stands above every presumption that staff are shown."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A code with the sentence that it stands for, and where that is from."""

    code: str
    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason for a presumption: it is one when its condition holds."""

    remark: Remark
    when: Condition


@dataclass(frozen=True, slots=True)
class PresumedIf:
    """A category that is presumed when everything in `provided` holds, and one of the grounds does."""

    category: PriorityCategory
    source: str
    grounds: tuple[Ground, ...]
    provided: tuple[Ground, ...] = ()
    when: Condition = field(init=False)

    def __post_init__(self) -> None:
        """The whole condition is put together once."""
        grounds = AnyOf(tuple(ground.when for ground in self.grounds))
        object.__setattr__(self, "when", AllOf((*(ground.when for ground in self.provided), grounds)))


@dataclass(frozen=True, slots=True)
class LeftToOfficer:
    """A category for which the guidance draws no line: what to weigh is laid out, and nothing is concluded."""

    category: PriorityCategory
    source: str
    remark: Remark


Rule = PresumedIf | LeftToOfficer


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the officer must know where its condition holds; without a condition, in every case.

    `asks`: where its condition is open, what would settle it is asked. Not for one that only explains another.
    """

    remark: Remark
    when: Condition | None = None
    asks: bool = True


@dataclass(frozen=True, slots=True)
class Factors:
    """What the guidance names to be weighed. Codes that requestors and officers name, too."""

    aggravating: tuple[Remark, ...] = ()
    mitigating: tuple[Remark, ...] = ()
    also_weigh: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class PreApproval:
    """Who approves in advance, and in writing, what is decided against somebody in no presumed category."""

    by: frozenset[ApproverRole]
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Guidance:
    """One version, equal to itself alone. Without rules nothing is presumed under it, and its notices say why."""

    version: str
    name: str
    source: str
    rules: tuple[Rule, ...] = ()
    notices: tuple[Notice, ...] = ()
    factors: Factors = field(default_factory=Factors)
    reminder: Remark | None = None
    pre_approval: PreApproval | None = None

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Every reason and notice that it can give."""
        return tuple(remark for rule in self.rules for remark in _remarks_of(rule)) + tuple(
            notice.remark for notice in self.notices
        )


def _remarks_of(rule: Rule) -> tuple[Remark, ...]:
    match rule:
        case PresumedIf():
            return tuple(ground.remark for ground in (*rule.provided, *rule.grounds))
        case LeftToOfficer():
            return (rule.remark,)
        case _:
            assert_never(rule)


@dataclass(frozen=True, slots=True)
class GuidanceInForce:
    """A version while it is in force; `until` None: no end is known. `source` says why it began."""

    since: datetime
    until: datetime | None
    guidance: Guidance
    source: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """All versions in their order in time, without a gap; a version may come back."""

    intervals: tuple[GuidanceInForce, ...]

    def at(self, moment: datetime) -> GuidanceInForce:
        """What is in force at `moment`; the first version for moments before it."""
        following = bisect_right(self.intervals, moment, key=lambda interval: interval.since)
        return self.intervals[max(following - 1, 0)]

    def because(self, version: str, until: datetime | None) -> str:
        """Why a version was in force until then, and how far: an order may reach some uses of it only."""
        return next(
            (each.source for each in self.intervals if (each.guidance.version, each.until) == (version, until)), ""
        )

    def named(self, version: str) -> Guidance | None:
        """The version of this name, if its file is installed."""
        return self.versions.get(version)

    @property
    def versions(self) -> Mapping[str, Guidance]:
        """The versions by name, the one that began first first."""
        return {interval.guidance.version: interval.guidance for interval in self.intervals}
