"""What of a library's own messages comes into a service's log, and how often."""

import io
import json
import logging
from typing import Any

import pytest

from shared.runtime.logs import MINUTE, MOST_A_MINUTE, Library, Seldom


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def logged(name: str, time: Time) -> tuple[logging.Logger, io.StringIO]:
    stream, logger = io.StringIO(), logging.Logger(name)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Library())
    handler.addFilter(Seldom(time))
    logger.addHandler(handler)
    return logger, stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_client_says_what_it_cannot_reach_and_how_often_it_was_not_told() -> None:
    time = Time()
    logger, stream = logged("aiokafka.client", time)
    for node in range(50_000):
        logger.error("Unable connect to node with id %s: %s", node % 3, "refused")
    assert [line["why"] for line in lines(stream)] == [
        f"Unable connect to node with id {node}: refused" for node in range(MOST_A_MINUTE)
    ]
    time.now = MINUTE
    logger.error("Unable connect to node with id %s: %s", 7, "refused")
    last = lines(stream)[-1]
    assert (last["why"], last["count"]) == ("Unable connect to node with id 7: refused", 50_000 - MOST_A_MINUTE)
    assert {line["level"] for line in lines(stream)} == {"warning"}, "it tries again by itself"


@pytest.mark.parametrize("name", ["asyncio", "uvicorn.error", "somebody"])
def test_what_may_quote_a_record_is_not_filled_in(name: str) -> None:
    logger, stream = logged(name, Time())
    logger.error("The input %s is not valid", "A-Number 123")
    logger.error("A task failed: A-Number 123")
    assert [line["why"] for line in lines(stream)] == ["The input %s is not valid", "not shown"]
