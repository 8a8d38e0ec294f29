"""What of a library's own messages comes into a service's log, and how often."""

import io
import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from deploy.local.places import PROJECT
from shared.logs import DECLARED, MINUTE, MOST_A_MINUTE, Library, Seldom


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def logged(name: str, time: Time) -> tuple[logging.Logger, io.StringIO]:
    stream, logger = io.StringIO(), logging.Logger(name)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Library("intake"))
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


NOISE = """
import asyncio, logging, sys, threading, warnings
from shared.logs import configure
configure("intake")
logging.getLogger("aiokafka.client").error("Unable connect to node with id %s", 1)
logging.getLogger("uvicorn.error").error("Application startup failed: A-Number 123")
logging.getLogger("pymongo.topology").warning("server selection failed")
warnings.warn("A-Number 123", RuntimeWarning)

async def failing():
    raise ValueError("A-Number 123")

async def forgetting():
    task = asyncio.create_task(failing())
    await asyncio.wait([task])

asyncio.run(forgetting())
thread = threading.Thread(target=int, args=("A-Number 123",))
thread.start()
thread.join()
raise LookupError("A-Number 123")
"""


def test_whatever_is_said_is_a_line_of_declared_fields_and_quotes_nothing() -> None:
    told = subprocess.run([sys.executable, "-c", NOISE], capture_output=True, text=True, check=False, cwd=PROJECT)
    assert "123" not in told.stderr
    said = [json.loads(line) for line in told.stderr.splitlines()]
    assert all(line.keys() >= {"event", "level", "timestamp", "service", "place"} for line in said)
    assert all(line.keys() <= DECLARED for line in said)
    assert {line["service"] for line in said} == {"intake"}
    kinds = {(line["event"], line["place"].split(" ")[0], line["kind"]) for line in said}
    assert kinds >= {
        ("library", "aiokafka.client", ""),
        ("library", "uvicorn.error", ""),
        ("library", "pymongo.topology", ""),
        ("library", "asyncio", "ValueError"),
        ("python_warning", "<string>:8", "RuntimeWarning"),
        ("uncaught_error", "<string>:21", "LookupError"),
    }
    assert ("uncaught_error", "ValueError") in {(line["event"], line["kind"]) for line in said}
