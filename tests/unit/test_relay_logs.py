"""What a relay's log says of a letter, and when its silence says something."""

import gzip
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest

from cli.relay_logs import reading
from cli.relay_logs.evidence import Evidence
from cli.saying import Failed

LETTER, OTHER = uuid5(UUID(int=1), "letter"), uuid5(UUID(int=1), "other")
DAY = datetime(2026, 5, 4, tzinfo=UTC)
FROM = "from=<no-reply@agency.example>, size=2214, nrcpt=1 (queue active)"
TO = "to=<someone@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0"


def at(minute: int, program: str, said: str, *, host: str = "relay-1", hour: int = 12) -> str:
    return f"2026-05-04T{hour:02}:{minute:02}:07.123456+00:00 {host} postfix/{program}[4711]: {said}"


def begun(letter: UUID = LETTER, queue: str = "4XkZ1b2c3dz9", minute: int = 1, **where: str) -> str:
    return at(minute, "cleanup", f"{queue}: message-id=<{letter}@agency.example>", **where)  # type: ignore[arg-type]


def read(tmp_path: Path, *lines: str, zone: tzinfo | None = None, year: int | None = None) -> Evidence:
    file, evidence = tmp_path / "mail.log", Evidence({LETTER})
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    reading.read([file], evidence, zone=zone, year=year, tell=lambda _: None)
    return evidence


def says(evidence: Evidence) -> str | None:
    copy = evidence.of(LETTER)
    return copy.says if copy else None


Q = "4XkZ1b2c3dz9"
ACTIVE = at(1, "qmgr", f"{Q}: {FROM}")
SENT = at(2, "smtp", f"{Q}: {TO}, status=sent (250 2.0.0 Ok: queued as 7F3A01)")
DEFERRED = at(2, "smtp", f"{Q}: {TO}, status=deferred (host mx.example.org said: 450 try later, status=sent)")
BOUNCED = at(2, "smtp", f"{Q}: {TO}, status=bounced (host mx.example.org said: 550 no such user)")
EXPIRED = at(2, "qmgr", f"{Q}: from=<no-reply@agency.example>, status=expired, returned to sender")
REMOVED = at(3, "qmgr", f"{Q}: removed")


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ([begun(), ACTIVE, SENT, REMOVED], "sent"),
        ([begun(), ACTIVE, DEFERRED, SENT, REMOVED], "sent"),
        ([begun(), ACTIVE, BOUNCED, REMOVED], "bounced"),
        ([begun(), ACTIVE, DEFERRED, EXPIRED, REMOVED], "bounced"),
        ([begun(), ACTIVE], "queued"),
        ([begun(), ACTIVE, DEFERRED], "queued"),
        ([begun(), ACTIVE, BOUNCED], "queued"),  # not gone yet: it may have another recipient
        ([begun()], "unclear"),  # the connection may have broken off before the relay took it
        ([begun(), ACTIVE, REMOVED], "unclear"),  # somebody has deleted it from the queue
        ([begun(OTHER), ACTIVE, SENT], None),
        ([SENT, REMOVED], None),  # whose queue id this is stands in an older log
        ([begun(), ACTIVE, begun(OTHER), SENT, REMOVED], "queued"),  # a queue id that was used again
    ],
)
def test_what_postfix_did_with_a_letter(tmp_path: Path, lines: list[str], word: str | None) -> None:
    assert says(read(tmp_path, *lines)) == word


def test_a_letter_that_went_on_through_a_filter_is_where_it_went_to(tmp_path: Path) -> None:
    onward = at(2, "smtp", f"{Q}: {TO}, status=sent (250 2.0.0 Ok: queued as 4XkZ9Second)")
    second = [begun(queue="4XkZ9Second"), at(2, "qmgr", f"4XkZ9Second: {FROM}")]
    evidence = read(tmp_path, begun(), ACTIVE, *second, onward, REMOVED)
    assert says(evidence) == "queued"
    copy = evidence.of(LETTER)
    assert copy is not None
    assert (copy.queue_id, copy.line, copy.log) == ("4XkZ9Second", 3, "mail.log")


def covered(evidence: Evidence, first: float = 12.5, last: float = 13.0) -> bool:
    return evidence.covers(DAY + timedelta(hours=first), DAY + timedelta(hours=last)) is not None


NOTED = at(0, "cleanup", f"AAAAAAA: message-id=<{OTHER}@agency.example>")
BUSY = [NOTED, *(at(minute, "smtpd", "connect from app[192.0.2.7]") for minute in (20, 40, 59))]
LATER = [at(minute, "smtpd", "connect from app[192.0.2.7]", hour=13) for minute in (20, 40)]


def test_a_log_covers_the_time_in_which_it_is_never_silent_for_an_hour(tmp_path: Path) -> None:
    assert covered(read(tmp_path, *BUSY, *LATER))
    assert not covered(read(tmp_path, *BUSY, *LATER), first=11.9)
    assert not covered(read(tmp_path, *BUSY, *LATER), last=13.8)
    assert not covered(read(tmp_path, NOTED, *LATER))  # an hour and twenty minutes without a line


@pytest.mark.parametrize(
    "line",
    [
        "torn li",
        "2026-05-04T12:45:00.1+00:00 relay-1 rsyslogd: imuxsock lost 120 messages from pid 4711 due to rate-limiting",
        "2026-05-04T12:45:00.1+00:00 relay-1 systemd-journald[300]: Suppressed 77 messages from postfix.service",
    ],
)
def test_where_lines_may_be_missing_nothing_is_covered(tmp_path: Path, line: str) -> None:
    assert not covered(read(tmp_path, *BUSY, line, *LATER))


def test_a_log_that_names_no_letter_of_ours_covers_nothing(tmp_path: Path) -> None:
    assert not covered(read(tmp_path, *BUSY[1:], *LATER))


def test_of_several_relays_each_log_must_cover_the_time(tmp_path: Path) -> None:
    second = at(30, "cleanup", f"BBBBBBB: message-id=<{OTHER}@agency.example>", host="relay-2")
    assert not covered(read(tmp_path, *BUSY, second, *LATER))


def test_a_line_that_cannot_be_read_is_named_by_its_number(tmp_path: Path) -> None:
    evidence = read(tmp_path, NOTED, "torn li", at(5, "smtpd", "x") + "y" * 70_000, begun(), ACTIVE, SENT)
    assert evidence.unreadable == [
        "Line 2 of mail.log cannot be read: it does not begin with a time.",
        "Line 3 of mail.log cannot be read: it is longer than 64 KiB.",
    ]
    assert (says(evidence), evidence.lines) == ("sent", 6)


def test_a_file_that_is_no_log_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="neither Postfix's log nor JSON Lines: line 1: it does not begin with a time"):
        read(tmp_path, "PK\x03\x04", "nonsense")
    with pytest.raises(Failed, match="it is empty"):
        read(tmp_path)
    with pytest.raises(Failed, match="No such file"):
        reading.read([tmp_path / "none.log"], Evidence({LETTER}), zone=None, year=None, tell=lambda _: None)


def test_lines_without_year_and_zone_need_both(tmp_path: Path) -> None:
    old = "May  4 08:01:07 relay-1 postfix/cleanup[3]: 3A5B7C9D: message-id=<{}@agency.example>"
    with pytest.raises(Failed, match=r"Line 1 of mail\.log: .*--year and --zone"):
        read(tmp_path, old.format(LETTER))
    evidence = read(tmp_path, old.format(LETTER), zone=ZoneInfo("America/New_York"), year=2026)
    assert evidence.hosts["relay-1"].spans[0][0] == datetime(2026, 5, 4, 12, 1, 7, tzinfo=UTC)


def test_a_log_over_new_year_goes_on_and_the_hour_that_comes_twice_covers_nothing(tmp_path: Path) -> None:
    words = "relay-1 postfix/smtpd[3]: connect from app[192.0.2.7]"
    zone = ZoneInfo("America/New_York")
    evidence = read(tmp_path, f"Dec 31 23:59:50 {words}", f"Jan  1 00:00:10 {words}", zone=zone, year=2026)
    ((since, until),) = evidence.hosts["relay-1"].spans
    assert until - since == timedelta(seconds=20)
    assert not read(tmp_path, f"Nov  1 01:30:00 {words}", zone=zone, year=2026).hosts["relay-1"].spans


def test_rotated_logs_go_on_where_the_older_one_ends_and_may_be_packed(tmp_path: Path) -> None:
    older, newer, evidence = tmp_path / "mail.log.1.gz", tmp_path / "mail.log", Evidence({LETTER})
    older.write_bytes(gzip.compress("\n".join([*BUSY, begun(), ACTIVE]).encode()))
    newer.write_text("\n".join([SENT, *LATER]), encoding="utf-8")
    reading.read([older, newer], evidence, zone=None, year=None, tell=lambda _: None)
    assert says(evidence) == "sent"
    assert covered(evidence)


def json_line(status: str, **more: str) -> str:
    said = {"message_id": f"<{LETTER}@agency.example>", "status": status, "at": "2026-05-04T12:00:00Z"} | more
    return str(said).replace("'", '"')


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ([json_line("sent")], "sent"),
        ([json_line("deferred"), json_line("sent")], "sent"),
        ([json_line("queued")], "queued"),
        ([json_line("queued"), json_line("expired")], "bounced"),
        ([json_line("sent"), json_line("queued", queue_id="b")], "sent"),
        ([json_line("filtered")], "unclear"),
    ],
)
def test_the_generic_format(tmp_path: Path, lines: list[str], word: str) -> None:
    assert says(read(tmp_path, *lines)) == word


def test_whoever_makes_the_generic_format_may_say_what_it_covers(tmp_path: Path) -> None:
    other = json_line("sent").replace(str(LETTER), str(OTHER))
    covers = '{"covers": {"since": "2026-05-04T00:00:00Z", "until": "2026-05-05T00:00:00Z"}}'
    assert covered(read(tmp_path, other, covers))
    assert not covered(read(tmp_path, other))


def test_a_line_of_json_that_lacks_something_is_named_without_its_content(tmp_path: Path) -> None:
    evidence = read(tmp_path, json_line("sent"), '{"message_id": "x", "to": "someone@example.org", "at": "2026-05-04"}')
    (sentence,) = evidence.unreadable
    assert sentence.startswith("Line 2 of mail.log cannot be read:")
    assert "example.org" not in sentence
