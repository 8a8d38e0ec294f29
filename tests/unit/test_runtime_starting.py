"""Starting and readiness: no start ends unseen, and no question is asked twice at a time or waited for long."""

import asyncio

import pytest
from structlog.testing import capture_logs

from shared.errors import Outage
from shared.mongo.driver import PyMongoError
from shared.privacy.keyring import WrongMasterKey
from shared.runtime.readiness import Question
from shared.runtime.starting import Starting


class Step:
    """Fails in its own ways, one after the other, before it works."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken = 0

    async def __call__(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken += 1


class Watched(Starting):
    """Remembers what it said of itself at each failure."""

    def __init__(self) -> None:
        super().__init__(retry_seconds=0, defect_seconds=0)
        self.said: list[str | None] = []

    async def _works(self, step: "Step") -> bool:  # type: ignore[override]
        works = await super()._works(step)
        self.said += [] if works else [self.not_yet]
        return works


async def test_each_step_is_taken_once_in_order_and_what_it_waits_for_is_said() -> None:
    starting, first, second = Watched(), Step(Outage("The store does not answer.")), Step(Outage("Kafka is away."))
    await starting.take(first, second)
    assert starting.said == ["The store does not answer.", "Kafka is away."]
    assert (first.taken, second.taken) == (1, 1)
    assert starting.not_yet is None


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (TypeError("Ana Canaria"), "It cannot be started (TypeError); where that comes from is in the log."),
        (WrongMasterKey("Not this key."), "Not this key."),
    ],
)
async def test_a_start_that_fails_for_no_outage_is_reported_loudly_and_tried_again(
    failure: Exception, said: str
) -> None:
    starting, step = Watched(), Step(failure)
    with capture_logs() as logs:
        await starting.take(step)
    assert starting.said == [said]
    assert step.taken == 1
    (critical,) = [line for line in logs if line["log_level"] == "critical"]
    assert (critical["event"], critical["why"]) == ("cannot_work", said)
    assert any(line.get("reference") == critical["reference"] and "place" in line for line in logs)
    assert "Canaria" not in str(logs)


class Store:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.asked = 0

    async def __call__(self) -> None:
        self.asked += 1
        await self.answers.wait()


async def test_a_question_is_asked_once_at_a_time_and_waited_for_no_longer_than_it_may() -> None:
    store = Store()
    question = Question(store, otherwise="away", within=0.01)
    assert [await question.unwell() for _ in range(3)] == ["away"] * 3
    assert list(await asyncio.gather(question.unwell(), question.unwell())) == ["away"] * 2
    assert store.asked == 1
    await question.stop()


async def test_a_question_that_was_answered_is_asked_again() -> None:
    store = Store()
    question = Question(store, otherwise="away", within=60)
    waiting = asyncio.gather(question.unwell(), question.unwell())
    store.answers.set()
    assert list(await waiting) == [None, None]
    assert store.asked == 1
    assert await question.unwell() is None
    assert store.asked == 2
    await question.stop()


@pytest.mark.parametrize("failure", [Outage("x"), PyMongoError("x"), OSError("x"), TypeError("a defect")])
async def test_who_fails_to_answer_is_away(failure: Exception) -> None:
    step = Step(failure)
    question = Question(step, otherwise="away")
    said = [await question.unwell() for _ in range(2)]
    assert said == ["away", None]


async def test_a_question_that_nobody_answers_ends_with_the_service() -> None:
    question = Question(Store(), otherwise="away", within=0.01)
    before = asyncio.all_tasks()
    await question.unwell()
    await question.stop()
    assert asyncio.all_tasks() == before
