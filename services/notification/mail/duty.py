"""Mails to the offices' duty mailboxes: whose mailbox, by the office map in force, and where the link leads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from services.notification.domain.following import Followed, State
from services.notification.domain.letters import Because
from services.notification.mail.claims import Taken
from services.notification.mail.message import Sender, compose, usable
from services.notification.office_letters import OfficeLetters
from shared.contracts.vocabulary import Letter
from shared.policy.model import HEADQUARTERS, TO_BE_ASSIGNED, OfficeMap, Policies


@dataclass(frozen=True, slots=True)
class DutyDesk:
    """Prepares mails to duty mailboxes. `now` is the policy clock, `real_now` what the mail is dated by."""

    policies: Policies
    letters: OfficeLetters
    sender: Sender
    staff_url: str
    headquarters_url: str
    now: Callable[[], datetime]
    real_now: Callable[[], datetime]

    def message(self, taken: Taken, state: State) -> tuple[str, bytes] | Because:
        """Address and content. It needs no key: nothing sealed is in it, so a case that is erased is told of, too."""
        office = taken.entry.office or (state.office if isinstance(state, Followed) else None)
        offices = self.policies.at(self.now()).office_map
        address = usable(offices.mailbox_for(office))
        if address is None:
            return Because.NO_ADDRESS
        link = self._queue(taken.entry.letter, office, offices)
        rendered = self.letters.render(taken.entry.letter, number=state.number, link=link)
        content = compose(rendered, notification=taken.notification, sender=self.sender, to=address, at=self.real_now())
        return address, content

    def _queue(self, letter: Letter, office: str | None, offices: OfficeMap) -> str:
        """Where the case is listed: before the Senior Reviewing Officials, at its office, or to be assigned."""
        if letter is Letter.HEADQUARTERS_OVERDUE:
            return f"{self.headquarters_url.rstrip('/')}/queue"
        has_queue = office is not None and office != HEADQUARTERS and office in offices.offices
        queue = office if office and has_queue else TO_BE_ASSIGNED
        return f"{self.staff_url.rstrip('/')}/queue?office={quote(queue)}"
