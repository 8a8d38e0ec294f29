"""Every `secondlook ...` in a document is a command with these options: whoever follows the runbook gets through."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from cli.lazily import Listed
from cli.main import app
from deploy.local.places import PROJECT

DOCUMENTS = (
    PROJECT / "README.md",
    *sorted((PROJECT / "docs").glob("*.md")),
    *sorted((PROJECT / "services").glob("*/README.md")),
)
IN_A_LINE = re.compile(r"`(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?secondlook ([^`]+)`")
ON_A_LINE = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?secondlook ([^#|>&]+)", re.MULTILINE)
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(document: Path) -> Iterator[str]:
    text = document.read_text(encoding="utf-8")
    for block in FENCED.findall(text):
        yield from ON_A_LINE.findall(block.replace("\\\n", " "))
    yield from IN_A_LINE.findall(FENCED.sub("", text))


def unknown(line: str) -> str | None:
    """What of it the command line does not know; a word with a bar, such as `list | show`, names several commands."""
    for spelled in _alternatives(line):
        command: Any = typer.main.get_command(app)
        words = shlex.split(spelled.replace("...", "TEXT"))
        while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
            found = command.commands.get(words[0])
            if found is None:
                return words[0]
            command = found.load() if isinstance(found, Listed) else found
            words = words[1:]
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        for word in words:
            if word.startswith("-") and word.partition("=")[0] not in known | {"--help"}:
                return word
    return None


def _alternatives(line: str) -> Iterator[str]:
    first, *others = (part.strip() for part in line.split("|"))
    yield first
    group = first.rsplit(" ", 1)[0]
    for each in others:
        yield f"{group} {each}"


ALL = [(document.relative_to(PROJECT).as_posix(), line) for document in DOCUMENTS for line in commands(document)]


def test_there_are_many() -> None:
    """A pattern that finds nothing would find no mistake either."""
    assert sum(place == "docs/runbook.md" for place, _ in ALL) > 25
    assert unknown("held redrive --no-such-option") == "--no-such-option"
    assert unknown("no-such-command") == "no-such-command"


@pytest.mark.parametrize("document", sorted({place for place, _ in ALL}))
def test_each_is_a_command_with_these_options(document: str) -> None:
    wrong = {line: found for place, line in ALL if place == document and (found := unknown(line)) is not None}
    assert wrong == {}
