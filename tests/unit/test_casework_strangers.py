"""Of records that name a service as their source, which are its own history: by themselves, and beside each other."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from shared.casework.strangers import Judged, Strangers
from shared.contracts.envelope import Event, dataschema, encode, event_id
from shared.contracts.events import RequestWithdrawn
from shared.contracts.vocabulary import EventType, Recipient
from shared.messaging.records import Record

NOW = datetime(2021, 3, 8, 14, tzinfo=UTC)
CASE = UUID("0b9b2c86-0d52-5c35-9d0e-0a2f0f5f7c11")
TOPIC = EventType.REQUEST_WITHDRAWN


def emitted(seq: int, offset: int, *, index: int = 0, by: Recipient = Recipient.REQUESTOR, **changes: Any) -> Record:
    """The seq-th event of the case, as the service emits it, or changed."""
    cause = uuid5(CASE, f"cause{changes.pop('cause', seq)}")
    event = Event[Any](
        id=event_id(cause, TOPIC, index),
        type=TOPIC,
        source="toy",
        subject=CASE,
        time=NOW,
        dataschema=dataschema(TOPIC),
        causationid=cause,
        seq=seq,
        data=RequestWithdrawn(by=by),
    )
    value = encode(event.model_copy(update=changes))
    return Record(TOPIC, 0, offset, str(CASE).encode(), value, NOW)


def judged(*records: Record, sent: int = 0) -> Judged:
    strangers = Strangers()
    for record in records:
        strangers.add(record, TOPIC)
    return strangers.judge({CASE: {"request_withdrawn": sent}})


def own(found: Judged) -> list[int]:
    return sorted(offset for _, _, offset in found.own)


def doubted(found: Judged) -> list[int]:
    return [each.offset for each in found.doubtful]


def test_what_goes_on_with_the_numbers_of_the_store_is_own_whatever_the_order() -> None:
    found = judged(emitted(4, 0, index=3), emitted(3, 1), emitted(5, 2), sent=2)
    assert (own(found), doubted(found), found.cases) == ([0, 1, 2], [], (CASE,))


@pytest.mark.parametrize(
    "forged",
    [
        emitted(1, 7, id=uuid4()),
        emitted(1, 7, id=event_id(uuid5(CASE, "cause1"), "resolution.issued", 0)),
        emitted(1, 7, subject=uuid4()),
        replace(emitted(1, 7), key=None),
        replace(emitted(1, 7), key=b"\xff"),
        replace(emitted(1, 7), value=None),
        replace(emitted(1, 7), value=emitted(1, 7).value.replace(b'"seq":1', b'"seq":"one"')),  # type: ignore[union-attr]
    ],
)
def test_a_malformed_or_forged_one_is_told_and_takes_no_number_from_a_true_one(forged: Record) -> None:
    found = judged(forged, emitted(1, 1), emitted(2, 2))
    assert (own(found), doubted(found), found.count[TOPIC]) == ([1, 2], [7], 1)
    assert found.doubtful[0].reason


def test_a_number_that_the_store_has_used_and_one_behind_a_hole_are_not_own() -> None:
    found = judged(emitted(2, 0), emitted(3, 1), emitted(5, 2), sent=2)
    assert (own(found), sorted(doubted(found))) == ([1], [0, 2])


def test_a_copy_of_the_same_bytes_is_the_same_event() -> None:
    found = judged(emitted(1, 0), emitted(1, 9))
    assert (own(found), doubted(found)) == ([0], [])


@pytest.mark.parametrize("other", [emitted(1, 5, cause=9), emitted(1, 5, by=Recipient.OFFICE)])
def test_of_two_that_claim_one_number_neither_is_own_nor_what_follows(other: Record) -> None:
    found = judged(emitted(1, 0), other, emitted(2, 1))
    assert (own(found), sorted(doubted(found))) == ([], [0, 1, 5])
    assert sorted(offset for _, _, offset in found.contested) == [0, 1, 5]
