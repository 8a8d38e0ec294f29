"""Where a case stands at headquarters, the arbiter of every ending."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.file import File
from shared.contracts.vocabulary import ReliefSought, ResolutionOutcome, ReviewGround, Stage, Urgency


@dataclass(frozen=True, slots=True)
class Question:
    """The SRO's question to the requestor; the clock stands still until it is answered, or until `answer_by`."""

    id: UUID
    asked_at: datetime
    answer_by: datetime

    def pause(self, until: datetime) -> timedelta:
        """How long the clock stands still when the question ends at `until`."""
        return max(min(until, self.answer_by) - self.asked_at, timedelta())


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
    """Before the Senior Reviewing Official. `due_without_pause` does not count the open question's pause."""

    file: File
    round: int
    ground: ReviewGround
    urgency: Urgency
    entered_at: datetime
    due_without_pause: datetime
    question: Question | None = None

    @property
    def due(self) -> datetime:
        """By when the SRO should answer. While a question is open the longest pause is assumed."""
        if self.question is None:
            return self.due_without_pause
        return self.due_without_pause + self.question.pause(self.question.answer_by)


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
