"""A letter as text and HTML in one language. Everything is read and rendered once, at start.

Number and link are all that differs between two letters of a kind, so a letter is its ready form with these two put
in: some microseconds, where a template takes a fifth of a millisecond.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape
from markupsafe import escape

from services.notification import wording
from shared.contracts.vocabulary import Letter
from shared.language.catalogues import SOURCE, Tongue, read_tongues
from shared.language.choosing import main_language

HERE: Final = Path(__file__).parent
LOCALE: Final = HERE / "locale"
TEMPLATES: Final = HERE / "templates"

_NUMBER, _LINK = "\ue000", "\ue001"
"""Stand for number and link in the ready forms: characters of private use, which no sentence has."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the reader sees. No header of the mail comes from anything but `subject`, `language` and settings."""

    language: str
    subject: str
    text: str
    html: str


def environment_of(templates: Path = TEMPLATES) -> Environment:
    """Where templates are read from, and how."""
    return Environment(
        loader=FileSystemLoader(templates),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Letters:
    """Renders letters to people. Adding a language is adding a catalogue."""

    def __init__(self, *, locale: Path = LOCALE, templates: Path = TEMPLATES) -> None:
        """Reads all catalogues; raises `CatalogueUnusable` rather than send a letter that is half translated."""
        environment = environment_of(templates)
        text, html = environment.get_template("letter.txt"), environment.get_template("letter.html")
        self._ready: Mapping[tuple[Letter, str], Rendered] = {
            (letter, tongue.code): _ready(letter, tongue, text, html)
            for tongue in read_tongues(locale, wording.sentences()).values()
            for letter in wording.WORDINGS
        }

    def render(self, letter: Letter, language: str, *, number: str, link: str) -> Rendered:
        """The letter, with the case's number and private link; nothing else of the case is in it.

        `language` is a tag such as `es` or `es-MX`. Who reads none of the languages that are there gets English.
        """
        ready = self._ready.get((letter, main_language(language))) or self._ready[letter, SOURCE]

        def filled(form: str) -> str:
            return form.replace(_NUMBER, number).replace(_LINK, link)

        shown = ready.html.replace(_NUMBER, escape(number)).replace(_LINK, escape(link))
        return Rendered(ready.language, filled(ready.subject), filled(ready.text), shown)


def _ready(letter: Letter, tongue: Tongue, text: Template, html: Template) -> Rendered:
    words = wording.WORDINGS[letter]

    def say(*sentences: str) -> list[str]:
        return [tongue.say(sentence, number=_NUMBER) for sentence in sentences]

    subject = tongue.say(wording.SUBJECT, number=_NUMBER, step=tongue.say(words.step))
    limits = ((wording.NO_STAY,) if words.stay else ()) + ((wording.I246,) if words.limits else ())
    parts: Mapping[str, object] = {
        "language": tongue.code,
        "direction": tongue.direction,
        "subject": subject,
        "greeting": tongue.say(wording.GREETING),
        "number": say(wording.NUMBER)[0],
        "says": say(*words.says),
        "link": _LINK if words.link else None,
        "open_link": tongue.say(wording.OPEN_LINK),
        "keep_link": tongue.say(wording.KEEP_LINK),
        "date": tongue.say(wording.DATE) if words.date else None,
        "stay": say(*limits),
        "court": say(wording.COURT, wording.COURT_HELP) if words.limits else [],
        "help": say(wording.HELP, wording.HOURS, wording.SPEAK),
        "no_reply": tongue.say(wording.NO_REPLY),
    }
    return Rendered(tongue.code, subject, text.render(parts), html.render(parts))
