"""The envelope of every event: CloudEvents 1.0 in JSON structured mode (the record's value is the whole event).

`data` is the last member of the envelope. Stored bytes leave `sealed` out, and publishing splices the blobs in as the
last member of `data`, so that a blob is stored once and an event is never serialised again.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Generic, Literal, TypeVar
from uuid import UUID, uuid5

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from shared.contracts.vocabulary import EventType

NAMESPACE = UUID("5ec0d100-0000-5000-8000-5ec0d1000000")
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


def _whole(value: datetime) -> datetime:
    try:
        in_utc = value.astimezone(UTC)
    except OverflowError as error:  # The first or last hours of the calendar, in another zone.
        raise ValueError("outside the calendar") from error
    beyond = in_utc.microsecond % 1000
    return in_utc.replace(microsecond=in_utc.microsecond - beyond) if beyond else in_utc


def _written(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[AwareDatetime, AfterValidator(_whole), PlainSerializer(_written, return_type=str, when_used="json")]
"""A moment; always aware, in UTC, with whole milliseconds (what the stores keep)."""

BlobName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""The name of a sealed blob; safe as a stored key and inside JSON without escapes."""

Count = Annotated[int, Field(ge=0, lt=2**31)]
"""How many, or the how-manyeth. Bounded, because a store refuses what exceeds 64 bits."""

Ordinal = Annotated[int, Field(ge=1, lt=2**31)]
"""Like `Count`, counted from one."""


class Contract(BaseModel):
    """Anything on the wire: frozen, and a tolerant reader (unknown fields are ignored)."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


class EventData(Contract):
    """What an event says. Each event type is one subclass."""

    type: ClassVar[EventType]

    sealed: dict[BlobName, bytes] = Field(
        default_factory=dict, description="Sealed blobs by name, base64url; only the case's key opens them."
    )


D = TypeVar("D", bound=EventData)


class Event(Contract, Generic[D]):
    """One event. `subject` is the case id; `seq` counts per (subject, source, type) from 1 without a gap."""

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    type: EventType
    source: str
    subject: UUID
    time: Time
    dataschema: str
    datacontenttype: Literal["application/json"] = "application/json"
    causationid: UUID
    seq: Ordinal
    data: D


def event_id(cause: UUID, event_type: str, index: int) -> UUID:
    """The id of the index-th event that `cause` makes: the same cause always makes the same ids."""
    return uuid5(cause, f"{event_type}:{index}")


def dataschema(event_type: EventType, version: int = 1) -> str:
    """The URN of the JSON Schema of an event's data."""
    return f"urn:secondlook:{event_type.value}:{version}"


def traceparent(case_id: UUID, of_event: UUID) -> str:
    """A W3C trace context in which one case is one trace. Never needed to understand the event."""
    return f"00-{case_id.hex}-{of_event.hex[:16]}-01"


def encode(event: Event[D]) -> bytes:
    """An event as it is stored: without its sealed blobs, ending in the two braces that `splice` relies on."""
    return event.model_dump_json(exclude={"data": {"sealed"}}, exclude_none=True).encode()


def splice(stored: bytes, blobs: Mapping[str, bytes]) -> bytes:
    """An event as it is published: its stored bytes with its sealed blobs put in."""
    if not blobs:
        return stored
    members = b",".join(b'"%s":"%s"' % (name.encode(), urlsafe_b64encode(box)) for name, box in blobs.items())
    return b'%s,"sealed":{%s}}}' % (stored[:-2], members)
