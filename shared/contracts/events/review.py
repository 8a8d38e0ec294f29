"""Headquarters' review, from the wish for it on."""

from typing import ClassVar

from pydantic import Field

from shared.contracts.envelope import Count, EventData, Ordinal, Time
from shared.contracts.events.facts import Custody, Facts, Place, Removal
from shared.contracts.vocabulary import (
    DecisionUnderReview,
    EventType,
    Recipient,
    ReliefSought,
    RequestorType,
    ReviewGround,
    Urgency,
)


class ReviewRequested(EventData):
    """The requestor asks the SRO to look, with all that headquarters needs (it has not followed the case so far).

    `noncitizen_reachable`, `requestor_reachable`: whether an address of the noncitizen's own, and one of the
    requestor's, is known; absent: not said.
    """

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
    noncitizen_reachable: bool | None = None
    place: Place | None = None
    requestor_reachable: bool | None = None


class ReviewLapsed(EventData):
    """The window to ask for SRO review closed, or somebody waived it.

    `by`: in which role, where it was waived.
    `confirmed_by`: the member of staff who agreed to a waiver, where the requestor's word alone was not enough.
    """

    type: ClassVar[EventType] = EventType.REVIEW_LAPSED

    at: Time
    waived: bool
    by: Recipient | None = None
    confirmed_by: str | None = None


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


class ReviewRecused(EventData):
    """Somebody of staff keeps out of this case for good. Why is told to nobody."""

    type: ClassVar[EventType] = EventType.REVIEW_RECUSED

    who: str


class ReviewRemanded(EventData):
    """Sent back to the field office, which now considers it in round `round`."""

    type: ClassVar[EventType] = EventType.REVIEW_REMANDED

    round: int = Field(ge=2, lt=2**31)
    reasons: tuple[str, ...]
