"""Everything that intake says to the outside, in plain English: the message ids of the catalogues.

Sixth-grade words, short sentences, no promise. A sentence about a case says no more than `status` allows.
"""

from collections.abc import Mapping
from typing import Final

from services.intake.status import Where
from shared.contracts.vocabulary import (
    ConsentKind,
    ReferredTo,
    RejectCode,
    ReliefSought,
    ResolutionOutcome,
    ReviewGround,
    TriageOutcome,
)

NO_STAY: Final = "This request does not stop a removal (deportation)."
I246: Final = (
    "To ask for a stay of removal, file Form I-246 in person at the ICE ERO office that has jurisdiction over the case."
)
HOTLINE: Final = "1-888-351-4024"
HOURS: Final = (
    "Monday to Friday, 8 a.m. to 8 p.m. Eastern time, not on federal holidays. "
    "You can get help in Spanish and other languages."
)
NOTICE: Final = (NO_STAY, I246)

STAGES: Final[Mapping[Where, str]] = {
    Where.NOT_ACCEPTED: "We could not accept this request as it was sent. This is not a decision about the case.",
    Where.RECEIVED: "We have received the request. It will go to a field office.",
    Where.WITH_FIELD_OFFICE: "The request is with a field office. An officer will look at it.",
    Where.MAY_ASK_REVIEW: (
        "The field office has looked at the request. You can now ask headquarters to look at it again."
    ),
    Where.REVIEW_ASKED: "You asked headquarters to look at the case. The request is on its way there.",
    Where.WITH_HEADQUARTERS: "The request is with headquarters. A Senior Reviewing Official will look at it.",
    Where.BACK_AT_FIELD_OFFICE: "Headquarters asked the field office to look at the request again.",
    Where.ANSWER_COMING: "The review is almost finished. The final answer is being prepared.",
    Where.WITHDRAWAL_ASKED: "You asked to take the request back. We will confirm this soon.",
    Where.RESOLVED: "The review is finished.",
    Where.ERASED: "The personal data of this case was erased. There is nothing more to show.",
}

REJECTIONS: Final[Mapping[RejectCode, str]] = {
    RejectCode.NO_NAME: "Give the first name and the last name of the person.",
    RejectCode.NO_A_NUMBER: "Give the A-number of the person. It is on letters and cards from immigration.",
    RejectCode.BAD_A_NUMBER: "Check the A-number. It has the letter A and 7, 8 or 9 digits.",
    RejectCode.NO_DATE_OF_BIRTH: "Give the person's date of birth.",
    RejectCode.NO_REQUESTOR_NAME: "Say who you are: your name, and if you are the person, family, or a representative.",
    RejectCode.NO_DECISION_STATED: "Say which decision we should look at again.",
    RejectCode.NO_RELIEF_STATED: "Say what you ask ICE to do.",
    RejectCode.NO_NARRATIVE: "Tell us in your own words why ICE should look at the case again.",
    RejectCode.NO_PLACE: "Give the state where the person lives, or lived before.",
}

RESULTS: Final[Mapping[ResolutionOutcome | TriageOutcome, str]] = {
    ResolutionOutcome.FAVOURABLE: "The request was granted.",
    ResolutionOutcome.DECLINED: "The field office declined the request.",
    ResolutionOutcome.REFERRED: "Another office must decide this. ICE ERO cannot.",
    ResolutionOutcome.MOOT: "There is nothing left to decide.",
    ResolutionOutcome.UPHELD: "Headquarters agreed with the field office. The request was declined.",
    ResolutionOutcome.OVERRIDDEN: "Headquarters changed the field office's answer. The request was granted.",
    ResolutionOutcome.NO_ACTION: "Headquarters took no action.",
    ResolutionOutcome.WITHDRAWN: "The request was taken back, as you asked.",
}
"""Triage's words are the resolution's: the codes are the same."""

RELIEF: Final[Mapping[ReliefSought, str]] = {
    ReliefSought.RELEASE: "Release from detention",
    ReliefSought.CANCEL_NTA: "The Notice to Appear is cancelled",
    ReliefSought.STAY_OR_PAUSE_REMOVAL: "The removal is stayed or paused",
    ReliefSought.NOT_EXECUTE_ORDER: "The removal order is not carried out",
    ReliefSought.DEFERRED_ACTION: "Deferred action",
    ReliefSought.PAROLE: "Parole",
    ReliefSought.OTHER: "Something else that was asked for",
}

REFERRED: Final[Mapping[ReferredTo, str]] = {
    ReferredTo.OPLA: "ICE's lawyers (OPLA) decide this. Ask them through their own process.",
    ReferredTo.EOIR: "The immigration court (EOIR) decides this. For court questions call 800-898-7180.",
    ReferredTo.OIDO: "The Immigration Detention Ombudsman (OIDO) looks at this. Use DHS Form 405.",
    ReferredTo.I246: "Ask for a stay of removal with Form I-246.",
}

GROUNDS: Final[Mapping[ReviewGround, str]] = {
    ReviewGround.FIELD_OFFICE_DECLINED: "I do not agree with the field office.",
    ReviewGround.FACTORS_NOT_CONSIDERED: "The field office did not look at important facts.",
    ReviewGround.NEW_CIRCUMSTANCES: "Something has changed since then.",
    ReviewGround.NO_TIMELY_ANSWER: "The field office has not answered in time.",
}

CONSENTS: Final[Mapping[ConsentKind, str]] = {
    ConsentKind.G28: "Form G-28, signed (attorney or accredited representative)",
    ConsentKind.FORM_60_001: "ICE Form 60-001, signed (family, friend, organization)",
}

REFUSALS: Final[Mapping[str, str]] = {
    "already_withdrawn": "You have already asked to take this request back.",
    "no_review_now": "You cannot ask for, or give up, a review at headquarters at this time.",
    "no_such_question": "This question has already been answered.",
    "not_open": "This case is not open any more.",
    "nothing_changed": "You did not add or change anything.",
    "resolved": "This case has its final answer. You cannot add to it any more.",
    "too_large": "This case cannot take any more text. Please call us.",
    "case_parked": "We cannot change this case at this moment. Please try again later, or call us.",
    "busy": "We are busy at this moment. Nothing was saved. Please try again.",
    "wrong_form": "Something in the form is not right. Nothing was saved.",
}

DONE: Final[Mapping[str, str]] = {
    "review": "You asked headquarters for a review.",
    "waive": "You said that you do not want a review at headquarters.",
    "withdraw": "You asked to take the request back.",
    "amend": "Your changes were added.",
}

CONFIRMATIONS: Final[Mapping[str, tuple[str, str, str]]] = {
    "review": (
        "Ask headquarters to look at the case",
        "A Senior Reviewing Official at headquarters will look at the case. You can ask only once.",
        "Yes, ask headquarters",
    ),
    "waive": (
        "Go on without a review",
        "The answer of the field office will be final. You cannot ask headquarters later.",
        "Yes, go on without a review",
    ),
    "withdraw": (
        "Take the request back",
        "Nobody will look at the case any more. You can send a new request later.",
        "Yes, take the request back",
    ),
    "amend": (
        "Add this to the case",
        "Please check what you wrote. After you send it, you cannot take it out again.",
        "Yes, send it",
    ),
}
"""For each form: what will be done, what follows from it, and the button."""

FIELDS: Final[Mapping[str, str]] = {
    "information": "New information",
    "answer": "Your answer",
    "reason": "In your own words",
    "ground": "Why",
    "custody_status": "Is the person detained?",
    "facility_name": "Name of the detention center",
    "facility_state": "State of the detention center",
    "facility_county": "County of the detention center",
    "removal_scheduled_for": "Date of the removal",
    "removal_believed_imminent": "Do you think a removal will happen soon?",
    "requestor_name": "Your name",
    "requestor_email": "Your e-mail",
    "requestor_phone": "Your phone",
    "consent_kind": "Signed paper that you have",
    "language": "Language for letters",
    "new_link": "Make a new private link",
}

CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "custody_status": {"DETAINED": "Yes, detained by ICE", "NOT_DETAINED": "No", "UNKNOWN": "I do not know"},
    "removal_believed_imminent": {"yes": "Yes", "no": "No", "unknown": "I do not know"},
    "consent_kind": {kind.value: words for kind, words in CONSENTS.items()},
    "language": {"en": "English", "es": "Spanish"},
    "new_link": {"yes": "Yes, and the old link stops working"},
    "ground": {ground.value: words for ground, words in GROUNDS.items()},
}


def sentences() -> tuple[str, ...]:
    """Every message id of this module."""
    tables = (STAGES, REJECTIONS, RESULTS, RELIEF, REFERRED, GROUNDS, CONSENTS, REFUSALS, DONE, FIELDS)
    said = [words for table in tables for words in table.values()]
    said += [words for three in CONFIRMATIONS.values() for words in three]
    said += [words for table in CHOICES.values() for words in table.values()]
    return tuple(dict.fromkeys([*NOTICE, HOURS, *said]))
