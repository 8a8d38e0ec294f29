"""Languages: catalogues read once at start, and which one a reader wants. Adding a language is adding a catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from shared.contracts.vocabulary import Language

LOCALE: Final = Path(__file__).parent / "locale"
SOURCE: Final = Language.EN
"""The language of the message ids; it needs no catalogue."""

EASTERN: Final = ZoneInfo("America/New_York")
_PATTERNS: Final = {"en": "EEEE, MMMM d, y, h:mm a", "es": "EEEE, d 'de' MMMM 'de' y, h:mm a"}


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language: its sentences, its dates."""

    code: str
    translations: NullTranslations

    def say(self, sentence: str) -> str:
        """A sentence in this language."""
        return self.translations.gettext(sentence)

    def when(self, moment: datetime) -> str:
        """A moment with its zone. All dates are shown in Eastern time, as the help line keeps it."""
        local = format_datetime(moment, _PATTERNS.get(self.code, "full"), tzinfo=EASTERN, locale=self.code)
        return f"{local} ({self.say('Eastern time')})"


class Tongues:
    """All languages that there are catalogues for."""

    def __init__(self, locale: Path = LOCALE) -> None:
        """Reads every `<code>.po`."""
        self._tongues = {SOURCE.value: Tongue(SOURCE.value, NullTranslations())}
        for path in sorted(locale.glob("*.po")):
            self._tongues[path.stem] = Tongue(path.stem, _read(path))

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes, English first."""
        return tuple(self._tongues)

    def __getitem__(self, code: str) -> Tongue:
        """The language, or English."""
        return self._tongues.get(code, self._tongues[SOURCE.value])

    def choose(self, *, asked: str | None, accepted: str, otherwise: str = SOURCE.value) -> Tongue:
        """What the reader asked for by name, else what the browser prefers, else `otherwise`."""
        wanted = ([asked.lower()] if asked else []) + list(_preferred(accepted))
        return self[next((code for code in wanted if code in self._tongues), otherwise)]


def _preferred(header: str) -> Iterable[str]:
    """The main languages of an Accept-Language header, best first."""
    weighed: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            weighed.append((-float(quality or 1), name.split("-")[0].lower()))
        except ValueError:
            continue
    return (name for weight, name in sorted(weighed, key=lambda each: each[0]) if weight < 0)


def _read(path: Path) -> NullTranslations:
    with path.open("rb") as source:
        catalogue = read_po(source, locale=path.stem)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
