"""Blind indexes, private links, masking and access records."""

import hmac
import os
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.vocabulary import Recipient
from shared.privacy.access import AccessLog
from shared.privacy.blind_index import BlindIndex, NothingToIndex
from shared.privacy.keys import SecretKey
from shared.privacy.links import Links
from shared.privacy.masking import display_a_number, mask_a_number, mask_email
from tests.unit.memory_collection import MemoryCollection

KEY = SecretKey(bytes(range(32)))
INDEX = BlindIndex(KEY)
LINKS = Links(KEY)
CASE = UUID("00000000-0000-5000-8000-00000000c0de")


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("a_number", "A012-345-678", "012345678"),
        ("a_number", "A12 345 678", "012345678"),  # eight digits, an older number
        ("a_number", "a1234567", "001234567"),  # seven
        ("email", " Ana@Example.ORG ", "ana@example.org"),
        ("name", "GARCÍA-LÓPEZ,  José", "garcia lopez jose"),
        ("name", "O'Neil", "o neil"),
    ],
)
def test_spellings_of_the_same_value_have_the_same_index(kind: str, one: str, other: str) -> None:
    assert INDEX.of(kind, one) == INDEX.of(kind, other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("a_number", "012345678", "012345679"),
        ("email", "ana@example.org", "ana@example.com"),
        ("name", "Ana Ruiz", "Ana Ruis"),
    ],
)
def test_different_values_have_different_indexes(kind: str, one: str, other: str) -> None:
    assert INDEX.of(kind, one) != INDEX.of(kind, other)


def test_an_index_depends_on_kind_and_key() -> None:
    value = "012345678"
    assert INDEX.of("a_number", value) != INDEX.of("name", value)
    assert INDEX.of("a_number", value) != BlindIndex(SecretKey(os.urandom(32))).of("a_number", value)
    assert INDEX.fingerprint(value.encode()) != INDEX.of("name", value)


def test_an_index_is_22_characters_of_base64url_and_shows_nothing() -> None:
    index = INDEX.of("email", "CANARY@example.org")
    assert len(index) == 22
    assert index.replace("-", "").replace("_", "").isalnum()
    assert "canary" not in index.lower()


@pytest.mark.parametrize(("kind", "value"), [("a_number", "unknown"), ("email", "  "), ("name", "--- ' _")])
def test_a_value_with_nothing_in_it_has_no_index_and_is_not_quoted(kind: str, value: str) -> None:
    with pytest.raises(NothingToIndex) as told:
        INDEX.of(kind, value)
    assert value not in str(told.value) or not value.strip()


def test_a_body_has_one_fingerprint() -> None:
    assert INDEX.fingerprint(b'{"a":1}') == INDEX.fingerprint(b'{"a":1}')
    assert INDEX.fingerprint(b'{"a":1}') != INDEX.fingerprint(b'{"a":2}')


def test_a_link_names_its_case_and_matches_its_generation_alone() -> None:
    token = LINKS.token(CASE, 2)
    assert len(token) == 43
    assert LINKS.case_of(token) == CASE
    assert LINKS.role_of(token, 2) is Recipient.REQUESTOR
    assert LINKS.role_of(token, 1) is None
    assert LINKS.role_of(token, 3) is None


def test_each_role_has_a_link_of_its_own_and_the_requestors_is_the_one_of_before() -> None:
    tokens = {role: LINKS.token(CASE, 2, role) for role in (Recipient.REQUESTOR, Recipient.NONCITIZEN)}
    assert len(set(tokens.values())) == 2
    assert {role: LINKS.role_of(token, 2) for role, token in tokens.items()} == {role: role for role in tokens}
    assert LINKS.role_of(tokens[Recipient.NONCITIZEN], 3) is None
    before = hmac.digest(KEY.material, b"secondlook/link/1\x00" + CASE.bytes + (2).to_bytes(8, "big"), "sha256")
    assert tokens[Recipient.REQUESTOR] == urlsafe_b64encode(CASE.bytes + before[:16]).rstrip(b"=").decode()


def test_a_link_made_with_another_key_matches_nothing() -> None:
    token = Links(SecretKey(os.urandom(32))).token(CASE, 1)
    assert LINKS.case_of(token) == CASE, "which proves nothing"
    assert LINKS.role_of(token, 1) is None


def test_a_link_of_an_unknown_case_never_matches() -> None:
    assert LINKS.role_of(LINKS.token(CASE, 0), None) is None
    assert LINKS.role_of(LINKS.token(CASE, 1), None) is None


def test_no_character_of_a_link_can_be_changed() -> None:
    token = LINKS.token(CASE, 1)
    for place, character in enumerate(token):
        for other in "AQgw-_9":
            changed = token[:place] + other + token[place + 1 :]
            assert other == character or LINKS.role_of(changed, 1) is None


@pytest.mark.parametrize(
    "token", ["", "x", "A" * 42, "A" * 44, "é" * 43, "!" * 43, " " * 43, "A" * 42 + "=", "\x00" * 43]
)
def test_a_malformed_link_is_of_no_case_and_raises_nothing(token: str) -> None:
    assert LINKS.case_of(token) is None
    assert LINKS.role_of(token, 1) is None
    assert LINKS.role_of(token, None) is None


@given(st.text(max_size=60))
def test_no_text_at_all_raises(token: str) -> None:
    LINKS.case_of(token)
    assert LINKS.role_of(token, 1) is None


def test_one_link_has_one_spelling() -> None:
    token = LINKS.token(CASE, 1)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spellings = [token[:-1] + last for last in alphabet]
    assert [one for one in spellings if LINKS.case_of(one) and LINKS.role_of(one, 1)] == [token]


@pytest.mark.parametrize(
    ("canonical", "shown", "masked"),
    [
        ("012345678", "A012-345-678", "A•••-•••-678"),
        ("12345678", "A•••", "A•••"),  # not canonical: nothing is shown
        ("", "A•••", "A•••"),
        ("٠١٢٣٤٥٦٧٨", "A•••", "A•••"),
    ],
)
def test_an_a_number_is_shown_masked(canonical: str, shown: str, masked: str) -> None:
    assert display_a_number(canonical) == shown
    assert mask_a_number(canonical) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("ana@example.org", "a•••@example.org"),
        ("a@b@c.org", "a•••@c.org"),
        ("@c.org", "•••"),
        ("ana", "•••"),
        ("", "•••"),
    ],
)
def test_an_address_is_shown_masked(address: str, masked: str) -> None:
    assert mask_email(address) == masked


async def test_access_records_are_kept_oldest_first_for_one_case() -> None:
    moments = iter(datetime(2021, 3, 8, tzinfo=UTC) + timedelta(hours=hour) for hour in (2, 1, 3))
    log = AccessLog(cast("Any", MemoryCollection()), now=lambda: next(moments))
    await log.record(who="officer-1", case_id=CASE, fields=["narrative", "a_number", "narrative"], why="decide")
    await log.record(who="officer-2", case_id=CASE, fields=["a_number"], why="forward")
    await log.record_many(who="sro-1", case_ids=[CASE, uuid4()], fields=["narrative"], why="decide")
    found = await log.for_case(CASE)
    assert [(one.who, one.fields, one.why) for one in found] == [
        ("officer-2", ("a_number",), "forward"),
        ("officer-1", ("a_number", "narrative"), "decide"),
        ("sro-1", ("narrative",), "decide"),
    ]
    assert all(earlier.at <= later.at for earlier, later in pairwise(found))


async def test_a_record_for_no_case_writes_nothing() -> None:
    collection = MemoryCollection()
    await AccessLog(cast("Any", collection)).record_many(who="sro-1", case_ids=[], fields=["narrative"], why="decide")
    assert not collection.documents
