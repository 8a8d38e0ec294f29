"""A letter as text and HTML in one language. Catalogues and templates are read once, at start."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.notification import wording
from shared.contracts.vocabulary import Language, Letter

HERE = Path(__file__).parent
LOCALE = HERE / "locale"
TEMPLATES = HERE / "templates"
SOURCE = Language.EN
"""The language of the message ids; it needs no catalogue."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the reader sees. No header of the mail comes from anything but `subject` and settings."""

    language: Language
    subject: str
    text: str
    html: str


class CatalogueIncomplete(Exception):
    """A language's catalogue lacks a sentence. Translate it in services/notification/locale."""


class Letters:
    """Renders letters. Adding a language is adding a catalogue (and its code to the vocabulary)."""

    def __init__(self, *, locale: Path = LOCALE, templates: Path = TEMPLATES) -> None:
        """Reads all catalogues; raises `CatalogueIncomplete` rather than send a letter that is half translated."""
        self._catalogues = {language: _catalogue(locale, language) for language in Language}
        environment = Environment(
            loader=FileSystemLoader(templates),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._text = environment.get_template("letter.txt")
        self._html = environment.get_template("letter.html")

    def render(self, letter: Letter, language: Language, *, number: str, link: str) -> Rendered:
        """The letter, with the case's number and private link; nothing else of the case is in it."""
        translations = self._catalogues[language]

        def say(sentence: str) -> str:
            return translations.gettext(sentence).replace("{number}", number)

        words = wording.WORDINGS[letter]
        parts: Mapping[str, object] = {
            "language": language.value,
            "subject": say(wording.SUBJECT),
            "greeting": say(wording.GREETING),
            "number": say(wording.NUMBER),
            "says": [say(sentence) for sentence in words.says],
            "open_link": say(wording.OPEN_LINK),
            "link": link,
            "keep_link": say(wording.KEEP_LINK),
            "date": say(wording.DATE),
            "stay": [say(wording.NO_STAY), *([say(wording.I246)] if words.stay else [])],
            "help": [say(wording.HELP), say(wording.HELP_MORE)],
            "no_reply": say(wording.NO_REPLY),
        }
        return Rendered(language, say(wording.SUBJECT), self._text.render(parts), self._html.render(parts))


def _catalogue(locale: Path, language: Language) -> NullTranslations:
    if language is SOURCE:
        return NullTranslations()
    with (locale / f"{language.value}.po").open("rb") as source:
        catalogue = read_po(source, locale=language.value)
    missing = [sentence for sentence in wording.sentences() if not _translated(catalogue.get(sentence))]
    if missing:
        raise CatalogueIncomplete(f"{language.value}: {missing[0]!r} and {len(missing) - 1} more")
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def _translated(message: object) -> bool:
    return bool(message is not None and getattr(message, "string", None) and not getattr(message, "fuzzy", False))
