"""When the claim of another process is over: soon before its `data` mark, later each time; after it a whole lease."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.notification.domain.ledger import Entry, Phase
from services.notification.mail.finding import Sightings
from services.notification.mail.knobs import Knobs
from shared.contracts.vocabulary import Letter, Recipient

KNOBS = Knobs()
ABANDONED = KNOBS.abandoned.total_seconds()
LEASE = KNOBS.lease.total_seconds()
NOTIFICATION = uuid4()


@dataclass
class Time:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def entry(phase: Phase, token: str = "somebody") -> Entry:
    made = Entry(Letter.RECEIVED, Recipient.REQUESTOR, str(NOTIFICATION), phase, datetime(2021, 3, 8, tzinfo=UTC))
    return replace(made, token=token)


@pytest.mark.parametrize(("phase", "seconds"), [(Phase.CLAIMED, ABANDONED), (Phase.DATA, LEASE)])
def test_a_claim_is_over_ten_seconds_and_a_data_mark_a_lease_after_it_was_first_seen(
    phase: Phase, seconds: float
) -> None:
    time = Time()
    sightings = Sightings(KNOBS, monotonic=time)
    assert not sightings.over(NOTIFICATION, entry(phase))
    time.now = seconds - 0.1
    assert not sightings.over(NOTIFICATION, entry(phase))
    time.now = seconds
    assert sightings.over(NOTIFICATION, entry(phase))


def test_each_further_claim_of_the_same_letter_gets_twice_as_long_and_a_lease_at_most() -> None:
    """Otherwise two instances would take a letter from each other for ever while the relay is slow."""
    time = Time()
    sightings = Sightings(KNOBS, monotonic=time)
    got = []
    for attempt in range(7):
        claimed, began = entry(Phase.CLAIMED, f"attempt {attempt}"), time.now
        while not sightings.over(NOTIFICATION, claimed):
            time.now += 0.1
        sightings.given_back(NOTIFICATION)
        got.append(time.now - began)
    wanted = [*(ABANDONED * times for times in (1, 2, 4, 8)), LEASE, LEASE, LEASE]
    assert got == pytest.approx(wanted, abs=0.2)
