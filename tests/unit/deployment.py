"""Reading docker-compose.yml and the Dockerfile, for tests that have no container engine."""

import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.local.places import PROJECT

FILE = PROJECT / "docker-compose.yml"
DOCKERFILE = PROJECT / "deploy" / "Dockerfile"
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+):-(?P<default>[^}]*)\}")


@cache
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def part(name: str) -> dict[str, Any]:
    found: dict[str, Any] = compose()["services"][name]
    return found


def environment(name: str) -> dict[str, str]:
    """A container's environment when nobody sets anything: each `${NAME:-default}` is its default."""
    given = part(name).get("environment", {})
    return {key: VARIABLE.sub(lambda found: found["default"], str(value)) for key, value in given.items()}


def instructions() -> list[tuple[str, str]]:
    """(instruction, the rest) of each, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", DOCKERFILE.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


def copied() -> list[tuple[str, str]]:
    """(source in the project, destination in the image) of everything that is copied from the project."""
    found = []
    for instruction, rest in instructions():
        if instruction == "COPY" and not rest.startswith("--from"):
            *sources, destination = rest.split()
            found += [(source, destination) for source in sources]
    return found


def lay_out(folder: Path) -> Path:
    """Put the project's files of the image into a folder, and no others."""
    skip = shutil.ignore_patterns("__pycache__", "*.pyc")
    for source, destination in copied():
        origin = PROJECT / source
        if origin.is_dir():
            shutil.copytree(origin, folder / destination, ignore=skip)
        else:
            target = folder / destination / origin.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(origin, target)
    return folder
