"""The languages of intake's pages and answers. Adding one is adding a catalogue; it must have every sentence."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment
from jinja2.ext import extract_from_ast

from services.intake import going, wording
from shared.language.catalogues import SOURCE, Tongue, read_tongues
from shared.language.choosing import choose
from shared.language.moments import ZONES

LOCALE: Final = Path(__file__).parent / "locale"
TEMPLATES: Final = Path(__file__).parent / "templates"
SAYING: Final = ("_", "said")
"""The functions by which templates say a sentence."""


class Tongues:
    """All languages that there are catalogues for."""

    def __init__(self, locale: Path = LOCALE) -> None:
        """Reads every `<code>.po`; raises `CatalogueUnusable`."""
        self._tongues = read_tongues(locale, sentences())

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes, English first."""
        return tuple(self._tongues)

    @property
    def names(self) -> list[tuple[str, str]]:
        """Code and own name of each language."""
        return [(tongue.code, tongue.name) for tongue in self._tongues.values()]

    def __getitem__(self, code: str) -> Tongue:
        """The language, or English."""
        return self._tongues.get(code, self._tongues[SOURCE])

    def choose(self, *, asked: str | None, accepted: str, otherwise: str = SOURCE) -> Tongue:
        """What the reader asked for by name, else what the browser prefers, else `otherwise`."""
        return choose(self._tongues, asked=asked, accepted=accepted, otherwise=otherwise)


@cache
def shipped() -> Tongues:
    """The languages of this package, read once in a process, however many of its parts speak them."""
    return Tongues()


def sentences() -> tuple[str, ...]:
    """Every message id: of the templates, then of `wording` and `going`, then the names of zones."""
    return tuple(dict.fromkeys((*_in_templates(), *wording.sentences(), *going.sentences(), *ZONES.values())))


def _in_templates() -> Iterator[str]:
    environment = Environment(autoescape=True)
    for template in sorted(TEMPLATES.glob("*.html")):
        parsed = environment.parse(template.read_text(encoding="utf-8"))
        for _, _, message in extract_from_ast(parsed, SAYING):
            first = message[0] if isinstance(message, tuple) else message
            if first:
                yield first
