"""Logs: one JSON object a line on standard error, declared fields only.

A field that is not declared here is dropped and counted, so that no name, address or text can slip into a log by way of
a new field.
"""

import json
import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

DECLARED = frozenset(
    {
        "event", "level", "timestamp", "service", "instance", "build",
        "group", "topic", "partition", "partitions", "offset", "count", "bytes", "records", "cases", "failures",
        "kind", "why", "loop", "case", "reference", "seconds", "place", "check",
        "method", "path", "status", "notification", "phase", "letter", "by", "action",
    }
)  # fmt: skip


SPEAK_OF_NO_RECORD = frozenset({"aiokafka", "pymongo"})
LONGEST = 300
MINUTE = 60.0
MOST_A_MINUTE = 3
MOST_REMEMBERED = 500


def _declared_only(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    dropped = [name for name in fields if name not in DECLARED]
    for name in dropped:
        del fields[name]
    if dropped:
        fields["count"] = len(dropped)
        fields["kind"] = "undeclared log fields dropped"
    return fields


def configure(service: str) -> None:
    """Set up logging for a process. Libraries' own messages are kept from warnings on, and seldom."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _declared_only,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Library())
    handler.addFilter(Seldom())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class Library(logging.Formatter):
    """A library's message in our fields.

    It is filled in where the library speaks of servers, topics and its own state, and of no record: else what was
    filled in may quote one. Their errors are warnings here: what they do not mend by themselves they raise, and then it
    is ours to tell.
    """

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        fields: dict[str, Any] = {"event": "library", "level": "warning", "place": record.name, "kind": kind}
        if record.name.split(".")[0] in SPEAK_OF_NO_RECORD:
            fields["why"] = record.getMessage()[:LONGEST]
        else:
            fields["why"] = str(record.msg)[:LONGEST] if record.args else "not shown"
        if (count := getattr(record, "left_out", 0)) > 0:
            fields["count"] = count
        return json.dumps(fields)


class Seldom(logging.Filter):
    """Lets a library say the same thing a few times a minute; the next time it says how often it was left out.

    An outage of an hour would fill a disk otherwise: a client that tries again says so each time.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, what = self._monotonic(), (record.name, str(record.msg))
        since, count = self._said.get(what, (now, 0))
        if now - since >= MINUTE:
            record.left_out = max(0, count - MOST_A_MINUTE)
            since, count = now, 0
        if what not in self._said and len(self._said) >= MOST_REMEMBERED:
            self._said.clear()
        self._said[what] = (since, count + 1)
        return count < MOST_A_MINUTE
