"""Where a case stands at headquarters, the arbiter of every ending."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.file import File
from shared.contracts.vocabulary import ReliefSought, ResolutionOutcome, ReviewGround, Stage, Urgency
from shared.policy.model import RANK, imminent_from, urgency_of, useful_until


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

    `told_urgency` is what the request, or the answer to a remand, said, as of the amendment `told_as_of`: the case is
    no less urgent until newer facts of custody or removal come. `clock` says for each urgency by when the SRO should
    answer, by the clock alone: a later change of urgency gives the same date in any order. While a question is open the
    longest pause is assumed.
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
    def heard_at(self) -> datetime:
        """The latest moment of which the case is known to have been looked at: it came in, or facts were told."""
        return max(self.entered_at, self.file.changed_at or self.entered_at)

    @property
    def imminent_since(self) -> datetime | None:
        """The moment from which a scheduled removal counts as imminent; None when no date is known."""
        return imminent_from(self.file.removal_on, timedelta(hours=self.rules.imminent_hours))

    def urgency_at(self, at: datetime) -> Urgency:
        """How urgent the case is at a moment, by the newest of custody and removal, and never less than told of those.

        Nothing known of both is no reason to think otherwise than was told.
        """
        known = [told for group in ("custody", "removal") if (told := self.file.facts.get(group)) is not None]
        if not known:
            return self.told_urgency
        computed = urgency_of(
            self.file.custody,
            self.file.believed_imminent,
            imminent_since=self.imminent_since,
            as_of=max(at, self.heard_at),
        )
        if any(told.amendment > self.told_as_of for told in known):
            return computed
        return min(self.told_urgency, computed, key=RANK.__getitem__)

    @property
    def zone(self) -> str:
        """The time zone in which the clock runs."""
        return self.rules.zone

    def by_the_clock(self, at: datetime) -> datetime:
        """By when the SRO should answer, by the clock alone, of the urgency at a moment."""
        return self.clock[self.urgency_at(at).value]

    def due_at(self, at: datetime) -> datetime:
        """By when the SRO should answer, as of a moment: by the clock, and before a removal while that can still be."""
        useful = useful_until(self.file.removal_on, timedelta(hours=self.rules.margin_hours), self.zone)
        clock = self.by_the_clock(at)
        return min(clock, next((moment for moment in useful if moment > self.entered_at), clock))

    def told_overdue(self, at: datetime) -> bool:
        """Whether its due date as of a moment was told to have passed. A due date that has moved since counts anew."""
        return self.late is not None and self.due_at(at) <= self.late


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
