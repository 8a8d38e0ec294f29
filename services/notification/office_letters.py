"""Mails to an office's duty mailbox: that somebody should look now. In English; of the case its number, nothing else.

Whoever reads them signs in to see more, so they have no private link and no help line. They name the command that
shows the case: staff have no pages of their own, and a browser that follows an address of the API is not signed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment

from services.notification.rendering import Rendered
from shared.contracts.vocabulary import Letter
from shared.language.catalogues import SOURCE

SUBJECTS: Final[Mapping[Letter, str]] = {
    Letter.OFFICE_IMMINENT: "Second Look: a case with an imminent removal",
    Letter.OFFICE_OVERDUE: "Second Look: a case is overdue",
    Letter.HEADQUARTERS_OVERDUE: "Second Look: a review is overdue",
    Letter.OFFICE_TO_CARRY_OUT: "Second Look: a decision has to be carried out",
    Letter.OFFICE_NOT_CARRIED_OUT: "Second Look: a decision is overdue to be carried out",
}
"""Tells the step, and nothing of which case it is: subjects are seen on locked screens."""

SAYS: Final[Mapping[Letter, str]] = {
    Letter.OFFICE_IMMINENT: "A case with an imminent removal has come to your queue.",
    Letter.OFFICE_OVERDUE: "A case in your queue is overdue.",
    Letter.HEADQUARTERS_OVERDUE: "A review at headquarters is overdue.",
    Letter.OFFICE_TO_CARRY_OUT: (
        "Headquarters has decided a case of your office. The decision has to be carried out. The case is not in the "
        "queue any more: it is in the list of what has to be carried out."
    ),
    Letter.OFFICE_NOT_CARRIED_OUT: (
        "A decision that your office has to carry out is overdue. Was it done? Then say so. The case is not in the "
        "queue any more: it is in the list of what has to be carried out."
    ),
}
"""What each of them says."""

LOOK: Final = "See it with this command:"
ASK: Final = "Programs ask for the same with a staff token (a browser alone is refused):"
NO_REPLY: Final = "Please do not answer this e-mail. Nobody reads this mailbox."


@dataclass(frozen=True, slots=True)
class Place:
    """Where staff find a case: by which command, and at which address of the API."""

    command: str
    address: str


class OfficeLetters:
    """Renders the mails to duty mailboxes."""

    def __init__(self, environment: Environment) -> None:
        """Reads the templates."""
        self._text = environment.get_template("office.txt")
        self._html = environment.get_template("office.html")

    def render(self, letter: Letter, *, number: str, place: Place) -> Rendered:
        """A mail with the case's number and where staff look."""
        parts = {
            "language": SOURCE,
            "direction": "ltr",
            "subject": SUBJECTS[letter],
            "says": SAYS[letter],
            "number": f"Case number: {number}",
            "look": LOOK,
            "command": place.command,
            "ask": ASK,
            "link": place.address,
            "no_reply": NO_REPLY,
        }
        return Rendered(SOURCE, SUBJECTS[letter], self._text.render(parts), self._html.render(parts))
