"""What intake has heard from triage and escalation about a case.

Topics have no common order, so `Heard` only ever grows, and the same things heard in any order make the same `Heard`:
the highest revision wins, sets are kept sorted, and of two resolutions (a violation) the earlier one counts.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from shared.contracts.vocabulary import (
    ReferredTo,
    ReliefSought,
    ResolutionOutcome,
    ReviewGround,
    Stage,
    TriageOutcome,
    Urgency,
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where the request lies, and until when silence is patience. `facts_seen`: the amendment that it rests on."""

    revision: int
    office: str | None
    urgency: Urgency
    answer_due: datetime
    silence_ends_at: datetime
    facts_seen: int = 0


@dataclass(frozen=True, slots=True)
class Consideration:
    """What a field office's consideration came to, on the facts as of the amendment `facts_seen`.

    `window_closes`: until when review may be asked because of it.
    """

    round: int
    at: datetime
    outcome: TriageOutcome
    office: str | None
    urgency: Urgency
    reasons: tuple[str, ...] = ()
    granted: tuple[ReliefSought, ...] = ()
    referred_to: ReferredTo | None = None
    window_closes: datetime | None = None
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()
    facts_seen: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the requestor. `blob` names its sealed text."""

    asked_at: datetime
    id: UUID
    about: tuple[str, ...]
    answer_by: datetime
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """The case came into the SRO queue."""

    round: int
    at: datetime
    due: datetime
    ground: ReviewGround


@dataclass(frozen=True, slots=True)
class Remand:
    """The SRO sent the case back to the field office."""

    round: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Resolution:
    """The ultimate resolution."""

    at: datetime
    stage: Stage
    outcome: ResolutionOutcome
    granted: tuple[ReliefSought, ...] = ()
    reasons: tuple[str, ...] = ()
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """All of it. Lists are sorted (rounds by round, questions by time) and hold each thing once."""

    assignment: Assignment | None = None
    considerations: tuple[Consideration, ...] = ()
    questions: tuple[Question, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    remands: tuple[Remand, ...] = ()
    resolution: Resolution | None = None
    touched_by: tuple[str, ...] = ()
    """Who had the case in hand at a field office, or answered or ruled for it, as far as heard. Only grows."""
    recused: tuple[str, ...] = ()
    """Who keeps out of the case for good."""

    @property
    def first_consideration(self) -> Consideration | None:
        """The field office's initial consideration: the only one that can open the window."""
        return next((each for each in self.considerations if each.round == 1), None)

    @property
    def last_answer(self) -> Consideration | None:
        """What the field office said last; a round without an answer says nothing."""
        answered = [each for each in self.considerations if each.outcome is not TriageOutcome.NO_ANSWER]
        return answered[-1] if answered else None

    @property
    def granted(self) -> tuple[ReliefSought, ...]:
        """All that was granted in any round, and by the resolution: a grant stands (decision 0042)."""
        in_rounds = (relief for each in self.considerations for relief in each.granted)
        return tuple(dict.fromkeys((*in_rounds, *(self.resolution.granted if self.resolution else ()))))

    @property
    def window_closes(self) -> datetime | None:
        """Until when review may be asked; None when no window is open (or headquarters has the case already)."""
        first = self.first_consideration
        return first.window_closes if first and not self.escalations else None

    def with_assignment(self, new: Assignment) -> "Heard":
        """A higher revision replaces a lower one, however late the lower one comes."""
        known = self.assignment
        return self if known and known.revision >= new.revision else replace(self, assignment=new)

    def with_consideration(self, new: Consideration) -> "Heard":
        """One more round considered."""
        return replace(self, considerations=_with(self.considerations, new))

    def with_question(self, new: Question) -> "Heard":
        """One more question."""
        if any(known.id == new.id for known in self.questions):
            return self
        asked = sorted((*self.questions, new), key=lambda question: (question.asked_at, question.id))
        return replace(self, questions=tuple(asked))

    def with_escalation(self, new: Escalation) -> "Heard":
        """In the SRO queue, once more."""
        return replace(self, escalations=_with(self.escalations, new))

    def with_remand(self, new: Remand) -> "Heard":
        """Back at the field office."""
        return replace(self, remands=_with(self.remands, new))

    def with_touched(self, *who: str) -> "Heard":
        """More people who had the case in hand for a field office."""
        return replace(self, touched_by=tuple(sorted({*self.touched_by, *who})))

    def with_recused(self, who: str) -> "Heard":
        """One more who keeps out of it."""
        return replace(self, recused=tuple(sorted({*self.recused, who})))

    def with_resolution(self, new: Resolution) -> "Heard":
        """The ultimate resolution; the arbiter issues exactly one."""
        known = self.resolution
        return self if known and (known.at, known.outcome) <= (new.at, new.outcome) else replace(self, resolution=new)


class _InARound(Protocol):
    @property
    def round(self) -> int: ...


R = TypeVar("R", bound=_InARound)


def _with(known: tuple[R, ...], new: R) -> tuple[R, ...]:
    """Rounds in their order, each once."""
    if any(each.round == new.round for each in known):
        return known
    return tuple(sorted((*known, new), key=lambda each: each.round))
