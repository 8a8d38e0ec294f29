"""What each letter says, sentence by sentence: message ids of the gettext catalogues, in plain English.

An e-mail carries no case content (it can be read by others): the case number, the private link, the help line, that
there may be a date, and what a request does not do. All else is on the page behind the link.

Sources: the help line and its hours: ice.gov/ICEcasereview. The court's line: ice.gov/es/contactenos/oficinas-de-campo
and the EOIR's own. Form I-246 is filed in person at the ERO office with jurisdiction: its instructions (ICE, 11/20).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.contracts.vocabulary import Letter

SUBJECT: Final = "Second Look: case {number}. {step}"
GREETING: Final = "Hello,"
NUMBER: Final = "Case number: {number}"
OPEN_LINK: Final = "Open your private link to see the case and what you can do next:"
KEEP_LINK: Final = "Keep this link to yourself. Anyone who has it can see the page."
DATE: Final = "There may be a date by which you must act. The date is on the page. Please look soon."
HELP: Final = "Do you need help? Call 1-888-351-4024."
HOURS: Final = "Someone will answer Monday to Friday, 8 a.m. to 8 p.m. Eastern time, but not on federal holidays."
SPEAK: Final = "You can ask for help in Spanish and other languages. Have the case number ready."
NO_STAY: Final = "This request does not stop a removal (deportation)."
I246: Final = "To ask for a stay of removal, bring Form I-246 in person to the ICE ERO office that handles the case."
COURT: Final = "This request does not change a court date. Go to every court hearing."
COURT_HELP: Final = "For questions about the court, call 1-800-898-7180."
NO_REPLY: Final = "Please do not answer this e-mail. Nobody reads this mailbox."


@dataclass(frozen=True, slots=True)
class Wording:
    """What one letter adds to the frame that all letters share.

    `step`: what its subject tells, for everybody who sees the mailbox. `link`: has the private link. `date`: and says
    that there may be a date by which to act. `limits`: says in full what a request does not do; `stay`: says that it
    stops no removal. What a letter says never depends on an outcome, for that would reveal it.
    """

    step: str
    says: tuple[str, ...]
    link: bool = True
    date: bool = True
    limits: bool = False
    stay: bool = True


WORDINGS: Final[Mapping[Letter, Wording]] = {
    Letter.RECEIVED: Wording(
        "We have received a request",
        (
            "We have received a request for a case review.",
            "Please write down the case number. You need it when you call, or when you lose the link.",
        ),
        limits=True,
    ),
    Letter.NOT_ACCEPTED: Wording(
        "Please send the request again",
        (
            "We could not accept a request for a case review as it was sent.",
            "This is not a decision about the case. Something is missing or needs to be fixed.",
            "The page says what it is. You can then send the request again.",
        ),
    ),
    Letter.AT_THE_FIELD_OFFICE: Wording(
        "The request is with a field office",
        ("The request is now with a field office. An officer will look at it.",),
    ),
    Letter.PLEASE_ANSWER: Wording(
        "We have a question",
        (
            "There is a question about the request. We need your answer.",
            "If we have checked your paper, or who you are, the page shows the question. If not, please call us.",
        ),
    ),
    Letter.CONSIDERED: Wording(
        "The field office has looked at the request",
        (
            "The field office has looked at the request.",
            "The page shows what comes next. If you can ask for a review, it shows the last day to ask.",
        ),
        limits=True,
    ),
    Letter.WITH_HEADQUARTERS: Wording(
        "The request is with headquarters",
        ("The request is now with headquarters. A Senior Reviewing Official will look at it.",),
    ),
    Letter.RESOLVED: Wording(
        "The review is finished",
        (
            "The review of the case is finished.",
            "If we have checked your paper, or who you are, the page shows how it ended.",
            "Then it also says what that means for a removal (deportation).",
        ),
        date=False,
        stay=False,
    ),
    Letter.ADDRESS_CHANGED: Wording(
        "We write to another address from now on",
        (
            "Somebody changed how we reach people about this case.",
            "We write to you one last time at this address, so that you know.",
            "Was it you? Then you do not have to do anything. Was it not you? Then please call us.",
        ),
        link=False,
    ),
    Letter.NEW_ADDRESS: Wording(
        "We write to this address from now on",
        (
            "You asked us to change how we reach you about this case.",
            "From now on we write to this address.",
        ),
    ),
    Letter.LINK_SENT: Wording(
        "Your private link",
        (
            "Here is the private link to the case.",
            "Did you not ask for it? Then you do not have to do anything.",
        ),
    ),
    Letter.WITHDRAWAL_WAITS: Wording(
        "Somebody asked for a change",
        (
            "Somebody asked to take the request back, to go on without a review, or to hand the case over.",
            "Staff must agree first.",
            "Until then, we keep looking at the case.",
            "Is that not what you want? Then please call us.",
        ),
    ),
    Letter.NOT_AGREED: Wording(
        "Staff did not agree to a change",
        (
            "Somebody asked for a change in this case, or for a review at headquarters.",
            "Staff did not agree. The case goes on as before.",
            "The page shows what comes next. If you can ask for a review, it shows the last day to ask.",
        ),
    ),
    Letter.ANOTHER_READER: Wording(
        "We write to another person or address, too",
        (
            "Somebody changed who else we write to about this case, or where.",
            "We still write to you at this address.",
            "Is that not what you want? Then please call us soon.",
        ),
    ),
    Letter.GIVEN_UP: Wording(
        "Something was given up",
        (
            "Somebody took the request back, or gave up the review at headquarters. This counts now.",
            "Is that not what you want? Then please call us soon.",
        ),
    ),
    Letter.REPRESENTATIVE_ENDED: Wording(
        "We write to another person from now on",
        (
            "From now on we write to another person about this case.",
            "The private link that you have does not work any more.",
            "Did you not know about this? Then please call us.",
        ),
        link=False,
    ),
    Letter.REPRESENTATIVE_BEGAN: Wording(
        "We write to you from now on",
        (
            "From now on we write to you about this case.",
            "This is a new private link. Older links do not work any more.",
        ),
    ),
}

FRAME: Final = (SUBJECT, GREETING, NUMBER, OPEN_LINK, KEEP_LINK, DATE)
END: Final = (NO_STAY, I246, COURT, COURT_HELP, HELP, HOURS, SPEAK, NO_REPLY)


def sentences() -> tuple[str, ...]:
    """Every message id, in the order of reading: a catalogue is complete when it translates them all."""
    said = (sentence for wording in WORDINGS.values() for sentence in (wording.step, *wording.says))
    return tuple(dict.fromkeys((*FRAME, *said, *END)))
