"""A policy file as it is written: its values, and the line on which each of them stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Field = Sequence[int | str]
"""Where a value is: the keys and the places in lists on the way to it, as pydantic's `loc`."""


class PolicyInvalid(ValueError):
    """The policy files cannot be used. Each line of this message names a file, a line, a field, and what is wrong."""


_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where there is one: ten times as fast, with the same marks."""


@dataclass(frozen=True, slots=True)
class Written:
    """One YAML file that could be read."""

    path: Path
    root: yaml.Node
    values: Any

    def complaint(self, field: Field, message: str) -> str:
        """What is wrong with a field, with the file and the line where the reader finds it."""
        name = ".".join(str(step) for step in field) or "file"
        return f"{self.path}:{self._line(field)}: {name}: {message}"

    def _line(self, field: Field) -> int:
        node, line = self.root, self.root.start_mark.line
        for step in field:
            found = _child(node, step)
            if found is None:
                break
            node, line = found
        return line + 1


def read(path: Path) -> Written:
    """Read one file. Raises PolicyInvalid when it is no YAML, is empty, or names a field twice."""
    try:
        loader = _LOADER(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        if root is None:
            raise PolicyInvalid(f"{path}:1: file: is empty")
        doubles = [f"{path}:{key.start_mark.line + 1}: {key.value}: is given twice" for key in _doubled(root)]
        if doubles:
            raise PolicyInvalid("\n".join(doubles))
        return Written(path=path, root=root, values=loader.construct_document(root))
    except PolicyInvalid:
        raise
    except (yaml.YAMLError, OSError, ValueError) as error:  # ValueError: bytes that are no UTF-8, a 31 February.
        raise PolicyInvalid(_unreadable(path, error)) from error


def _child(node: yaml.Node, step: int | str) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((value, key.start_mark.line) for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line
    return None


def _doubled(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The keys that stand a second time in one mapping; YAML itself would silently keep the last."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key
                seen.add(key.value)
            yield from _doubled(value)
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _doubled(item)


def _unreadable(path: Path, error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{path}:{error.problem_mark.line + 1}: file: is no YAML: {error.problem}"
    return f"{path}:1: file: cannot be read: {error}"
