"""What each letter says, sentence by sentence: message ids of the gettext catalogues, in plain English.

An e-mail carries no case content (it can be read by others): the case number, the private link, the help line, that
there may be a date, and what a request does not do. All else is on the page behind the link.
"""

from dataclasses import dataclass

from shared.contracts.vocabulary import Letter

SUBJECT = "Second Look: case {number}"
GREETING = "Hello,"
NUMBER = "Case number: {number}"
OPEN_LINK = "Open your private link to see the case and what you can do next:"
KEEP_LINK = "Keep this link to yourself. Anyone who has it can see the page."
DATE = "There may be a date by which you must act. The date is on the page. Please look soon."
HELP = "Do you need help? Call 1-888-351-4024. The call is answered Monday to Friday, 8 a.m. to 8 p.m. Eastern time."
HELP_MORE = "It is closed on federal holidays. You can get help in Spanish and other languages."
NO_STAY = "This request does not stop a removal (deportation)."
I246 = "To ask for a stay of removal, bring form I-246 in person to the ICE ERO office for your area."
NO_REPLY = "Please do not answer this e-mail. Nobody reads this mailbox."
FRAME = (
    SUBJECT,
    GREETING,
    NUMBER,
    OPEN_LINK,
    KEEP_LINK,
    DATE,
    HELP,
    HELP_MORE,
    NO_STAY,
    I246,
    NO_REPLY,
)


@dataclass(frozen=True, slots=True)
class Wording:
    """What one letter adds to the frame that all letters share. `stay`: also says how a stay is asked for."""

    says: tuple[str, ...]
    stay: bool = False


WORDINGS: dict[Letter, Wording] = {
    Letter.RECEIVED: Wording(
        (
            "We have received a request for a case review.",
            "Please write down the case number. You need it when you call.",
        ),
        stay=True,
    ),
    Letter.NOT_ACCEPTED: Wording(
        (
            "We could not accept a request for a case review as it was sent.",
            "This is not a decision about the case. Something is missing or needs to be fixed.",
            "The page says what it is. You can then send the request again.",
        )
    ),
    Letter.AT_THE_FIELD_OFFICE: Wording(("The request is now with a field office. An officer will look at it.",)),
    Letter.PLEASE_ANSWER: Wording(
        (
            "There is a question about the request. We need your answer.",
            "The page shows the question. You can answer it there.",
        )
    ),
    Letter.CONSIDERED: Wording(
        (
            "The field office has looked at the request.",
            "The page shows what comes next, and what you can ask for.",
        )
    ),
    Letter.WITH_HEADQUARTERS: Wording(
        ("The request is now with headquarters. A Senior Reviewing Official will look at it.",)
    ),
    Letter.RESOLVED: Wording(("The review of the case is finished. The page shows how it ended.",)),
}


def sentences() -> tuple[str, ...]:
    """Every message id: a catalogue is complete when it translates them all."""
    return (*FRAME, *(sentence for wording in WORDINGS.values() for sentence in wording.says))
