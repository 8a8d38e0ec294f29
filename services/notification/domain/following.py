"""What notification remembers of a case: only what letters need to be decided and addressed.

Each field is a maximum or a set of what was seen, so that any order across topics ends in the same state.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from services.notification.domain.letters import OVERTAKEN, Because, When
from shared.contracts.vocabulary import ConsentStatus, Language, Letter, Recipient, RequestorType
from shared.policy.model import HEADQUARTERS


@dataclass(frozen=True, slots=True)
class Followed:
    """An accepted request. `contacts`: amendments that may have changed how to reach somebody, oldest first.

    `filed_by` asked first; `requestor_type` asks now, as of the amendment `requestor_as_of` (0: nobody else since).
    `resolution` is the id of the event that resolved the case.

    `language_as_of` and `consent_as_of` are the amendments (0: the submission) by which these were last said.
    `office` is that of the newest assignment; `told_imminent` and `told_overdue`: who was told so last, while it is so.
    """

    number: str
    requestor_type: RequestorType
    language: Language
    consent: ConsentStatus
    filed_by: RequestorType
    requestor_as_of: int = 0
    language_as_of: int = 0
    consent_as_of: int = 0
    contacts: tuple[int, ...] = ()
    link_generation: int = 1
    at_field_office: bool = False
    office: str | None = None
    told_imminent: str | None = None
    told_overdue: str | None = None
    resolution: UUID | None = None
    erased: bool = False

    @property
    def requestor_is_noncitizen(self) -> bool:
        """One person, one copy."""
        return self.requestor_type is RequestorType.NONCITIZEN

    @property
    def alone(self) -> bool:
        """Whether nobody but the noncitizen has been the requestor so far."""
        return self.filed_by is RequestorType.NONCITIZEN and self.requestor_as_of == 0

    @property
    def resolved(self) -> bool:
        """Whether the case has its resolution."""
        return self.resolution is not None


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """A rejected request: one letter, and nothing after it."""

    number: str
    language: Language
    erased: bool = False


State = Followed | NotAccepted


def amend(
    case: Followed,
    *,
    amendment: int,
    touches_contact: bool,
    language: Language | None,
    consent: ConsentStatus | None,
    requestor_type: RequestorType | None,
    link_generation: int,
) -> Followed:
    """Take in an amendment: what a newer one said stays, whichever came first."""
    if language is not None and amendment > case.language_as_of:
        case = replace(case, language=language, language_as_of=amendment)
    if consent is not None and amendment > case.consent_as_of:
        case = replace(case, consent=consent, consent_as_of=amendment)
    if requestor_type is not None and amendment > case.requestor_as_of:
        case = replace(case, requestor_type=requestor_type, requestor_as_of=amendment)
    if touches_contact:
        case = replace(case, contacts=tuple(sorted({*case.contacts, amendment})))
    return replace(case, link_generation=max(case.link_generation, link_generation))


def assign(
    case: Followed, *, office: str | None, imminent: bool, overdue: bool
) -> tuple[Followed, frozenset[When], str]:
    """Take in the newest assignment; what is true of it, and whose duty mailbox hears of that.

    Assignments come in their order: they are of one topic. An office is told once that a removal is imminent, or that a
    case is overdue; again when it has stopped being so meanwhile, and another office when the case comes there.
    """
    whose = office or HEADQUARTERS
    conditions = (
        (When.FIRST_OFFICE, office is not None and not case.at_field_office),
        (When.IMMINENT_ARRIVED, imminent and case.told_imminent != whose),
        (When.OVERDUE, overdue and case.told_overdue != whose),
    )
    assigned = replace(
        case,
        office=office,
        at_field_office=case.at_field_office or office is not None,
        told_imminent=whose if imminent else None,
        told_overdue=whose if overdue else None,
    )
    return assigned, frozenset(when for when, is_true in conditions if is_true), whose


def erase(case: State) -> State:
    """The case's key is gone: nobody can be written to any more."""
    return replace(case, erased=True)


def reason_not_to_send(state: State, letter: Letter, role: Recipient) -> Because | None:
    """Why a letter must not go out as the case stands now; None when it may. Asked when made and when claimed."""
    if state.erased and role is not Recipient.OFFICE:
        return Because.ERASED
    if not isinstance(state, Followed):
        return None
    if state.resolved and letter in OVERTAKEN:
        return Because.ALREADY_RESOLVED
    if role is Recipient.NONCITIZEN and state.requestor_is_noncitizen:
        return Because.ONE_COPY
    if role is Recipient.REQUESTOR and not state.requestor_is_noncitizen and state.consent is ConsentStatus.REFUSED:
        return Because.NO_CONSENT
    return None
