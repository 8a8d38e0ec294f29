"""A record that breaks its handler must not stand in the way of all others: it is set apart, as a dead letter."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from shared.casework.dead_letters import DeadLetters, of_record
from shared.errors import Outage
from shared.messaging.records import Record
from shared.mongo.driver import PyMongoError

PASSING: Final = (Outage, PyMongoError, OSError, MemoryError)
"""What says nothing about the record: whoever meets it waits, and comes again. (A `TimeoutError` is an `OSError`.)"""

TRIES: Final = 4
"""So often a batch is tried whole: a defect may have to do with the moment, and not with a record."""

MOST_IN_A_ROW: Final = 10
"""When so many records in a row break it, the cause is not in the records: no more are set apart, and they wait."""

log = structlog.get_logger()


class Isolating:
    """Handles the batches of one reader. One that fails again and again, for no outage, is handled record by record."""

    def __init__(self, handle: Callable[[Sequence[Record]], Awaitable[None]], dead_letters: DeadLetters) -> None:
        self._handle = handle
        self._dead_letters = dead_letters
        self._failures = 0
        self._in_a_row = 0

    async def handle(self, records: Sequence[Record]) -> None:
        """Settle a batch, or raise: then it has to come again."""
        if self._failures < TRIES:
            await self._together(records)
        else:
            for record in records:
                await self._alone(record)
        self._failures = 0

    async def _together(self, records: Sequence[Record]) -> None:
        try:
            await self._handle(records)
        except PASSING:
            raise
        except Exception:
            self._failures += 1
            raise

    async def _alone(self, record: Record) -> None:
        try:
            await self._handle([record])
        except PASSING:
            raise
        except Exception as error:
            if self._in_a_row >= MOST_IN_A_ROW:
                raise
            kind = type(error).__name__
            place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
            log.error("record_not_handled", **place, kind=kind)  # noqa: TRY400 - may quote data
            letter = of_record(record, f"It could not be handled ({kind}).")
            await self._dead_letters.keep([letter], at=datetime.now(UTC))
            self._in_a_row += 1
        else:
            self._in_a_row = 0
