"""Every event is a CloudEvent, by the words of the specification (1.0.2 and its JSON format), not of our models."""

import json
import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import CONTENT_TYPE, encode, splice
from shared.contracts.schema import schema_of
from shared.contracts.vocabulary import EventType
from tests.contracts.made import events

CONTEXT = {"specversion", "id", "source", "type", "datacontenttype", "dataschema", "subject", "time"}
URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s#]+", re.IGNORECASE)
URI_REFERENCE = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(;.*)?")


@pytest.mark.parametrize("kind", EventType)
@settings(max_examples=10)
@given(data=st.data())
def test_every_event_is_a_cloud_event_in_structured_mode(kind: EventType, data: st.DataObject) -> None:
    event = json.loads(splice(encode(data.draw(events(kind))), {"a_box": b"\x00"}))
    assert_required_attributes(event)
    assert_optional_attributes(event)
    assert_extensions(event)
    # Section 3.1.1 of the JSON format: with a JSON media type, `data` is the JSON value itself, never text.
    assert event["datacontenttype"] == "application/json"
    assert isinstance(event["data"], dict)
    assert "data_base64" not in event


def assert_required_attributes(event: dict[str, Any]) -> None:
    """Section 3.1: present, of type String, not empty; `source` a URI reference; `specversion` exactly 1.0."""
    for name in ("id", "source", "specversion", "type"):
        assert isinstance(event[name], str)
        assert event[name]
    assert event["specversion"] == "1.0"
    assert URI_REFERENCE.fullmatch(event["source"])


def assert_optional_attributes(event: dict[str, Any]) -> None:
    """Section 3.2: if present, of their type and not empty."""
    assert MEDIA_TYPE.fullmatch(event["datacontenttype"])
    assert URI.fullmatch(event["dataschema"])
    assert event["subject"]
    assert RFC_3339.fullmatch(event["time"])
    assert datetime.fromisoformat(event["time"]).tzinfo is not None


def assert_extensions(event: dict[str, Any]) -> None:
    """Naming and type system: short lower-case names; text or an integer of 32 bits; nothing nested, nothing null."""
    extensions = event.keys() - CONTEXT - {"data"}
    assert extensions == {"causationid", "seq"}
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in event)
    assert isinstance(event["causationid"], str)
    assert isinstance(event["seq"], int)
    assert 0 < event["seq"] < 2**31


def test_the_content_type_is_that_of_structured_mode() -> None:
    assert CONTENT_TYPE.startswith("application/cloudevents+json")


@pytest.mark.parametrize("kind", EventType)
def test_the_published_schema_demands_what_the_specification_demands(kind: EventType) -> None:
    schema = schema_of(kind)
    assert {"id", "source", "specversion", "type"} <= set(schema["required"])
    assert schema["properties"]["type"]["const"] == kind
    assert schema["properties"]["specversion"]["const"] == "1.0"
