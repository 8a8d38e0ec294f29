"""Everything that intake says to the outside, in plain English: the message ids of the catalogues.

Sixth-grade words, short sentences, no promise. A sentence about a case says no more than `status` allows.

Sources: the help line and its hours: ice.gov/ICEcasereview. The court's line: ice.gov/es/contactenos/oficinas-de-campo.
Form I-246 is filed in person at the ERO office with jurisdiction: its instructions (ICE, 11/20).
"""

from collections.abc import Mapping
from typing import Final

from services.intake.limits import Removal
from services.intake.next_steps import Date, Step
from services.intake.status import Outcome, Where
from shared.contracts.vocabulary import (
    ConsentKind,
    RejectCode,
    ReliefSought,
    ResolutionOutcome,
    ReviewGround,
    TriageOutcome,
)

NO_STAY: Final = "This request does not stop a removal (deportation)."
I246: Final = "To ask for a stay of removal, bring Form I-246 in person to the ICE ERO office that handles the case."
COURT: Final = "This request does not change a court date. Go to every court hearing."
COURT_HELP: Final = "For questions about the court, call the immigration court (EOIR) at 1-800-898-7180."
HOTLINE: Final = "1-888-351-4024"
COURT_LINE: Final = "1-800-898-7180"
HOURS: Final = (
    "Monday to Friday, 8 a.m. to 8 p.m. Eastern time, not on federal holidays. "
    "You can get help in Spanish and other languages."
)
NOTICE: Final = (NO_STAY, I246, COURT, COURT_HELP)

REMOVALS: Final[Mapping[Removal, str]] = {
    Removal.REQUEST_STOPS_NONE: NO_STAY,
    Removal.NOT_TOLD: "This page cannot say if a removal (deportation) goes on. Please call us to ask.",
    Removal.STOPPED: (
        "This answer stops or pauses a removal (deportation). Keep this answer. Does somebody still plan a removal? "
        "Then call us at once."
    ),
    Removal.UNCLEAR: "This answer alone may not stop a removal (deportation). Please call us to ask.",
    Removal.NOT_STOPPED: "This answer does not stop a removal (deportation).",
}
"""What a request, or its answer, does to a removal: said on the page alone, for a letter would reveal the outcome."""
ONE_IS_ENOUGH: Final = "One request for a person is enough. If you sent one before, add to it with its own link."
NOT_ACCEPTED: Final = "The request was not accepted. This is not a decision about the case."

STAGES: Final[Mapping[Where, str]] = {
    Where.NOT_ACCEPTED: "We could not accept this request as it was sent. This is not a decision about the case.",
    Where.RECEIVED: "We have received the request. It will go to a field office.",
    Where.WITH_FIELD_OFFICE: "The request is with a field office. An officer will look at it.",
    Where.MAY_ASK_REVIEW: (
        "The field office has looked at the request. You can now ask headquarters to look at it again."
    ),
    Where.REVIEW_ASKED: "Headquarters was asked to look at the case. The request is on its way there.",
    Where.WITH_HEADQUARTERS: "The request is with headquarters. A Senior Reviewing Official will look at it.",
    Where.BACK_AT_FIELD_OFFICE: "Headquarters asked the field office to look at the request again.",
    Where.ANSWER_COMING: "The review is almost finished. The final answer is being prepared.",
    Where.WITHDRAWAL_ASKED: "The request was taken back. We will confirm this soon.",
    Where.RESOLVED: "The review is finished.",
    Where.ERASED: "The personal data of this case was erased. There is nothing more to show.",
}

STEPS: Final[Mapping[Date | Step, str]] = {
    Step.OFFICE_IS_FOUND: "We find the field office for this case. Then an officer looks at the request.",
    Step.ONE_IS_ENOUGH: ONE_IS_ENOUGH,
    Step.ANOTHER_REQUEST: "There may be another request about the same person. Staff look at them together.",
    Step.MAY_ASK_NOW: "The field office has not answered in time. You can ask headquarters now.",
    Step.WITHDRAWAL_WAITS: (
        "You asked to take the request back. Staff must agree first. Until then, we keep looking at the case."
    ),
    Step.REVIEW_WAIVER_WAITS: (
        "You asked to go on without a review at headquarters. Staff must agree first. "
        "Until then, you can still ask for the review."
    ),
    Step.HAND_OVER_WAITS: "You asked to hand the case over. Staff must agree first. Until then, your link still works.",
    Step.ANOTHERS_WISH: (
        "Somebody asked to take the request back, to go on without a review, or to hand the case over. "
        "Staff must agree first. Is that not what you want? Then please call us."
    ),
    Step.REVIEW_WAITS: (
        "You asked headquarters for a review. Headquarters looks at that first. After three days it counts by itself."
    ),
    Step.WINDOW_KEPT_OPEN: (
        "Somebody asked headquarters for a review. Headquarters looks at that first. "
        "Until then, the time to ask does not end."
    ),
    Step.NOT_AGREED: "You asked for something. Staff did not agree to it. The case goes on as before.",
    Step.REFUSED: (
        "Staff did not accept the paper, or could not tell who you are. You cannot change the case with this link. "
        "Please call us to send a better paper."
    ),
    Step.WAIT_FOR_THE_STAGE: "You do not have to do anything. This page will say when the review is finished.",
    Step.WAIT: "You do not have to do anything. The answer will be on this page.",
    Step.SEND_AGAIN: "Nothing happens until you send the request again.",
    Step.NONE: "There are no more steps in this review.",
    Date.SEND_AGAIN_BY: "Send it again by {date}, and it keeps its place in line. This works once.",
    Date.ANSWER_BY: "Please answer our question by {date}. After that, the office goes on without your answer.",
    Date.ASK_REVIEW_BY: (
        "If you want headquarters to look at the case, ask by {date}. "
        "If you do not ask, the answer of the field office is final."
    ),
    Date.OFFICE_ANSWERS_BY: "The field office should answer by {date}.",
    Date.MAY_ASK_FROM: ("If there is no answer, you can ask headquarters from {date}. The form will be on this page."),
    Date.HEADQUARTERS_ANSWERS_BY: "Headquarters should answer by {date}.",
}
"""What happens next, by when."""

CALENDAR: Final[Mapping[Date, str]] = {
    Date.SEND_AGAIN_BY: "If you want to act, do it by then. Your private page says what you can do.",
    Date.ANSWER_BY: "You must act by then. Your private page says what to do.",
    Date.ASK_REVIEW_BY: "If you want to act, do it by then. Your private page says what you can do.",
    Date.OFFICE_ANSWERS_BY: "An answer should come by then. Look at your private page.",
    Date.MAY_ASK_FROM: "From then on you can do something more. Look at your private page.",
    Date.HEADQUARTERS_ANSWERS_BY: "An answer should come by then. Look at your private page.",
}
"""For each kind of date, what a calendar says that others may see: who acts, not what about."""

CALENDAR_TITLE: Final = "Second Look: a date for case {number}"

LOST_LINK_WRONG: Final[Mapping[str, str]] = {
    "number": "Check the case number. It is in every letter from us, such as K7Q2M-4XNPD-5.",
    "email": "Give the whole e-mail address that our letters go to.",
}
"""What is wrong with the form of what somebody wrote, by field. Whether it is right is not told."""

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
    RejectCode.NO_CONSENT: (
        "Send a signed paper that lets us talk to you: Form G-28 from a representative, ICE Form 60-001 from others."
    ),
    RejectCode.UNSIGNED_G28: "Have Form G-28 signed. Without a signature it does not count.",
    RejectCode.NO_EMAIL: "Give an e-mail address. Without it we cannot send you letters.",
    RejectCode.NO_CUSTODY: "Say if the person is detained now.",
    RejectCode.NO_COUNTY: (
        "Give the state and the county where the person lives, or the ZIP code. A city is not enough."
    ),
    RejectCode.NO_FACILITY: (
        "Say where the person is held: the name of the place, its state, and its county or ZIP code."
    ),
}

RESULTS: Final[Mapping[ResolutionOutcome | TriageOutcome, str]] = {
    ResolutionOutcome.FAVOURABLE: "The request was granted.",
    ResolutionOutcome.DECLINED: "The field office declined the request.",
    ResolutionOutcome.REFERRED: "Another office must decide this. ICE ERO cannot.",
    ResolutionOutcome.MOOT: "There is nothing left to decide.",
    ResolutionOutcome.UPHELD: "Headquarters agreed with the field office. The request was declined.",
    ResolutionOutcome.OVERRIDDEN: "Headquarters changed the field office's answer. The request was granted.",
    ResolutionOutcome.NO_ACTION: "Headquarters took no action.",
    ResolutionOutcome.WITHDRAWN: "The request was taken back.",
}
"""Triage's words are the resolution's: the codes are the same."""

_DECLINED: Final = frozenset({ResolutionOutcome.DECLINED, ResolutionOutcome.UPHELD})

PARTLY: Final = "A part of the request was granted."
"""Instead, where something was granted and something else was not."""


def result_of(outcome: Outcome) -> str:
    """How it ended, in a sentence."""
    not_all = outcome.declined or outcome.moot or outcome.result in _DECLINED
    partly = outcome.granted and not_all
    return PARTLY if partly else RESULTS[outcome.result]


PARTS: Final[Mapping[str, str]] = {
    "granted": "Granted:",
    "declined": "You asked for this too. It was declined:",
    "moot": "You asked for this too. There is nothing left to decide about it:",
}
"""What stands above each list of relief, where a decision says more than one thing."""


RELIEF: Final[Mapping[ReliefSought, str]] = {
    ReliefSought.RELEASE: "Release from detention",
    ReliefSought.CANCEL_NTA: "The Notice to Appear is canceled",
    ReliefSought.STAY_OR_PAUSE_REMOVAL: "The removal is stayed or paused",
    ReliefSought.NOT_EXECUTE_ORDER: "The removal order is not carried out",
    ReliefSought.DEFERRED_ACTION: "Deferred action",
    ReliefSought.PAROLE: "Parole",
    ReliefSought.OTHER: "Something else that was asked for",
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
    "nobody_represents": "Nobody speaks for the person in this case, so nobody can stop doing so.",
    "consent_refused": "Staff did not accept the paper, or could not tell who you are. Please call us.",
    "not_by_this_link": "You cannot change that with this link. Please call us.",
    "wish_waits": "You asked for something before. Staff must look at that first.",
    "no_such_question": "This question has already been answered.",
    "not_open": "This case is not open any more.",
    "nothing_changed": "You did not add or change anything.",
    "resolved": "This case has its final answer. You cannot add to it any more.",
    "too_large": "This case cannot take any more text. Please call us.",
    "case_parked": "We cannot change this case at this moment. Please try again later, or call us.",
    "busy": "We are busy at this moment. Nothing was saved. Please try again.",
    "wrong_form": "Something in the form is not right. Nothing was saved.",
    "busy_links": "Too many people ask at this moment. Please try again in a few minutes.",
}

DONE: Final[Mapping[str, str]] = {
    "review": "You asked headquarters for a review.",
    "waive": "You said that you do not want a review at headquarters.",
    "withdraw": "You asked to take the request back.",
    "withdraw_waits": "You asked to take the request back. Staff must agree first. Nothing has changed yet.",
    "waive_waits": "You asked to go on without a review. Staff must agree first. Nothing has changed yet.",
    "review_waits": "You asked headquarters for a review. Headquarters looks at that first.",
    "hand_over_waits": "You asked to hand the case over. Staff must agree first. Nothing has changed yet.",
    "stand_down_waits": "You asked to stop speaking for the person. Staff must agree first. Nothing has changed yet.",
    "amend": "Your changes were added.",
}

CONFIRMATIONS: Final[Mapping[str, tuple[str, str, str]]] = {
    "review": (
        "Ask headquarters to look at the case",
        "A Senior Reviewing Official at headquarters will look at the case. You can ask only once.",
        "Yes, ask headquarters",
    ),
    "review_waits": (
        "Ask headquarters to look at the case",
        (
            "Staff did not accept the paper, or could not tell who you are. Headquarters looks first at what you ask. "
            "Until then, the time to ask does not end. After three days it counts by itself. You can ask only once."
        ),
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
    "withdraw_waits": (
        "Ask to take the request back",
        (
            "Only the person, or a representative whose Form G-28 we have checked, can take the request back alone. "
            "Staff will look at what you ask. Until they agree, we keep looking at the case. "
            "If they agree, nobody will look at the case any more."
        ),
        "Yes, ask to take the request back",
    ),
    "waive_waits": (
        "Ask to go on without a review",
        (
            "Only the person, or a representative whose Form G-28 we have checked, can give up the review alone. "
            "Staff will look at what you ask. Until they agree, you can still ask for the review. "
            "If they agree, the answer of the field office is final."
        ),
        "Yes, ask to go on without a review",
    ),
    "hand_over_waits": (
        "Ask to hand the case over",
        (
            "Only the person, or a representative whose Form G-28 we have checked, can hand the case over alone. "
            "Staff will look at what you ask. Until they agree, your link still works."
        ),
        "Yes, ask to hand the case over",
    ),
    "stand_down_waits": (
        "Ask to stop speaking for the person",
        (
            "We first make sure that we can reach the person. Staff will look at what you ask. "
            "Until they agree, we write to you, and your link still works."
        ),
        "Yes, ask to stop speaking for the person",
    ),
    "representative": (
        "Hand the case over to a representative",
        (
            "From now on we write to this person, and only they get the private link. The link that you have stops "
            "working now. Staff will check Form G-28."
        ),
        "Yes, hand the case over",
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
    "place_state": "State where the person lives",
    "place_county": "County where the person lives",
    "removal_scheduled_for": "Date of the removal",
    "removal_believed_imminent": "Do you think a removal will happen soon?",
    "requestor_name": "Your name",
    "requestor_email": "Your e-mail",
    "requestor_phone": "Your phone",
    "consent_kind": "Signed paper that you have",
    "language": "Language for letters",
    "new_link": "Make a new private link",
    "representative_type": "What the representative is",
    "representative_name": "Name of the representative",
    "representative_email": "E-mail of the representative",
    "representative_phone": "Phone of the representative",
    "representative_organisation": "Law office or organization",
    "representative_language": "Language for letters to the representative",
}

FIELD_HINTS: Final[Mapping[str, str]] = {
    "facility_county": "If you do not know the county, write the ZIP code.",
    "place_county": "If you do not know the county, write the ZIP code.",
}
"""What helps to fill in a field, below its label."""

_WRONG_EMAIL: Final = "Write the whole e-mail address, such as ana@example.org."
_WRONG_FIELDS: Final[Mapping[str, str]] = {
    "requestor_email": _WRONG_EMAIL,
    "representative_email": _WRONG_EMAIL,
    "representative_name": "Write the name.",
    "removal_scheduled_for": "Check the date. Write the year, the month and the day.",
    "answer": "Write your answer. It can have up to 20,000 letters.",
    "ground": "Choose one of the answers.",
    "representative_type": "Choose one of the answers.",
}
_WRONG: Final = "Check this. It may be too long."


def wrong_field(name: str) -> str:
    """What to do about a field of a form that cannot be read."""
    return _WRONG_FIELDS.get(name, _WRONG)


CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "custody_status": {"DETAINED": "Yes, detained by ICE", "NOT_DETAINED": "No", "UNKNOWN": "I do not know"},
    "removal_believed_imminent": {"yes": "Yes", "no": "No", "unknown": "I do not know"},
    "consent_kind": {kind.value: words for kind, words in CONSENTS.items()},
    "language": {"en": "English", "es": "Spanish"},
    "representative_type": {"ATTORNEY": "Lawyer", "ACCREDITED_REP": "Accredited representative"},
    "representative_language": {"en": "English", "es": "Spanish"},
    "new_link": {"yes": "Yes, and the old link stops working"},
    "ground": {ground.value: words for ground, words in GROUNDS.items()},
}


def sentences() -> tuple[str, ...]:
    """Every message id of this module."""
    tables = (STAGES, STEPS, CALENDAR, REJECTIONS, RESULTS, PARTS, RELIEF, GROUNDS, CONSENTS, REFUSALS, DONE, FIELDS)
    said = [words for table in (*tables, LOST_LINK_WRONG) for words in table.values()]
    said += [words for three in CONFIRMATIONS.values() for words in three]
    said += [words for table in CHOICES.values() for words in table.values()]
    said += [*FIELD_HINTS.values(), *_WRONG_FIELDS.values(), _WRONG]
    return tuple(dict.fromkeys([*NOTICE, *REMOVALS.values(), HOURS, PARTLY, NOT_ACCEPTED, CALENDAR_TITLE, *said]))
