"""A format for every other relay: JSON Lines, each what became of one message, or what time the log covers.

    {"message_id": "<...>", "status": "sent", "at": "2026-05-04T12:00:07Z", "queue_id": "7f3a", "host": "relay-1"}
    {"covers": {"since": "2026-05-04T00:00:00Z", "until": "2026-05-05T00:00:00Z"}, "host": "relay-1"}

`status` is sent, bounced, expired, deferred or queued; any other is unclear. `queue_id` and `host` may be left out.
"""

from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, StringConstraints, TypeAdapter, ValidationError

from cli.relay_logs.evidence import Copy, Evidence
from cli.relay_logs.postfix import Unreadable

QueueId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,80}$")]


class Said(BaseModel):
    """What became of one message."""

    message_id: str
    status: str
    at: AwareDatetime
    queue_id: QueueId | None = None
    host: str = ""


class Times(BaseModel):
    """From when to when."""

    since: AwareDatetime
    until: AwareDatetime


class Covers(BaseModel):
    """The log leaves nothing out between these moments, says whoever made it."""

    covers: Times
    host: str = ""


RECORD: Final[TypeAdapter[Said | Covers]] = TypeAdapter(Said | Covers)


class GenericLog:
    """Reads JSON Lines."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def read(self, text: str, *, log: str, line: int) -> None:
        """One line. Raises `Unreadable`."""
        try:
            record = RECORD.validate_json(text)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            what = ".".join(str(part) for part in first["loc"][1:])
            raise Unreadable(f"{what or 'it'}: {first['msg'].lower()}") from None
        host = self._evidence.hosts[record.host]
        if isinstance(record, Covers):
            host.spans.append((record.covers.since, record.covers.until))
            host.breaks()
            return
        host.at(record.at)
        notification = self._evidence.named(record.message_id, record.host)
        if notification is None:
            return
        copies = self._evidence.copies[notification]
        copy = next((each for each in copies if each.queue_id == record.queue_id), None)
        if copy is None:
            copies.append(copy := Copy(log, line, record.queue_id))
        copy.sent |= record.status == "sent"
        copy.bounced |= record.status in {"bounced", "expired"}
        copy.gone |= copy.bounced
        copy.taken |= record.status in {"deferred", "queued"}
