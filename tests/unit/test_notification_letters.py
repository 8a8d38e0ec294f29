"""What readers get: the golden letters, complete catalogues, and headers that no stranger can shape."""

import email
import email.policy
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from services.notification import wording
from services.notification.mail.message import Sender, compose, usable
from services.notification.rendering import LOCALE, CatalogueIncomplete, Letters, Rendered
from shared.contracts.vocabulary import Language, Letter
from tests.unit.notification_story import NUMBER

GOLDEN = Path(__file__).parent / "golden"
LINK = "https://second-look.example/status/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq"
ID = UUID("7d9e4fd0-6d5e-5f0c-8a3b-3b8b2f8d7e11")
AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
SENDER = Sender.of("Second Look <no-reply@agency.example>")
LETTERS = Letters()


def render(letter: Letter, language: Language) -> Rendered:
    return LETTERS.render(letter, language, number=NUMBER, link=LINK)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("letter", list(Letter))
def test_letters_read_as_agreed(letter: Letter, language: Language) -> None:
    rendered = render(letter, language)
    golden = GOLDEN / f"{letter.value}.{language.value}"
    assert rendered.text == golden.with_suffix(golden.suffix + ".txt").read_text()
    assert rendered.html == golden.with_suffix(golden.suffix + ".html").read_text()


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("letter", list(Letter))
def test_every_letter_has_what_a_reader_needs_in_both_forms(letter: Letter, language: Language) -> None:
    rendered = render(letter, language)
    for form in (rendered.text, rendered.html):
        assert NUMBER in form
        assert LINK in form
        assert "1-888-351-4024" in form
        assert ("removal" if language is Language.EN else "deportación") in form
        assert ("I-246" in form) is (letter is Letter.RECEIVED)
    assert f'<html lang="{language.value}">' in rendered.html
    assert NUMBER in rendered.subject
    assert letter.value not in rendered.subject


@pytest.mark.parametrize("sentence", wording.sentences())
def test_sentences_are_short_enough_to_be_read_by_everybody(sentence: str) -> None:
    for part in sentence.replace("a.m.", "am").replace("p.m.", "pm").split(". "):
        assert len(part.split()) <= 20, part


def test_a_catalogue_that_lacks_a_sentence_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "es.po").write_text((LOCALE / "es.po").read_text().replace('msgstr "Hola:"', 'msgstr ""'))
    with pytest.raises(CatalogueIncomplete, match="Hello"):
        Letters(locale=tmp_path)


def test_the_message_reads_back_as_it_was_written() -> None:
    rendered = render(Letter.RECEIVED, Language.ES)
    raw = compose(rendered, notification=ID, sender=SENDER, to="ana@example.org", at=AT)
    assert raw.isascii()
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert parsed.defects == []
    assert parsed["Message-ID"] == f"<{ID}@agency.example>"
    assert (parsed["To"], parsed["From"]) == ("ana@example.org", "Second Look <no-reply@agency.example>")
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == rendered.text
    assert html.get_content().replace("\r\n", "\n") == rendered.html


def test_no_header_can_be_injected() -> None:
    evil = Rendered(Language.EN, "case 1\r\nBcc: x@example.org\x00\u2028", "text", "<p>")
    raw = compose(evil, notification=ID, sender=SENDER, to="ana@example.org", at=AT)
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert parsed["Bcc"] is None
    assert parsed["Subject"] == "case 1Bcc: x@example.org"


def test_a_subject_in_other_letters_is_encoded() -> None:
    foreign = Rendered(Language.EN, "Segunda revisión: número 25 · ñandú y más letras", "text", "<p>")
    raw = compose(foreign, notification=ID, sender=SENDER, to="ana@example.org", at=AT)
    assert email.message_from_bytes(raw, policy=email.policy.default)["Subject"] == foreign.subject


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("ana@example.org", "ana@example.org"),
        (" ana@example.org\r\n", "ana@example.org"),
        ("ana@españa.example", "ana@xn--espaa-rta.example"),
        ("a@example.org, b@example.org", None),
        ("ana@example.org>\r\nRCPT TO:<b@example.org", None),
        ("Ana <ana@example.org>", None),
        ("ana", None),
        ("", None),
        (None, None),
        ("x" * 65 + "@example.org", None),
        ("ñ@example.org", None),
    ],
)
def test_only_one_plain_mailbox_is_written_to(address: str | None, written: str | None) -> None:
    assert usable(address) == written


def test_a_name_in_the_link_or_number_cannot_break_the_page() -> None:
    rendered = LETTERS.render(Letter.RECEIVED, Language.EN, number="<b>1</b>", link='https://x/"><script>')
    assert "<script>" not in rendered.html
    assert "<b>" not in rendered.html
