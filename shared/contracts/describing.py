"""`docs/events.md`, written from the models: what each event says, to whom, and why each clear field may be clear."""

import json
import types
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from inspect import cleandoc
from typing import Any, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from shared.contracts.clear_fields import BLOBS, WHY
from shared.contracts.envelope import Event, EventData
from shared.contracts.events import EVENTS
from shared.contracts.parsing import models_in
from shared.contracts.received import RequestBody, Submission
from shared.contracts.samples import NUMBER, record
from shared.contracts.sealed import SealedAmendment, SealedSubmission, SealedText
from shared.contracts.topics import ROUTES
from shared.contracts.vocabulary import EventType

_PLAIN = {
    str: "text",
    bool: "yes or no",
    int: "whole number",
    bytes: "bytes, base64url",
    date: "day",
    AwareDatetime: "moment",
    UUID: "UUID",
    Any: "anything",
}

_ENVELOPE = {
    "specversion": "CloudEvents 1.0.",
    "id": '`uuid5(causationid, "type:index")`: the same cause makes the same ids, so a repeat is recognised as one.',
    "type": "What happened; also the name of the topic.",
    "source": "The service that says it. CloudEvents wants a URI reference; the service's name is one.",
    "subject": "The case id; also the record's key, so that a case's events of one type stay in order.",
    "time": "When it happened on the policy clock; a consumer reacts as of this moment, however late it reads.",
    "dataschema": "The URN of the schema of `data`, with its version.",
    "datacontenttype": "Always JSON.",
    "causationid": "The id of the event, command or deadline that caused this one (an extension attribute).",
    "seq": "Counts per (subject, source, type), see below (an extension attribute).",
    "data": "What the event says, see each event. Always the last member.",
}

_INTRODUCTION = """\
# Events

Made by `python -m shared.contracts.generate` from the models in `shared/contracts`; do not edit. The JSON Schemas in
`shared/contracts/schemas/` say the same for machines.

One Kafka topic per event type, named like it. The key of every record is the case id. Unknown fields are to be ignored:
a later build may add some. `request.received`, which outside systems write, has rules of its own.

Each event below has a record as it lies in Kafka, and the command that reads those of a case from the service that said
them, without their sealed blobs. A whole topic is read with Kafka's own `kafka-console-consumer.sh --topic`, by whoever
may read it.
"""

_RULES = """\
Ids. The case id is a UUID of version 8: a keyed hash (HMAC) of a namespace and the idempotency key; the namespace is
the authenticated client, the Kafka channel, or `anonymous`. `received.id` is made the same way, so that nobody finds an
idempotency key, or who is named in it, by trying keys out. Cases from before that have a `uuid5(namespace, key)`. An
event's id is derived from its cause, so the event made again after a crash, or again from the same input, has the same
id.

Order. `seq` counts from 1, without a gap, per case, source and topic. A consumer drops a `seq` that it has handled
(at-least-once delivery repeats) and holds one that leaves a gap. The same `seq` with another id is a violation: held
and shown. Across topics nothing is ordered; a service that needs another event first waits for it.

Times are aware, in UTC, with whole milliseconds. Days are calendar days without a zone.

Sealed. `data.sealed` holds blobs by name, encrypted (AES-256-GCM) with the case's own key. Once that key is destroyed
(`case.erased`), no copy of them can be read. Everything else is clear, and stays readable for ever: each clear field is
listed with the reason why it may be clear.

Changes. A test compares the schemas with `shared/contracts/baseline.json` and refuses a change that breaks a reader of
old or new events, saying why. Until 1.0 the baseline may move, with a decision record.
"""


def document() -> str:
    """The whole of `docs/events.md`."""
    parts = [_INTRODUCTION, _overview(), "## Envelope\n", _envelope(), _RULES, _received()]
    parts += [_event(event_type, data) for event_type, data in EVENTS.items() if data in WHY]
    parts += ["## Parts of events\n", *(_part(model) for model in WHY if not issubclass(model, EventData))]
    parts += ["## What sealed blobs hold\n", *(_opened(model) for model in opened_models())]
    parts += ["## Codes\n", *(_codes(codes) for codes in _vocabulary())]
    return "\n".join(parts)


def _overview() -> str:
    rows = (
        (f"[`{kind}`](#{_anchor(kind)})", _from(kind), _first_sentence(EVENTS[kind]), _to(kind)) for kind in EventType
    )
    return table(("topic", "from", "says", "consumed by"), rows)


def _envelope() -> str:
    rows = (
        (f"`{name}`", "an object" if name == "data" else type_words(field.annotation), _ENVELOPE[name])
        for name, field in Event.model_fields.items()
    )
    return table(("attribute", "type", "meaning"), rows)


def _received() -> str:
    envelope = table(
        ("attribute", "type"), ((f"`{n}`", field_type(f)) for n, f in Submission[RequestBody].model_fields.items())
    )
    parts = [_body_part(model) for model in _reachable(RequestBody)]
    head = "## request.received\n\nFrom outside systems; consumed by intake. The key means nothing.\n"
    write = "Write such records from a file: `secondlook submit requests.jsonl --channel kafka`\n"
    return "\n".join([head, _says(Submission) + "\n", envelope, _sample(EventType.REQUEST_RECEIVED), write, *parts])


def _body_part(model: type[BaseModel]) -> str:
    rows = ((f"`{name}`", field_type(field)) for name, field in model.model_fields.items())
    return f"### {_name(model)}\n\n{_says(model)}\n\n" + table(("field", "type"), rows)


def _event(event_type: EventType, data: type[EventData]) -> str:
    route = f"From {_from(event_type)}; consumed by {_to(event_type)}. Key: the case id."
    head = f"## {event_type}\n\n{_says(data)}\n\n{route}\n"
    blobs = (
        (f"`{name}`", f"[{_name(model)}](#{_anchor(_name(model))})", what) for name, model, what in BLOBS.get(data, ())
    )
    sealed = table(("sealed blob", "holds", "what for"), blobs) if data in BLOBS else "Nothing is sealed.\n"
    read = f"Read those of a case: `secondlook case events {NUMBER} --type {event_type}`\n"
    return "\n".join([head, _clear(data), sealed, _sample(event_type), read])


def _sample(kind: EventType) -> str:
    """A whole record; the value is one line in Kafka."""
    key, value = record(kind)
    return (
        f"A record, its key `{key}`:\n\n```json\n{json.dumps(json.loads(value), indent=1, ensure_ascii=False)}\n```\n"
    )


def _part(model: type[BaseModel]) -> str:
    return f"### {_name(model)}\n\n{_says(model)}\n\n{_clear(model)}"


def _clear(model: type[BaseModel]) -> str:
    rows = (
        (f"`{name}`", field_type(field), _reason(model, name))
        for name, field in model.model_fields.items()
        if name != "sealed"
    )
    return table(("clear field", "type", "may be clear because"), rows)


def _reason(model: type[Any], name: str) -> str:
    if name not in WHY.get(model, ()):
        raise LookupError(f"{model.__name__}.{name} travels in clear without a reason: give one in clear_fields.py")
    return WHY[model][name]


def opened_models() -> tuple[type[BaseModel], ...]:
    """The models of what sealed blobs hold, each once."""
    return tuple(dict.fromkeys(m for top in (SealedSubmission, SealedAmendment, SealedText) for m in _reachable(top)))


def _opened(model: type[BaseModel]) -> str:
    rows = ((f"`{name}`", field_type(field)) for name, field in model.model_fields.items())
    return f"### {_name(model)}\n\n{_says(model)}\n\n" + table(("field", "type"), rows)


def _reachable(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and those that its fields mention, each once; facts stand among the parts of events."""
    seen: dict[Any, None] = {}
    pending: list[Any] = [model]
    while pending:
        found = pending.pop(0)
        if found in seen:
            continue
        origin = found.__pydantic_generic_metadata__["origin"] or found
        if origin not in WHY:
            seen[origin] = None
        pending += [inner for field in found.model_fields.values() for inner in models_in(field.annotation)]
    yield from seen


def _vocabulary() -> list[type[StrEnum]]:
    from shared.contracts import vocabulary

    return [
        each for each in vars(vocabulary).values() if isinstance(each, type) and each.__module__ == vocabulary.__name__
    ]


def _codes(codes: type[StrEnum]) -> str:
    return f"### {codes.__name__}\n\n{_says(codes)}\n\n" + ", ".join(f"`{code.value}`" for code in codes) + "\n"


def field_type(field: FieldInfo) -> str:
    """A field's type in words."""
    return type_words(field.annotation) + ("" if field.is_required() else ", may be absent")


def type_words(annotation: Any) -> str:
    """An annotation in words, with links to parts and codes."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return type_words(annotation.__origin__) + _limit(annotation.__metadata__)
    if origin in (Union, types.UnionType):
        return " or ".join(type_words(each) for each in arguments if each is not type(None))
    if origin is tuple:
        return f"list of {type_words(arguments[0])}"
    if origin is dict:
        return f"{type_words(arguments[1])} by name"
    if origin is Literal:
        return " or ".join(f'"{value}"' for value in arguments)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if isinstance(annotation, TypeVar):
        return "as the field says"
    return _linked(annotation)


def _limit(metadata: tuple[Any, ...]) -> str:
    most = next((rule.max_length for rule in metadata if getattr(rule, "max_length", None)), None)
    return f" (at most {most:,} characters)" if most else ""


def _linked(model: type[Any]) -> str:
    metadata = getattr(model, "__pydantic_generic_metadata__", None)
    if metadata and metadata["origin"]:
        return f"{_linked(metadata['origin'])} of {type_words(metadata['args'][0])}"
    return f"[{_name(model)}](#{_anchor(_name(model))})"


def _name(model: type[Any]) -> str:
    return model.__name__


def _says(model: type[Any]) -> str:
    return " ".join(cleandoc(model.__doc__ or "").split())


def _first_sentence(model: type[Any]) -> str:
    return _says(model).partition(". ")[0].removesuffix(".")


def _from(kind: EventType) -> str:
    return ", ".join(ROUTES[kind].emitters) or "channels outside"


def _to(kind: EventType) -> str:
    return ", ".join(filter(None, [*ROUTES[kind].consumers, ROUTES[kind].others]))


def _anchor(heading: str) -> str:
    return heading.lower().replace(".", "")


def table(head: tuple[str, ...], rows: Any) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)
