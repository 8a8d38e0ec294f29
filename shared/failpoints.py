"""The named points: the places between two effects where a process may die, fail, be cancelled, or lose a reply.

Everything that does work takes a `point` and awaits it at each of them. Nothing happens there, unless whoever composes
the service (a test of faults) has given a `point` of its own.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum

Point = Callable[[str], Awaitable[None]]


async def no_point(_: str) -> None:
    """Nothing is installed: nothing happens."""


class Reached(StrEnum):
    """What a `point` is told. At the points named "..., reply lost", an error of the client is what losing it means."""

    # A batch of records, from Kafka to the committed offset.
    POLLED = "after poll"
    LOADING = "before load"
    LOADED = "after load"
    WRITING = "before the write"
    WRITE_APPLIED = "write applied, reply lost"
    WRITTEN = "after write, before publish"
    SENDING = "before the events are handed to Kafka"
    SENT = "published, acknowledgement lost"
    PUBLISHED = "published, before the mark"
    MARKING = "before the marks are written"
    MARK_APPLIED = "mark applied, reply lost"
    MARKED = "after the mark"
    SETTLED = "settled, before the offset commit"
    COMMIT_APPLIED = "offsets committed, reply lost"
    DEAD_LETTERS_KEPT = "dead letters kept, reply lost"

    # Beside the batches.
    REVOKED = "in the revoke callback"
    DRAINING = "in the shutdown drain"
    COMMANDED = "command written, before its answer"
    PUBLISHING_LATER = "command answered, before its events are published"
    DEADLINES_FOUND = "deadlines found, before they are carried out"
    DEADLINES_DONE = "deadlines carried out"
    STALE_FOUND = "sweeper has found cases, before it publishes"
    SWEPT = "sweeper has published"

    # A group of letters (services/notification/mail).
    BEFORE_CLAIM = "before claim"
    AFTER_CLAIM = "after claim"
    AFTER_RCPT = "after RCPT"
    AFTER_DATA_MARK = "after data mark"
    AFTER_CONTENT = "after DATA"
    BEFORE_RECORD = "after 250 before record"


OF_MAIL = (
    Reached.BEFORE_CLAIM,
    Reached.AFTER_CLAIM,
    Reached.AFTER_RCPT,
    Reached.AFTER_DATA_MARK,
    Reached.AFTER_CONTENT,
    Reached.BEFORE_RECORD,
)
