"""The phases of one letter: only who holds its token moves it, and only a person sends an uncertain one again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notification.commands import (
    Bounced,
    Bulk,
    DeferMail,
    Delivered,
    Heard,
    LogRead,
    Mail,
    RecordResult,
    Resend,
    ResendBecause,
)
from services.notification.domain.ledger import Phase, in_turn, path
from services.notification.domain.relay_log import LogSays
from shared.casework.stepping import set_path
from shared.contracts.vocabulary import EventType, Letter, MailResult, RequestorType
from tests.unit.notification_story import Notified, submitted

REAL = datetime(2026, 5, 4, 12, tzinfo=UTC)


def a_letter(phase: Phase = Phase.DUE, token: str | None = None, **fields: Any) -> tuple[Notified, UUID]:
    case = Notified()
    case.hear("intake", submitted(RequestorType.NONCITIZEN))
    (notification,) = case.letters
    for field, value in {"phase": phase.value, "token": token, **fields}.items():
        set_path(case.case.work, path(notification, field), value)
    case.case.changes.work.clear()  # all this is in the store by now
    return case, notification


def record(result: MailResult, letter: UUID, token: str = "mine", reply: str = "250") -> RecordResult:
    return RecordResult(letter, token, result, reply)


@pytest.mark.parametrize(
    ("phase", "result", "code"),
    [
        (Phase.DATA, MailResult.SENT, None),
        (Phase.DATA, MailResult.FAILED, None),
        (Phase.DATA, MailResult.UNCERTAIN, None),
        (Phase.UNCERTAIN, MailResult.SENT, None),  # the 250 came after all
        (Phase.CLAIMED, MailResult.SUPPRESSED, None),
        (Phase.CLAIMED, MailResult.FAILED, None),
        (Phase.CLAIMED, MailResult.SENT, "moved_on"),
        (Phase.CLAIMED, MailResult.UNCERTAIN, None),  # the store that knew of it is gone
        (Phase.DATA, MailResult.SUPPRESSED, "moved_on"),
        (Phase.SENT, MailResult.UNCERTAIN, "moved_on"),
        (Phase.SUPPRESSED, MailResult.SENT, "moved_on"),
    ],
)
def test_an_attempt_settles_only_what_it_still_owns(phase: Phase, result: MailResult, code: str | None) -> None:
    case, letter = a_letter(phase, "mine")
    assert case.refusal(Mail.RECORD, record(result, letter)) == code
    told = case.told(EventType.NOTIFICATION_RECORDED)
    assert [one["result"] for one in told] == ([] if code else [result.value])


def test_a_foreign_token_settles_nothing() -> None:
    case, letter = a_letter(Phase.DATA, "theirs")
    assert case.refusal(Mail.RECORD, record(MailResult.SENT, letter)) == "moved_on"


def test_a_step_is_guarded_by_the_phase_and_token_that_it_saw() -> None:
    case, letter = a_letter(Phase.DATA, "mine")
    case.ask(Mail.RECORD, record(MailResult.SENT, letter))
    assert case.case.changes.guard == {
        f"work.mail.{letter.hex}.phase": "data",
        f"work.mail.{letter.hex}.token": "mine",
    }


def test_a_deferred_letter_is_due_again_later_and_counts_what_the_relay_said() -> None:
    case, letter = a_letter(Phase.CLAIMED, "mine")
    case.ask(Mail.DEFER, DeferMail(letter, "mine", REAL, "451", counted=True))
    entry = case.letters[letter]
    assert (entry.phase, entry.next_at, entry.tries, entry.token) == (Phase.DUE, REAL, 1, None)
    assert case.queue["mail_at"] == REAL
    assert case.told() == []


def test_an_uncertain_letter_is_not_sent_again_while_it_may_be_under_way() -> None:
    case, letter = a_letter(Phase.UNCERTAIN, "lost", claimed_until=REAL)
    early = Resend(letter, "operator-1", over_since=REAL - timedelta(seconds=1))
    assert case.refusal(Mail.RESEND, early) == "too_early"
    assert case.refusal(Mail.RESEND, Resend(letter, "operator-1", over_since=REAL)) is None
    entry = case.letters[letter]
    assert (entry.phase, entry.attempt, entry.by, entry.token) == (Phase.DUE, 1, "operator-1", None)
    assert case.queue["mail_at"] == in_turn(entry.made_at) < REAL


def test_of_letters_that_are_due_the_one_made_first_is_looked_at_first() -> None:
    earlier, later = (in_turn(REAL + timedelta(seconds=seconds)) for seconds in (0, 1))
    assert earlier < later < REAL
    assert later.microsecond % 1000 == 0  # what the index keeps


def test_the_first_attempts_late_reply_calls_off_a_resend_that_has_not_begun() -> None:
    case, letter = a_letter(Phase.UNCERTAIN, "lost")
    case.ask(Mail.RESEND, Resend(letter, "operator-1", over_since=REAL))
    assert case.refusal(Mail.RECORD, record(MailResult.SENT, letter, token="lost")) is None
    assert case.letters[letter].phase is Phase.SENT


@pytest.mark.parametrize("phase", [Phase.DUE, Phase.CLAIMED, Phase.DATA, Phase.SENT, Phase.SUPPRESSED])
def test_a_person_sends_again_only_what_failed_or_is_uncertain(phase: Phase) -> None:
    case, letter = a_letter(phase, "mine")
    assert case.refusal(Mail.RESEND, Resend(letter, "operator-1", over_since=REAL)) == "not_open"


@pytest.mark.parametrize(
    ("phase", "reason", "heard", "after"),
    [
        (Phase.UNCERTAIN, None, Heard.ARRIVED, Phase.SENT),
        (Phase.UNCERTAIN, None, Heard.BY_PHONE, Phase.SUPPRESSED),
        (Phase.FAILED, "550", Heard.BY_POST, Phase.SUPPRESSED),
        (Phase.SUPPRESSED, "NO_ADDRESS", Heard.BY_PHONE, Phase.SUPPRESSED),
        (Phase.SUPPRESSED, "NO_ADDRESS", Heard.ARRIVED, None),
        (Phase.SUPPRESSED, "ALREADY_RESOLVED", Heard.BY_PHONE, None),
        (Phase.DUE, None, Heard.ARRIVED, None),
    ],
)
def test_a_person_settles_what_the_system_could_not(
    phase: Phase, reason: str | None, heard: Heard, after: Phase | None
) -> None:
    case, letter = a_letter(phase, "mine", reason=reason)
    code = case.refusal(Mail.DELIVERED, Delivered(letter, "operator-1", heard))
    assert code == (None if after else "not_open")
    if after:
        assert case.letters[letter].phase is after
        assert case.queue["no_address"] is None
        assert case.queue["uncertain"] is None


def test_the_lists_of_staff_show_what_needs_a_person() -> None:
    assert a_letter(Phase.UNCERTAIN, "x")[0].queue["uncertain"] is True
    assert a_letter(Phase.FAILED, "x")[0].queue["uncertain"] is True
    assert a_letter(Phase.SUPPRESSED, reason="NO_ADDRESS")[0].queue["no_address"] is True
    assert a_letter(Phase.SENT)[0].queue == {
        "mail_at": None,
        "uncertain": None,
        "no_address": None,
        "address_day": None,
    }


def test_an_unknown_notification_is_refused() -> None:
    case, _ = a_letter()
    assert case.refusal(Mail.RECORD, record(MailResult.SENT, UUID(int=1))) == "unknown_notification"


def log_read(letter: UUID, says: LogSays, attempt: int = 0) -> LogRead:
    return LogRead(letter, "operator-1", attempt, says, "mail.log line 7")


@pytest.mark.parametrize(
    ("says", "after", "told"),
    [
        (LogSays.SENT, Phase.SENT, ["sent"]),
        (LogSays.BOUNCED, Phase.FAILED, ["failed"]),
        (LogSays.QUEUED, Phase.UNCERTAIN, []),
        (LogSays.UNCLEAR, Phase.UNCERTAIN, []),
        (LogSays.ABSENT, Phase.UNCERTAIN, []),
    ],
)
def test_only_the_relays_definite_word_settles_a_letter(says: LogSays, after: Phase, told: list[str]) -> None:
    case, letter = a_letter(Phase.UNCERTAIN, "lost", claimed_until=REAL)
    assert case.refusal(Mail.SETTLE, log_read(letter, says)) is None
    entry = case.letters[letter]
    assert (entry.phase, entry.log, entry.source, entry.by) == (after, says, "mail.log line 7", "operator-1")
    assert [one["result"] for one in case.told(EventType.NOTIFICATION_RECORDED)] == told
    assert case.queue["uncertain"] == (True if after is not Phase.SENT else None)


@pytest.mark.parametrize("phase", [each for each in Phase if each is not Phase.UNCERTAIN])
def test_a_log_changes_nothing_of_a_letter_whose_fate_is_known_or_still_open(phase: Phase) -> None:
    case, letter = a_letter(phase, "mine")
    assert case.refusal(Mail.SETTLE, log_read(letter, LogSays.SENT)) == "not_uncertain"


def test_a_log_that_was_read_before_a_resend_says_nothing_of_the_later_attempt() -> None:
    case, letter = a_letter(Phase.UNCERTAIN, "lost", attempt=1)
    assert case.refusal(Mail.SETTLE, log_read(letter, LogSays.ABSENT, attempt=0)) == "moved_on"


def test_the_late_reply_still_counts_after_a_log_was_silent() -> None:
    case, letter = a_letter(Phase.UNCERTAIN, "lost")
    case.ask(Mail.SETTLE, log_read(letter, LogSays.ABSENT))
    assert case.refusal(Mail.RECORD, record(MailResult.SENT, letter, token="lost")) is None
    assert case.letters[letter].phase is Phase.SENT


@pytest.mark.parametrize(
    ("fields", "bulk", "code"),
    [
        ({}, Bulk(Letter.RECEIVED, 0, never_taken=False), None),
        ({"log": "absent"}, Bulk(Letter.RECEIVED, 0, never_taken=True), None),
        ({}, Bulk(Letter.RECEIVED, 0, never_taken=True), "not_proven"),
        ({"log": "unclear"}, Bulk(Letter.RECEIVED, 0, never_taken=True), "not_proven"),
        ({"log": "queued"}, Bulk(Letter.RECEIVED, 0, never_taken=False), "still_queued"),
        ({"attempt": 1}, Bulk(Letter.RECEIVED, 0, never_taken=False), "moved_on"),
        ({}, Bulk(Letter.RESOLVED, 0, never_taken=False), "moved_on"),
        ({"claimed_until": REAL + timedelta(seconds=1)}, Bulk(Letter.RECEIVED, 0, never_taken=False), "too_early"),
    ],
)
def test_what_is_sent_again_many_at_once(fields: dict[str, Any], bulk: Bulk, code: str | None) -> None:
    case, letter = a_letter(Phase.UNCERTAIN, "lost", **fields)
    asked = Resend(letter, "operator-1", REAL, ResendBecause.SECOND_COPY_HARMLESS, bulk)
    assert case.refusal(Mail.RESEND, asked) == code


@pytest.mark.parametrize(
    ("fields", "after", "code"),
    [
        ({"phase": "sent"}, Phase.FAILED, None),
        ({"phase": "uncertain", "claimed_until": REAL}, Phase.FAILED, None),  # so the relay had taken it
        ({"phase": "due"}, Phase.DUE, "too_early"),
        ({"phase": "claimed"}, Phase.CLAIMED, "too_early"),
        ({"phase": "data"}, Phase.DATA, "too_early"),  # the report was faster than the record of the relay's reply
        ({"phase": "failed"}, Phase.FAILED, "not_open"),
        ({"phase": "suppressed", "reason": "TOLD_BY_PHONE"}, Phase.SUPPRESSED, "not_open"),
        ({"phase": "sent", "told": "arrived"}, Phase.SENT, "not_open"),  # a person knows better
        ({"phase": "sent", "attempt": 1}, Phase.SENT, "moved_on"),  # about the attempt before
    ],
)
def test_a_letter_that_came_back_has_failed(fields: dict[str, Any], after: Phase, code: str | None) -> None:
    case, letter = a_letter(Phase(fields.pop("phase")), "mine", **fields)
    assert case.refusal(Mail.BOUNCED, Bounced(letter.hex[:12], 0, "5.1.1")) == code
    assert case.letters[letter].phase is after
    if code is None:
        assert case.letters[letter].reason == "BOUNCED_5.1.1"
        assert [one["result"] for one in case.told(EventType.NOTIFICATION_RECORDED)] == ["failed"]
        assert (case.queue["no_address"], case.queue["uncertain"]) == (True, True)


def test_a_report_about_no_letter_of_this_case_is_refused() -> None:
    case, letter = a_letter(Phase.SENT)
    other = f"{(int(letter.hex[:12], 16) + 1) % 16**12:012x}"
    assert case.refusal(Mail.BOUNCED, Bounced(other, 0, "5.1.1")) == "unknown_notification"


def test_what_failed_is_not_sent_again_many_at_once() -> None:
    case, letter = a_letter(Phase.FAILED, "lost")
    asked = Resend(letter, "operator-1", REAL, None, Bulk(Letter.RECEIVED, 0, never_taken=False))
    assert case.refusal(Mail.RESEND, asked) == "moved_on"
