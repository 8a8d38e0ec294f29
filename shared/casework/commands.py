"""Ids of commands and deadlines, and what a command is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from shared.contracts.envelope import NAMESPACE


def command_id(service: str, actor: str, route: str, case_id: UUID, key: str) -> UUID:
    """The same idempotency key of the same actor on the same route and case is the same command."""
    return uuid5(NAMESPACE, "\x1f".join((service, actor, route, str(case_id), key)))


def deadline_id(case_id: UUID, name: str, due: datetime) -> UUID:
    """The id of a deadline: each instance that sees it due makes the same."""
    return uuid5(case_id, f"{name}:{due.astimezone(UTC).isoformat(timespec='milliseconds')}")


@dataclass(frozen=True, slots=True)
class Answered:
    """A command was carried out, now or (`replayed`) earlier."""

    answer: Mapping[str, Any] = field(default_factory=dict)
    replayed: bool = False


def whole_milliseconds(moment: datetime) -> datetime:
    """A moment as the stores keep it: UTC, whole milliseconds."""
    utc = moment.astimezone(UTC)
    beyond = utc.microsecond % 1000
    return utc.replace(microsecond=utc.microsecond - beyond) if beyond else utc
