"""From Kafka records of our own topics to the engine: parse, set aside what belongs to no case, settle the rest."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from shared.casework.case import Arrived
from shared.casework.dead_letters import DeadLetter, DeadLetters, Seal, of_record
from shared.casework.document import arrive
from shared.casework.engine import Engine
from shared.casework.offering import REFUSED_BY_THE_STORE
from shared.contracts.topics import ROUTES, Route
from shared.contracts.vocabulary import EventType
from shared.messaging.records import Record

STRANGER = "No service that writes to this topic says that it wrote this."

log = structlog.get_logger()


class Consuming:
    """Hands batches of records to one engine. Raises only what means: come again with the same records."""

    def __init__(
        self,
        engine: Engine[Any],
        dead_letters: DeadLetters,
        seal: Seal,
        *,
        routes: Mapping[EventType, Route] = ROUTES,
    ) -> None:
        self._engine = engine
        self._dead_letters = dead_letters
        self._seal = seal
        self._routes = routes

    async def handle(self, records: Sequence[Record]) -> None:
        """Settle a batch: handled, dropped as a duplicate, held in its case, or kept as a dead letter.

        A record is believed only from a declared emitter of its topic; any other opens no case, and parks none.
        """
        batch: list[tuple[Record, Arrived]] = []
        dead: list[DeadLetter] = []
        for record in records:
            case_id = _case_of(record.key)
            if case_id is None:
                dead.append(of_record(record, "The record's key is no case id."))
                continue
            arrived = arrive(case_id, record.topic, record.value or b"")
            if _source(arrived) not in self._routes[EventType(record.topic)].emitters:
                place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
                log.error("record_of_a_stranger", **place, case=str(case_id))
                dead.append(of_record(record, f"{STRANGER} {arrived.unreadable or ''}".strip()))
                continue
            if arrived.unreadable is not None:
                arrived = replace(arrived, value=await self._seal(arrived.value))
            batch.append((record, arrived))
        await self._dead_letters.keep(dead, at=datetime.now(UTC))
        refused = {id(arrived) for arrived in await self._engine.handle([arrived for _, arrived in batch])}
        dead = [of_record(record, REFUSED_BY_THE_STORE) for record, arrived in batch if id(arrived) in refused]
        await self._dead_letters.keep(dead, at=datetime.now(UTC))


def _source(arrived: Arrived) -> object:
    """Who says to have written it; it may be a lie."""
    return arrived.event.source if arrived.event is not None else _claimed(arrived.value)


def _claimed(value: bytes) -> object:
    """Whom a record that cannot be read names as its source, if it is JSON at all."""
    try:
        event = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return event.get("source") if isinstance(event, dict) else None


def _case_of(key: bytes | None) -> UUID | None:
    try:
        return UUID((key or b"").decode())
    except (ValueError, UnicodeDecodeError):
        return None
