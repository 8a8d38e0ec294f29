"""What comes from the requestor: the request, what changes of it, and what they ask for."""

from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.envelope import EventData, Ordinal, Time
from shared.contracts.events.facts import Consent, Custody, Facts, Place, Received, Removal
from shared.contracts.vocabulary import (
    ConsentStatus,
    DecisionUnderReview,
    EventType,
    Language,
    Recipient,
    RejectCode,
    ReliefSought,
    RequestorType,
    ReviewGround,
)


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
    `noncitizen_reachable`, `requestor_reachable`: whether an address of the noncitizen's own, and one of the
    requestor's, is known; absent: not said.
    `not_understood`: for each thing that is no field of a request, the field that it is like, or `?`.
    """

    type: ClassVar[EventType] = EventType.REQUEST_SUBMITTED

    number: str
    received_at: Time
    received: Received
    resubmits: str | None = None
    resubmitted_at: Time | None = None
    incomplete: tuple[RejectCode, ...] = ()
    not_understood: tuple[str, ...] = ()
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
    noncitizen_reachable: bool | None = None
    requestor_reachable: bool | None = None


class RequestAmended(EventData):
    """Facts changed or information added; `amendment` counts from 1. Each clear field is given when it changed.

    `amended_by`: the member of staff who did it; absent where it was the requestor. `for_office`: as an officer of the
    field office, and so they never review the case. `requestor_type`, `represented`: given when somebody else is the
    requestor from now on (`representative` in `changed`); the sealed part says who.

    `noncitizen_status`: what staff made of who reads at the noncitizen's own address; given when they ruled, and when a
    hand-over made it count. `noncitizen_reachable`: given with a hand-over; `requestor_reachable`: also with a new
    contact.

    `asked_by`: the member of staff who asked for a hand-over that another one (`amended_by`) confirmed; never the same.

    `wished_by`: in which role somebody wishes for what waits for a word of staff; `ground`: of a wish for review.
    `window_kept_until`: no window to ask for review closes sooner, since staff turned a wish for review down.
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
    noncitizen_status: ConsentStatus | None = None
    noncitizen_reachable: bool | None = None
    asked_by: str | None = None
    requestor_reachable: bool | None = None
    wished_by: Recipient | None = None
    ground: ReviewGround | None = None
    window_kept_until: Time | None = None


class RequestWithdrawn(EventData):
    """The requestor, or the noncitizen by their own link (`by`), withdraws; the arbiter answers with a resolution.

    `confirmed_by`: the member of staff who agreed, where the requestor's word alone was not enough.
    """

    type: ClassVar[EventType] = EventType.REQUEST_WITHDRAWN

    by: Recipient
    confirmed_by: str | None = None


class LinkRequested(EventData):
    """Somebody named the case and the known address of `to`, and asks for the private link again. It stays as it is."""

    type: ClassVar[EventType] = EventType.LINK_REQUESTED

    to: Recipient
