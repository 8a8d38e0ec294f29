"""What channels send: tolerant of what is absent, strict about what is wrong, silent about what was sent."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import validate_email

from shared.contracts.reading import WrongBody, read_body, read_mapping
from shared.contracts.received import MAX_BODY_BYTES, MAX_IGNORED, RequestBody
from shared.contracts.texts import plain_address
from shared.contracts.vocabulary import Belief, CustodyStatus, DecisionUnderReview, Language

TODAY = date(2021, 3, 8)

WHOLE: dict[str, Any] = {
    "noncitizen": {
        "given_name": "  Amina\u202e ",
        "family_name": "Okafor",
        "a_number": "A 012-345-678",
        "date_of_birth": "1985-02-28",
        "email": "amina@Example.org",
    },
    "requestor": {"type": "ATTORNEY", "name": "B. Lind", "email": "lind@example.org", "language": "es", "phone": None},
    "custody": {"status": "DETAINED", "facility": {"name": "Stewart", "state": "GA", "county": "Stewart"}},
    "removal": {"scheduled_for": "2021-03-10", "believed_imminent": "yes"},
    "place": {"state": "GA"},
    "decision_under_review": ["CUSTODY", "CUSTODY", "ARREST"],
    "relief_sought": ["RELEASE"],
    "narrative": "First line\r\nsecond\x07 line\n",
    "facts": {
        "final_order": {"value": True, "asserted_by": "requestor", "on": "2021-03-01"},
        "gang_participation": {"value": {"intentional": False, "age_at_conduct": 15}},
        "first_present_on": {"value": "2010-06-01"},
        "mitigating": [{"value": "FAMILY_TIES"}],
    },
    "consent": {"kind": "G28", "signed": True},
    "resubmits": " ",
    "a field of tomorrow": 1,
}


def read(**parts: Any) -> RequestBody:
    return read_mapping(parts, today=TODAY).body


def refused(parts: dict[str, Any]) -> WrongBody:
    with pytest.raises(WrongBody) as caught:
        read_mapping(parts, today=TODAY)
    return caught.value


def test_a_whole_request_is_read_and_its_texts_are_cleaned() -> None:
    body = read_body(json.dumps(WHOLE).encode(), today=TODAY).body
    assert body.noncitizen.given_name == "Amina"
    assert body.noncitizen.date_of_birth == date(1985, 2, 28)
    assert body.noncitizen.email == "amina@example.org"
    assert body.requestor.language is Language.ES
    assert body.custody.status is CustodyStatus.DETAINED
    assert body.removal.believed_imminent is Belief.YES
    assert body.decision_under_review == (DecisionUnderReview.CUSTODY, DecisionUnderReview.ARREST)
    assert body.narrative == "First line\nsecond line"
    assert body.facts.first_present_on is not None
    assert body.facts.first_present_on.value == date(2010, 6, 1)
    assert body.facts.mitigating[0].value == "FAMILY_TIES"
    assert body.resubmits is None


def test_everything_may_be_absent_null_or_blank() -> None:
    empty = RequestBody()
    assert read() == empty
    assert read(noncitizen=None, custody={"status": "", "facility": None}, narrative="  ", removal={}) == empty


@pytest.mark.parametrize(
    ("parts", "field", "code"),
    [
        ({"noncitizen": []}, "noncitizen", "model_type"),
        ({"noncitizen": {"given_name": 7}}, "noncitizen.given_name", "string_type"),
        ({"noncitizen": {"given_name": "x" * 300}}, "noncitizen.given_name", "string_too_long"),
        ({"noncitizen": {"given_name": "a\0b"}}, "noncitizen.given_name", "nul_character"),
        ({"noncitizen": {"a_number": 12345678}}, "noncitizen.a_number", "string_type"),
        ({"noncitizen": {"date_of_birth": "2021-03-10"}}, "noncitizen.date_of_birth", "date_in_the_future"),
        ({"noncitizen": {"date_of_birth": "1899-12-31"}}, "noncitizen.date_of_birth", "date_too_early"),
        ({"noncitizen": {"date_of_birth": "1985-02-30"}}, "noncitizen.date_of_birth", "date_format"),
        ({"noncitizen": {"date_of_birth": "02/03/1985"}}, "noncitizen.date_of_birth", "date_format"),
        ({"noncitizen": {"date_of_birth": "1609459200"}}, "noncitizen.date_of_birth", "date_format"),
        ({"noncitizen": {"date_of_birth": 19850228}}, "noncitizen.date_of_birth", "date_type"),
        ({"noncitizen": {"email": "nobody"}}, "noncitizen.email", "email"),
        ({"noncitizen": {"email": "A B <a@example.org>"}}, "noncitizen.email", "email"),
        ({"requestor": {"email": "a@example.org\r\nBcc: b@example.org"}}, "requestor.email", "email"),
        ({"requestor": {"type": "NEIGHBOUR"}}, "requestor.type", "enum"),
        ({"requestor": {"language": "fr"}}, "requestor.language", "enum"),
        ({"custody": {"status": True}}, "custody.status", "enum"),
        ({"removal": {"scheduled_for": "2031-03-10"}}, "removal.scheduled_for", "date_too_late"),
        ({"removal": {"scheduled_for": "1999-12-31"}}, "removal.scheduled_for", "date_too_early"),
        ({"consent": {"signed": "true"}}, "consent.signed", "bool_type"),
        ({"consent": {"signed": 1}}, "consent.signed", "bool_type"),
        ({"decision_under_review": "CUSTODY"}, "decision_under_review", "tuple_type"),
        ({"decision_under_review": ["CUSTODY", "FATE"]}, "decision_under_review.1", "enum"),
        ({"relief_sought": ["RELEASE"] * 51}, "relief_sought", "too_long"),
        ({"narrative": "x" * 100_001}, "narrative", "string_too_long"),
        ({"facts": {"final_order": True}}, "facts.final_order", "model_type"),
        ({"facts": {"final_order": {"asserted_by": "requestor"}}}, "facts.final_order.value", "missing"),
        ({"facts": {"final_order": {"value": 1}}}, "facts.final_order.value", "bool_type"),
        (
            {"facts": {"final_order": {"value": True, "asserted_by": "me"}}},
            "facts.final_order.asserted_by",
            "literal_error",
        ),
        ({"facts": {"mitigating": [{"value": "my own words"}]}}, "facts.mitigating.0.value", "string_pattern_mismatch"),
        (
            {"facts": {"gang_participation": {"value": {"intentional": True, "age_at_conduct": 2**70}}}},
            "facts.gang_participation.value.age_at_conduct",
            "less_than_equal",
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_field_and_code(parts: dict[str, Any], field: str, code: str) -> None:
    error = refused(parts)
    assert [(wrong.field, wrong.code) for wrong in error.wrong] == [(field, code)]
    assert error.wrong[0].message != "is not valid"
    assert "{" not in error.wrong[0].message


def test_everything_that_is_wrong_is_told_at_once() -> None:
    error = refused({"narrative": 1, "consent": {"kind": 2}, "place": {"state": 3}})
    assert [wrong.field for wrong in error.wrong] == ["place.state", "narrative", "consent.kind"]


@pytest.mark.parametrize(
    "parts",
    [
        {"noncitizen": {"given_name": "Canaryname" * 20}},
        {"noncitizen": {"date_of_birth": "Canaryname"}},
        {"noncitizen": {"email": "Canaryname@@"}},
        {"requestor": {"type": "Canaryname"}},
        {"custody": "Canaryname"},
        {"consent": {"signed": "Canaryname"}},
        {"facts": {"mitigating": [{"value": "Canaryname !"}], "final_order": {"value": "Canaryname"}}},
    ],
)
def test_what_is_told_never_quotes_what_was_sent(parts: dict[str, Any]) -> None:
    error = refused(parts)
    assert "anaryname" not in str(error) + repr(error) + repr(error.wrong)
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b'{"narrative": NaN}',
        rb'{"narrative": "\ud800"}',
        b"[" * 100_000,
        b'{"x":' * 1000,
        b'{"x":' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_json_text_is_refused_as_such(raw: bytes) -> None:
    with pytest.raises(WrongBody) as caught:
        read_body(raw, today=TODAY)
    assert caught.value.wrong[0].field == "body"
    assert caught.value.wrong[0].code == "json_invalid"


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"text"', b"7"])
def test_a_body_that_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(WrongBody) as caught:
        read_body(raw, today=TODAY)
    assert [(wrong.field, wrong.code) for wrong in caught.value.wrong] == [("body", "model_type")]


def test_a_mapping_with_an_unpaired_surrogate_is_refused() -> None:
    assert refused({"narrative": "\ud800"}).wrong[0].code == "json_invalid"


def test_the_size_limit_is_exact() -> None:
    padding = MAX_BODY_BYTES - len(b'{"x":""}')
    assert read_body(b'{"x":"%s"}' % (b"x" * padding), today=TODAY).body == RequestBody()
    with pytest.raises(WrongBody) as caught:
        read_body(b'{"x":"%s"}' % (b"x" * (padding + 1)), today=TODAY)
    assert caught.value.wrong[0].code == "too_large"


def test_a_birth_today_is_possible_where_it_is_tomorrow_already() -> None:
    assert read(noncitizen={"date_of_birth": "2021-03-09"}).noncitizen.date_of_birth == date(2021, 3, 9)


@given(st.from_regex(r"[A-Za-z0-9._+-]{1,66}@[A-Za-z0-9.-]{1,70}\.[A-Za-z0-9]{1,5}", fullmatch=True) | st.emails())
@example("a.b+c@Mail-1.Example.ORG")
@example("a@b.test")
@example("a@b.home.arpa")
@example("a@" + "b" * 64 + ".org")
@example("a" * 65 + "@example.org")
@example("a@example.org\n")
def test_the_quick_look_at_an_address_says_what_the_thorough_one_says(text: str) -> None:
    if (plain := plain_address(text)) is not None:
        assert plain == validate_email(text)[1]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b'{"narrative":"a","narrative":"b"}', "narrative"),
        (b'{"noncitizen":{"a_number":"A1","a\\u005fnumber":"A2"}}', "noncitizen.a_number"),
        (b'{"facts":{"mitigating":[{"value":"A"},{"value":"B","value":"C"}]}}', "facts.mitigating.1.value"),
        (b'{"Zoraida":1,"Zoraida":2}', "?"),
        (b'{"x":{"narrative":1,"narrative":1}}', "?.narrative"),
    ],
)
def test_a_name_that_comes_twice_is_told_with_its_place_and_without_a_strangers_word(raw: bytes, field: str) -> None:
    with pytest.raises(WrongBody) as caught:
        read_body(raw, today=TODAY)
    assert [(each.field, each.code) for each in caught.value.wrong] == [(field, "repeated")]


@pytest.mark.parametrize(
    ("parts", "field", "like"),
    [
        ({"a_numbr": "A12345678"}, "a_numbr", "noncitizen.a_number"),
        ({"noncitizen": {"a_numbr": "A12345678"}}, "noncitizen.a_numbr", "noncitizen.a_number"),
        ({"noncitzen": {"a_number": "A12345678"}}, "noncitzen", "noncitizen"),
        ({"custody": {"facility": {"Name": "Karnes"}}}, "custody.facility.Name", "custody.facility.name"),
        ({"a_number": "A12345678"}, "a_number", "noncitizen.a_number"),
        ({"email": "somebody@example.org"}, "email", None),  # Whose?
        ({"facts": {"mitigating": [{"value": "A", "valued": 1}]}}, "facts.mitigating.valued", "facts.mitigating.value"),
        ({"Zoraida Quintanabelle": 1}, "*", None),
        ({"x" * 41: 1}, "*", None),
    ],
)
def test_what_is_passed_over_is_told_with_what_was_probably_meant(
    parts: dict[str, Any], field: str, like: str | None
) -> None:
    (told,) = read_mapping(parts, today=TODAY).ignored
    assert (told.field, told.like) == (field, like)
    assert told.clear == (like or "?")


def test_what_is_passed_over_is_told_up_to_a_limit_and_nothing_of_what_says_nothing() -> None:
    assert read_mapping({"a_numbr": None, "noncitizen": {"x": " "}}, today=TODAY).ignored == ()
    assert len(read_mapping({f"field_{number}": 1 for number in range(50)}, today=TODAY).ignored) == MAX_IGNORED
