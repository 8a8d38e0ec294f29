"""What escalation's endpoints take and give. Texts that people type are sealed at the door."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.escalation.admission import Conflict
from services.escalation.asking import Ask
from services.escalation.claiming import Recuse, SaveDraft
from services.escalation.domain.file import Addressee
from services.escalation.domain.review import Choice, Review
from services.escalation.officials import Decide, Remand
from shared.contracts.texts import Code, Narrative
from shared.contracts.vocabulary import ReliefSought, ReviewGround, Urgency
from shared.desk.bulk import bulk_of
from shared.web.bodies import Body
from shared.web.sign_in import Staff

FactsSeen = Annotated[int, Field(ge=0, lt=2**31, description="The newest amendment that the SRO saw.")]
ToldSeen = Annotated[
    int | None,
    Field(ge=0, lt=2**31, description="`told_by_office` as the SRO saw it; checked when given."),
]
Reasons = Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]


class DecideBody(Body):
    """The ultimate resolution by headquarters: of each relief that the field office has not granted (`to_answer` of the
    case) granted, declined or moot.

    OVERRIDDEN where anything is granted, else UPHELD where anything is declined; NO_ACTION where all of it is moot.
    """

    facts_seen: FactsSeen
    told_seen: ToldSeen = None
    outcome: Choice
    granted: tuple[ReliefSought, ...] = ()
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()
    reasons: Reasons
    text: Narrative | None = None

    def order(self, staff: Staff) -> Decide:
        """The decision without its text."""
        review = Review(self.outcome, self.granted, self.reasons, self.declined, self.moot)
        return Decide(staff.subject, review, self.facts_seen, {}, told_seen=self.told_seen)


BulkBody = bulk_of(DecideBody)


class RemandBody(Body):
    """Back to the field office, and why."""

    facts_seen: FactsSeen
    told_seen: ToldSeen = None
    reasons: Reasons
    text: Narrative | None = None

    def order(self, staff: Staff) -> Remand:
        """The remand without its text."""
        return Remand(staff.subject, self.reasons, self.facts_seen, {}, self.told_seen)


class DraftBody(Body):
    """A decision, or a remand (`outcome` REMANDED), as far as it has got. Nothing of it need be complete."""

    facts_seen: FactsSeen
    outcome: Literal[Choice, "REMANDED"] | None = None
    granted: tuple[ReliefSought, ...] = ()
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()
    reasons: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    text: Narrative | None = None

    def order(self, staff: Staff) -> SaveDraft:
        """The draft without its text."""
        return SaveDraft(staff.subject, self.model_dump(mode="json", exclude={"text"}), {})


class RecuseBody(Body):
    """A conflict, as a code: what exactly it is, is nobody's business here."""

    why: Conflict

    def order(self, staff: Staff) -> Recuse:
        """Whoever is signed in keeps out."""
        return Recuse(staff.subject, self.why)


class AskBody(Body):
    """A question; `about` says by codes what it is about. Only one to the requestor lets the clock stand still.

    `facts_seen` is checked when given.
    """

    facts_seen: FactsSeen | None = None
    addressee: Addressee = Addressee.REQUESTOR
    about: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    text: Annotated[Narrative, Field(min_length=1)]

    def order(self, staff: Staff) -> Ask:
        """The question without its text."""
        return Ask(staff.subject, self.about, {}, self.addressee, self.facts_seen)


class QueueItem(BaseModel):
    """A case before the SRO. Not `claimable`, and its office not known: the field office's record is not here yet.

    `place`: in the list that was asked for, from 1. `why`: in sentences, why it stands there; what places it comes
    first. `zone`: the one in which people read `due`. `office_asked`: the field office owes headquarters an answer.
    """

    case_id: UUID
    number: str | None
    place: int
    why: list[str]
    office: str | None
    urgency: Urgency
    ground: ReviewGround
    round: int
    due: datetime
    zone: str
    overdue: bool
    facts_version: int
    new_facts: bool
    question_open: bool
    office_asked: bool
    claimable: bool
    claim: dict[str, Any] | None


class QueuePage(BaseModel):
    """A page of the queue, most urgent first; `more`: ask again with a higher `skip`.

    Cases that the caller may never have (had in hand at the field office, or recused) are not in it.
    """

    cases: list[QueueItem]
    more: bool
