"""Mails to the offices' duty mailboxes: whose mailbox, by the office map in force, and where staff find the case."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from services.notification.domain.following import Followed, State
from services.notification.domain.letters import Because
from services.notification.mail.claims import Taken
from services.notification.mail.message import Sender, compose, thread_of, usable
from services.notification.office_letters import OfficeLetters, Place
from shared.contracts.vocabulary import Letter
from shared.policy.model import HEADQUARTERS, TO_BE_ASSIGNED, OfficeMap, Policies

LISTS: Final[Mapping[Letter, tuple[str, str]]] = {
    Letter.OFFICE_TO_CARRY_OUT: ("carry-out list", "to-carry-out"),
    Letter.OFFICE_NOT_CARRIED_OUT: ("carry-out list", "to-carry-out"),
}
"""The command and the path that list a case which is in no queue."""


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
        place = self.place(taken.entry.letter, office, offices)
        rendered = self.letters.render(taken.entry.letter, number=state.number, place=place)
        content = compose(
            rendered,
            notification=taken.notification,
            thread=thread_of(taken.case_id, taken.entry.role),
            sender=self.sender,
            to=address,
            at=self.real_now(),
        )
        return address, content

    def place(self, letter: Letter, office: str | None, offices: OfficeMap) -> Place:
        """Where the case is listed: before the Senior Reviewing Officials, at its office, or to be assigned.

        A resolved case stands in no queue, but in the list of what has to be carried out.
        """
        if letter is Letter.HEADQUARTERS_OVERDUE:
            return Place("secondlook sro queue", f"{self.headquarters_url.rstrip('/')}/queue")
        has_queue = office is not None and office != HEADQUARTERS and office in offices.offices
        queue = office if office and has_queue else TO_BE_ASSIGNED
        command, path = LISTS.get(letter, ("queue", "queue"))
        return Place(
            f"secondlook {command} --office {queue}", f"{self.staff_url.rstrip('/')}/{path}?office={quote(queue)}"
        )
