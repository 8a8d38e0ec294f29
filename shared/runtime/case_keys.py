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
        owner = uuid5(NAMESPACE, f"unreadable:{datetime.now(UTC):%Y-%m}")
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

    async def close(self) -> None:
        """Leave no connection behind."""
        await self._mark.close()
        if self._own_server is not None:
            await self._own_server.close()

    async def _is_well(self) -> bool:
        return self.standing.compared
