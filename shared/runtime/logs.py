"""Logs: one JSON object a line on standard error, declared fields only.

A field that is not declared here is dropped and counted, so that no name, address or text can slip into a log by way of
a new field.
"""

import json
import logging
import sys
from collections.abc import MutableMapping
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


def _declared_only(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    dropped = [name for name in fields if name not in DECLARED]
    for name in dropped:
        del fields[name]
    if dropped:
        fields["count"] = len(dropped)
        fields["kind"] = "undeclared log fields dropped"
    return fields


def configure(service: str) -> None:
    """Set up logging for a process. Libraries' own messages are kept from warnings on, without their values."""
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
    handler.setFormatter(_Quiet())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class _Quiet(logging.Formatter):
    """A library's message without what was filled into it: that may quote a record."""

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        fields = {"event": "library", "level": record.levelname.lower(), "place": record.name, "kind": kind}
        return json.dumps(fields | {"why": str(record.msg)[:120] if record.args else "not shown"})
