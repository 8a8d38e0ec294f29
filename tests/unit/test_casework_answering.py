"""A store that does not answer is an outage; a write that it refuses is told apart, and first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from shared.casework.answering import answering
from shared.casework.dead_letters import DeadLetter, DeadLetters
from shared.casework.moves import Move, move
from shared.casework.offering import Rules
from shared.casework.store import Store
from shared.errors import CommandFailed, Outage
from shared.mongo.driver import DUPLICATE_KEY, BulkWriteError, Collection, Database, PyMongoError

NOW = datetime(2021, 3, 8, 14, tzinfo=UTC)
SILENT = PyMongoError("mongodb://user:secret@host: no answer")
BUSY = 11600
"""A code that passes: the server was interrupted."""


def refused(code: int) -> BulkWriteError:
    return BulkWriteError({"writeErrors": [{"index": 0, "code": code}]})


class Failing:
    """A collection in which every write fails alike."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    async def bulk_write(self, writes: Sequence[Any], *, ordered: bool) -> Any:
        raise self.failure


def store(failure: Exception) -> Store[Any]:
    return Store(cast("Database", {"cases": Failing(failure)}), cast("Rules[Any]", None))


def letters(failure: Exception) -> DeadLetters:
    async def unsealed(raw: bytes) -> bytes:
        return raw

    return DeadLetters(cast("Collection", Failing(failure)), unsealed)


@pytest.mark.parametrize("silent", [SILENT, refused(BUSY)])
def test_a_store_that_does_not_answer_is_an_outage_that_tells_its_kind_and_not_its_text(silent: PyMongoError) -> None:
    with pytest.raises(Outage, match=type(silent).__name__) as told, answering():
        raise silent
    assert "secret" not in str(told.value)
    assert told.value.__cause__ is silent


@pytest.mark.parametrize("other", [Outage("Kafka does not answer."), CommandFailed(), ValueError("a defect")])
def test_what_else_goes_wrong_inside_stays_what_it_is(other: Exception) -> None:
    with pytest.raises(type(other)) as told, answering():
        raise other
    assert told.value is other


async def test_a_mark_on_a_case_that_somebody_else_inserted_first_is_no_outage() -> None:
    await store(refused(DUPLICATE_KEY)).mark({uuid4(): 1})


@pytest.mark.parametrize(("failure", "told"), [(refused(BUSY), "did not take a write"), (SILENT, "does not answer")])
async def test_a_mark_that_was_not_taken_for_the_time_being_is_an_outage(failure: Exception, told: str) -> None:
    with pytest.raises(Outage, match=told):
        await store(failure).mark({uuid4(): 1})


@pytest.mark.parametrize(("failure", "told"), [(refused(BUSY), "could not be kept"), (SILENT, "does not answer")])
async def test_a_dead_letter_that_could_not_be_kept_stops_the_commit(failure: Exception, told: str) -> None:
    with pytest.raises(Outage, match=told):
        await letters(failure).keep([DeadLetter("request.received", 0, 7, "no request")], at=NOW)


@pytest.mark.parametrize("failure", [refused(BUSY), SILENT])
async def test_a_move_of_which_nobody_knows_is_an_outage(failure: Exception) -> None:
    with pytest.raises(Outage, match="does not answer"):
        await move(cast("Collection", Failing(failure)), [Move(UUID(int=1), {}, {"phase": "due"})])
