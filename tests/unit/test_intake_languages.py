"""Every sentence that a reader can meet is in every catalogue, and no catalogue keeps one that nobody says."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment

from services.intake import wording
from services.intake.rendering import TEMPLATES
from services.intake.speaking import LOCALE, Tongues
from shared.contracts.vocabulary import Language

SAID_IN_CODE = {"Eastern time", "The request was not accepted. This is not a decision about the case."}
CATALOGUES = sorted(LOCALE.glob("*.po"))


def sentences() -> set[str]:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    said = set(wording.sentences()) | SAID_IN_CODE
    for template in TEMPLATES.glob("*.html"):
        found = environment.extract_translations(template.read_text(encoding="utf-8"), gettext_functions=("_",))  # type: ignore[attr-defined]
        said |= {message for _, _, message in found if message}
    return said


def test_every_language_but_the_source_has_a_catalogue() -> None:
    assert {path.stem for path in CATALOGUES} | {"en"} >= set(Language)
    assert set(Tongues().codes) >= set(Language)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_says_everything_and_nothing_else(path: Path) -> None:
    catalogue = read_po(BytesIO(path.read_bytes()), locale=path.stem)
    translated = {message.id for message in catalogue if message.id and message.string and not message.fuzzy}
    assert translated == sentences()


def test_a_browser_that_prefers_nothing_known_reads_the_cases_language() -> None:
    tongues = Tongues()
    assert tongues.choose(asked=None, accepted="fr, *;q=0.1", otherwise="es").code == "es"
    assert tongues.choose(asked="xx", accepted="es;q=oops, en;q=0", otherwise="en").code == "en"
