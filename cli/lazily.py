"""Commands that are listed by a line and imported on use, so that help and a mistyped word are answered at once.

Help is plain text: nothing in it is taken for markup, and a screen reader meets no frames.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


class Entry(NamedTuple):
    """A command, or a group of commands, in the list of `secondlook --help`."""

    name: str
    place: str
    """Where it is: `module:attribute`, a function or a `Typer`."""
    does: str
    """How its own help begins."""


class Spelled(TyperGroup):
    """A group whose help lists its commands under their headings, each with its whole first sentence."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        headings: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            headings[command.rich_help_panel or "Commands"].append((name, first_sentence(command.help)))
        for heading, rows in headings.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def first_sentence(told: str) -> str:
    """The sentence that a help begins with, on one line."""
    return " ".join(told.split()).partition(". ")[0].rstrip(".") + "."


class Listed(TyperCommand):
    """What the list shows of a command that is not imported yet."""

    def __init__(self, entry: Entry, heading: str) -> None:
        super().__init__(entry.name, help=entry.does, rich_help_panel=heading)
        self.entry = entry

    def load(self) -> Any:
        """The command itself."""
        module, _, attribute = self.entry.place.partition(":")
        found = getattr(import_module(module), attribute)
        holder = typer.Typer(rich_markup_mode=None)
        if isinstance(found, typer.Typer):
            # A group that does something by itself does it, where nothing is said.
            alone = found.info.invoke_without_command is True
            holder.add_typer(found, name=self.entry.name, cls=Spelled, no_args_is_help=not alone)
        else:
            holder.command(self.entry.name)(found)
        return get_group(holder).commands[self.entry.name]


class Lazily(Spelled):
    """A group that imports a command when it is called."""

    headings: ClassVar[Mapping[str, Sequence[Entry]]]

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {
            entry.name: Listed(entry, heading) for heading, entries in self.headings.items() for entry in entries
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Listed) else command, rest
