"""A record of each event as it lies in Kafka, for `docs/events.md`: invented, and valid (a test parses each).

What an event must say is there, and of what it may say the fields that are named below.
"""

import json
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, get_args, get_origin
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel

from shared.contracts import events as e
from shared.contracts.clear_fields import BLOBS
from shared.contracts.envelope import NAMESPACE, Event, EventData, dataschema, encode, event_id, splice
from shared.contracts.received import RequestBody, Submission
from shared.contracts.topics import ROUTES
from shared.contracts.vocabulary import EventType

NUMBER = "55MY1-Z1HT0-H"
AT = datetime(2021, 3, 8, 14, tzinfo=UTC)
CASE = uuid5(NAMESPACE, "a sample case")
BOX = b"only the case's key opens this"

_SAID: dict[str, Any] = {
    "number": NUMBER,
    "channel": "http",
    "changed": ("custody",),
    "amendment": 1,
    "urgency": "DETAINED",
    "requestor_type": "ATTORNEY",
    "decision_under_review": ("CUSTODY",),
    "relief_sought": ("RELEASE",),
    "office": "SNA",
    "office_map": "2021-03",
    "guidance": "interim-2021-02-18",
    "age_band": "30-39",
    "about": ("custody",),
    "decided_by": "officer-ana",
    "answered_by": "officer-ana",
    "done_by": "officer-ana",
    "touched_by": ("officer-ana",),
    "ordered_by": "privacy-1",
    "reference": "order/2021-9",
    "reply_class": "2xx",
    "answer_due": AT + timedelta(days=7),
    "silence_ends_at": AT + timedelta(days=14),
    "answer_by": AT + timedelta(days=3),
    "due": AT + timedelta(days=14),
}
"""Of fields by their names: what a sample says where the type alone would say nothing."""

_SAID_BY: dict[type[BaseModel], dict[str, Any]] = {
    e.RequestAmended: {"custody": {"status": "DETAINED", "state": "TX", "county": "Karnes"}, "requestor_type": None},
    e.TriageCompleted: {"outcome": "DECLINED", "reasons": ("PRESUMED_BORDER_SECURITY",)},
    e.ReviewRemanded: {"round": 2, "reasons": ("FACTORS_NOT_CONSIDERED",)},
    e.ResolutionIssued: {"stage": "SRO", "outcome": "OVERRIDDEN", "granted": ("RELEASE",), "reasons": ("HEALTH",)},
    e.Custody: {"state": "TX", "county": "Karnes"},
}
"""Of one event, or part of one, alone."""

_RECEIVED = {
    "specversion": "1.0",
    "id": "matter-2021-0117",
    "source": "wrenfield-law",
    "type": EventType.REQUEST_RECEIVED,
    "time": "2021-03-08T14:00:00Z",
    "data": {
        "noncitizen": {"given_name": "Ximena", "family_name": "Velarde Rosal", "a_number": "A098-765-432"},
        "requestor": {"type": "ATTORNEY", "name": "Teodor Wrenfield", "email": "intake@wrenfield-law.example"},
        "custody": {"status": "DETAINED", "facility": {"name": "Karnes County", "state": "TX", "county": "Karnes"}},
        "decision_under_review": ["CUSTODY"],
        "relief_sought": ["RELEASE"],
        "narrative": "She cares for her two daughters.",
        "consent": {"kind": "G28", "signed": True},
    },
}


def record(kind: EventType) -> tuple[str, bytes]:
    """Key and value of a record of this topic."""
    if kind is EventType.REQUEST_RECEIVED:
        Submission[RequestBody].model_validate(_RECEIVED)
        return "anything", json.dumps(_RECEIVED).encode()
    cause, source = uuid5(CASE, f"cause of {kind}"), ROUTES[kind].emitters[0]
    data = e.EVENTS[kind].model_validate(_members(e.EVENTS[kind]))
    event = Event[Any](
        id=event_id(cause, kind, 0),
        type=kind,
        source=source,
        subject=CASE,
        time=AT,
        dataschema=dataschema(kind),
        causationid=cause,
        seq=1,
        data=data,
    )
    return str(CASE), splice(encode(event), _blobs(data))


def _members(model: type[BaseModel]) -> dict[str, Any]:
    said = _SAID | _SAID_BY.get(model, {})
    return {
        name: said[name] if name in said else _of_type(field.annotation)
        for name, field in model.model_fields.items()
        if name != "sealed" and (field.is_required() or name in said)
    }


def _of_type(annotation: Any) -> Any:
    if hasattr(annotation, "__metadata__"):
        return _of_type(annotation.__origin__)
    if get_origin(annotation) is tuple:
        return (_of_type(get_args(annotation)[0]),)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _members(annotation)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return next(iter(annotation))
    plain: dict[Any, Any] = {bool: False, int: 1, UUID: uuid5(CASE, "id"), date: AT.date(), AwareDatetime: AT, str: "1"}
    return plain[annotation]


def _blobs(data: EventData) -> dict[str, bytes]:
    told = {"n": 1, "revision": 1, "round": getattr(data, "round", 1), "id": uuid5(CASE, "id")}
    names = (name for name, _, _ in BLOBS.get(type(data), ()))
    return {name.replace("<", "{").replace(">", "}").format(**told): BOX for name in names}
