"""JSON Schemas of the events, envelope and data together, made from the models: one per topic."""

import json
from collections.abc import Callable
from typing import Any

from shared.contracts.envelope import dataschema
from shared.contracts.parsing import MODELS
from shared.contracts.received import RequestBody, Submission
from shared.contracts.vocabulary import EventType

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def schema_of(event_type: EventType) -> Schema:
    """The JSON Schema of a topic's records. Unknown fields are allowed everywhere: readers must ignore them."""
    if event_type is EventType.REQUEST_RECEIVED:
        made = Submission[RequestBody].model_json_schema()
    else:
        made = MODELS[event_type].model_json_schema()
        _fix_envelope(made, event_type)
    tidied: Schema = _tidied(made)
    return {
        "$schema": DIALECT,
        "$id": f"urn:secondlook:event:{event_type}:1",
        "title": event_type.value,
        **{key: value for key, value in tidied.items() if key != "title"},
    }


def schemas() -> dict[EventType, Schema]:
    """All schemas, in the order of the process."""
    return {event_type: schema_of(event_type) for event_type in EventType}


def written(schema: Schema) -> str:
    """A schema as it is committed."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _fix_envelope(schema: Schema, event_type: EventType) -> None:
    """Say what the reader checks beyond the model: this topic's type and version, and that `specversion` is there."""
    properties = schema["properties"]
    properties["type"] = {"const": event_type.value, "type": "string"}
    properties["dataschema"] = {"const": dataschema(event_type), "type": "string"}
    schema["required"] = ["specversion", *schema["required"]]
    del schema["$defs"]["EventType"]


def _tidied(node: Any) -> Any:
    """Without titles, which repeat names, and defaults of whole parts, which repeat those of their fields."""
    if isinstance(node, list):
        return [_tidied(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _members(value, _tidied) if key in NAMED else _tidied(value)
        for key, value in node.items()
        if _kept(key, value)
    }


NAMED = {"properties", "patternProperties", "$defs"}
"""Keywords whose members are named by us: a field called `title` is no title."""


def _members(named: dict[str, Any], each: Callable[[Any], Any]) -> dict[str, Any]:
    return {name: each(value) for name, value in named.items()}


def _kept(key: str, value: Any) -> bool:
    return key != "title" and not (key == "default" and isinstance(value, dict))
