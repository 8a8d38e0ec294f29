"""Which letter a report is about, read from the address to which it came, and what it says; nobody can make one up."""

from uuid import UUID, uuid4

import pytest

from services.notification.mail.reports import Report, report_in
from services.notification.mail.returning import LONGEST_LOCAL_PART, Returned, ReturnPaths
from shared.privacy.keys import SecretKey

CASE, LETTER = UUID("11111111-2222-4333-8444-555555555555"), UUID("7d9e4fd0-6d5e-5f0c-8a3b-3b8b2f8d7e11")
PATHS = ReturnPaths(SecretKey(b"l" * 32), "bounces@agency.example")


@pytest.mark.parametrize("attempt", [0, 1, 255])
def test_a_path_names_its_letter_and_attempt_whatever_relays_make_of_its_letters_case(attempt: int) -> None:
    path = PATHS.path(CASE, LETTER, attempt)
    assert len(path.partition("@")[0]) <= 64
    for spelled in (path, path.upper(), path.title()):
        assert PATHS.of(spelled) == Returned(CASE, LETTER.hex[:12], attempt)


def test_a_path_cannot_be_made_or_changed_by_who_has_no_key() -> None:
    path = PATHS.path(CASE, LETTER, 0)
    begin = path.index("+") + 1
    end = path.index("@")
    for at in range(begin, end):
        other = "a" if path[at] != "a" else "b"
        assert PATHS.of(path[:at] + other + path[at + 1 :]) is None
    assert ReturnPaths(SecretKey(b"x" * 32), "bounces@agency.example").of(path) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bounces@agency.example",
        "bounces+@agency.example",
        f"bounces+{'a' * 50}@agency.example",
        f"bounces+{'é' * 50}@agency.example",
        f"bounces+{'0' * 50}@agency.example",
        PATHS.path(CASE, LETTER, 0).replace("agency", "other"),
        PATHS.path(CASE, LETTER, 0).replace("bounces", "no-reply"),
    ],
)
def test_every_other_address_is_nobody_s(address: str) -> None:
    assert PATHS.of(address) is None


@pytest.mark.parametrize(
    "wrong", ["", "bounces", "a+b@agency.example", f"{'b' * (LONGEST_LOCAL_PART + 1)}@agency.example"]
)
def test_an_address_without_room_for_the_mark_stops_the_start(wrong: str) -> None:
    with pytest.raises(ValueError, match="RETURN_TO"):
        ReturnPaths(SecretKey(b"l" * 32), wrong)


def test_letters_of_a_case_have_paths_of_their_own() -> None:
    assert len({PATHS.path(CASE, uuid4(), attempt) for attempt in range(3) for _ in range(50)}) == 150


# What a report says


def report(*recipients: str, kind: str = "report", report_type: str = "delivery-status") -> bytes:
    """A delivery report as relays write it: for people, for machines, and the letter's head."""
    blocks = "\r\n".join(f"{said}\r\n" for said in recipients)
    return (
        "From: Mail Delivery System <MAILER-DAEMON@relay.example>\r\nTo: bounces+x@agency.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/{kind}; report-type={report_type}; boundary="b1"\r\n\r\n'
        "--b1\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nI could not deliver this.\r\n\r\n"
        "--b1\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n"
        f"{blocks}\r\n"
        "--b1\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: Second Look\r\n\r\n--b1--\r\n"
    ).encode()


def of(action: str, status: str) -> str:
    """What a report says of one recipient."""
    said = {
        "Final-Recipient": "rfc822; ana@example.org",
        "Action": action,
        "Status": status,
        "Diagnostic-Code": "smtp; 550",
    }
    return "\r\n".join(f"{name}: {value}" for name, value in said.items())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (report(of("failed", "5.1.1")), Report(True, "5.1.1")),
        (report(of("Failed", "4.4.7 (expired)")), Report(True, "4.4.7")),  # tried for days, and given up
        (report(of("failed", "rubbish")), Report(True, "5.0.0")),
        (report(of("delayed", "4.4.1")), Report(False, "")),  # still being tried
        (report(of("delivered", "2.0.0")), Report(False, "")),
        (report(of("failed", "5.1.1"), of("delivered", "2.0.0")), Report(False, "")),
        (report(of("invented", "5.1.1")), None),
        (report(), None),
        (report(of("failed", "5.1.1"), kind="mixed"), None),
        (b"Subject: I am away\r\n\r\nUntil Monday.", None),
        (b"", None),
        (b"\x00\xff\r\n\r\n", None),
        (b'Content-Type: multipart/report; boundary="b"\r\n\r\n--b\r\nContent-Type: message/delivery-status', None),
    ],
)
def test_only_a_report_that_says_failed_says_that_a_letter_did_not_arrive(content: bytes, says: Report | None) -> None:
    assert report_in(content) == says


def test_what_was_sent_back_inside_a_report_is_not_taken_for_it() -> None:
    forged = report(of("failed", "5.1.1")).replace(b"b1", b"b2")
    outer = report(of("delayed", "4.4.1")).replace(
        b"text/rfc822-headers\r\n\r\nSubject: Second Look", b"message/rfc822\r\n\r\n" + forged
    )
    assert b"b2--" in outer
    assert report_in(outer) == Report(False, "")
