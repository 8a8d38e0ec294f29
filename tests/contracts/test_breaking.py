"""Each kind of change that breaks a reader is caught and said in a sentence; what only adds passes."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from shared.contracts.breaking import breaking_changes, removed_topics
from shared.contracts.schema import schema_of, schemas
from shared.contracts.vocabulary import EventType

BEFORE: dict[str, Any] = {
    "$defs": {
        "Outcome": {"enum": ["YES", "NO"], "type": "string"},
        "Place": {"properties": {"state": {"type": "string"}}, "required": ["state"], "type": "object"},
    },
    "properties": {
        "number": {"type": "string", "maxLength": 20, "pattern": "^[A-Z]+$"},
        "round": {"type": "integer", "minimum": 1, "exclusiveMaximum": 100},
        "outcome": {"$ref": "#/$defs/Outcome"},
        "office": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "place": {"anyOf": [{"$ref": "#/$defs/Place"}, {"type": "null"}], "default": None},
        "reasons": {"type": "array", "items": {"type": "string"}, "default": [], "maxItems": 9},
        "kind": {"const": "a", "type": "string"},
        "at": {"type": "string", "format": "date-time"},
        "boxes": {"type": "object", "additionalProperties": {"type": "string"}},
        "sealed": {"type": "object", "patternProperties": {"^a$": {"type": "string"}}},
        "anything": {},
    },
    "required": ["number", "round", "outcome", "kind"],
    "type": "object",
}

Change = Callable[[dict[str, Any]], Any]


def put(path: str, value: Any) -> Change:
    def change(schema: dict[str, Any]) -> None:
        *way, last = path.split("/")
        for step in way:
            schema = schema[step]
        schema[last] = value

    return change


def drop(path: str) -> Change:
    def change(schema: dict[str, Any]) -> None:
        *way, last = path.split("/")
        for step in way:
            schema = schema[step]
        del schema[last]

    return change


def all_of(*changes: Change) -> Change:
    return lambda schema: [change(schema) for change in changes]


REQUIRED = ["number", "round", "outcome", "kind"]
BREAKING: dict[str, tuple[Change, str]] = {
    "optional field removed": (drop("properties/office"), "office was removed"),
    "required field removed": (
        all_of(drop("properties/number"), put("required", REQUIRED[1:])),
        "number was removed",
    ),
    "new field required": (
        all_of(put("properties/new", {"type": "string"}), put("required", [*REQUIRED, "new"])),
        "new is new and required",
    ),
    "field became required": (put("required", [*REQUIRED, "reasons"]), "reasons became required"),
    "field became optional": (put("required", REQUIRED[1:]), "number became optional"),
    "type changed": (put("properties/round", {"type": "string"}), "round was integer and became string"),
    "null refused": (
        put("properties/office", {"type": "string", "default": None}),
        "office was null and became string",
    ),
    "anything restricted": (put("properties/anything", {"type": "string"}), "anything was anything and became string"),
    "code removed": (put("$defs/Outcome/enum", ["YES"]), "outcome lost the code NO"),
    "text became codes": (
        put("properties/number", {"type": "string", "maxLength": 20, "pattern": "^[A-Z]+$", "enum": ["A"]}),
        "number became a list of codes",
    ),
    "codes became other codes": (
        put("properties/outcome", {"enum": ["1", "2"], "type": "string"}),
        "outcome lost the code",
    ),
    "fixed value changed": (put("properties/kind/const", "b"), "kind got another fixed value"),
    "pattern changed": (put("properties/number/pattern", "^[A-F]+$"), "number got another pattern"),
    "format added": (put("properties/number/format", "uuid"), "number got another format"),
    "format changed": (put("properties/at/format", "date"), "at got another format"),
    "default changed": (put("properties/reasons/default", ["x"]), "reasons got another default"),
    "minimum raised": (put("properties/round/minimum", 2), "round got a narrower minimum"),
    "minimum added": (put("properties/number/minLength", 1), "number got a narrower minLength"),
    "maximum lowered": (put("properties/round/exclusiveMaximum", 99), "round got a narrower exclusiveMaximum"),
    "length lowered": (put("properties/number/maxLength", 19), "number got a narrower maxLength"),
    "fewer items": (put("properties/reasons/maxItems", 8), "reasons got a narrower maxItems"),
    "items changed": (put("properties/reasons/items", {"type": "integer"}), "each of reasons was string"),
    "items restricted": (put("properties/reasons/items", {"enum": ["A"], "type": "string"}), "each of reasons became"),
    "values of a dictionary changed": (
        put("properties/boxes/additionalProperties", {"type": "integer"}),
        "each of boxes was string",
    ),
    "names of a dictionary changed": (
        put("properties/sealed/patternProperties", {"^b$": {"type": "string"}}),
        "sealed takes other names",
    ),
    "change inside a part": (
        put("$defs/Place/properties/state", {"type": "integer"}),
        "place.state was string and became integer",
    ),
    "new required field inside a part": (
        all_of(put("$defs/Place/properties/zip", {"type": "string"}), put("$defs/Place/required", ["state", "zip"])),
        "place.zip is new and required",
    ),
    "unknown fields refused": (put("additionalProperties", False), "the event refuses unknown fields"),
    "unknown fields refused inside a part": (
        put("$defs/Place/additionalProperties", False),
        "place refuses unknown fields",
    ),
}

ADDITIVE: dict[str, Change] = {
    "nothing": lambda _: None,
    "new optional field": put("properties/new", {"type": "string", "default": ""}),
    "new optional field inside a part": put("$defs/Place/properties/county", {"type": "string", "default": ""}),
    "new code": put("$defs/Outcome/enum", ["YES", "NO", "PERHAPS"]),
    "null allowed": put("properties/number", {"anyOf": [BEFORE["properties"]["number"], {"type": "null"}]}),
    "wider bounds": all_of(put("properties/round/minimum", 0), drop("properties/number/maxLength")),
    "pattern dropped": drop("properties/number/pattern"),
    "description": put("properties/round/description", "counts from 1"),
    "definition renamed": all_of(
        put("$defs/Result", BEFORE["$defs"]["Outcome"]), put("properties/outcome", {"$ref": "#/$defs/Result"})
    ),
    "definition written out": put("properties/outcome", BEFORE["$defs"]["Outcome"]),
}


def changed(change: Change) -> dict[str, Any]:
    after = deepcopy(BEFORE)
    change(after)
    return after


@pytest.mark.parametrize("name", BREAKING)
def test_a_breaking_change_is_refused_in_one_sentence(name: str) -> None:
    change, expected = BREAKING[name]
    found = breaking_changes(BEFORE, changed(change))
    assert len(found) == 1
    assert found[0].startswith(expected)
    assert found[0].endswith(".")
    assert found[0].count(". ") == 0


@pytest.mark.parametrize("name", ADDITIVE)
def test_what_only_adds_passes(name: str) -> None:
    assert breaking_changes(BEFORE, changed(ADDITIVE[name])) == []


def test_several_breaks_are_all_told() -> None:
    broken = changed(all_of(drop("properties/office"), put("properties/kind/const", "b")))
    assert len(breaking_changes(BEFORE, broken)) == 2


def test_outsiders_may_leave_out_what_they_had_to_send_before() -> None:
    assert breaking_changes(BEFORE, changed(put("required", [])), written_by_us=False) == []


def test_a_topic_may_be_added_but_not_removed() -> None:
    assert removed_topics({"a": BEFORE}, {"a": BEFORE, "b": BEFORE}) == []
    assert removed_topics({"a": BEFORE, "b": BEFORE}, {"a": BEFORE})[0].startswith("b was removed")


@pytest.mark.parametrize("kind", EventType)
def test_removing_any_field_of_any_real_event_is_refused(kind: EventType) -> None:
    before = schema_of(kind)
    for name in before["properties"]:
        after = deepcopy(before)
        del after["properties"][name]
        assert any(s.startswith(f"{name} was removed") for s in breaking_changes(before, after)), name


def test_real_schemas_do_not_break_themselves() -> None:
    assert all(breaking_changes(schema, schema) == [] for schema in schemas().values())
