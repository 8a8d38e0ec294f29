"""Gettext catalogues, `<code>.po`, read once at start. Adding a language is adding a catalogue.

A catalogue that would say something by half, or lose a case number, stops the start: better than a letter that nobody
can follow.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.core import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import NullTranslations, Translations

SOURCE: Final = "en"
"""The language of the message ids; it needs no catalogue. Whoever reads no language that is there reads this one."""

_PLACEHOLDER = re.compile(r"\{[a-z_]*\}")
_SOURCE_LOCALE = Locale("en", "US")


class CatalogueUnusable(Exception):
    """A language's catalogue says something by half. Mend the sentence that the message names."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language. `locale` is how it writes dates (the catalogue's `Language` header); `code` is its HTML `lang`."""

    code: str
    locale: Locale = _SOURCE_LOCALE
    translations: NullTranslations = field(default_factory=NullTranslations)

    def say(self, sentence: str, **values: str) -> str:
        """A sentence in this language, with its `{placeholders}` filled in."""
        said = self.translations.gettext(sentence)
        for name, value in values.items():
            said = said.replace(f"{{{name}}}", value)
        return said

    @property
    def name(self) -> str:
        """What the language calls itself, such as Español."""
        name = self.locale.get_language_name(self.code) or self.code
        return name[:1].upper() + name[1:]

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, for HTML's `dir`."""
        return self.locale.text_direction


def read_tongues(folder: Path, sentences: Iterable[str]) -> Mapping[str, Tongue]:
    """The languages of a folder by their codes, the source first. `sentences` are all message ids that are used.

    Raises `CatalogueUnusable` when a catalogue cannot be read, or a sentence of it is missing, marked fuzzy, or lacks a
    placeholder.
    """
    wanted = tuple(sentences)
    tongues = {SOURCE: Tongue(SOURCE)}
    for path in sorted(folder.glob("*.po")):
        tongues[path.stem] = _read(path, wanted)
    return tongues


def template(sentences: Iterable[str], *, title: str) -> str:
    """A translator's blank (`.pot`): every sentence once, in the order in which it is met."""
    head = (
        f"# {title}: copy this file to <language code>.po, name the language in its head, and fill in each msgstr.\n"
        "# Words in braces, such as {number}, stay as they are. Short sentences, plain words, no promise.\n"
        'msgid ""\nmsgstr ""\n'
        '"Project-Id-Version: Second Look\\n"\n"Language: \\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
    )
    quoted = (sentence.replace("\\", "\\\\").replace('"', '\\"') for sentence in dict.fromkeys(sentences))
    return head + "".join(f'\nmsgid "{sentence}"\nmsgstr ""\n' for sentence in quoted)


def wrong_with(message: Message | None) -> str | None:
    """Why a message cannot be said; None when it can."""
    if message is None or not message.string:
        return "is not translated"
    if message.fuzzy:
        return "is marked fuzzy"
    if _placeholders(str(message.id)) != _placeholders(str(message.string)):
        return "has other placeholders"
    return None


def _read(path: Path, sentences: tuple[str, ...]) -> Tongue:
    try:
        catalogue = read_po(BytesIO(path.read_bytes()), abort_invalid=True)
    except (PoFileError, ValueError) as error:
        raise CatalogueUnusable(f"{path.name}: {error}") from error
    found = [(each, why) for each in sentences if (why := wrong_with(catalogue.get(each)))]
    if found:
        sentence, why = found[0]
        raise CatalogueUnusable(f"{path.name}: {sentence!r} {why}, and {len(found) - 1} more.")
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Tongue(path.stem, _locale(path.stem, catalogue), Translations(compiled))


def _locale(code: str, catalogue: Catalog) -> Locale:
    """How the language writes dates: as its head says, else as its code says, else as English does."""
    try:
        return catalogue.locale or Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        return _SOURCE_LOCALE


def _placeholders(sentence: str) -> list[str]:
    return sorted(_PLACEHOLDER.findall(sentence))
