"""The filing: what the requestor has put before the agency so far, and what has been heard about it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.intake.domain.asserted import Facts, merged
from services.intake.domain.consent import REPRESENTATIVES, Consent, May, Reader, Ruling, Thing, may
from services.intake.domain.facts import Custody, Place, Removal
from services.intake.domain.heard import Heard, Question
from shared.contracts.vocabulary import (
    Belief,
    ConsentKind,
    DecisionUnderReview,
    Language,
    Recipient,
    RejectCode,
    ReliefSought,
    RequestorType,
    ReviewGround,
    Urgency,
)
from shared.policy.model import RANK, imminent_from, urgency_of

MAX_SEALED_BYTES = 500_000
"""Sealed bytes that one case may gather: base64 in one event, it stays below Kafka's limit of 1 MB for a record."""

HOUR = timedelta(hours=1)
HOURS_BEFORE_KEPT = 14 * 24
"""`imminent_hours` of a filing that was stored before they were kept: what every version of the policy said then."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A hand-over that a member of staff (`by`) has asked for, until another one confirms it.

    The sealed part of the amendment that asks for it, the newest one, says to whom.
    """

    to: RequestorType
    language: Language | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Filing:
    """An accepted request. Personal data is sealed beside it; `amendment` is the version of its facts.

    `received_at` orders the queue and starts the clocks. Where this request keeps the place of a rejected one that it
    mends, it is that one's; `sent_again_at` is then when this one came.

    `not_understood`: of what is no field of a request, the field that it is like, or `?`.

    `client` and `client_reference` are blind indexes: of the signed-in system that submitted it, and of how that calls
    it. After a hand-over (`handed_over`) the case is somebody else's, and that system hears no more than this.

    `noncitizen_reachable`: whether the noncitizen has an address of their own, where somebody else asks (None: not
    kept). `noncitizen_ruling`: what staff made of who reads there. `requestor_reachable`: whether the requestor has an
    address (None: not kept).

    `handing_over`: what waits for a second member of staff; over with the next amendment, whatever that is.

    `situated`: the amendment that last told custody or removal. `imminent_hours`: a removal nearer than that makes a
    case imminent, by the policy when it was submitted.

    `window_kept_until`: no window to ask for review closes sooner. `not_agreed`: whose wish staff turned down last.
    """

    number: str
    received_at: datetime
    channel: str
    received_id: str
    fingerprint: str
    requestor_type: RequestorType
    language: Language
    custody: Custody
    removal: Removal
    place: Place | None
    decision_under_review: tuple[DecisionUnderReview, ...]
    relief_sought: tuple[ReliefSought, ...]
    facts: Facts
    consent: Consent
    age_band: str
    represented: bool
    sealed_bytes: int
    incomplete: tuple[RejectCode, ...] = ()
    not_understood: tuple[str, ...] = ()
    resubmits: str | None = None
    sent_again_at: datetime | None = None
    possible_double_of: str | None = None
    client: str | None = None
    client_reference: str | None = None
    handed_over: bool = False
    amendment: int = 0
    sealed_amendments: tuple[str, ...] = ()
    answered: tuple[UUID, ...] = ()
    link_generation: int = 1
    link_asked: tuple[datetime, ...] = ()
    noncitizen_reachable: bool | None = None
    noncitizen_ruling: Ruling | None = None
    handing_over: Proposed | None = None
    requestor_reachable: bool | None = None
    situated: int = 0
    imminent_hours: int = HOURS_BEFORE_KEPT
    window_kept_until: datetime | None = None
    not_agreed: Recipient | None = None
    heard: Heard = field(default_factory=Heard)

    def reader(self, role: Recipient) -> Reader:
        """Whoever holds the link that was made for this role."""
        if role is Recipient.REQUESTOR or self.requestor_type is RequestorType.NONCITIZEN:
            return Reader(role, self.requestor_type, self.consent)
        return Reader(role, RequestorType.NONCITIZEN, Consent(ConsentKind.NONE, self.noncitizen_ruling))

    def review_waits(self, role: Recipient, at: datetime) -> bool:
        """Whether a wish of this role for review waits for headquarters. Nobody's does where a removal is imminent."""
        waits = may(self.reader(role), Thing.REVIEW) is May.WAITS
        return waits and self.urgency_at(at) is not Urgency.REMOVAL_IMMINENT

    @property
    def window_closes(self) -> datetime | None:
        """Until when review may be asked; None when no window is open."""
        closes, kept = self.heard.window_closes, self.window_kept_until
        return max(closes, kept) if closes and kept else closes

    @property
    def open_question(self) -> Question | None:
        """The latest question that nobody has answered."""
        waiting = [question for question in self.heard.questions if question.id not in self.answered]
        return waiting[-1] if waiting else None

    @property
    def office(self) -> str | None:
        """The field office that has the case, as far as heard."""
        if self.heard.assignment:
            return self.heard.assignment.office
        last = self.heard.considerations[-1:]
        return last[0].office if last else None

    @property
    def imminent_since(self) -> datetime | None:
        """Since when, or from when on, a removal is imminent; None where nothing that is known makes it so."""
        if self.removal.believed_imminent is Belief.YES or Urgency.REMOVAL_IMMINENT in self._told:
            return self.received_at
        return imminent_from(self.removal.scheduled_for, self.imminent_hours * HOUR)

    def urgency_at(self, at: datetime) -> Urgency:
        """How urgent it is at a moment, by the newest of custody and removal, and never less than triage says of those.

        Triage tells no urgency between its answer and headquarters, so what it told is not enough.
        """
        known = urgency_of(
            self.custody.status, self.removal.believed_imminent, imminent_since=self.imminent_since, as_of=at
        )
        return min((known, *self._told), key=RANK.__getitem__)

    @property
    def _told(self) -> tuple[Urgency, ...]:
        """What triage has said of the urgency, seeing the newest that is known of custody and removal."""
        told = (self.heard.assignment, *self.heard.considerations)
        return tuple(each.urgency for each in told if each is not None and each.facts_seen >= self.situated)


@dataclass(frozen=True, slots=True)
class Change:
    """What an amendment changes; None leaves a part as it is. `names` lists all that changed, sealed parts too.

    `proposes`: a hand-over that waits from now on. `asked_by`: who of staff asked for the hand-over that this one is.
    `not_agreed`, `window_kept_until`: of a filing. `wished_by`: whose wish it is that waits from now on; `ground`: of
    one for review.
    """

    names: tuple[str, ...]
    custody: Custody | None = None
    removal: Removal | None = None
    place: Place | None = None
    facts: Facts | None = None
    consent: Consent | None = None
    language: Language | None = None
    answers: UUID | None = None
    new_link: bool = False
    requestor_type: RequestorType | None = None
    noncitizen_reachable: bool | None = None
    noncitizen_ruling: Ruling | None = None
    requestor_reachable: bool | None = None
    proposes: Proposed | None = None
    asked_by: str | None = None
    not_agreed: Recipient | None = None
    window_kept_until: datetime | None = None
    wished_by: Recipient | None = None
    ground: ReviewGround | None = None


def without_answer(change: Change) -> Change:
    """The same words as information, which leaves the question open."""
    names = (("information" if name == "answer" else name) for name in change.names)
    return replace(change, names=tuple(dict.fromkeys(names)), answers=None)


def handed_over(
    filing: Filing,
    to: RequestorType,
    language: Language | None,
    *,
    reachable: bool | None,
    requestor_reachable: bool | None,
) -> Change:
    """What changes when somebody else becomes the requestor: nobody has verified them, and the old link ends.

    Only the noncitizen stays who staff have found them to be. `reachable`: whether they have an address of their own;
    `requestor_reachable`: whether the new requestor has one.
    """
    represents = to in REPRESENTATIVES
    known = filing.reader(Recipient.NONCITIZEN).consent.ruling
    return Change(
        names=("representative", "consent", *(("language",) if language else ())),
        consent=Consent(ConsentKind.G28) if represents else Consent(ConsentKind.NONE, known),
        language=language,
        new_link=True,
        requestor_type=to,
        requestor_reachable=requestor_reachable,
        noncitizen_reachable=reachable,
        noncitizen_ruling=known,
    )


def amended(filing: Filing, change: Change, *, blob: str | None, sealed_bytes: int) -> Filing:
    """The filing after one more amendment. `blob` names its sealed part, if it has one."""
    answered = (*filing.answered, change.answers) if change.answers else filing.answered
    to = change.requestor_type
    return replace(
        filing,
        amendment=filing.amendment + 1,
        custody=change.custody or filing.custody,
        removal=change.removal or filing.removal,
        place=change.place or filing.place,
        facts=merged(filing.facts, change.facts) if change.facts else filing.facts,
        consent=change.consent or filing.consent,
        language=change.language or filing.language,
        answered=tuple(dict.fromkeys(answered)),
        requestor_type=to or filing.requestor_type,
        represented=to in REPRESENTATIVES if to else filing.represented,
        handed_over=filing.handed_over or to is not None,
        noncitizen_reachable=(
            filing.noncitizen_reachable if change.noncitizen_reachable is None else change.noncitizen_reachable
        ),
        noncitizen_ruling=change.noncitizen_ruling or filing.noncitizen_ruling,
        requestor_reachable=(
            filing.requestor_reachable if change.requestor_reachable is None else change.requestor_reachable
        ),
        handing_over=change.proposes,
        window_kept_until=change.window_kept_until or filing.window_kept_until,
        not_agreed=change.not_agreed or (None if to else filing.not_agreed),
        link_generation=filing.link_generation + change.new_link,
        sealed_amendments=(*filing.sealed_amendments, blob) if blob else filing.sealed_amendments,
        sealed_bytes=filing.sealed_bytes + sealed_bytes,
        situated=filing.amendment + 1 if change.custody or change.removal else filing.situated,
    )
