"""Logs: one JSON object a line on standard error, declared fields only.

A field that is not declared here is dropped and counted, so that no name, address or text can slip into a log by way of
a new field.
"""

import json
import logging
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
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
FRAMES = 6
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
    """Set up logging for a process. Libraries' own messages are kept from warnings on, and seldom.

    Whatever else Python would write to standard error by itself (warnings, errors that nobody caught) is a line too.
    """

    def named(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        fields["service"] = service  # A thread of a library inherits no context.
        return fields

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            named,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _declared_only,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Library(service))
    handler.addFilter(Seldom())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _catch_the_rest()


def _catch_the_rest() -> None:
    """Warnings, and errors that nobody caught: by kind and place, never by their text, which may quote a record."""
    warnings.showwarning = _on_warning
    sys.excepthook = lambda kind, _, trace: _on_uncaught(kind, trace)
    sys.unraisablehook = lambda told: _on_uncaught(told.exc_type, told.exc_traceback)
    threading.excepthook = lambda told: _on_uncaught(told.exc_type, told.exc_traceback)


def _on_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any
) -> None:
    del message
    structlog.get_logger().warning("python_warning", kind=category.__name__, place=f"{Path(filename).name}:{lineno}")


def _on_uncaught(kind: type[BaseException], trace: TracebackType | None) -> None:
    structlog.get_logger().error("uncaught_error", kind=kind.__qualname__, place=places(trace))


def places(trace: TracebackType | None) -> str:
    """Where an error came from: file, line and function of its innermost frames."""
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)


class Library(logging.Formatter):
    """A library's message in our fields.

    It is filled in where the library speaks of servers, topics and its own state, and of no record: else what was
    filled in may quote one. Their errors are warnings here: what they do not mend by themselves they raise, and then it
    is ours to tell.
    """

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        kind, _, trace = record.exc_info or (None, None, None)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        fields: dict[str, Any] = {
            "event": "library",
            "service": self._service,
            "level": "warning",
            "place": " > ".join(filter(None, (record.name, places(trace)))),
            "kind": kind.__qualname__ if kind else "",
            "why": _why(record),
            "timestamp": at,
        }
        if (count := getattr(record, "left_out", 0)) > 0:
            fields["count"] = count
        return json.dumps(_declared_only(None, "", fields))


def _why(record: logging.LogRecord) -> str:
    if record.name.split(".")[0] in SPEAK_OF_NO_RECORD:
        return record.getMessage()[:LONGEST]
    return str(record.msg)[:LONGEST] if record.args else "not shown"


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
