"""The cases' keys as every service has them, and whether their database is the newest there is.

The keyring counts as a service's store does (`Standing`): all instances of all services raise its number, and tell
Kafka. An older copy has keys of cases that were erased since, so that none of its keys is used until intake has carried
out those erasures again.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

from shared.casework.answering import answering
from shared.casework.standing import Standing
from shared.contracts.envelope import NAMESPACE
from shared.mongo.driver import MongoClient
from shared.privacy.keyring import NOT_COMPARED, Erased, Keyring
from shared.privacy.keys import load_key
from shared.privacy.sealing import CaseKey, cause_of, open_box, seal
from shared.runtime.chosen import key_store_of
from shared.runtime.clock import Clock
from shared.runtime.readiness import Question
from shared.runtime.restored import mark_of
from shared.runtime.settings import ServiceSettings

KEYRING: Final = "keyring"
"""Its database, its mark in Kafka, and its check."""


FIRST_MONTH: Final = datetime(2021, 3, 1, tzinfo=UTC)
"""Nothing of this system is older: the process was announced then."""


class CaseKeys:
    """One keyring for all services."""

    def __init__(self, settings: ServiceSettings, client: MongoClient, clock: Clock) -> None:
        """Raises a one-sentence error for a key file that cannot be used."""
        self._own_server = key_store_of(settings)
        self._clock = clock
        database = (self._own_server or client).database(f"{settings.secondlook_prefix}secondlook_{KEYRING}")
        self._mark = mark_of(f"{KEYRING}.store", settings)
        self.standing = Standing(database["standing"], self._mark, name=KEYRING)
        self.keyring = Keyring(
            database["keys"],
            load_key("MASTER_KEY_FILE", settings.master_key_file),
            compared=lambda: self.standing.compared,
        )

    async def look(self) -> None:
        """One round: compare the numbers, and raise both. Raises `Outage`."""
        await self.standing.look(policy_now=self._clock.now(), offsets={})

    def questions(self) -> dict[str, Question]:
        """What readiness asks."""
        asked = {KEYRING: Question(self._is_well, otherwise=NOT_COMPARED)}
        if self._own_server is not None:
            asked["keys"] = Question(self._own_server.time, otherwise="The key store does not answer.")
        return asked

    async def gone(self, case_ids: Sequence[UUID]) -> list[UUID]:
        """Which of these cases have no key any more, and were not erased."""
        with answering():
            return await self.keyring.gone(case_ids)

    async def seal_unreadable(self, raw: bytes) -> bytes:
        """Seal bytes that belong to no readable event, with a key of the month (retention: shred it)."""
        owner = _owner(datetime.now(UTC))
        key = (await self.keyring.get_or_create([owner]))[owner]
        if isinstance(key, Erased):
            return b""
        return seal(key, case_id=owner, cause=owner, name="unreadable", plaintext=raw)

    async def open_unreadable(self, box: bytes) -> bytes | None:
        """The bytes that `seal_unreadable` sealed; None when their key is shredded, or nothing was kept."""
        if not box:
            return None
        owner = cause_of(box)
        key = (await self.keyring.get([owner]))[owner]
        return open_box(key, case_id=owner, name="unreadable", box=box) if isinstance(key, CaseKey) else None

    async def forget_unreadable(self, months: int, *, now: datetime) -> int:
        """Shred the keys of what could not be read more than so many whole months ago; how many. Raises `Outage`."""
        with answering():
            keys = await self.keyring.get([_owner(month) for month in _months_until(now, months)])
            old = [owner for owner, key in keys.items() if isinstance(key, CaseKey)]
            for owner in old:
                await self.keyring.shred(owner, ordered_by="retention", reference=f"{months} months")
                await self.keyring.told(owner)  # It is no case: nobody else has anything of it.
        return len(old)

    async def close(self) -> None:
        """Leave no connection behind."""
        await self._mark.close()
        if self._own_server is not None:
            await self._own_server.close()

    async def _is_well(self) -> bool:
        return self.standing.compared


def _owner(moment: datetime) -> UUID:
    """In place of a case: whose key seals what could not be read in this month."""
    return uuid5(NAMESPACE, f"unreadable:{moment:%Y-%m}")


def _months_until(now: datetime, months: int) -> list[datetime]:
    """The first days of all months since whose end so many whole months have passed."""
    begun = (now.year - FIRST_MONTH.year) * 12 + now.month - FIRST_MONTH.month
    passed = [divmod(FIRST_MONTH.month - 1 + month, 12) for month in range(begun - months)]
    return [FIRST_MONTH.replace(year=FIRST_MONTH.year + years, month=month + 1) for years, month in passed]
