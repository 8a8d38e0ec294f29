"""From bytes to events and back: nothing is lost on the way, and a refusal repeats no word of what was wrong."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import Event, encode, splice
from shared.contracts.events import EVENTS
from shared.contracts.parsing import UnknownEvent, Unparsable, parse, parse_any, parse_submission
from shared.contracts.received import MAX_BODY_BYTES
from shared.contracts.vocabulary import EventType
from tests.contracts.made import events

BLOBS = st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), st.binary(max_size=60), max_size=3)
EVENT_TYPES = sorted(EventType)

WITHDRAWN = {
    "specversion": "1.0",
    "id": "11111111-1111-4111-8111-111111111111",
    "type": "request.withdrawn",
    "source": "intake",
    "subject": "22222222-2222-4222-8222-222222222222",
    "time": "2021-03-08T14:00:00.123Z",
    "dataschema": "urn:secondlook:request.withdrawn:1",
    "datacontenttype": "application/json",
    "causationid": "33333333-3333-4333-8333-333333333333",
    "seq": 1,
    "data": {"by": "requestor"},
}


def withdrawn(**changes: Any) -> bytes:
    return json.dumps({**WITHDRAWN, **changes}).encode()


def reason(value: bytes, event_type: EventType = EventType.REQUEST_WITHDRAWN) -> str:
    with pytest.raises(Unparsable) as caught:
        parse(value, event_type)
    return caught.value.reason


@pytest.mark.parametrize("event_type", EVENT_TYPES)
@settings(max_examples=30)
@given(data=st.data())
def test_what_is_encoded_and_spliced_reads_as_the_same_event(event_type: EventType, data: st.DataObject) -> None:
    event, blobs = data.draw(events(event_type)), data.draw(BLOBS)
    whole = event.model_copy(update={"data": event.data.model_copy(update={"sealed": blobs})})
    read = parse(splice(encode(event), blobs), event_type)
    assert read == whole
    assert encode(read) == encode(event)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
@settings(max_examples=5)
@given(data=st.data())
def test_the_engine_may_encode_an_event_whose_class_does_not_name_its_data(
    event_type: EventType, data: st.DataObject
) -> None:
    event = data.draw(events(event_type))
    loose = Event[Any](**{name: getattr(event, name) for name in Event.model_fields})
    assert encode(loose) == encode(event)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
@settings(max_examples=10)
@given(data=st.data())
def test_fields_of_tomorrow_are_ignored(event_type: EventType, data: st.DataObject) -> None:
    event = data.draw(events(event_type))
    grown = json.loads(encode(event))
    grown["extension"] = grown["data"]["another"] = {"deep": [1, None]}
    assert parse(json.dumps(grown).encode(), event_type) == event


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_random_bytes_are_unparsable_and_nothing_worse(value: bytes) -> None:
    for read in (
        lambda: parse(value, EventType.REQUEST_WITHDRAWN),
        lambda: parse_any(value),
        lambda: parse_submission(value),
    ):
        with pytest.raises(Unparsable):
            read()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=300)
@given(field=st.sampled_from(sorted(WITHDRAWN)), value=JSON, kind=st.sampled_from(EVENT_TYPES))
def test_any_json_in_any_place_is_read_or_unparsable(field: str, value: Any, kind: EventType) -> None:
    record = {**WITHDRAWN, "type": kind, field: value}
    try:
        event = parse(json.dumps(record).encode(), kind)
    except Unparsable:
        return
    assert parse(encode(event), kind) == event


@settings(max_examples=100)
@given(data=st.data())
def test_a_damaged_record_is_read_or_unparsable(data: st.DataObject) -> None:
    event_type = data.draw(st.sampled_from(EVENT_TYPES))
    value = bytearray(encode(data.draw(events(event_type))))
    value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse(bytes(value), event_type)
    except Unparsable:
        return


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": "Canary"}, "id: uuid_parsing"),
        ({"seq": 0}, "seq: greater_than_equal"),
        ({"seq": 2**63}, "seq: less_than"),
        ({"seq": "1"}, "seq: int_type"),
        ({"time": "2021-03-08T14:00:00"}, "time: timezone_aware"),
        ({"time": "0001-01-01T00:00:00+14:00"}, "time: value_error"),
        ({"type": "request.submitted"}, "type: not the type of this topic"),
        ({"type": "Canary"}, "type: enum"),
        ({"specversion": "0.3"}, "specversion: literal_error"),
        ({"dataschema": "urn:secondlook:request.withdrawn:2"}, "dataschema: a version that this build does not know"),
        ({"data": {"by": "Canary"}}, "data.by: enum"),
        ({"data": {}}, "data.by: missing"),
        ({"data": []}, "data: model_type"),
        ({"data": {"by": "requestor", "sealed": {"Canary.dot": "AA=="}}}, "data.sealed.?.?: string_pattern_mismatch"),
        ({"data": {"by": "requestor", "sealed": {"canary": "!"}}}, "data.sealed.?: bytes_invalid_encoding"),
        ({"extension": "a\0b"}, "a NUL character in a text or a name"),
        ({"data": {"by": "requestor", "a\0b": 1}}, "a NUL character in a text or a name"),
    ],
)
def test_a_refusal_names_field_and_kind_of_error_and_quotes_nothing(changes: dict[str, Any], expected: str) -> None:
    assert reason(withdrawn(**changes)) == expected


def test_a_refusal_of_many_fields_stays_short() -> None:
    assert reason(b"{}").endswith("and 4 more")


def test_an_event_must_say_that_it_is_a_cloud_event() -> None:
    assert reason(withdrawn().replace(b'"specversion": "1.0", ', b"")) == "specversion: missing"


def test_no_traceback_of_a_refusal_leads_to_the_record() -> None:
    with pytest.raises(Unparsable) as caught:
        parse(withdrawn(id="Canary"), EventType.REQUEST_WITHDRAWN)
    assert caught.value.__suppress_context__
    assert "Canary" not in repr(caught.value)


def test_a_text_about_nul_is_no_nul() -> None:
    assert parse(withdrawn(extension=r"\u0000"), EventType.REQUEST_WITHDRAWN).seq == 1


def test_time_is_read_as_utc_with_whole_milliseconds() -> None:
    event = parse(withdrawn(time="2021-03-08T09:00:00.123999-05:00"), EventType.REQUEST_WITHDRAWN)
    assert b'"time":"2021-03-08T14:00:00.123Z"' in encode(event)
    assert event == parse(withdrawn(), EventType.REQUEST_WITHDRAWN)


def test_any_event_is_read_by_the_type_that_it_states() -> None:
    assert parse_any(withdrawn()) == parse(withdrawn(), EventType.REQUEST_WITHDRAWN)
    later = parse_any(withdrawn(type="appeal.filed"))
    assert isinstance(later, UnknownEvent)
    assert (later.type, later.source, later.seq) == ("appeal.filed", "intake", 1)


def test_a_submission_needs_little_of_an_envelope() -> None:
    record = {
        "specversion": "1.0",
        "id": "2021/77",
        "type": "request.received",
        "source": "docket",
        "time": "yesterday",
        "data": {"narrative": "Second look, please."},
    }
    submission = parse_submission(json.dumps(record).encode())
    assert (submission.id, submission.source) == ("2021/77", "docket")
    assert submission.data == {"narrative": "Second look, please."}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": ""}, "id: string_too_short"),
        ({"id": 7}, "id: string_type"),
        ({"id": "a\nb"}, "id: string_pattern_mismatch"),
        ({"id": "x" * 201}, "id: string_too_long"),
        ({"type": "request.submitted"}, "type: literal_error"),
        ({"specversion": None}, "specversion: literal_error"),
        ({"data": "text"}, "data: dict_type"),
        ({"data": {"narrative": "x" * (MAX_BODY_BYTES + 20_000)}}, "record: too large"),
    ],
)
def test_a_submission_that_is_none_is_refused(changes: dict[str, Any], expected: str) -> None:
    record = {"specversion": "1.0", "id": "1", "type": "request.received", "source": "docket", "data": {}}
    with pytest.raises(Unparsable) as caught:
        parse_submission(json.dumps({**record, **changes}).encode())
    assert caught.value.reason == expected


def test_every_event_type_has_a_model() -> None:
    assert set(EVENTS) == set(EventType)
    assert UUID(str(WITHDRAWN["id"])).version == 4
