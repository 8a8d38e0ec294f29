"""The field office's consideration, and the questions about it to and fro."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.envelope import Contract, Count, EventData, Ordinal, Time
from shared.contracts.events.facts import SeenFacts
from shared.contracts.vocabulary import (
    ApproverRole,
    Belief,
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


class PreApproval(Contract):
    """A decision was approved in advance, in writing, by somebody else than who decided; the justification is sealed.

    Only where the guidance in force asks for it.
    """

    by: str
    role: ApproverRole
    at: Time


class TriageAssigned(EventData):
    """Urgency, presumed categories, office, due date; a higher revision replaces a lower. No office: to be assigned.

    `overdue`: the due date has passed without an answer. That decides nothing. `facts_seen`: the amendment as of which
    all this is so; earlier builds did not say.
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
    facts_seen: Count | None = None


class TriageCompleted(EventData):
    """The field office has given the request its initial consideration.

    Of each relief asked for it says granted, declined or moot, unless it refers the whole; `outcome` is DECLINED where
    anything is declined, else MOOT where anything is moot. Earlier ones name only what is `granted`. What is granted is
    carried out from now on; what is not may go to headquarters.

    `saw`: the facts as of `facts_seen`, where the case may yet go to headquarters, which shows what changed since.
    """

    type: ClassVar[EventType] = EventType.TRIAGE_COMPLETED

    round: Ordinal
    outcome: TriageOutcome
    granted: tuple[ReliefSought, ...] = ()
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()
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
    pre_approval: PreApproval | None = None


class RemovalImminent(EventData):
    """A removal has become imminent in a case that is under review, or such a case has come to another office.

    For whoever can stop a removal: told once for an office, and again when it had stopped being so meanwhile. `office`
    None: to be assigned. `scheduled_for`: the day, if one is known.
    """

    type: ClassVar[EventType] = EventType.REMOVAL_IMMINENT

    office: str | None = None
    scheduled_for: date | None = None
    believed_imminent: Belief
    with_headquarters: bool
    number: str


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
