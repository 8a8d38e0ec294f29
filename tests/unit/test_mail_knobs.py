"""The limits of the mail loop follow from one another: no live attempt is ever taken for one that is over."""

from datetime import timedelta

import pytest

from services.notification.mail.finding import Sightings
from services.notification.mail.knobs import Knobs
from services.notification.settings import NotificationSettings
from tests.unit.test_notification_settling import a_letter


@pytest.mark.parametrize("reply", [1, 20, 60, 300, 600, 3600])
def test_if_the_wait_for_a_reply_grows_the_lease_grows_with_it(reply: float) -> None:
    knobs = Knobs.waiting(reply)
    patience, start = knobs.patience, knobs.start_content_within.total_seconds()
    assert patience.reply == reply
    assert knobs.lease.total_seconds() > start + patience.envelope + patience.reply
    assert knobs.lease.total_seconds() > 2 * (patience.connect + 2 * patience.envelope)


@pytest.mark.parametrize("reply", [60, 600])
def test_another_instance_does_not_doubt_a_letter_while_its_reply_may_still_come(reply: float) -> None:
    now = 0.0
    sightings = Sightings(Knobs.waiting(reply), monotonic=lambda: now)
    case, letter = a_letter()
    entry = case.letters[letter]
    assert not sightings.over(letter, entry)
    now = reply + 40.0
    assert not sightings.over(letter, entry)
    now = 2 * reply + 60.0
    assert sightings.over(letter, entry)


@pytest.mark.parametrize("reply", [1, 60, 3600])
def test_a_person_waits_until_the_relay_has_dropped_the_connection_or_was_given_up_on(reply: float) -> None:
    knobs = Knobs.waiting(reply)
    assert knobs.under_way > max(knobs.relay_idle, timedelta(seconds=reply))


def test_the_usual_wait_is_what_the_documents_say() -> None:
    knobs = Knobs.waiting(NotificationSettings.model_fields["smtp_reply_seconds"].default)
    assert knobs.lease == timedelta(seconds=121.2)
    assert knobs.lease + knobs.under_way < timedelta(minutes=8)
