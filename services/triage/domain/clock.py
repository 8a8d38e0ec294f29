"""The field office's clock: by when it should answer, and after which silence the requestor may go to headquarters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.contracts.vocabulary import Urgency


@dataclass(frozen=True, slots=True)
class Clock:
    """Both moments for each urgency, by the policy in force when the clock started.

    All urgencies are kept, so that a later change of urgency gives the same moments in whatever order the service
    hears of it. Keys are the urgencies' names.
    """

    answer_due: dict[str, datetime]
    silence_ends: dict[str, datetime]

    def paused(self, by: timedelta) -> "Clock":
        """The clock after it stood still for a while."""
        return Clock(
            answer_due={urgency: due + by for urgency, due in self.answer_due.items()},
            silence_ends={urgency: end + by for urgency, end in self.silence_ends.items()},
        )


def started(
    at: datetime, *, answer_within: Mapping[Urgency, timedelta], silence_after: Mapping[Urgency, timedelta]
) -> Clock:
    """A clock that starts at `at`."""
    return Clock(
        answer_due={urgency.value: at + answer_within[urgency] for urgency in Urgency},
        silence_ends={urgency.value: at + silence_after[urgency] for urgency in Urgency},
    )


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the requestor, not answered yet; the clock stands still until it is, or until `answer_by`."""

    id: UUID
    asked_at: datetime
    answer_by: datetime

    def pause(self, until: datetime) -> timedelta:
        """How long the clock stood still when the question ended at `until`."""
        return max(min(until, self.answer_by) - self.asked_at, timedelta())
