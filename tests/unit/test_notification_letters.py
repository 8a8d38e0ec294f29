"""What readers get: the golden letters, complete catalogues, and headers that no stranger can shape."""

import email
import email.policy
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from services.notification import wording
from services.notification.mail.message import Sender, compose, thread_of, usable
from services.notification.rendering import LOCALE, Letters, Rendered
from services.notification.wording import WORDINGS
from shared.contracts.vocabulary import Language, Letter, Recipient
from shared.language.catalogues import CatalogueUnusable
from tests.unit.markup import faults
from tests.unit.notification_story import NUMBER
from tests.unit.readability import english_grade, longest_sentence, spanish_ease

GOLDEN = Path(__file__).parent / "golden"
LINK = "https://second-look.example/status/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq"
ID = UUID("7d9e4fd0-6d5e-5f0c-8a3b-3b8b2f8d7e11")
THREAD = thread_of(UUID(int=1), Recipient.REQUESTOR)
AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
SENDER = Sender.of("Second Look <no-reply@agency.example>")
LETTERS = Letters()


def render(letter: Letter, language: Language) -> Rendered:
    return LETTERS.render(letter, language, number=NUMBER, link=LINK)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("letter", list(WORDINGS))
def test_letters_read_as_agreed(letter: Letter, language: Language) -> None:
    rendered = render(letter, language)
    golden = GOLDEN / f"{letter.value}.{language.value}"
    assert rendered.text == golden.with_suffix(golden.suffix + ".txt").read_text()
    assert rendered.html == golden.with_suffix(golden.suffix + ".html").read_text()


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("letter", list(WORDINGS))
def test_every_letter_has_what_a_reader_needs_in_both_forms(letter: Letter, language: Language) -> None:
    rendered = render(letter, language)
    for form in (rendered.text, rendered.html):
        assert NUMBER in form
        assert (LINK in form) is (letter not in {Letter.ADDRESS_CHANGED, Letter.REPRESENTATIVE_ENDED})
        assert "1-888-351-4024" in form
        assert ("removal" if language is Language.EN else "deportación") in form
        assert ("I-246" in form) is (letter in {Letter.RECEIVED, Letter.CONSIDERED})
        assert ("1-800-898-7180" in form) is (letter in {Letter.RECEIVED, Letter.CONSIDERED})
    assert NUMBER in rendered.subject


@pytest.mark.parametrize("language", list(Language))
def test_each_letter_has_a_subject_of_its_own_that_tells_the_step(language: Language) -> None:
    subjects = {letter: render(letter, language).subject for letter in WORDINGS}
    assert len(set(subjects.values())) == len(WORDINGS)
    case = {Language.EN: "case", Language.ES: "caso"}[language]
    assert all(said.startswith(f"Second Look: {case} {NUMBER}. ") for said in subjects.values())
    assert max(len(said) for said in subjects.values()) <= 78


def test_the_letter_about_the_resolution_does_not_say_whether_a_removal_goes_on() -> None:
    for language, stays in ((Language.EN, "does not stop"), (Language.ES, "no detiene")):
        assert stays not in render(Letter.RESOLVED, language).text
        assert all(stays in render(letter, language).text for letter in WORDINGS if letter is not Letter.RESOLVED)


@pytest.mark.parametrize("letter", list(WORDINGS))
def test_a_letter_takes_no_more_than_six_years_of_school(letter: Letter) -> None:
    english, spanish = (render(letter, language).text for language in (Language.EN, Language.ES))
    assert english_grade(english) <= 6
    assert spanish_ease(spanish) >= 70
    for text in (english, spanish):
        assert longest_sentence(text)[0] <= 22


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("letter", list(WORDINGS))
def test_everybody_can_use_the_html(letter: Letter, language: Language) -> None:
    rendered = render(letter, language)
    assert faults(rendered.html, language=language.value) == []
    assert "color" not in rendered.html  # so the reader's own colours count, and nothing is told by colour
    assert "px" not in rendered.html  # sizes grow with the reader's


def test_the_address_from_before_gets_no_link_and_does_not_hear_of_dates() -> None:
    text = render(Letter.ADDRESS_CHANGED, Language.EN).text
    assert "http" not in text
    assert "date is on the page" not in text
    assert "call us" in text


def test_whoever_reads_no_language_that_is_there_gets_english() -> None:
    assert LETTERS.render(Letter.RECEIVED, "tlh", number=NUMBER, link=LINK).language == "en"
    assert LETTERS.render(Letter.RECEIVED, "es_MX", number=NUMBER, link=LINK).language == "es"


def test_adding_a_language_is_adding_a_catalogue(tmp_path: Path) -> None:
    invented = 'msgid ""\nmsgstr "Language: ar\\n"\n' + "\n".join(
        f'msgid "{sentence}"\nmsgstr "Zu {sentence}"' for sentence in wording.sentences()
    )
    (tmp_path / "ar.po").write_text(invented)
    rendered = Letters(locale=tmp_path).render(Letter.RECEIVED, "ar-EG", number=NUMBER, link=LINK)
    assert rendered.subject == f"Zu Second Look: case {NUMBER}. Zu We have received a request"
    assert "Zu We have received a request" in rendered.text
    assert '<html lang="ar" dir="rtl">' in rendered.html
    assert faults(rendered.html, language="ar") == []


def test_the_service_does_not_start_with_a_letter_that_is_half_translated(tmp_path: Path) -> None:
    (tmp_path / "es.po").write_text((LOCALE / "es.po").read_text().replace('msgstr "Hola:"', 'msgstr ""'))
    with pytest.raises(CatalogueUnusable, match="Hello"):
        Letters(locale=tmp_path)


def test_the_message_reads_back_as_it_was_written() -> None:
    rendered = render(Letter.RECEIVED, Language.ES)
    raw = compose(rendered, notification=ID, thread=THREAD, sender=SENDER, to="ana@example.org", at=AT)
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


def test_the_letters_of_a_case_to_one_role_are_one_thread() -> None:
    case, other = UUID(int=1), UUID(int=2)
    rendered = render(Letter.RECEIVED, Language.EN)

    def heads(case_id: UUID, role: Recipient, notification: UUID = ID) -> tuple[str, str]:
        thread = thread_of(case_id, role)
        raw = compose(rendered, notification=notification, thread=thread, sender=SENDER, to="ana@example.org", at=AT)
        parsed = email.message_from_bytes(raw, policy=email.policy.default)
        assert parsed.defects == []
        assert str(case_id) not in raw.decode()
        return parsed["References"], parsed["In-Reply-To"]

    first, later = heads(case, Recipient.REQUESTOR), heads(case, Recipient.REQUESTOR, UUID(int=9))
    assert first == later
    assert first[0] == first[1] != f"<{ID}@agency.example>"
    assert len({first, heads(case, Recipient.NONCITIZEN), heads(other, Recipient.REQUESTOR)}) == 3


def test_no_header_can_be_injected() -> None:
    evil = Rendered(Language.EN, "case 1\r\nBcc: x@example.org\x00\u2028", "text", "<p>")
    raw = compose(evil, notification=ID, thread=THREAD, sender=SENDER, to="ana@example.org", at=AT)
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert parsed["Bcc"] is None
    assert parsed["Subject"] == "case 1Bcc: x@example.org"


def test_a_subject_in_other_letters_is_encoded() -> None:
    foreign = Rendered(Language.EN, "Segunda revisión: número 25 · ñandú y más letras", "text", "<p>")
    raw = compose(foreign, notification=ID, thread=THREAD, sender=SENDER, to="ana@example.org", at=AT)
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
