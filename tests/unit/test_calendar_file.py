"""Calendar files hold to RFC 5545, and tell those who see somebody's calendar nothing of a case."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.intake.calendar_file import Entry, calendar, escaped, folded

CASE = UUID("5ec0d100-0000-5000-8000-00000000ca5e")
OTHER = UUID("5ec0d100-0000-5000-8000-00000000ca5f")
NOW = datetime(2021, 3, 8, 14, tzinfo=UTC)
DUE = Entry("answer_by", datetime(2021, 4, 12, 10, tzinfo=timezone(timedelta(hours=-4))), "A date", "Look; then, act.")


def lines(text: str) -> list[str]:
    """The content lines, unfolded."""
    assert text.endswith("\r\n")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def value(text: str, name: str) -> str:
    return next(line.split(":", 1)[1] for line in lines(text) if line.startswith(f"{name}:"))


def test_a_date_is_an_event_in_utc_with_a_reminder() -> None:
    assert lines(calendar(CASE, [DUE], now=NOW, language="en")) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Second Look//Dates//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{value(calendar(CASE, [DUE], now=NOW, language='en'), 'UID')}",
        "DTSTAMP:20210308T140000Z",
        "DTSTART:20210412T140000Z",
        "SUMMARY:A date",
        "DESCRIPTION:Look\\; then\\, act.",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-P1D",
        "DESCRIPTION:A date",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_an_event_is_known_again_when_its_date_moves_and_never_taken_for_anothers() -> None:
    moved = Entry(DUE.kind, DUE.at + timedelta(days=7), "Another text", "")
    first = value(calendar(CASE, [DUE], now=NOW, language="en"), "UID")
    assert value(calendar(CASE, [moved], now=NOW + timedelta(days=1), language="es"), "UID") == first
    assert value(calendar(OTHER, [DUE], now=NOW, language="en"), "UID") != first
    other_kind = Entry("ask_review_by", DUE.at, "A date", "")
    assert value(calendar(CASE, [other_kind], now=NOW, language="en"), "UID") != first
    assert str(CASE) not in calendar(CASE, [DUE], now=NOW, language="en")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\\b", "a\\\\b"),
        ("a;b,c", "a\\;b\\,c"),
        ("a\r\nb\rc\nd", "a\\nb\\nc\\nd"),
        ("a\x00\x07b\x7f", "ab"),
        ("END:VEVENT\r\nBEGIN:VEVENT", "END:VEVENT\\nBEGIN:VEVENT"),
    ],
)
def test_no_text_can_break_out_of_its_line(text: str, written: str) -> None:
    assert escaped(text) == written


@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=150, max_size=300))
@example("x" * 76)
@example("x" * 150)
@example("ñ" * 200)
@example("")
def test_a_long_line_is_folded_into_75_octets_with_no_character_cut(line: str) -> None:
    pieces = list(folded(line))
    assert all(len(piece.encode()) <= 75 for piece in pieces)
    assert pieces[0] + "".join(piece.removeprefix(" ") for piece in pieces[1:]) == line
    assert all(piece.startswith(" ") and len(piece) > 1 for piece in pieces[1:])
