"""What triage's endpoints take and give. Texts that people type are sealed at the door."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.triage.answering import Answer
from services.triage.at_hand import SaveDraft, Seen
from services.triage.carrying_out import Done, Take
from services.triage.domain.decision import Choice, Decision
from services.triage.orders import Ask, Decide, Forward
from services.triage.persons import approver_role, officer_of
from services.triage.pre_approving import PreApprove
from shared.contracts.texts import Code, Narrative
from shared.contracts.vocabulary import ApproverRole, MootBecause, ReferredTo, ReliefSought, Urgency
from shared.desk.bulk import bulk_of
from shared.web.bodies import Body
from shared.web.sign_in import Staff

FactsSeen = Annotated[int, Field(ge=0, lt=2**31, description="The newest amendment that the officer saw.")]


class DecideBody(Body):
    """An initial consideration: of each relief that was asked for (`to_answer` of the case) granted, declined or moot.

    DECLINED where anything is declined, with reasons; else MOOT where anything is moot, and why; FAVOURABLE where all
    is granted. REFERRED says where the whole belongs. What nobody asked for is granted with a reason, or in words.
    """

    facts_seen: FactsSeen
    guidance_seen: Annotated[str | None, Field(max_length=80, description="The guidance under which it was seen.")] = (
        None
    )
    outcome: Choice
    granted: tuple[ReliefSought, ...] = ()
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()
    referred_to: ReferredTo | None = None
    moot_because: MootBecause | None = None
    reasons: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    text: Narrative | None = None

    def order(self, staff: Staff) -> Decide:
        """The decision without its text."""
        decision = Decision(
            self.outcome, self.granted, self.referred_to, self.moot_because, self.reasons, self.declined, self.moot
        )
        return Decide(officer_of(staff), decision, self.facts_seen, {}, guidance_seen=self.guidance_seen)


class DraftBody(Body):
    """A decision as far as it has got. Nothing of it need be complete."""

    facts_seen: FactsSeen
    outcome: Choice | None = None
    granted: tuple[ReliefSought, ...] = ()
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()
    referred_to: ReferredTo | None = None
    moot_because: MootBecause | None = None
    reasons: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    text: Narrative | None = None

    def order(self, staff: Staff) -> SaveDraft:
        """The draft without its text."""
        says = self.model_dump(mode="json", exclude={"text"})
        return SaveDraft(officer_of(staff), self.facts_seen, says, {})


class SeenBody(Body):
    """The officer has read the case as it is."""

    facts_seen: FactsSeen

    def order(self, staff: Staff) -> Seen:
        """What is noted of whoever is signed in."""
        return Seen(officer_of(staff), self.facts_seen)


BulkBody = bulk_of(DecideBody)


class PreApprovalBody(Body):
    """The written justification of a decline, and in which capacity it is approved, where the token names both."""

    facts_seen: FactsSeen
    text: Narrative | None = None
    role: ApproverRole | None = None

    def order(self, staff: Staff) -> PreApprove:
        """The approval without its text. Raises `Problem` (403) for a role that the token does not name."""
        return PreApprove(officer_of(staff), approver_role(staff, self.role), self.facts_seen, {})


class ForwardBody(Body):
    """To another office, and why. Only an erased case is forwarded without a text."""

    facts_seen: FactsSeen
    office: Code
    text: Narrative | None = None

    def order(self, staff: Staff) -> Forward:
        """Where it goes; the reason is sealed."""
        return Forward(officer_of(staff), self.office, self.facts_seen, {})


class AskBody(Body):
    """A question to the requestor; `about` says by codes what it is about. `facts_seen` is checked when given."""

    facts_seen: FactsSeen | None = None
    about: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    text: Annotated[Narrative, Field(min_length=1)]

    def order(self, staff: Staff) -> Ask:
        """The question without its text."""
        return Ask(officer_of(staff), self.about, {}, self.facts_seen)


class AnswerBody(Body):
    """An answer to one question of headquarters."""

    question: UUID
    text: Annotated[Narrative, Field(min_length=1)]

    def order(self, staff: Staff) -> Answer:
        """The answer without its text."""
        return Answer(officer_of(staff), self.question, {})


class TakeBody(Body):
    """See to it oneself. `over`: also where a colleague had taken it on, who cannot."""

    over: bool = False

    def order(self, staff: Staff) -> Take:
        """Whoever is signed in takes it on."""
        return Take(officer_of(staff), self.over)


class DoneBody(Body):
    """It was carried out on this day. A note is sealed."""

    on: date
    text: Narrative | None = None

    def order(self, staff: Staff) -> Done:
        """The day; the note is sealed."""
        return Done(officer_of(staff), self.on, {})


class QueueItem(BaseModel):
    """A case in the queue. `office` None: to be assigned. `zone`: the one in which people read `answer_due`.

    `why`: in sentences, why it stands there; what places it comes first. `news`: something has changed since the caller
    looked at it; None: they have not, as far as was said.

    `missing`: codes of what the request lacks. `not_understood`: for each thing in it that is no field of a request,
    the field that it is like, or `?`; the sealed part has the names as they were written.

    `now_in_area_of`: the newest facts place the person in another office's area (TO_BE_ASSIGNED: in none that is
    known); who has the case in hand may keep it, or forward it. `decision`: one that waits to take effect, or that fell
    because its officer had not seen facts that came before it did.
    """

    case_id: UUID
    number: str
    why: list[str]
    office: str | None
    now_in_area_of: str | None
    urgency: Urgency
    round: int
    answer_due: datetime
    zone: str
    overdue: bool
    facts_version: int
    question_open: bool
    missing: list[str]
    not_understood: list[str] = []
    claim: dict[str, Any] | None
    news: bool | None
    presumption: dict[str, Any]
    decision: dict[str, Any] | None = None


class NextBody(Body):
    """Take the next case of one office, or of all that the token names."""

    office: Annotated[str | None, Field(max_length=20)] = None


class NextCase(BaseModel):
    """The case that was taken. `turn`: it was the first of the queue, or the turn of an old routine case."""

    turn: Literal["first", "routine"]
    said: str
    claimed_until: datetime
    case: QueueItem


class QueuePage(BaseModel):
    """A page of the queue, most urgent first; `more`: ask again with a higher `skip`.

    `presumptions`: what the codes of the cases' presumptions say, and where that is from, by version of the guidance.
    """

    cases: list[QueueItem]
    more: bool
    note: str
    presumptions: dict[str, dict[str, dict[str, str]]]
