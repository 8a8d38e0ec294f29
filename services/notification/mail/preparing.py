"""From a claimed letter to the message that is handed to the relay, or to the reason why there is none."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from pydantic import ValidationError

from services.notification.domain.following import State, reason_not_to_send
from services.notification.domain.ledger import Phase
from services.notification.domain.letters import Because
from services.notification.mail.addressing import Reader, reader_of
from services.notification.mail.claims import Taken
from services.notification.mail.daily import Granted
from services.notification.mail.duty import DutyDesk
from services.notification.mail.knobs import Knobs
from services.notification.mail.ledger_store import Current, Ledger
from services.notification.mail.message import Sender, compose, thread_of
from services.notification.mail.returning import ReturnPaths
from services.notification.rendering import Letters
from shared.contracts.vocabulary import Letter, Recipient
from shared.privacy.blind_index import BlindIndex
from shared.privacy.keyring import Erased, Keyring
from shared.privacy.links import Links
from shared.privacy.sealing import BrokenSeal, CaseKey

log = structlog.get_logger("secondlook.mail")


@dataclass(frozen=True, slots=True)
class Message:
    """Ready for the relay. `sender` is the envelope's: where a report comes back that it was not delivered."""

    sender: str
    to: str
    content: bytes
    address_day: str | None


@dataclass(frozen=True, slots=True)
class Withheld:
    """Must not go out."""

    because: Because


class Doubtful:
    """A store that is gone may have sent it: it was made before the store was restored, and nothing tells of it."""


class Unreadable:
    """The sealed data does not open or does not parse: a defect, shown to staff as a failed letter."""


class NotNow:
    """The case's key is not there at the moment, or its state cannot be read: tried again without counting."""


Prepared = Message | Withheld | Doubtful | Unreadable | NotNow


@dataclass(frozen=True, slots=True)
class Desk:
    """Prepares letters. `age` gives the *real* age of a moment on the policy clock; `now` is the policy clock.

    `returns`: how an attempt is known again in a report; without, reports come to the sender's address, unread.
    `doubtful_until`: letters from before this moment (policy time) may have been sent by a store that is gone.
    """

    ledger: Ledger
    keyring: Keyring
    links: Links
    index: BlindIndex
    letters: Letters
    duty: DutyDesk
    sender: Sender
    public_url: str
    knobs: Knobs
    now: Callable[[], datetime]
    real_now: Callable[[], datetime]
    age: Callable[[datetime], timedelta]
    returns: ReturnPaths | None = None
    doubtful_until: Callable[[], datetime | None] = lambda: None
    granted: Granted = field(default_factory=Granted)

    async def prepare(self, taken: Sequence[Taken]) -> list[tuple[Taken, Prepared]]:
        """Those of these letters that we hold a claim of, as they stand now, each with what becomes of it.

        Raises an outage of the store or the key store: then nothing was sent.
        """
        cases = list({letter.case_id for letter in taken})
        keys, current = await asyncio.gather(self.keyring.get(cases), self.ledger.current(cases))
        prepared: list[tuple[Taken, Prepared]] = []
        for letter in taken:
            case = current.get(letter.case_id)
            if case is None or case.newer:  # That build takes it up when our lease is over.
                continue
            entry = case.letter(letter.notification)
            if entry is not None and letter.holds(entry, Phase.CLAIMED):
                ours = replace(letter, entry=entry)
                prepared.append((ours, await self._prepare(ours, keys[letter.case_id], case)))
        return prepared

    async def _prepare(self, taken: Taken, key: CaseKey | Erased | None, case: Current) -> Prepared:
        if case.state is None:
            return NotNow()
        if self._is_doubtful(taken):
            return Doubtful()
        if because := self._reason(taken, case.state, key):
            return Withheld(because)
        if taken.entry.role is Recipient.OFFICE:
            ready = self.duty.message(taken, case.state)
            return Withheld(ready) if isinstance(ready, Because) else Message(self._return_path(taken), *ready, None)
        if not isinstance(key, CaseKey):
            return NotNow()
        try:
            reader = reader_of(case.state, taken.entry, case_id=taken.case_id, key=key, blobs=case.sealed)
        except (BrokenSeal, ValidationError, KeyError) as error:
            log.warning("letter_unreadable", case=str(taken.case_id), kind=type(error).__name__)
            return Unreadable()
        if isinstance(reader, Because):
            return Withheld(reader)
        day = self._address_day(reader) if taken.entry.letter is Letter.NOT_ACCEPTED else None
        if day and not taken.entry.attempt and not await self._granted(day, taken):
            return Withheld(Because.TOO_MANY_TODAY)
        return Message(self._return_path(taken), reader.address, self._compose(taken, case.state, reader), day)

    def _is_doubtful(self, taken: Taken) -> bool:
        """Whether it was due before the store was restored. A person's resend counts from when it was asked for."""
        until, entry = self.doubtful_until(), taken.entry
        return until is not None and (entry.at if entry.attempt and entry.at else entry.made_at) < until

    def _reason(self, taken: Taken, state: State, key: CaseKey | Erased | None) -> Because | None:
        if isinstance(key, Erased) and taken.entry.role is not Recipient.OFFICE:
            return Because.ERASED
        if because := reason_not_to_send(state, taken.entry.letter, taken.entry.role):
            return because
        stale = self.age(taken.entry.made_at) > self.knobs.mail_not_after
        return Because.STALE if stale and not taken.entry.attempt else None  # A person's resend is never stale.

    def _compose(self, taken: Taken, state: State, reader: Reader) -> bytes:
        generation = getattr(state, "link_generation", 1)
        link = f"{self.public_url.rstrip('/')}/status/{self.links.token(taken.case_id, generation, taken.entry.role)}"
        rendered = self.letters.render(taken.entry.letter, reader.language, number=state.number, link=link)
        return compose(
            rendered,
            notification=taken.notification,
            thread=thread_of(taken.case_id, taken.entry.role),
            sender=self.sender,
            to=reader.address,
            at=self.real_now(),
        )

    def _return_path(self, taken: Taken) -> str:
        if self.returns is None:
            return self.sender.address
        return self.returns.path(taken.case_id, taken.notification, taken.entry.attempt)

    def _address_day(self, reader: Reader) -> str:
        return f"{self.now().date().isoformat()}_{self.index.of('email', reader.address)}"

    async def _granted(self, day: str, taken: Taken) -> bool:
        """Whether one more may go to this address today: of recorded ones the store knows, of those under way we do."""
        most = self.knobs.rejections_a_day
        recorded = await self.ledger.sent_to(day, most)
        if max(recorded, self.granted.others(day, taken.notification)) >= most:
            return False
        self.granted.grant(day, taken.notification)
        return True
