"""Mails to an office's duty mailbox: that somebody should look now. In English; of the case its number, nothing else.

Whoever reads them signs in to see more, so they have no private link and no help line.
"""

from collections.abc import Mapping
from typing import Final

from jinja2 import Environment

from services.notification.rendering import Rendered
from shared.contracts.vocabulary import Letter
from shared.language.catalogues import SOURCE

SUBJECT: Final = "Second Look: please look at your cases"

SAYS: Final[Mapping[Letter, str]] = {
    Letter.OFFICE_IMMINENT: "A case with an imminent removal has come to your queue.",
    Letter.OFFICE_OVERDUE: "A case in your queue is overdue.",
    Letter.HEADQUARTERS_OVERDUE: "A review at headquarters is overdue.",
    Letter.OFFICE_TO_CARRY_OUT: "Headquarters has decided a case of your office. The decision has to be carried out.",
    Letter.OFFICE_NOT_CARRIED_OUT: "A decision that your office has to carry out is overdue. Was it done? Then say so.",
}
"""What each of them says."""

LOOK: Final = "Sign in to see it:"
NO_REPLY: Final = "Please do not answer this e-mail. Nobody reads this mailbox."


class OfficeLetters:
    """Renders the mails to duty mailboxes."""

    def __init__(self, environment: Environment) -> None:
        """Reads the templates."""
        self._text = environment.get_template("office.txt")
        self._html = environment.get_template("office.html")

    def render(self, letter: Letter, *, number: str, link: str) -> Rendered:
        """A mail with the case's number and where staff look."""
        parts = {
            "language": SOURCE,
            "direction": "ltr",
            "subject": SUBJECT,
            "says": SAYS[letter],
            "number": f"Case number: {number}",
            "look": LOOK,
            "link": link,
            "no_reply": NO_REPLY,
        }
        return Rendered(SOURCE, SUBJECT, self._text.render(parts), self._html.render(parts))
