"""Every sentence that a reader can meet is in every catalogue, and no catalogue keeps one that nobody says."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from deploy.catalogues import Words, spoken, tidied
from services.intake.speaking import LOCALE, Tongues, sentences
from shared.contracts.vocabulary import Language
from shared.language.catalogues import CatalogueUnusable, wrong_with

CATALOGUES = [(words, path) for words in spoken() for path in sorted(words.locale.glob("*.po"))]


def test_every_language_but_the_source_has_a_catalogue() -> None:
    assert {path.stem for path in LOCALE.glob("*.po")} | {"en"} >= set(Language)
    assert set(Tongues().codes) >= set(Language)


@pytest.mark.parametrize(("words", "path"), CATALOGUES, ids=lambda value: getattr(value, "stem", ""))
def test_a_catalogue_says_everything_and_nothing_else_in_the_order_of_reading(words: Words, path: Path) -> None:
    catalogue = read_po(BytesIO(path.read_bytes()))
    assert [message.id for message in catalogue if message.id] == list(words.sentences)
    assert [message.id for message in catalogue if message.id and wrong_with(message)] == []
    assert tidied(path, words.sentences) == path.read_text(encoding="utf-8")


def test_tidying_keeps_what_is_said_drops_what_is_not_and_leaves_gaps(tmp_path: Path) -> None:
    path = tmp_path / "es.po"
    head = 'msgid ""\nmsgstr ""\n"Language: es\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    path.write_text(
        head + '\nmsgid "Old"\nmsgstr "Viejo"\n\nmsgid "Say \\"it\\""\nmsgstr "¡Dígalo!"\n', encoding="utf-8"
    )
    wanted = head + '\nmsgid "New"\nmsgstr ""\n\nmsgid "Say \\"it\\""\nmsgstr "¡Dígalo!"\n'
    assert tidied(path, ("New", 'Say "it"')) == wanted


def test_the_pages_do_not_start_with_a_sentence_that_is_not_translated(tmp_path: Path) -> None:
    shipped = (LOCALE / "es.po").read_text(encoding="utf-8")
    (tmp_path / "es.po").write_text(shipped.replace('msgstr "Qué pasa después"', 'msgstr ""'), encoding="utf-8")
    with pytest.raises(CatalogueUnusable, match="What happens next"):
        Tongues(tmp_path)


def test_adding_a_language_is_adding_a_catalogue(tmp_path: Path) -> None:
    quoted = (sentence.replace('"', '\\"') for sentence in sentences())
    said = "".join(f'\nmsgid "{sentence}"\nmsgstr "Zu {sentence}"\n' for sentence in quoted)
    (tmp_path / "ar.po").write_text(f'msgid ""\nmsgstr "Language: ar\\n"\n{said}', encoding="utf-8")
    tongues = Tongues(tmp_path)
    assert tongues.choose(asked=None, accepted="ar-EG, en;q=0.3").say("What happens next") == "Zu What happens next"
    assert tongues["ar"].direction == "rtl"
    assert tongues.names == [("en", "English"), ("ar", "العربية")]
