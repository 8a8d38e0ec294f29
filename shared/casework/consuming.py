"""From Kafka records of our own topics to the engine: parse, set aside what belongs to no case, settle the rest."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.casework.case import Arrived
from shared.casework.dead_letters import DeadLetter, DeadLetters, Seal, of_record
from shared.casework.document import arrive
from shared.casework.engine import Engine
from shared.casework.offering import REFUSED_BY_THE_STORE
from shared.messaging.records import Record


class Consuming:
    """Hands batches of records to one engine. Raises only what means: come again with the same records."""

    def __init__(self, engine: Engine[Any], dead_letters: DeadLetters, seal: Seal) -> None:
        self._engine = engine
        self._dead_letters = dead_letters
        self._seal = seal

    async def handle(self, records: Sequence[Record]) -> None:
        """Settle a batch: handled, dropped as a duplicate, held in its case, or kept as a dead letter."""
        batch: list[tuple[Record, Arrived]] = []
        dead: list[DeadLetter] = []
        for record in records:
            case_id = _case_of(record.key)
            if case_id is None:
                dead.append(of_record(record, "The record's key is no case id."))
                continue
            arrived = arrive(case_id, record.topic, record.value or b"")
            if arrived.unreadable is not None:
                arrived = replace(arrived, value=await self._seal(arrived.value))
            batch.append((record, arrived))
        await self._dead_letters.keep(dead, at=datetime.now(UTC))
        refused = {id(arrived) for arrived in await self._engine.handle([arrived for _, arrived in batch])}
        dead = [of_record(record, REFUSED_BY_THE_STORE) for record, arrived in batch if id(arrived) in refused]
        await self._dead_letters.keep(dead, at=datetime.now(UTC))

    async def unreadable(self, topic: str, partition: int, offset: int) -> None:
        """Note a record that no client can decode, before it is passed."""
        letter = DeadLetter(topic, partition, offset, "The record's headers cannot be decoded.")
        await self._dead_letters.keep([letter], at=datetime.now(UTC))


def _case_of(key: bytes | None) -> UUID | None:
    try:
        return UUID((key or b"").decode())
    except (ValueError, UnicodeDecodeError):
        return None
