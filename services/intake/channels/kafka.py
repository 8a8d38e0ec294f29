"""The Kafka channel: records of `request.received` and of `request.received.<channel>`, written by outside systems."""

from datetime import datetime
from typing import Final

from services.intake.raw import WRONG_BODY, RawSubmission, Refusal, channel_namespace
from shared.contracts.parsing import Unparsable, parse_submission
from shared.contracts.reading import WrongField, said_twice
from shared.contracts.vocabulary import EventType

PLAIN: Final = "kafka"
"""The channel of the topic that bears no channel's name."""

UNREADABLE: Final = "unreadable"


def channel_of(topic: str) -> str:
    """The channel of a topic (without any prefix of a deployment)."""
    return topic.removeprefix(EventType.REQUEST_RECEIVED).removeprefix(".") or PLAIN


def read_record(value: bytes | None, *, topic: str, at: datetime) -> RawSubmission | Refusal:
    """A record as a submission; its CloudEvents `id` is the idempotency key within its channel.

    `at` is the broker's time of the record, on the policy clock. The record's key, its headers and its `source` mean
    nothing. `data` is the request, or has it under `request`.
    """
    try:
        received = parse_submission(value or b"")
    except Unparsable as error:
        return Refusal(UNREADABLE, (WrongField("record", error.reason, "is no CloudEvent of this topic"),))
    if (twice := said_twice(value or b"")) is not None:
        return Refusal(WRONG_BODY, (twice,))
    channel = channel_of(topic)
    wrapped = received.data.get("request")
    return RawSubmission(
        content=wrapped if isinstance(wrapped, dict) else received.data,
        channel=channel,
        namespace=channel_namespace(channel),
        key=received.id,
        received_at=at,
    )
