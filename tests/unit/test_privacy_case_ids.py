"""Case ids and what is told of an idempotency key: always the same, and of no use to whoever tries keys out."""

from uuid import RFC_4122, UUID

import pytest

from services.intake.id_key import IdKey
from shared.privacy.case_ids import CaseIds, WrongIdKey, id_without_key
from shared.privacy.keys import SecretKey
from tests.unit.intake_house import Collection, as_collection

OURS, ANOTHER = CaseIds(SecretKey(b"d" * 32)), CaseIds(SecretKey(b"e" * 32))


def test_an_id_never_changes_for_it_is_how_a_request_that_is_sent_again_finds_its_case() -> None:
    assert OURS.case_id("client:one", "A012345678") == UUID("716e5ae4-7535-82f6-8b97-9e7fb426b7a3")
    assert OURS.told("client:one", "A012345678") == "rMEdMJNUV7DCDzCJ9_laSA"
    assert id_without_key("client:one", "A012345678") == UUID("2dfbd969-9886-5e55-8f34-76991efdb8c8")


def test_an_id_is_a_uuid_of_rules_of_its_own() -> None:
    made = {OURS.case_id("anonymous", str(number)) for number in range(500)}
    assert len(made) == 500
    assert {(each.version, each.variant) for each in made} == {(8, RFC_4122)}


def test_without_the_key_nobody_makes_the_id_of_a_key_that_they_guess() -> None:
    said = ("client:one", "A012345678")
    assert OURS.case_id(*said) != ANOTHER.case_id(*said)
    assert OURS.told(*said) != ANOTHER.told(*said)
    assert OURS.case_id(*said) != id_without_key(*said)


def test_whose_key_it_is_counts() -> None:
    assert OURS.case_id("client:one", "x") != OURS.case_id("client:two", "x")
    assert OURS.case_id("a", "bc") != OURS.case_id("ab", "c")
    assert OURS.told("client:one", "x") != OURS.told("client:two", "x")


async def test_another_key_than_the_first_one_is_noticed_at_the_start() -> None:
    kept = as_collection(Collection())
    await IdKey(kept, OURS).prove()
    await IdKey(kept, OURS).prove()
    with pytest.raises(WrongIdKey, match="ID_KEY_FILE"):
        await IdKey(kept, ANOTHER).prove()
