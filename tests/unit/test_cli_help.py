"""The command's help teaches: every command has an example that it understands itself."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from cli.lazily import Listed
from cli.main import app
from deploy.local.places import PROJECT

EXAMPLE = re.compile(r"`(?:[^`]*\$\()?(secondlook [^`)]*)\)?`")


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(command, Listed):
        command = command.load()
    if isinstance(command, TyperGroup):
        if command.invoke_without_command and path:
            yield path, command
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))
    else:
        yield path, command


ALL = dict(commands(get_command(app)))
LISTED = {name: each for name, each in vars(get_command(app))["commands"].items() if isinstance(each, Listed)}
TYPED = {"typer", "cli.main", "cli.lazily"}
HEAVY = {"aiokafka", "asyncio", "faststream", "httpx", "pydantic", "rich", "shared", "deploy", "yaml"}


@pytest.mark.parametrize("asked", ["--help", ""])
def test_the_list_of_commands_imports_none_of_them(asked: str) -> None:
    look = (
        "import sys; from typer.testing import CliRunner; from cli.main import app; "
        f"told = CliRunner().invoke(app, {asked.split()!r}); "
        "print(told.output, *sorted(sys.modules), sep=chr(10))"
    )
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=PROJECT).stdout
    imported = set(told.splitlines())
    assert imported >= TYPED
    assert "Show a field office's open cases" in told
    assert {name for name in imported if name.startswith("cli.")} <= TYPED
    assert not {name.partition(".")[0] for name in imported} & HEAVY


@pytest.mark.parametrize("name", LISTED)
def test_the_list_says_what_the_command_says_of_itself(name: str) -> None:
    does = LISTED[name].entry.does
    assert does.endswith(".")
    assert " ".join(LISTED[name].load().help.split()).startswith(does)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_shows_every_sentence_as_it_is_written(path: tuple[str, ...]) -> None:
    """Nothing is taken for markup: neither the asterisk of a clock nor a name in brackets."""
    shown = "".join(CliRunner().invoke(app, [*path, "--help"]).output.split())
    for told in (ALL[path].help, *(parameter.help for parameter in ALL[path].params if parameter.name != "help")):
        assert told
        assert "".join(told.split()) in shown


def test_the_version_is_the_projects() -> None:
    told = CliRunner().invoke(app, ["--version"])
    assert told.exit_code == 0
    assert re.fullmatch(r"secondlook \d+\.\d+\.\d+\n", told.output)


def test_a_mistyped_command_is_told_the_one_that_it_looks_like() -> None:
    told = CliRunner().invoke(app, ["quue"])
    assert told.exit_code == 2
    assert "Did you mean 'queue'?" in told.output


def test_there_are_the_commands_that_people_look_for() -> None:
    names = {" ".join(path) for path in ALL}
    assert {"up", "down", "status", "logs", "demo", "submit", "token", "queue", "claim", "decide", "forward"} <= names
    assert {"ask", "link", "erase", "case events"} <= names
    assert {"find", "facts", "presumption", "next", "mine", "doubles", "consent"} <= names
    assert {"withdrawal list", "withdrawal confirm", "withdrawal refuse"} <= names
    assert {f"representative {word}" for word in ("set", "end", "list", "show", "confirm", "refuse")} <= names
    assert {"look", "release", "hand-over", "draft"} <= names
    assert {"case show", "case reasons", "mail list", "mail show"} <= names
    assert {"sro queue", "sro show", "sro claim", "sro release", "sro hand-over", "sro recuse"} <= names
    assert {"sro draft", "sro decide", "sro remand", "sro ask", "questions", "answer"} <= names
    assert {"carry-out list", "carry-out take", "carry-out done", "take-back"} <= names
    assert {"held list", "held show", "held redrive", "reconcile"} <= names
    assert {"mail uncertain", "mail unaddressed", "mail settle", "mail resend", "mail delivered"} <= names
    assert {"dead-letters list", "dead-letters redrive"} <= names
    assert {
        "archive",
        "archive verify",
        "sql",
        "replay",
        "replay diff",
        "export table",
        "export counts",
        "export log",
    } <= names


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_help_has_an_example(path: tuple[str, ...]) -> None:
    assert "Example" in (ALL[path].help or "")
    shown = CliRunner().invoke(app, [*path, "--help"])
    assert shown.exit_code == 0
    assert "secondlook" in shown.output


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_example_can_be_typed_as_it_stands(path: tuple[str, ...]) -> None:
    told = ALL[path].help or ""
    examples = EXAMPLE.findall(told[told.index("Example") :])
    assert any(shlex.split(each)[1 : 1 + len(path)] == list(path) for each in examples)
    for each in examples:
        words = shlex.split(each.replace("...", "X"))[1:]
        command, arguments = _understood(words)
        # A file that an example names need not exist here.
        arguments = ["pyproject.toml" if word.endswith(".jsonl") else word for word in arguments]
        command.make_context("secondlook", arguments)


FOR_NO_SCRIPT = {
    "up", "down", "demo",  # Their status is the answer; `status --json` says what runs.
    "logs", "case events",  # JSON, an object a line, as they are.
    "token",  # A token and nothing else.
}  # fmt: skip


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_answers_scripts_in_json(path: tuple[str, ...]) -> None:
    answers = any("--json" in parameter.opts for parameter in ALL[path].params)
    assert answers != (" ".join(path) in FOR_NO_SCRIPT)


def _understood(words: list[str]) -> tuple[Any, list[str]]:
    for length in (2, 1):
        if tuple(words[:length]) in ALL:
            return ALL[tuple(words[:length])], words[length:]
    raise AssertionError(f"no command {words}")
