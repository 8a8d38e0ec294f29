"""The words of the process, one spelling for events, domain, documents and screens. Standard library only.

Sources: the ICE Case Review announcement of 5 March 2021, ICE Policy 11090.1, forms G-28 and 60-001; members marked
"design choice" have no published source.
"""

from enum import StrEnum, unique


@unique
class EventType(StrEnum):
    """What happened; also the name of the Kafka topic that carries it."""

    REQUEST_RECEIVED = "request.received"
    REQUEST_REJECTED = "request.rejected"
    REQUEST_SUBMITTED = "request.submitted"
    REQUEST_AMENDED = "request.amended"
    REQUEST_WITHDRAWN = "request.withdrawn"
    LINK_REQUESTED = "link.requested"
    TRIAGE_ASSIGNED = "triage.assigned"
    TRIAGE_COMPLETED = "triage.completed"
    INFORMATION_REQUESTED = "information.requested"
    OFFICE_ASKED = "office.asked"
    OFFICE_ANSWERED = "office.answered"
    REVIEW_REQUESTED = "review.requested"
    REVIEW_LAPSED = "review.lapsed"
    REVIEW_ESCALATED = "review.escalated"
    REVIEW_OVERDUE = "review.overdue"
    REVIEW_REMANDED = "review.remanded"
    REVIEW_RECUSED = "review.recused"
    RESOLUTION_ISSUED = "resolution.issued"
    RESOLUTION_OVERDUE = "resolution.overdue"
    RESOLUTION_COMPLETED = "resolution.completed"
    REMOVAL_IMMINENT = "removal.imminent"
    NOTIFICATION_RECORDED = "notification.recorded"
    CASE_ERASED = "case.erased"


@unique
class Service(StrEnum):
    """The four services; the `source` of their events."""

    INTAKE = "intake"
    TRIAGE = "triage"
    ESCALATION = "escalation"
    NOTIFICATION = "notification"


@unique
class RequestorType(StrEnum):
    """Who asks. The last two need a signed ICE Form 60-001 to be told more than the stage (inferred, OIDO)."""

    NONCITIZEN = "NONCITIZEN"
    ATTORNEY = "ATTORNEY"
    ACCREDITED_REP = "ACCREDITED_REP"
    FAMILY = "FAMILY"
    NGO_OTHER = "NGO_OTHER"


@unique
class CustodyStatus(StrEnum):
    """Whether the noncitizen is held by ICE, as the requestor says."""

    DETAINED = "DETAINED"
    NOT_DETAINED = "NOT_DETAINED"
    UNKNOWN = "UNKNOWN"


@unique
class Belief(StrEnum):
    """Whether the requestor believes that removal is imminent."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@unique
class Urgency(StrEnum):
    """Detained people and people about to be removed come first (announcement of 5 March 2021)."""

    REMOVAL_IMMINENT = "REMOVAL_IMMINENT"
    DETAINED = "DETAINED"
    ROUTINE = "ROUTINE"


@unique
class DecisionUnderReview(StrEnum):
    """What the interim priorities govern, hence what can be asked to be looked at again (Policy 11090.1)."""

    DETAINER = "DETAINER"
    NTA = "NTA"
    ARREST = "ARREST"
    CUSTODY = "CUSTODY"
    DEFERRED_ACTION_OR_PAROLE = "DEFERRED_ACTION_OR_PAROLE"
    REMOVAL_EXECUTION = "REMOVAL_EXECUTION"
    OTHER = "OTHER"


@unique
class ReliefSought(StrEnum):
    """What the requestor asks for; the first four are the favourable outcomes named when the process was announced."""

    RELEASE = "RELEASE"
    CANCEL_NTA = "CANCEL_NTA"
    STAY_OR_PAUSE_REMOVAL = "STAY_OR_PAUSE_REMOVAL"
    NOT_EXECUTE_ORDER = "NOT_EXECUTE_ORDER"
    DEFERRED_ACTION = "DEFERRED_ACTION"
    PAROLE = "PAROLE"
    OTHER = "OTHER"


@unique
class PriorityCategory(StrEnum):
    """Presumed priorities; a set, never one value."""

    NATIONAL_SECURITY = "NATIONAL_SECURITY"
    BORDER_SECURITY = "BORDER_SECURITY"
    PUBLIC_SAFETY = "PUBLIC_SAFETY"


@unique
class TriageOutcome(StrEnum):
    """What the field office's initial consideration came to. NO_ANSWER: headquarters took the case before an answer."""

    FAVOURABLE = "FAVOURABLE"
    DECLINED = "DECLINED"
    REFERRED = "REFERRED"
    MOOT = "MOOT"
    NO_ANSWER = "NO_ANSWER"


@unique
class ReferredTo(StrEnum):
    """Where a matter belongs that is not ERO's to decide."""

    OPLA = "OPLA"
    EOIR = "EOIR"
    OIDO = "OIDO"
    I246 = "I246"


@unique
class MootBecause(StrEnum):
    """Why there is nothing left to decide (design choice)."""

    REMOVED = "REMOVED"
    RELEASED = "RELEASED"
    STATUS_GRANTED = "STATUS_GRANTED"
    OTHER = "OTHER"


@unique
class ApproverRole(StrEnum):
    """Who may approve an enforcement decision in advance (Policy 11090.1, other priorities)."""

    FIELD_OFFICE_DIRECTOR = "FIELD_OFFICE_DIRECTOR"
    SPECIAL_AGENT_IN_CHARGE = "SPECIAL_AGENT_IN_CHARGE"


@unique
class ReviewGround(StrEnum):
    """Why the requestor asks the Senior Reviewing Official."""

    FIELD_OFFICE_DECLINED = "FIELD_OFFICE_DECLINED"
    NO_TIMELY_ANSWER = "NO_TIMELY_ANSWER"
    FACTORS_NOT_CONSIDERED = "FACTORS_NOT_CONSIDERED"
    NEW_CIRCUMSTANCES = "NEW_CIRCUMSTANCES"


@unique
class Stage(StrEnum):
    """By whom a case was ended."""

    FIELD_OFFICE = "FIELD_OFFICE"
    SRO = "SRO"
    REQUESTOR = "REQUESTOR"


@unique
class ResolutionOutcome(StrEnum):
    """The ultimate resolution of a case. NO_ACTION is a design choice."""

    FAVOURABLE = "FAVOURABLE"
    DECLINED = "DECLINED"
    REFERRED = "REFERRED"
    MOOT = "MOOT"
    UPHELD = "UPHELD"
    OVERRIDDEN = "OVERRIDDEN"
    NO_ACTION = "NO_ACTION"
    WITHDRAWN = "WITHDRAWN"


def leaves_nothing_to_challenge(
    outcome: TriageOutcome, declined: tuple[ReliefSought, ...], moot: tuple[ReliefSought, ...]
) -> bool:
    """Whether the field office's answer ends a case: all that was asked for is granted.

    Whatever it declined, called moot or referred may go to headquarters. A MOOT answer of before single reliefs were
    answered names none of them, and ended its case.
    """
    return outcome in {TriageOutcome.FAVOURABLE, TriageOutcome.MOOT} and not declined and not moot


@unique
class RejectCode(StrEnum):
    """Why a request was not accepted, or what an accepted one lacks. Each names what to mend: reject is not deny."""

    NO_NAME = "NO_NAME"
    NO_A_NUMBER = "NO_A_NUMBER"
    BAD_A_NUMBER = "BAD_A_NUMBER"
    NO_DATE_OF_BIRTH = "NO_DATE_OF_BIRTH"
    NO_REQUESTOR_NAME = "NO_REQUESTOR_NAME"
    NO_DECISION_STATED = "NO_DECISION_STATED"
    NO_RELIEF_STATED = "NO_RELIEF_STATED"
    NO_NARRATIVE = "NO_NARRATIVE"
    NO_PLACE = "NO_PLACE"
    NO_CONSENT = "NO_CONSENT"
    UNSIGNED_G28 = "UNSIGNED_G28"
    NO_EMAIL = "NO_EMAIL"
    NO_CUSTODY = "NO_CUSTODY"
    NO_COUNTY = "NO_COUNTY"
    NO_FACILITY = "NO_FACILITY"


NEVER_REQUIRED = frozenset({RejectCode.NO_EMAIL, RejectCode.NO_CUSTODY, RejectCode.NO_COUNTY, RejectCode.NO_FACILITY})
"""What is named where it is missing, and sends nobody back: somebody detained may have no e-mail (design choice).

Of a place, too, what no office can be found without is only asked for: staff find the office meanwhile.
"""


@unique
class ConsentKind(StrEnum):
    """The paper by which the noncitizen lets somebody speak or hear: G-28 for representatives, 60-001 for others."""

    G28 = "G28"
    FORM_60_001 = "FORM_60_001"
    NONE = "NONE"


@unique
class ConsentStatus(StrEnum):
    """Claimed by the requestor; verified or refused by staff only."""

    CLAIMED = "claimed"
    VERIFIED = "verified"
    REFUSED = "refused"


@unique
class Language(StrEnum):
    """Languages of letters and pages."""

    EN = "en"
    ES = "es"


@unique
class Letter(StrEnum):
    """The letters of the process."""

    RECEIVED = "received"
    NOT_ACCEPTED = "not_accepted"
    AT_THE_FIELD_OFFICE = "at_the_field_office"
    PLEASE_ANSWER = "please_answer"
    CONSIDERED = "considered"
    WITH_HEADQUARTERS = "with_headquarters"
    RESOLVED = "resolved"
    ADDRESS_CHANGED = "address_changed"
    NEW_ADDRESS = "new_address"
    LINK_SENT = "link_sent"
    WITHDRAWAL_WAITS = "withdrawal_waits"
    NOT_AGREED = "not_agreed"
    ANOTHER_READER = "another_reader"
    GIVEN_UP = "given_up"
    REPRESENTATIVE_ENDED = "representative_ended"
    REPRESENTATIVE_BEGAN = "representative_began"
    OFFICE_IMMINENT = "office_imminent"
    OFFICE_OVERDUE = "office_overdue"
    HEADQUARTERS_OVERDUE = "headquarters_overdue"
    OFFICE_TO_CARRY_OUT = "office_to_carry_out"
    OFFICE_NOT_CARRIED_OUT = "office_not_carried_out"


@unique
class Recipient(StrEnum):
    """The role in which somebody is written to. `office`: a field office's duty mailbox, or headquarters'."""

    REQUESTOR = "requestor"
    NONCITIZEN = "noncitizen"
    OFFICE = "office"


@unique
class MailResult(StrEnum):
    """What became of a letter. `uncertain`: the relay may or may not have it; only a person may send it again."""

    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SUPPRESSED = "suppressed"
