"""The field office's clock: by when it should answer, and after which silence the requestor may go to headquarters."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from shared.contracts.vocabulary import Urgency
from shared.policy.model import Policy, TimeLimit


@dataclass(frozen=True, slots=True)
class Clock:
    """Both moments for each urgency, by the policy in force when the clock started, in the zone where it started.

    All urgencies are kept, so that a later change of urgency gives the same moments in whatever order the service
    hears of it. Keys are the urgencies' names. `since` is when it started, `aged` when the case has become old in its
    class: that never stands still. (Clocks that were kept before these were told have neither.)
    """

    zone: str
    answer_due: dict[str, datetime]
    silence_ends: dict[str, datetime]
    since: datetime | None = None
    aged: dict[str, datetime] = field(default_factory=dict)


def started(at: datetime, policy: Policy, zone: str) -> Clock:
    """A clock that starts at `at` and runs in a zone."""

    def ends(limits: Mapping[Urgency, TimeLimit]) -> dict[str, datetime]:
        return {urgency.value: policy.end_of(limits[urgency], at, zone) for urgency in Urgency}

    return Clock(
        zone,
        answer_due=ends(policy.answer_within),
        silence_ends=ends(policy.silence_after),
        since=at,
        aged={urgency.value: at + old for urgency, old in policy.aged_after.items()},
    )


def paused(clock: Clock, policy: Policy, *, since: datetime, until: datetime) -> Clock:
    """The clock after it stood still for a while; the policy in force then says how that is added back."""

    def added_back(limits: Mapping[Urgency, TimeLimit], ends: Mapping[str, datetime]) -> dict[str, datetime]:
        return {
            urgency.value: policy.added_back(
                limits[urgency], ends[urgency.value], since=since, until=until, zone=clock.zone
            )
            for urgency in Urgency
        }

    return replace(
        clock,
        answer_due=added_back(policy.answer_within, clock.answer_due),
        silence_ends=added_back(policy.silence_after, clock.silence_ends),
    )


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the requestor. The clock stands still until it is answered, or until `answer_by`.

    `before` is the clock without this pause: while the question is open the longest pause is assumed, and shortened
    when the answer comes.
    """

    id: UUID
    asked_at: datetime
    answer_by: datetime
    before: Clock

    def is_open(self, now: datetime) -> bool:
        """Whether the clock still stands still for it."""
        return now < self.answer_by
