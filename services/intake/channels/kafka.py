"""The Kafka channel: records of `request.received` and of `request.received.<channel>`, written by outside systems."""

from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from services.intake.raw import RawSubmission, Refusal, channel_namespace
from shared.contracts.parsing import reason_of
from shared.contracts.reading import WrongField
from shared.contracts.received import MAX_BODY_BYTES, Submission
from shared.contracts.vocabulary import EventType

PLAIN: Final = "kafka"
"""The channel of the topic that bears no channel's name."""

_ENVELOPE_BYTES = 16 * 1024
TOO_LARGE = Refusal("too_large")


def channel_of(topic: str) -> str:
    """The channel of a topic (without any prefix of a deployment)."""
    return topic.removeprefix(EventType.REQUEST_RECEIVED).removeprefix(".") or PLAIN


def read_record(value: bytes | None, *, topic: str, at: datetime) -> RawSubmission | Refusal:
    """A record as a submission; its CloudEvents `id` is the idempotency key within its channel.

    `at` is the broker's time of the record. The record's key, its headers and its `source` mean nothing.
    """
    if not value or len(value) > MAX_BODY_BYTES + _ENVELOPE_BYTES:
        return TOO_LARGE if value else Refusal("empty")
    try:
        received = Submission[dict[str, Any]].model_validate_json(value)
    except ValidationError as error:
        return Refusal("no_cloud_event", (WrongField("record", reason_of(error), "is no CloudEvent of this topic"),))
    channel = channel_of(topic)
    # Both ways of wrapping are seen: `data` is the request, or has it under `request`.
    inner = received.data.get("request")
    return RawSubmission(
        content=inner if isinstance(inner, dict) else received.data,
        channel=channel,
        namespace=channel_namespace(channel),
        key=received.id,
        received_at=at,
    )
