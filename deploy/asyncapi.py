"""`docs/asyncapi.json`: the events as an AsyncAPI 3.0 document, for tools that read one.

Made from the contracts (`ROUTES`, the JSON Schemas, what is sealed) and from the topics' declaration, not from the
running brokers: those read raw bytes, so that a document made from them would have topics without messages.
"""

import json
import tomllib
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

from deploy.local.places import PROJECT
from deploy.local.topics import declared
from shared.contracts.clear_fields import BLOBS
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.events import EVENTS
from shared.contracts.received import Submission
from shared.contracts.schema import NAMED, schema_of, schemas
from shared.contracts.topics import ROUTES, channel_topic
from shared.contracts.vocabulary import EventType
from shared.messaging.topics import Topic

Json = dict[str, Any]

OUTSIDE = "outside systems"
CHANNEL = "request.received.channel"
BINDING = "0.5.0"

_DESCRIPTION = """\
Case review as four services that talk to each other by these events only; made by `python -m deploy.generate`, do not
edit. One topic per event type, named like it. An operation is tagged with the service that sends or receives; each
service reads all its topics as one consumer group, named like the service (intake reads what outside systems write as
the group intake.arrivals).

At least once: a consumer drops an event whose `seq` it has handled and holds one that leaves a gap, per (`subject`,
`source`, topic). Across topics nothing is ordered. Unknown fields are to be ignored. `data.sealed` holds blobs that
only the case's key opens. The same for people, with the reason why each clear field may be clear: docs/events.md.
"""


def written() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def document() -> Json:
    """The whole document."""
    topics = {topic.name: topic for topic in declared("deployed")}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:secondlook",
        "info": {"title": "Second Look", "version": _version(), "description": _flowing(_DESCRIPTION)},
        "defaultContentType": CONTENT_TYPE,
        "servers": {"kafka": _server()},
        "channels": {kind.value: _channel(kind, topics[kind]) for kind in EventType}
        | {CHANNEL: _channel_of_outsiders(topics[EventType.REQUEST_RECEIVED])},
        "operations": dict(_operations()),
        "components": {
            "messages": {kind.value: _message(kind) for kind in EventType},
            "schemas": _parts(),
        },
    }


def _server() -> Json:
    return {
        "host": "{bootstrap}",
        "protocol": "kafka",
        "description": "Kafka, as KAFKA_BOOTSTRAP names it.",
        "variables": {"bootstrap": {"default": "127.0.0.1:19092", "description": "host:port"}},
    }


def _channel(kind: EventType, topic: Topic) -> Json:
    return {
        "address": kind.value,
        "description": _says(kind),
        "messages": {kind.value: {"$ref": f"#/components/messages/{kind}"}},
        "bindings": {"kafka": _binding(topic)},
    }


def _channel_of_outsiders(topic: Topic) -> Json:
    kind = EventType.REQUEST_RECEIVED
    return {
        "address": channel_topic("{channel}"),
        "description": "As request.received, for one trusted outside system, which alone may write to it.",
        "parameters": {"channel": {"description": "The system's name, as the setting CHANNELS gives it."}},
        "messages": {kind.value: {"$ref": f"#/components/messages/{kind}"}},
        "bindings": {"kafka": _binding(topic)},
    }


def _binding(topic: Topic) -> Json:
    settings = topic.settings
    kept = {"cleanup.policy": [settings["cleanup.policy"]], "retention.ms": int(settings["retention.ms"])}
    return {
        "partitions": topic.partitions,
        "replicas": topic.replication,
        "topicConfiguration": kept,
        "bindingVersion": BINDING,
    }


def _operations() -> Iterator[tuple[str, Json]]:
    for kind, route in ROUTES.items():
        for emitter in route.emitters or (OUTSIDE,):
            yield _operation("send", emitter, kind, kind.value)
        for consumer in route.consumers:
            yield _operation("receive", consumer, kind, kind.value)
        if route.others:
            yield _operation("receive", route.others, kind, kind.value)
    yield _operation("send", OUTSIDE, EventType.REQUEST_RECEIVED, CHANNEL)
    (intake,) = ROUTES[EventType.REQUEST_RECEIVED].consumers
    yield _operation("receive", intake, EventType.REQUEST_RECEIVED, CHANNEL)


def _operation(action: str, who: str, kind: EventType, channel: str) -> tuple[str, Json]:
    doing = {"send": "sends", "receive": "receives"}[action]
    return f"{who.replace(' ', '_')}.{doing}.{channel}", {
        "action": action,
        "title": f"{who} {doing} {channel}",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{kind}"}],
        "tags": [{"name": who}],
    }


def _message(kind: EventType) -> Json:
    """The record's value is the whole CloudEvent; its headers are never needed to understand it."""
    made = schema_of(kind)
    ours = kind is not EventType.REQUEST_RECEIVED
    message: Json = {"name": kind.value, "title": kind.value, "summary": _says(kind), "contentType": CONTENT_TYPE}
    if ours:
        message["headers"] = _headers()
        message["correlationId"] = {"description": "The case.", "location": "$message.payload#/subject"}
        key = {"type": "string", "format": "uuid", "description": "The case id, as in `subject`."}
        message["bindings"] = {"kafka": {"key": key, "bindingVersion": BINDING}}
    message["payload"] = _moved({key: value for key, value in made.items() if key not in _OF_A_FILE})
    if blobs := BLOBS.get(EVENTS[kind]):
        message["x-sealed"] = {name: {"holds": model.__name__, "what": what} for name, model, what in blobs}
    return message


_OF_A_FILE = {"$schema", "$id", "$defs", "title"}


def _headers() -> Json:
    return {
        "type": "object",
        "properties": {
            "content-type": {"type": "string", "const": CONTENT_TYPE},
            "traceparent": {"type": "string", "description": "W3C trace context; one case is one trace."},
        },
    }


def _parts() -> Json:
    """The parts of all schemas, once each."""
    found: Json = {}
    for schema in schemas().values():
        for name, part in schema.get("$defs", {}).items():
            moved = _moved(part)
            if found.setdefault(name, moved) != moved:
                raise ValueError(f"Two schemas have different parts called {name}: rename a model.")
    return dict(sorted(found.items()))


def _moved(node: Any) -> Any:
    """A schema whose parts are in `components`, in the words of draft 7, on which AsyncAPI's schemas rest."""
    if isinstance(node, list):
        return [_moved(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _moved(part) for name, part in value.items()}
        if key in NAMED
        else value.replace("#/$defs/", "#/components/schemas/")
        if key == "$ref"
        else _moved(value)
        for key, value in node.items()
    }


def _says(kind: EventType) -> str:
    model = Submission if kind is EventType.REQUEST_RECEIVED else EVENTS[kind]
    return " ".join(cleandoc(model.__doc__ or "").split())


def _flowing(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _version() -> str:
    with (PROJECT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])
