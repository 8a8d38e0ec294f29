"""The field office's consideration, and the questions about it to and fro."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.envelope import Contract, Count, EventData, Ordinal, Time
from shared.contracts.events.facts import SeenFacts
from shared.contracts.vocabulary import (
    EventType,
    MootBecause,
    PriorityCategory,
    ReferredTo,
    ReliefSought,
    TriageOutcome,
    Urgency,
)


class Presumed(Contract):
    """What the guidance presumed of the facts, as the officer had it in view. Codes of that guidance, for staff."""

    categories: tuple[PriorityCategory, ...] = ()
    undetermined: tuple[PriorityCategory, ...] = ()
    to_weigh: tuple[PriorityCategory, ...] = ()
    reasons: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


class TriageAssigned(EventData):
    """Urgency, presumed categories, office, due date; a higher revision replaces a lower. No office: to be assigned.

    `overdue`: the due date has passed without an answer. That decides nothing.
    """

    type: ClassVar[EventType] = EventType.TRIAGE_ASSIGNED

    revision: Ordinal
    office: str | None = None
    urgency: Urgency
    categories: tuple[PriorityCategory, ...] = ()
    undetermined: tuple[PriorityCategory, ...] = ()
    to_weigh: tuple[PriorityCategory, ...] = ()
    reasons: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    answer_due: Time
    silence_ends_at: Time
    overdue: bool = False
    guidance: str
    office_map: str
    process: str | None = None


class TriageCompleted(EventData):
    """The field office has given the request its initial consideration.

    `saw`: the facts as of `facts_seen`, where the case may yet go to headquarters, which shows what changed since.
    """

    type: ClassVar[EventType] = EventType.TRIAGE_COMPLETED

    round: Ordinal
    outcome: TriageOutcome
    granted: tuple[ReliefSought, ...] = ()
    referred_to: ReferredTo | None = None
    moot_because: MootBecause | None = None
    reasons: tuple[str, ...] = ()
    decided_by: str | None = None
    touched_by: tuple[str, ...] = ()
    assigned_at: Time
    claimed_at: Time | None = None
    facts_seen: Count
    guidance: str
    process: str | None = None
    presumption: Presumed | None = None
    number: str
    office: str | None = None
    urgency: Urgency
    saw: SeenFacts | None = None


class InformationRequested(EventData):
    """A question to the requestor; the clock pauses until it is answered or `answer_by` has passed."""

    type: ClassVar[EventType] = EventType.INFORMATION_REQUESTED

    question: UUID
    about: tuple[str, ...]
    answer_by: Time


class OfficeAsked(EventData):
    """Headquarters asks the field office that considered the case, in `round` of its review.

    No clock stands still, and nobody outside is told.
    """

    type: ClassVar[EventType] = EventType.OFFICE_ASKED

    question: UUID
    office: str
    about: tuple[str, ...]
    answer_by: Time
    round: Ordinal


class OfficeAnswered(EventData):
    """The field office has answered headquarters. `touched_by`: everybody there who has had the case in hand."""

    type: ClassVar[EventType] = EventType.OFFICE_ANSWERED

    question: UUID
    answered_by: str
    touched_by: tuple[str, ...]
