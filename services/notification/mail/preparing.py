"""From a claimed letter to the message that is handed to the relay, or to the reason why there is none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from pydantic import ValidationError

from services.notification.domain.following import reason_not_to_send
from services.notification.domain.letters import Because
from services.notification.mail.addressing import Reader, reader_of
from services.notification.mail.claims import Ledger, Taken
from services.notification.mail.duty import DutyDesk
from services.notification.mail.knobs import Knobs
from services.notification.mail.message import Sender, compose
from services.notification.rendering import Letters
from shared.contracts.vocabulary import Letter, Recipient
from shared.privacy.blind_index import BlindIndex
from shared.privacy.keyring import Erased, Keyring
from shared.privacy.links import Links
from shared.privacy.sealing import BrokenSeal, CaseKey

log = structlog.get_logger("secondlook.mail")


@dataclass(frozen=True, slots=True)
class Message:
    """Ready for the relay."""

    to: str
    content: bytes
    address_day: str | None


@dataclass(frozen=True, slots=True)
class Withheld:
    """Must not go out."""

    because: Because


class Unreadable:
    """The sealed data does not open or does not parse: a defect, shown to staff as a failed letter."""


class NotNow:
    """The case's key is not there at the moment: an outage, tried again without counting."""


Prepared = Message | Withheld | Unreadable | NotNow


@dataclass(frozen=True, slots=True)
class Desk:
    """Prepares letters. `age` gives the *real* age of a moment on the policy clock; `now` is the policy clock."""

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

    async def prepare(self, taken: Sequence[Taken]) -> list[Prepared]:
        """One result per letter. Raises an outage of the store or the key store: then nothing was sent."""
        cases = list({letter.case_id for letter in taken})
        keys = await self.keyring.get(cases)
        blobs = await self.ledger.sealed_of([case_id for case_id in cases if isinstance(keys[case_id], CaseKey)])
        return [await self._prepare(letter, keys[letter.case_id], blobs.get(letter.case_id, {})) for letter in taken]

    async def _prepare(self, taken: Taken, key: CaseKey | Erased | None, blobs: Mapping[str, bytes]) -> Prepared:
        if because := self._reason(taken, key):
            return Withheld(because)
        if taken.entry.role is Recipient.OFFICE:
            ready = self.duty.message(taken)
            return Withheld(ready) if isinstance(ready, Because) else Message(*ready, None)
        if not isinstance(key, CaseKey):
            return NotNow()
        try:
            reader = reader_of(taken.state, taken.entry, case_id=taken.case_id, key=key, blobs=blobs)
        except (BrokenSeal, ValidationError, KeyError) as error:
            log.warning("letter_unreadable", case=str(taken.case_id), kind=type(error).__name__)
            return Unreadable()
        if isinstance(reader, Because):
            return Withheld(reader)
        day = self._address_day(reader) if taken.entry.letter is Letter.NOT_ACCEPTED else None
        if day and not taken.entry.attempt and await self._too_many(day):
            return Withheld(Because.TOO_MANY_TODAY)
        return Message(reader.address, self._compose(taken, reader), day)

    def _reason(self, taken: Taken, key: CaseKey | Erased | None) -> Because | None:
        if isinstance(key, Erased) and taken.entry.role is not Recipient.OFFICE:
            return Because.ERASED
        if because := reason_not_to_send(taken.state, taken.entry.letter, taken.entry.role):
            return because
        stale = self.age(taken.entry.made_at) > self.knobs.mail_not_after
        return Because.STALE if stale and not taken.entry.attempt else None  # A person's resend is never stale.

    def _compose(self, taken: Taken, reader: Reader) -> bytes:
        generation = getattr(taken.state, "link_generation", 1)
        link = f"{self.public_url.rstrip('/')}/status/{self.links.token(taken.case_id, generation)}"
        rendered = self.letters.render(taken.entry.letter, reader.language, number=taken.state.number, link=link)
        return compose(
            rendered, notification=taken.notification, sender=self.sender, to=reader.address, at=self.real_now()
        )

    def _address_day(self, reader: Reader) -> str:
        return f"{self.now().date().isoformat()}_{self.index.of('email', reader.address)}"

    async def _too_many(self, day: str) -> bool:
        limit = self.knobs.rejections_a_day
        return len(await self.ledger.listing({"queue.address_day": day}, limit=limit)) >= limit
