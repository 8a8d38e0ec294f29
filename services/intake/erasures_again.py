"""After the keyring was put back from an older copy: what was erased since is erased again, before any key is used.

Intake's store says which cases were erased. Where only the topic says so (the store is an older copy, too, or somebody
wrote a record by intake's name), a person decides: destroying a key cannot be undone. A store that is whole knows that
the case was not erased, and its key stays in use meanwhile; where the store has forgotten, the key is withheld.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from services.intake.asking import Engine
from services.intake.domain.case import State
from shared.casework.answering import answering
from shared.casework.standing import Standing
from shared.casework.store import Store
from shared.casework.strangers import read
from shared.contracts.events import CaseErased
from shared.contracts.parsing import parse
from shared.contracts.vocabulary import EventType, Service
from shared.errors import CaseUnknown, CommandRefused, Outage
from shared.messaging.tap import NoTap, Tap
from shared.mongo.driver import Collection, DuplicateKeyError
from shared.privacy.keyring import Keyring

LOOK_SECONDS = 1.0
MOST_SHOWN = 1_000

log = structlog.get_logger()


class ErasuresAgain:
    """Carries erasures out again, and keeps those that a person has to decide on."""

    def __init__(
        self,
        *,
        store: Store[State],
        engine: Engine,
        keyring: Keyring,
        keys: Standing,
        standing: Standing,
        kept: Collection,
        tap: Callable[[], Tap],
        real_now: Callable[[], datetime],
    ) -> None:
        """`keys` knows whether the keyring is the newest, `standing` whether intake's store is. `tap`: all erasures."""
        self._store = store
        self._engine = engine
        self._keyring = keyring
        self._keys = keys
        self._standing = standing
        self._kept = kept
        self._tap = tap
        self._real_now = real_now

    async def look(self) -> None:
        """One round: where the keyring is an older copy, erase again; then all services use its keys. Raises `Outage`.

        Several instances may do it at once; a round that breaks off is done again from its beginning.
        """
        if self._keys.restored and (self._standing.compared or self._standing.restored):
            await self._erase_again()
            await self._keys.mark_compared()

    async def restored(self, policy_now: datetime) -> None:
        """Somebody says that the keyring was put back, though it does not look like it."""
        await self._keys.mark_restored(policy_now)

    async def undecided(self) -> list[Mapping[str, Any]]:
        """Erasures of which only the topic tells, and that nobody has decided on."""
        with answering():
            return list(await self._kept.find({"decided": None}).sort([("since", 1)]).limit(MOST_SHOWN).to_list(None))

    async def confirm(self, case_id: UUID, *, by: str, why: str) -> None:
        """It was an order: the key is destroyed, and others are told as of any erasure.

        Raises `CommandRefused` where there is nothing to decide, `CaseUnknown`, `Outage`.
        """
        self._standing.require()
        asked = await self._open(case_id)
        if await self._engine.case(case_id) is None:
            raise CaseUnknown
        with answering():
            await self._keyring.shred(case_id, ordered_by=asked["ordered_by"], reference=asked["reference"])
        await self._decide(case_id, "confirmed", by=by, why=why)

    async def refuse(self, case_id: UUID, *, by: str, why: str) -> None:
        """It was none: the key is used again, and the record is not asked about any more."""
        await self._open(case_id)
        with answering():
            await self._keyring.release(case_id)
        await self._decide(case_id, "refused", by=by, why=why)

    async def _erase_again(self) -> None:
        ordered = {}
        async for case_id, emitted in self._store.events_of(EventType.CASE_ERASED):
            ordered[case_id] = parse(emitted.body, EventType.CASE_ERASED).data
        with answering():
            for case_id, order in ordered.items():
                await self._keyring.shred(case_id, ordered_by=order.ordered_by, reference=order.reference)
        doubtful = [each for each in await self._told() if each["_id"] not in ordered]
        for each in doubtful:
            await self._keep(each)
        log.warning("erased_again", cases=len(ordered), count=len(doubtful))

    async def _told(self) -> list[dict[str, Any]]:
        """What the topic says by intake's name, as it is kept."""
        try:
            async with self._tap() as tap:
                records = await tap.to_the_end()
        except NoTap as error:
            raise Outage(str(error)) from error
        found = []
        for record in records:
            arrived = read(record, EventType.CASE_ERASED)
            event = arrived.event if arrived else None
            if event is not None and event.source == Service.INTAKE and isinstance(event.data, CaseErased):
                place = {"partition": record.partition, "offset": record.offset}
                said = {"ordered_by": event.data.ordered_by, "reference": event.data.reference, "at": event.time}
                found.append({"_id": event.subject, **place, **said})
        return found

    async def _keep(self, told: dict[str, Any]) -> None:
        """The first word of a case stays; what a person has said of it holds."""
        withheld = self._standing.restored
        entry = {**told, "withheld": withheld, "since": self._real_now(), "decided": None}
        with answering():
            with suppress(DuplicateKeyError):
                await self._kept.insert_one(entry)
            if withheld and await self._kept.find_one({"_id": told["_id"], "decided": None}):
                await self._keyring.withhold([told["_id"]])

    async def _open(self, case_id: UUID) -> Mapping[str, Any]:
        with answering():
            found = await self._kept.find_one({"_id": case_id, "decided": None})
        if found is None:
            raise CommandRefused("nothing_to_decide", "No erasure of this case waits for anybody's word.")
        return found

    async def _decide(self, case_id: UUID, decided: str, *, by: str, why: str) -> None:
        said = {"decided": decided, "by": by, "why": why, "decided_at": self._real_now()}
        with answering():
            await self._kept.update_one({"_id": case_id}, {"$set": said})
        log.info(f"erasure_{decided}", case=str(case_id), by=by)
