"""What each event says (clear fields; `sealed` carries the rest). Past tense, frozen, aware times only.

Names, A-numbers, dates of birth, addresses, facilities and every text that a person typed are sealed; which clear
fields there are, and why each may be, is listed in `docs/events.md`.
"""

from datetime import date
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import Field

from shared.contracts.envelope import Contract, Count, EventData, Ordinal, Time
from shared.contracts.vocabulary import (
    Belief,
    ConsentKind,
    ConsentStatus,
    CustodyStatus,
    DecisionUnderReview,
    EventType,
    Language,
    Letter,
    MailResult,
    MootBecause,
    PriorityCategory,
    Recipient,
    ReferredTo,
    RejectCode,
    ReliefSought,
    RequestorType,
    ResolutionOutcome,
    ReviewGround,
    Stage,
    TriageOutcome,
    Urgency,
)

T = TypeVar("T")


class Received(Contract):
    """Where a request came from: the channel, and the id it had there."""

    channel: str
    id: str


class Custody(Contract):
    """Custody without the facility's name: its place routes the case, and nobody outside ever sees it."""

    status: CustodyStatus
    state: str | None = None
    county: str | None = None


class Removal(Contract):
    """What is known of a removal. A date in the past stays imminent until somebody says otherwise."""

    scheduled_for: date | None = None
    believed_imminent: Belief = Belief.UNKNOWN


class Place(Contract):
    """Where the person lives, or was living."""

    state: str
    county: str | None = None


class Consent(Contract):
    """The paper claimed, and what staff made of it."""

    kind: ConsentKind
    status: ConsentStatus


class Claimed(Contract, Generic[T]):
    """What the requestor says, where an officer's word outranks it. It stays visible."""

    value: T
    on: date


class Fact(Contract, Generic[T]):
    """A fact that the priorities ask about, who asserted it, and when. Absent is unknown, never no."""

    value: T
    asserted_by: str
    on: date
    claimed: Claimed[T] | None = None


class GangParticipation(Contract):
    """Active participation in an organised criminal gang."""

    intentional: bool
    age_at_conduct: int = Field(ge=0, le=150)


class Facts(Contract):
    """The facts that the priorities ask about; health and victim codes among the last two travel sealed."""

    national_security_concern: Fact[bool] | None = None
    apprehended_on: Fact[date] | None = None
    apprehended_entering_unlawfully: Fact[bool] | None = None
    first_present_on: Fact[date] | None = None
    last_entry_on: Fact[date] | None = None
    last_entry_unlawful: Fact[bool] | None = None
    aggravated_felony: Fact[bool] | None = None
    gang_conviction: Fact[bool] | None = None
    gang_participation: Fact[GangParticipation] | None = None
    threat_to_public_safety: Fact[bool] | None = None
    released_from_incarceration_on: Fact[date] | None = None
    final_order: Fact[bool] | None = None
    pending_in_court: Fact[bool] | None = None
    mitigating: tuple[Fact[str], ...] = ()
    aggravating: tuple[Fact[str], ...] = ()


class RequestReceived(EventData):
    """A raw submission from a channel outside, not yet validated. `request` is a `received.RequestBody`."""

    type: ClassVar[EventType] = EventType.REQUEST_RECEIVED

    request: dict[str, Any]


class RequestRejected(EventData):
    """Not accepted, with what to mend. Not a decision on the merits."""

    type: ClassVar[EventType] = EventType.REQUEST_REJECTED

    number: str
    codes: tuple[RejectCode, ...]
    language: Language
    received: Received
    received_at: Time
    requestor_type: RequestorType | None = None


class RequestSubmitted(EventData):
    """Accepted: a case with a number. `received_at` orders the queue and starts the clocks.

    `resubmitted_at`: when it came, where it keeps the place of the rejected request that it mends.
    """

    type: ClassVar[EventType] = EventType.REQUEST_SUBMITTED

    number: str
    received_at: Time
    received: Received
    resubmits: str | None = None
    resubmitted_at: Time | None = None
    incomplete: tuple[RejectCode, ...] = ()
    requestor_type: RequestorType
    language: Language
    custody: Custody
    removal: Removal
    place: Place | None = None
    decision_under_review: tuple[DecisionUnderReview, ...]
    relief_sought: tuple[ReliefSought, ...]
    facts: Facts
    consent: Consent
    age_band: str
    represented: bool
    possible_double_of: str | None = None


class RequestAmended(EventData):
    """Facts changed or information added; `amendment` counts from 1. Each clear field is given when it changed.

    `amended_by`: the member of staff who did it; absent where it was the requestor. `for_office`: as an officer of the
    field office, and so they never review the case. `requestor_type`, `represented`: given when somebody else is the
    requestor from now on (`representative` in `changed`); the sealed part says who.
    """

    type: ClassVar[EventType] = EventType.REQUEST_AMENDED

    amendment: Ordinal
    changed: tuple[str, ...]
    custody: Custody | None = None
    removal: Removal | None = None
    place: Place | None = None
    facts: Facts | None = None
    consent: Consent | None = None
    language: Language | None = None
    answers: UUID | None = None
    link_generation: Ordinal = 1
    amended_by: str | None = None
    for_office: bool = False
    requestor_type: RequestorType | None = None
    represented: bool | None = None


class RequestWithdrawn(EventData):
    """The requestor asks to withdraw; the arbiter answers with a resolution.

    `confirmed_by`: the member of staff who agreed, where the requestor's word alone was not enough.
    """

    type: ClassVar[EventType] = EventType.REQUEST_WITHDRAWN

    by: Recipient
    confirmed_by: str | None = None


class LinkRequested(EventData):
    """Somebody named the case and the known address of `to`, and asks for the private link again. It stays as it is."""

    type: ClassVar[EventType] = EventType.LINK_REQUESTED

    to: Recipient


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


class SeenFacts(Contract):
    """The facts as somebody saw them when they decided."""

    custody: Custody
    removal: Removal
    facts: Facts


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


class ReviewRequested(EventData):
    """The requestor asks the SRO to look, with all that headquarters needs (it has not followed the case so far)."""

    type: ClassVar[EventType] = EventType.REVIEW_REQUESTED

    ground: ReviewGround
    custody: Custody
    removal: Removal
    facts: Facts
    amendment: Count
    number: str
    office: str | None = None
    urgency: Urgency
    decision_under_review: tuple[DecisionUnderReview, ...] = ()
    relief_sought: tuple[ReliefSought, ...] = ()
    requestor_type: RequestorType | None = None
    received_at: Time | None = None


class ReviewLapsed(EventData):
    """The window to ask for SRO review closed, or the requestor waived it."""

    type: ClassVar[EventType] = EventType.REVIEW_LAPSED

    at: Time
    waived: bool


class ReviewEscalated(EventData):
    """In the SRO queue. `round` 2: back there after a remand that the field office declined again."""

    type: ClassVar[EventType] = EventType.REVIEW_ESCALATED

    round: Ordinal
    due: Time
    urgency: Urgency
    ground: ReviewGround


class ReviewOverdue(EventData):
    """The SRO should have answered by `due`, and has not. Nothing is decided by it: headquarters is told.

    Again where `due` has moved since, and has passed once more.
    """

    type: ClassVar[EventType] = EventType.REVIEW_OVERDUE

    round: Ordinal
    due: Time
    urgency: Urgency


class ReviewRemanded(EventData):
    """Sent back to the field office, which now considers it in round `round`."""

    type: ClassVar[EventType] = EventType.REVIEW_REMANDED

    round: int = Field(ge=2, lt=2**31)
    reasons: tuple[str, ...]


class ResolutionIssued(EventData):
    """The ultimate resolution. Exactly one per case."""

    type: ClassVar[EventType] = EventType.RESOLUTION_ISSUED

    stage: Stage
    outcome: ResolutionOutcome
    granted: tuple[ReliefSought, ...] = ()
    reasons: tuple[str, ...] = ()
    decided_by: str | None = None
    claimed_at: Time | None = None


class ResolutionOverdue(EventData):
    """A favourable resolution should have been carried out by `due`, and nobody has said that it was.

    Nothing is decided by it: the office is told. `office` None: no office has the case. Again where `due` has moved.
    """

    type: ClassVar[EventType] = EventType.RESOLUTION_OVERDUE

    office: str | None = None
    urgency: Urgency
    due: Time


class ResolutionCompleted(EventData):
    """The field office says that it has carried out a favourable resolution, and on which day."""

    type: ClassVar[EventType] = EventType.RESOLUTION_COMPLETED

    on: date
    office: str | None = None
    done_by: str


class NotificationRecorded(EventData):
    """What became of one letter: no address, no content."""

    type: ClassVar[EventType] = EventType.NOTIFICATION_RECORDED

    notification: UUID
    letter: Letter
    role: Recipient
    result: MailResult
    attempt: Count
    reply_class: str


class CaseErased(EventData):
    """The case's key is destroyed: its sealed data can never be read again."""

    type: ClassVar[EventType] = EventType.CASE_ERASED

    ordered_by: str
    reference: str


EVENTS: dict[EventType, type[EventData]] = {
    cls.type: cls
    for cls in (
        RequestReceived,
        RequestRejected,
        RequestSubmitted,
        RequestAmended,
        RequestWithdrawn,
        LinkRequested,
        TriageAssigned,
        TriageCompleted,
        InformationRequested,
        OfficeAsked,
        OfficeAnswered,
        ReviewRequested,
        ReviewLapsed,
        ReviewEscalated,
        ReviewOverdue,
        ReviewRemanded,
        ResolutionIssued,
        ResolutionOverdue,
        ResolutionCompleted,
        NotificationRecorded,
        CaseErased,
    )
}
"""Every event type with the model of its data."""
