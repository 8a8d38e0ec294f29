"""Erasing a case by order: first the key's tombstone, then the event, then what was kept for looking up."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from services.intake.asking import Engine
from services.intake.commands import Ask, Erase
from services.intake.registry import Doubles
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.reaction import Command
from shared.contracts.vocabulary import Service
from shared.privacy.keyring import Keyring


class Erasing:
    """Erases cases. Each step may be repeated: an order that broke off is completed by asking again."""

    def __init__(self, *, engine: Engine, keyring: Keyring, doubles: Doubles, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._keyring = keyring
        self._doubles = doubles
        self._now = now

    async def erase(self, case_id: UUID, *, ordered_by: str, reference: str) -> Answered:
        """Erase a case that intake knows. The first order is the one that stays."""
        tombstone = await self._keyring.shred(case_id, ordered_by=ordered_by, reference=reference)
        order = Erase(tombstone.ordered_by, tombstone.reference)
        cause = command_id(Service.INTAKE, order.ordered_by, Ask.ERASE, case_id, order.reference)
        answered = await self._engine.command(
            Command(Ask.ERASE, cause, case_id, whole_milliseconds(self._now()), order)
        )
        await self._doubles.forget(case_id)
        return answered
