"""What is published about the events is current, complete, and true of the events themselves."""

import ast
import json
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from shared.contracts.breaking import breaking_changes, removed_topics
from shared.contracts.clear_fields import BLOBS, WHY, clear_fields
from shared.contracts.dictionary import BASELINE
from shared.contracts.envelope import encode, splice
from shared.contracts.events import EVENTS
from shared.contracts.generate import ROOT, SCHEMAS, main, outputs
from shared.contracts.parsing import Unparsable, models_in, parse
from shared.contracts.received import RequestBody, Submission
from shared.contracts.samples import record
from shared.contracts.schema import schema_of, schemas
from shared.contracts.topics import ROUTES, channel_topic, consumed_by, emitted_by
from shared.contracts.vocabulary import EventType, Service
from tests.contracts.made import events
from tests.contracts.test_reading import WHOLE

ARCHIVED = [kind for kind in EventType if kind is not EventType.REQUEST_RECEIVED]

published = cache(schema_of)
"""A topic's schema, made once and not for every example."""


def test_generated_files_are_current() -> None:
    stale = [path.name for path, text in outputs().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run: python -m shared.contracts.generate"


def test_no_schema_is_left_of_an_event_that_is_gone() -> None:
    assert {path.name for path in SCHEMAS.glob("*")} == {f"{kind}.json" for kind in EventType}


def test_no_change_breaks_a_reader() -> None:
    before = json.loads(BASELINE.read_text())["schemas"]
    present = {str(kind): schema for kind, schema in schemas().items()}
    found = removed_topics(before, present)
    for topic in before.keys() & present.keys():
        ours = topic != EventType.REQUEST_RECEIVED
        found += [f"{topic}: {s}" for s in breaking_changes(before[topic], present[topic], written_by_us=ours)]
    assert not found, "\n".join(found)


def test_the_baseline_names_the_decision_that_it_rests_on() -> None:
    assert (ROOT / json.loads(BASELINE.read_text())["decision"]).is_file()


def test_the_baseline_does_not_move_without_a_decision(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--move-baseline", "docs/decisions/nobody-wrote-this.md"]) == 2
    assert "the record being there" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ARCHIVED)
@settings(max_examples=15)
@given(data=st.data())
def test_every_event_is_valid_by_its_published_schema(kind: EventType, data: st.DataObject) -> None:
    value = splice(encode(data.draw(events(kind))), {"a_blob": b"\x00\xff"})
    checker = Draft202012Validator(published(kind), format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [error.message for error in checker.iter_errors(json.loads(value))] == []


@settings(max_examples=100)
@given(data=st.data())
def test_what_lacks_a_required_attribute_fails_by_schema_and_by_reader_alike(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(ARCHIVED))
    schema = published(kind)
    event = json.loads(encode(data.draw(events(kind))))
    del event[data.draw(st.sampled_from(sorted(schema["required"])))]
    assert not Draft202012Validator(schema).is_valid(event)
    with pytest.raises(Unparsable):
        parse(json.dumps(event).encode(), kind)


def test_a_request_as_channels_send_it_is_valid_by_its_published_schema() -> None:
    body = {**WHOLE, "requestor": {name: value for name, value in WHOLE["requestor"].items() if value is not None}}
    record = {"specversion": "1.0", "id": "1", "type": "request.received", "source": "docket", "data": body}
    Draft202012Validator(schema_of(EventType.REQUEST_RECEIVED)).validate(record)


def test_every_schema_is_itself_valid_and_allows_unknown_fields() -> None:
    for kind, schema in schemas().items():
        Draft202012Validator.check_schema(schema)
        assert not [node for node in _nodes(schema) if node.get("additionalProperties") is False], kind


def test_every_clear_field_has_a_reason_and_every_reason_a_field() -> None:
    for model in _clear_models():
        assert set(WHY.get(model, ())) == set(clear_fields(model)), f"{model.__name__}: see clear_fields.py"
    assert set(WHY) == set(_clear_models())
    assert all(reason.strip() for reasons in WHY.values() for reason in reasons.values())


def test_blobs_belong_to_events_and_have_distinct_names() -> None:
    assert set(BLOBS) <= set(EVENTS.values())
    assert all(len({name for name, *_ in blobs}) == len(blobs) for blobs in BLOBS.values())


def test_every_topic_has_a_route_and_no_service_hears_itself() -> None:
    assert set(ROUTES) == set(EventType)
    for service in Service:
        assert not emitted_by(service) & consumed_by(service)
    assert {kind for kind, route in ROUTES.items() if not route.emitters} == {EventType.REQUEST_RECEIVED}
    assert all(route.consumers or route.others for route in ROUTES.values())
    assert channel_topic("docket") == "request.received.docket"


@pytest.mark.parametrize("kind", EventType)
def test_every_sample_is_read_as_a_record_of_its_topic(kind: EventType) -> None:
    key, value = record(kind)
    if kind is EventType.REQUEST_RECEIVED:
        assert Submission[RequestBody].model_validate_json(value).data.narrative
        return
    event = parse(value, kind)
    assert (key, event.type, event.source) == (str(event.subject), kind, ROUTES[kind].emitters[0])
    assert len(event.data.sealed) == len(BLOBS.get(EVENTS[kind], ()))
    assert f"--type {kind}`" in (ROOT / "docs" / "events.md").read_text()


def test_every_link_of_the_document_leads_somewhere() -> None:
    text = (ROOT / "docs" / "events.md").read_text()
    headings = {line.lstrip("# ").lower().replace(".", "") for line in text.splitlines() if line.startswith("#")}
    targets = {piece.partition(")")[0] for piece in text.split("](#")[1:]}
    assert targets <= headings


def _clear_models() -> list[Any]:
    """All models whose fields travel in clear in events that are kept."""
    found: dict[Any, None] = {}
    pending: list[Any] = [data for kind, data in EVENTS.items() if kind in ARCHIVED]
    while pending:
        model: type[BaseModel] = pending.pop()
        origin = model.__pydantic_generic_metadata__["origin"] or model
        found[origin] = None
        pending += [inner for field in model.model_fields.values() for inner in models_in(field.annotation)]
    return list(found)


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(inner)


def test_the_published_language_imports_pydantic_and_the_standard_library_only() -> None:
    allowed = sys.stdlib_module_names | {"pydantic", "pydantic_core", "shared"}
    for path in SCHEMAS.parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.partition(".")[0] in allowed, f"{path.name} imports {name}"
                assert not name.startswith("shared.") or name.startswith("shared.contracts"), f"{path.name}: {name}"
