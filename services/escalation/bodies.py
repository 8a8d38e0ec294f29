"""What escalation's endpoints take and give. Texts that people type are sealed at the door."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.escalation.domain.review import Review
from shared.contracts.texts import Code, Narrative
from shared.contracts.vocabulary import ReliefSought, ResolutionOutcome, ReviewGround, Urgency
from shared.web.casework import MOST_DECISIONS

FactsSeen = Annotated[int, Field(ge=0, lt=2**31, description="The newest amendment that the SRO saw.")]
Reasons = Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DecideBody(_Body):
    """The ultimate resolution by headquarters: UPHELD, OVERRIDDEN (says what is granted) or NO_ACTION."""

    facts_seen: FactsSeen
    outcome: ResolutionOutcome
    granted: tuple[ReliefSought, ...] = ()
    reasons: Reasons
    text: Narrative | None = None

    def review(self) -> Review:
        """The decision without its text."""
        return Review(self.outcome, self.granted, self.reasons)


class BulkItem(DecideBody):
    """One decision of many. Without a key of its own it is known by the request's key and its case."""

    case_id: UUID
    key: Key | None = None


class BulkBody(_Body):
    """Many decisions. A dry run says what would become of each, and changes nothing.

    With `claim` each case is taken in hand by its decision itself: refused where somebody else has claimed it, and a
    decision that is refused leaves no claim behind.
    """

    dry_run: bool = False
    claim: bool = False
    decisions: Annotated[list[BulkItem], Field(min_length=1, max_length=MOST_DECISIONS)]


class RemandBody(_Body):
    """Back to the field office, and why."""

    facts_seen: FactsSeen
    reasons: Reasons
    text: Narrative | None = None


class AskBody(_Body):
    """A question to the requestor; `about` says by codes what it is about."""

    about: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    text: Annotated[Narrative, Field(min_length=1)]


class QueueItem(BaseModel):
    """A case before the SRO. Not `claimable`, and its office not known: the field office's record is not here yet.

    `zone`: the one in which people read `due`.
    """

    case_id: UUID
    number: str | None
    office: str | None
    urgency: Urgency
    ground: ReviewGround
    round: int
    due: datetime
    zone: str
    overdue: bool
    facts_version: int
    question_open: bool
    claimable: bool
    claim: dict[str, Any] | None


class QueuePage(BaseModel):
    """A page of the queue, most urgent first; `more`: ask again with a higher `skip`."""

    cases: list[QueueItem]
    more: bool
