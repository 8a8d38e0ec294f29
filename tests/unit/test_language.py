"""Catalogues that may be used, which language a reader gets, and moments with their zone."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.intake.speaking import LOCALE as PAGES
from services.notification import wording
from services.notification.rendering import LOCALE as LETTERS
from shared.language.catalogues import SOURCE, CatalogueUnusable, Tongue, read_tongues, template
from shared.language.choosing import choose
from shared.language.moments import EASTERN, ZONES, when

SENTENCES = ("Hello,", 'Case "{number}"', "Eastern time")
MAY = datetime(2026, 5, 4, 12, tzinfo=UTC)


def catalogue(folder: Path, *said: str, code: str = "es", language: str = "es_US") -> Path:
    messages = "\n".join(said)
    head = f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    (folder / f"{code}.po").write_text(head + "\n" + messages, encoding="utf-8")
    return folder


def said(sentence: str, translated: str, mark: str = "") -> str:
    quoted = [text.replace('"', '\\"') for text in (sentence, translated)]
    return f'{mark}msgid "{quoted[0]}"\nmsgstr "{quoted[1]}"\n'


HELLO, CASE, ZONE = (
    said("Hello,", "Hola:"),
    said('Case "{number}"', "Caso {number}"),
    said("Eastern time", "hora del Este"),
)


def test_a_catalogue_says_sentences_with_their_values(tmp_path: Path) -> None:
    spanish = read_tongues(catalogue(tmp_path, HELLO, CASE, ZONE), SENTENCES)["es"]
    assert spanish.say('Case "{number}"', number="7") == "Caso 7"
    assert (spanish.name, spanish.direction) == ("Español", "ltr")


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ((CASE, ZONE), r"'Hello,' is not translated, and 0 more"),
        ((said("Hello,", ""), CASE, ZONE), r"'Hello,' is not translated"),
        ((said("Hello,", "Hola:", "#, fuzzy\n"), CASE, ZONE), r"'Hello,' is marked fuzzy"),
        ((HELLO, said('Case "{number}"', "Caso"), ZONE), "has other placeholders"),
        ((HELLO, said('Case "{number}"', "Caso {numero}"), ZONE), "has other placeholders"),
        ((HELLO, said('Case "{number}"', "Caso {number} {number}"), ZONE), "has other placeholders"),
        (('msgid "Hello,"\nmsgstr "Hola\n',), "es.po"),
    ],
)
def test_a_catalogue_that_says_something_by_half_is_refused_by_file_and_sentence(
    tmp_path: Path, messages: tuple[str, ...], why: str
) -> None:
    with pytest.raises(CatalogueUnusable, match=why):
        read_tongues(catalogue(tmp_path, *messages), SENTENCES)


def test_a_language_without_data_of_its_own_writes_dates_as_english_does(tmp_path: Path) -> None:
    folder = catalogue(tmp_path, HELLO, CASE, said("Eastern time", "Zum Zeit"), code="xx", language="xx")
    assert when(MAY, EASTERN, read_tongues(folder, SENTENCES)["xx"]) == "Monday, May 4, 2026, 8:00\u00a0AM (Zum Zeit)"


@pytest.mark.parametrize(
    ("asked", "accepted", "otherwise", "code"),
    [
        (None, "fr, *;q=0.1", "es", "es"),
        (None, "fr, *;q=0.1", "pt", "en"),
        ("xx", "es;q=oops, en;q=0", "en", "en"),
        (None, "en;q=0.2, es-MX;q=0.9", "en", "es"),
        ("ES_mx", "en", "en", "es"),
    ],
)
def test_a_reader_gets_the_language_asked_for_or_preferred_or_the_cases_or_english(
    tmp_path: Path, asked: str | None, accepted: str, otherwise: str, code: str
) -> None:
    tongues = read_tongues(catalogue(tmp_path, HELLO, CASE, ZONE), SENTENCES)
    assert choose(tongues, asked=asked, accepted=accepted, otherwise=otherwise).code == code


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("America/New_York", "Monday, May 4, 2026, 8:00\u00a0AM (Eastern time)"),
        ("America/Phoenix", "Monday, May 4, 2026, 5:00\u00a0AM (Arizona time)"),
        ("Pacific/Guam", "Monday, May 4, 2026, 10:00\u00a0PM (Guam time)"),
        ("Europe/Madrid", "Monday, May 4, 2026, 2:00\u00a0PM (Central European Summer Time)"),
    ],
)
def test_a_moment_is_told_with_the_name_of_its_zone(zone: str, written: str) -> None:
    assert when(MAY, ZoneInfo(zone), Tongue(SOURCE)) == written


def test_the_zones_of_all_offices_have_names() -> None:
    assert all(ZoneInfo(zone) for zone in ZONES)


def test_the_project_ships_the_same_languages_for_letters_and_pages() -> None:
    assert {path.name for path in LETTERS.glob("*.po")} == {path.name for path in PAGES.glob("*.po")}


def test_a_translators_blank_becomes_a_catalogue_once_it_is_filled_in(tmp_path: Path) -> None:
    blank = template(wording.sentences(), title="Letters")
    filled = re.sub(r'msgid "(.+)"\nmsgstr ""', r'msgid "\1"\nmsgstr "\1"', blank)
    (tmp_path / "xx.po").write_text(filled, encoding="utf-8")
    assert set(read_tongues(tmp_path, wording.sentences())) == {"en", "xx"}
