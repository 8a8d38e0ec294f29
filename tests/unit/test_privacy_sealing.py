"""A box opens with the key of its case, under its name, unchanged; everything else is a defect that tells nothing."""

import os
import pickle
import traceback
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ContractViolation
from shared.privacy.sealing import BrokenSeal, CaseKey, cause_of, open_box, schema_of, seal

CASE = UUID("00000000-0000-5000-8000-00000000c0de")
CAUSE = UUID("00000000-0000-5000-8000-0000000000ca")
MATERIAL = b"CANARYMA-terial-of-the-case-key!"
CANARY = b"CANARY Narrative: my name is Ana Canaria, A012345678"


@pytest.fixture
def key() -> CaseKey:
    return CaseKey(CASE, MATERIAL)


def sealed(key: CaseKey, name: str = "submitted", plaintext: bytes = CANARY, schema: int = 1) -> bytes:
    return seal(key, case_id=CASE, cause=CAUSE, name=name, schema=schema, plaintext=plaintext)


@given(plaintext=st.binary(max_size=500), name=st.text(max_size=60), schema=st.integers(0, 255))
def test_what_was_sealed_opens_again(plaintext: bytes, name: str, schema: int) -> None:
    key = CaseKey(CASE, MATERIAL)
    box = seal(key, case_id=CASE, cause=CAUSE, name=name, schema=schema, plaintext=plaintext)
    assert open_box(key, case_id=CASE, name=name, box=box) == plaintext
    assert (schema_of(box), cause_of(box)) == (schema, CAUSE)


def test_a_box_shows_nothing_and_never_looks_the_same_twice(key: CaseKey) -> None:
    one, other = sealed(key), sealed(key)
    assert one != other
    assert b"CANARY" not in one
    assert b"Ana" not in one


def test_no_byte_of_a_box_can_be_changed(key: CaseKey) -> None:
    box = sealed(key)
    for place in range(len(box)):
        changed = bytearray(box)
        changed[place] ^= 1
        with pytest.raises(BrokenSeal):
            open_box(key, case_id=CASE, name="submitted", box=bytes(changed))


def test_no_byte_of_a_box_can_be_left_out(key: CaseKey) -> None:
    box = sealed(key)
    for size in range(len(box)):
        with pytest.raises(BrokenSeal):
            open_box(key, case_id=CASE, name="submitted", box=box[:size])


def test_a_box_does_not_open_under_another_name(key: CaseKey) -> None:
    with pytest.raises(BrokenSeal):
        open_box(key, case_id=CASE, name="amended_1", box=sealed(key))


def test_a_box_does_not_open_as_another_cases_even_with_the_same_key_bytes(key: CaseKey) -> None:
    other = uuid4()
    with pytest.raises(BrokenSeal):
        open_box(CaseKey(other, MATERIAL), case_id=other, name="submitted", box=sealed(key))


def test_a_key_is_used_for_its_own_case_only(key: CaseKey) -> None:
    with pytest.raises(BrokenSeal):
        seal(key, case_id=uuid4(), cause=CAUSE, name="submitted", plaintext=CANARY)
    with pytest.raises(BrokenSeal):
        open_box(key, case_id=uuid4(), name="submitted", box=sealed(key))


def test_another_key_opens_nothing(key: CaseKey) -> None:
    with pytest.raises(BrokenSeal):
        open_box(CaseKey(CASE, os.urandom(32)), case_id=CASE, name="submitted", box=sealed(key))


def test_a_broken_key_neither_seals_nor_opens(key: CaseKey) -> None:
    broken = CaseKey(CASE, None)
    assert broken.broken
    assert not key.broken
    with pytest.raises(BrokenSeal):
        sealed(broken)
    with pytest.raises(BrokenSeal):
        open_box(broken, case_id=CASE, name="submitted", box=sealed(key))


def test_a_broken_seal_is_a_defect_that_names_case_and_blob_only(key: CaseKey) -> None:
    box = sealed(key)[:-1]
    with pytest.raises(BrokenSeal) as told:
        open_box(key, case_id=CASE, name="submitted", box=box)
    text = "".join(traceback.format_exception(told.value))
    assert isinstance(told.value, ContractViolation)
    assert str(told.value) == f"the sealed blob 'submitted' of case {CASE} does not open"
    assert "CANARY" not in text
    assert box.hex()[60:90] not in text


def test_a_case_key_shows_nothing_and_cannot_be_serialised(key: CaseKey) -> None:
    assert f"{key}" == repr(key) == f"CaseKey(case_id={CASE})"
    with pytest.raises(TypeError, match="never serialised"):
        pickle.dumps(key)
