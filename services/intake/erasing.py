"""Erasing a case by order: first the key's tombstone, then the event, then what was kept for looking up.

The tombstone remembers the order, and that nobody was told of it yet; so an order that breaks off anywhere is completed
by any instance.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog

from services.intake.asking import Engine
from services.intake.commands import Ask, Erase
from services.intake.registry import Doubles
from shared.casework.answering import answering
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.reaction import Command
from shared.contracts.vocabulary import Service
from shared.errors import CommandFailed
from shared.privacy.keyring import Erased, Keyring

COMPLETE_SECONDS = 5.0
AT_ONCE = 500

log = structlog.get_logger()


class Erasing:
    """Erases cases. Each step may be repeated, by several at once too: the same order makes the same event once."""

    def __init__(self, *, engine: Engine, keyring: Keyring, doubles: Doubles, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._keyring = keyring
        self._doubles = doubles
        self._now = now

    async def erase(self, case_id: UUID, *, ordered_by: str, reference: str) -> Answered:
        """Erase a case that intake knows. The first order is the one that stays."""
        return await self._tell(await self._keyring.shred(case_id, ordered_by=ordered_by, reference=reference))

    async def complete(self) -> int:
        """One round: tell of every tombstone of which nobody was told; returns how many there were.

        One that cannot be told now (its case is parked) comes again in the next round. Raises `Outage`.
        """
        with answering():
            untold = await self._keyring.untold(AT_ONCE)
            for tombstone in untold:
                try:
                    await self._tell(tombstone)
                except CommandFailed as error:
                    log.warning("erasure_not_told", case=str(tombstone.case_id), kind=type(error).__name__)
        return len(untold)

    async def _tell(self, tombstone: Erased) -> Answered:
        order = Erase(tombstone.ordered_by, tombstone.reference)
        cause = command_id(Service.INTAKE, order.ordered_by, Ask.ERASE, tombstone.case_id, order.reference)
        answered = await self._engine.command(
            Command(Ask.ERASE, cause, tombstone.case_id, whole_milliseconds(self._now()), order)
        )
        await self._doubles.forget(tombstone.case_id)
        await self._keyring.told(tombstone.case_id)
        return answered
