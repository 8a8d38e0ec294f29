"""Where a case stands at headquarters, the arbiter of every ending."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.file import File
from shared.contracts.vocabulary import ReliefSought, ResolutionOutcome, ReviewGround, Stage, Urgency
from shared.policy.model import useful_until


@dataclass(frozen=True, slots=True)
class Question:
    """The SRO's question to the requestor; the clock stands still until it is answered, or until `answer_by`.

    `before` is the due date without this pause.
    """

    id: UUID
    asked_at: datetime
    answer_by: datetime
    before: datetime

    def is_open(self, now: datetime) -> bool:
        """Whether the clock still stands still for it."""
        return now < self.answer_by


@dataclass(frozen=True, slots=True)
class Following:
    """Something was heard of the case; nothing is to be done yet."""

    file: File


@dataclass(frozen=True, slots=True)
class AwaitingRequestor:
    """The field office declined or referred. The requestor asks for review, or the window closes."""

    file: File


@dataclass(frozen=True, slots=True)
class InQueue:
    """Before the Senior Reviewing Official. `clock_due`: by when the SRO should answer, by the clock alone.

    While a question is open the longest pause is assumed. The clock runs in headquarters' zone; `margin_hours` is how
    long before a scheduled removal an answer should be there, by the policy in force when the case came.
    """

    file: File
    round: int
    ground: ReviewGround
    urgency: Urgency
    entered_at: datetime
    clock_due: datetime
    zone: str
    margin_hours: int = 0
    question: Question | None = None

    @property
    def due(self) -> datetime:
        """By when the SRO should answer: by the clock, and before a removal while that can still be."""
        useful = useful_until(self.file.removal_on, timedelta(hours=self.margin_hours), self.zone)
        return min(self.clock_due, next((moment for moment in useful if moment > self.entered_at), self.clock_due))


@dataclass(frozen=True, slots=True)
class Remanded:
    """Back at the field office, which considers it in round `round`."""

    file: File
    round: int
    ground: ReviewGround


@dataclass(frozen=True, slots=True)
class Resolution:
    """How and by whom the case was ended."""

    stage: Stage
    outcome: ResolutionOutcome
    granted: tuple[ReliefSought, ...] = ()
    reasons: tuple[str, ...] = ()
    decided_by: str | None = None
    claimed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """Ended. What is heard later is filed, and changes nothing."""

    file: File
    resolution: Resolution
    at: datetime


State = Following | AwaitingRequestor | InQueue | Remanded | Resolved


def file_of(state: State | None) -> File:
    """The case's file; an empty one for a case that was never heard of."""
    return File() if state is None else state.file


def refiled(state: State | None, file: File) -> State:
    """The same standing with a newer file."""
    return Following(file) if state is None else replace(state, file=file)
