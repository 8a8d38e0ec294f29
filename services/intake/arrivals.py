"""Requests from outside systems through Kafka: settle a batch of records, keep what is of no use, then delete them.

The records are personal data in clear (outside systems cannot seal), so what has been handled is deleted there.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from services.intake.channels.kafka import read_record
from services.intake.domain.case import State
from services.intake.raw import ERASED, RawSubmission, Refusal
from services.intake.submitting import Submissions, Taken, carried_out
from shared.casework.dead_letters import DeadLetter, DeadLetters, of_record
from shared.casework.engine import Engine
from shared.errors import CommandFailed, CommandRefused, Outage, TooBusy
from shared.messaging.deleting import delete_before
from shared.messaging.records import Record


class Arrivals:
    """Settles records of `request.received` and of the channels' own topics."""

    def __init__(
        self,
        *,
        engine: Engine[State],
        submissions: Submissions,
        dead_letters: DeadLetters,
        policy_time: Callable[[datetime], datetime],
    ) -> None:
        """`policy_time` turns the broker's time of a record into policy time."""
        self._engine = engine
        self._submissions = submissions
        self._dead_letters = dead_letters
        self._policy_time = policy_time

    async def handle(self, records: Sequence[Record]) -> None:
        """Each record becomes a case, repeats one, or becomes a dead letter. Raises when it has to be done again."""
        read = [
            read_record(record.value, topic=record.topic, at=self._policy_time(record.timestamp)) for record in records
        ]
        raw = [each for each in read if isinstance(each, RawSubmission)]
        done = iter(await carried_out(raw, self._submissions, self._engine, wait=True))
        outcomes = [next(done) if isinstance(each, RawSubmission) else each for each in read]
        if any(isinstance(outcome, TooBusy) for outcome in outcomes):
            raise Outage("Others keep changing the same cases.")
        await self._dead_letters.keep(
            [letter for record, outcome in zip(records, outcomes, strict=True) if (letter := _dead(record, outcome))],
            at=datetime.now(UTC),
        )


class Deleting:
    """Deletes what has been settled from the topics of outside systems, once per advance."""

    def __init__(self, bootstrap: str, settled: Callable[[], Mapping[tuple[str, int], int]]) -> None:
        self._bootstrap = bootstrap
        self._settled = settled
        self._deleted: dict[tuple[str, int], int] = {}

    async def delete(self) -> None:
        """One round; raises `Outage`, and then the next round does it."""
        settled = dict(self._settled())
        news = {place: offset for place, offset in settled.items() if offset > self._deleted.get(place, 0)}
        await delete_before(self._bootstrap, news)
        self._deleted |= news


def _dead(record: Record, outcome: Taken | CommandFailed | Refusal) -> DeadLetter | None:
    match outcome:
        case Taken():
            return None
        case Refusal():
            return None if outcome.code == ERASED else of_record(record, outcome.reason)
        case CommandRefused():
            return of_record(record, outcome.code)
        case CommandFailed():
            return of_record(record, type(outcome).__name__)
