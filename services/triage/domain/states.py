"""Where a request stands before the field office. Each state holds only what does not depend on the order of events."""

from dataclasses import dataclass
from datetime import datetime

from services.triage.domain.case import Case
from services.triage.domain.classification import Presumption
from services.triage.domain.clock import Clock, Question
from shared.contracts.vocabulary import ResolutionOutcome, Stage, Urgency


@dataclass(frozen=True, slots=True)
class Unheard:
    """All that is known so far is that the case's key is destroyed. (A rejected request can be erased, too.)"""

    erased: bool = True


@dataclass(frozen=True, slots=True)
class UnderConsideration:
    """In an office's queue, or waiting to be assigned. Round 2 is the one after a remand.

    `presumption`: what the guidance in force presumed of the facts when the case was last looked at.
    `late` is the due date that passed without an answer, as far as that was told. `sent_back_for`: a remand's reasons.
    """

    case: Case
    round: int
    opened_at: datetime
    clock: Clock
    presumption: Presumption
    question: Question | None = None
    late: datetime | None = None
    sent_back_for: tuple[str, ...] = ()

    @property
    def revision(self) -> int:
        """Of its newest assignment. Counts what could have changed it, so that the order of hearing does not matter."""
        return self.case.amendment + self.case.moves + self.round

    @property
    def urgency(self) -> Urgency:
        """How urgent the request was when last looked at; opening a round is a look, too."""
        return self.case.urgency_at(self.opened_at)

    @property
    def assigned_at(self) -> datetime:
        """Since when the office has had the case in this round."""
        return max(self.opened_at, self.case.office_since)

    @property
    def answer_due(self) -> datetime:
        """By when the office should have answered: by its clock, and before a removal while that can still be."""
        return self.case.before_removal(self.clock.answer_due[self.urgency.value], self.opened_at)

    @property
    def silence_ends_at(self) -> datetime:
        """After this the requestor may ask headquarters."""
        return self.case.before_removal(self.clock.silence_ends[self.urgency.value], self.opened_at)

    @property
    def since(self) -> datetime:
        """Since when the request waits for this round's answer: since its receipt, or since it came back."""
        return self.clock.since or self.opened_at

    @property
    def aged_at(self) -> datetime | None:
        """When it has become old in its class, whatever its due date."""
        return self.clock.aged.get(self.urgency.value)

    @property
    def turn(self) -> datetime:
        """Its place inside its class: its due date, and no later than the day on which it is old.

        What has waited for less can only stand before it if it came in before that day.
        """
        return min(self.answer_due, self.aged_at or self.answer_due)

    @property
    def waits_until(self) -> datetime | None:
        """Until when the requestor's answer is waited for; None where that is not so. A removal waits for no answer."""
        if self.question is None or self.urgency is Urgency.REMOVAL_IMMINENT:
            return None
        return self.question.answer_by

    @property
    def overdue(self) -> bool:
        """Whether its due date has passed, and that was told. A due date that has moved since counts anew."""
        return self.late is not None and self.answer_due <= self.late


@dataclass(frozen=True, slots=True)
class Considered:
    """The office has decided this round; the requestor or headquarters moves next. `presumption`: at the decision."""

    case: Case
    round: int
    presumption: Presumption


@dataclass(frozen=True, slots=True)
class WithHeadquarters:
    """Escalated in this round, with or without the office's decision."""

    case: Case
    round: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The requestor withdrew; only the arbiter's resolution is still to come. The office can decide nothing any more.

    `completed` and `escalated` are the last rounds in which that happened, 0 for never.
    """

    case: Case
    round: int
    completed: int
    escalated: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """The arbiter has spoken: this outranks everything, before and after. What was granted is in the case."""

    case: Case
    stage: Stage
    outcome: ResolutionOutcome


Heard = UnderConsideration | Considered | WithHeadquarters | Withdrawn | Resolved
State = Unheard | Heard
