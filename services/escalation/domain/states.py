"""Where a case stands at headquarters, the arbiter of every ending."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.file import File
from shared.contracts.vocabulary import ReliefSought, ResolutionOutcome, ReviewGround, Stage, Urgency
from shared.policy.model import imminent_from, urgency_of, useful_until


@dataclass(frozen=True, slots=True)
class Question:
    """The SRO's question to the requestor; the clock stands still until it is answered, or until `answer_by`.

    `before` is the clock without this pause.
    """

    id: UUID
    asked_at: datetime
    answer_by: datetime
    before: dict[str, datetime]

    def is_open(self, now: datetime) -> bool:
        """Whether the clock still stands still for it."""
        return now < self.answer_by


@dataclass(frozen=True, slots=True)
class Following:
    """Something was heard of the case; nothing is to be done yet."""

    file: File


@dataclass(frozen=True, slots=True)
class AwaitingRequestor:
    """The field office did not grant all. The requestor asks for review, or the window closes."""

    file: File


@dataclass(frozen=True, slots=True)
class Rules:
    """What of the policy in force when the case came before headquarters still counts later.

    The clock runs in headquarters' `zone`. A removal nearer than `imminent_hours` makes a case imminent;
    `margin_hours` before a scheduled one an answer should be there.
    """

    zone: str
    imminent_hours: int
    margin_hours: int = 0


@dataclass(frozen=True, slots=True)
class InQueue:
    """Before the Senior Reviewing Official.

    `told_urgency` is what the request, or the answer to a remand, said, as of the amendment `told_as_of`; newer custody
    or removal facts outrank it. `clock` says for each urgency by when the SRO should answer, by the clock alone: a
    later change of urgency gives the same date in any order. While a question is open the longest pause is assumed.
    """

    file: File
    round: int
    ground: ReviewGround
    told_urgency: Urgency
    told_as_of: int
    entered_at: datetime
    clock: dict[str, datetime]
    rules: Rules
    question: Question | None = None
    late: datetime | None = None
    """The due date that passed without an answer, as far as that was told."""

    @property
    def urgency(self) -> Urgency:
        """How urgent the case is, by the newest that is known of custody and removal."""
        known = (self.file.facts.get("custody"), self.file.facts.get("removal"))
        if all(told is None or told.amendment <= self.told_as_of for told in known):
            return self.told_urgency
        return urgency_of(
            self.file.custody,
            self.file.believed_imminent,
            imminent_since=imminent_from(self.file.removal_on, timedelta(hours=self.rules.imminent_hours)),
            as_of=max(self.entered_at, self.file.changed_at or self.entered_at),
        )

    @property
    def zone(self) -> str:
        """The time zone in which the clock runs."""
        return self.rules.zone

    @property
    def by_the_clock(self) -> datetime:
        """By when the SRO should answer, by the clock alone."""
        return self.clock[self.urgency.value]

    @property
    def due(self) -> datetime:
        """By when the SRO should answer: by the clock, and before a removal while that can still be."""
        useful = useful_until(self.file.removal_on, timedelta(hours=self.rules.margin_hours), self.zone)
        return min(
            self.by_the_clock, next((moment for moment in useful if moment > self.entered_at), self.by_the_clock)
        )

    @property
    def overdue(self) -> bool:
        """Whether its due date has passed, and that was told. A due date that has moved since counts anew."""
        return self.late is not None and self.due <= self.late


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
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()


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
