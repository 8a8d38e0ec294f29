"""Catalogues of the languages: blanks for translators (`.pot`), and `python -m deploy.catalogues`, which tidies up.

Tidying brings every catalogue into the order of the sentences, with new ones empty at their place, and leaves out those
that nobody says any more. What is empty stops the services' start until it is translated.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from services.intake import speaking
from services.notification import rendering, wording
from shared.language.catalogues import template

_EMPTY = re.compile(r'^msgid ".+"\nmsgstr ""$', re.MULTILINE)


class Words(NamedTuple):
    """What one service says, and where its catalogues are."""

    title: str
    locale: Path
    sentences: tuple[str, ...]


def spoken() -> tuple[Words, ...]:
    """The services that write to people."""
    return (
        Words("Pages and answers of Second Look", speaking.LOCALE, speaking.sentences()),
        Words("Letters of Second Look", rendering.LOCALE, wording.sentences()),
    )


def blanks() -> dict[Path, str]:
    """The translator's blank of each service."""
    return {words.locale / "blank.pot": template(words.sentences, title=words.title) for words in spoken()}


def tidied(path: Path, sentences: tuple[str, ...]) -> str:
    """A catalogue with its head as it was, and just these sentences in their order."""
    written = path.read_text(encoding="utf-8")
    known = read_po(BytesIO(written.encode()))
    head = written[: written.index("\n\nmsgid")].rstrip("\n") if "\n\nmsgid" in written else written.rstrip("\n")
    return head + "\n" + "".join(_messages(known, sentences))


def _messages(known: Catalog, sentences: tuple[str, ...]) -> Iterator[str]:
    for sentence in sentences:
        message = known.get(sentence)
        translated = str(message.string) if message is not None and not message.fuzzy else ""
        yield f'\nmsgid "{_quoted(sentence)}"\nmsgstr "{_quoted(translated)}"\n'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


if __name__ == "__main__":
    for words in spoken():
        for path in sorted(words.locale.glob("*.po")):
            text = tidied(path, words.sentences)
            path.write_text(text, encoding="utf-8")
            left = len(_EMPTY.findall(text))
            print(f"{path.parent.parent.name}/{path.name}: {left} to translate")
