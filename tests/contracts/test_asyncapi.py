"""`docs/asyncapi.json` is current, valid by AsyncAPI 3.0's own schema, and true of topics, services and events."""

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from deploy.asyncapi import OUTSIDE, written
from deploy.asyncapi import document as made
from deploy.local.places import PROJECT
from deploy.local.topics import declared
from shared.contracts.clear_fields import BLOBS
from shared.contracts.envelope import encode, splice
from shared.contracts.events import EVENTS
from shared.contracts.topics import consumed_by, emitted_by
from shared.contracts.vocabulary import EventType, Service
from tests.contracts.made import events
from tests.contracts.test_reading import WHOLE

COMMITTED = PROJECT / "docs" / "asyncapi.json"
SPECIFICATION = PROJECT / "tests" / "data" / "asyncapi-3.0.0.json"
OURS = [kind for kind in EventType if kind is not EventType.REQUEST_RECEIVED]


@cache
def document() -> dict[str, Any]:
    return made()


def found(reference: str) -> Any:
    """What a `$ref` inside the document points to."""
    node: Any = document()
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [ref for item in node for ref in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [ref for value in node.values() for ref in references(value)]


def test_it_is_current() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == written(), "run: python -m deploy.generate"


def test_it_is_valid_by_the_specification() -> None:
    checker = Draft7Validator(json.loads(SPECIFICATION.read_text(encoding="utf-8")))
    assert [f"{list(error.absolute_path)}: {error.message[:200]}" for error in checker.iter_errors(document())] == []


def test_the_specification_would_refuse_a_wrong_document() -> None:
    checker = Draft7Validator(json.loads(SPECIFICATION.read_text(encoding="utf-8")))
    wrong = made()
    wrong["operations"]["intake.sends.request.submitted"]["action"] = "publish"
    assert not checker.is_valid(wrong)


def test_every_reference_leads_somewhere_and_every_part_is_used() -> None:
    used = set(references(document()))
    for reference in used:
        assert found(reference) is not None
    assert used >= {f"#/components/schemas/{name}" for name in document()["components"]["schemas"]}
    assert not any("$defs" in reference for reference in used)


def test_there_is_one_channel_for_each_topic_in_the_size_of_a_deployment() -> None:
    channels = document()["channels"]
    addresses = {channel["address"] for channel in channels.values()}
    assert addresses == set(EventType) | {"request.received.{channel}"}
    for topic in declared("deployed"):
        binding = channels[topic.name]["bindings"]["kafka"]
        assert (binding["partitions"], binding["replicas"]) == (topic.partitions, topic.replication)
        assert binding["topicConfiguration"]["retention.ms"] == -1


@pytest.mark.parametrize("service", list(Service))
def test_a_service_sends_and_receives_what_the_routes_say(service: Service) -> None:
    told = Counter(
        (operation["action"], found(operation["channel"]["$ref"])["address"])
        for operation in document()["operations"].values()
        if operation["tags"] == [{"name": service}]
    )
    outsiders = {("receive", "request.received.{channel}")} if service is Service.INTAKE else set()
    expected = {("send", str(kind)) for kind in emitted_by(service)}
    expected |= {("receive", str(kind)) for kind in consumed_by(service)} | outsiders
    assert told == Counter(expected)


def test_only_outside_systems_send_what_intake_receives_from_outside() -> None:
    senders = {
        operation["tags"][0]["name"]
        for operation in document()["operations"].values()
        if operation["action"] == "send" and "request.received" in operation["channel"]["$ref"]
    }
    assert senders == {OUTSIDE}


def test_what_is_sealed_is_said_of_each_message() -> None:
    messages = document()["components"]["messages"]
    told = {kind: set(message.get("x-sealed", {})) for kind, message in messages.items()}
    assert told == {kind: {name for name, _, _ in BLOBS.get(EVENTS[kind], ())} for kind in EventType}


@cache
def payload_checker(kind: EventType) -> Draft7Validator:
    whole = document()
    return Draft7Validator(
        {"$ref": f"#/components/messages/{kind}/payload", "components": whole["components"]},
        format_checker=Draft7Validator.FORMAT_CHECKER,
    )


@pytest.mark.parametrize("kind", OURS)
@settings(max_examples=10)
@given(data=st.data())
def test_every_event_is_valid_by_its_payload(kind: EventType, data: st.DataObject) -> None:
    value = json.loads(splice(encode(data.draw(events(kind))), {"a_blob": b"\x00\xff"}))
    assert [error.message for error in payload_checker(kind).iter_errors(value)] == []
    assert not payload_checker(kind).is_valid(value | {"seq": 0})


def test_a_submission_of_an_outside_system_is_valid_by_its_payload() -> None:
    event = {"specversion": "1.0", "id": "1", "type": "request.received", "source": "county", "data": WHOLE}
    assert [error.message for error in payload_checker(EventType.REQUEST_RECEIVED).iter_errors(event)] == []
