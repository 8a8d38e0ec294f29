"""The folder of an archive: made, locked while somebody writes to it, and rid of what a killed run has left."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.replay import manifest
from services.replay.failing import CannotArchive
from services.replay.manifest import Manifest

LOCK = "lock"
EVENTS = "events"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder, made if need be, as its only writer. Raises `CannotArchive`."""
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        opened = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    with _held(opened, fcntl.LOCK_EX, folder):
        yield


@contextmanager
def at_rest(folder: Path) -> Iterator[Manifest]:
    """An archive that nobody writes to meanwhile. Raises `CannotArchive`."""
    manifest.load(folder)  # Says first whether there is one at all.
    with _held(os.open(folder / LOCK, os.O_RDONLY | os.O_CREAT, 0o644), fcntl.LOCK_SH, folder):
        yield manifest.load(folder)


@contextmanager
def _held(opened: int, how: int, folder: Path) -> Iterator[None]:
    try:
        try:
            fcntl.flock(opened, how | fcntl.LOCK_NB)
        except OSError:
            raise CannotArchive(
                f"Another archive is running on {folder}: wait for it or stop it, then try again."
            ) from None
        yield
    finally:
        os.close(opened)


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """An error of the file system is one sentence."""
    try:
        yield
    except OSError as error:
        raise CannotArchive(
            f"{folder} cannot be written ({error.strerror}): make room there, or correct its rights, and run it again; "
            "what is archived stays."
        ) from error


def opened(folder: Path) -> Manifest:
    """The archive of a locked folder, begun if need be, without what no manifest lists. Raises `CannotArchive`."""
    with told(folder):
        if not (folder / manifest.NAME).exists():
            others = {path.name for path in folder.iterdir()} - {LOCK, f"{manifest.NAME}.tmp"}
            if others:
                raise CannotArchive(f"{folder} is no archive and not empty: name an empty folder, or a new one.")
            manifest.replace(manifest.write_beside(Manifest(), folder), folder)
        found = manifest.load(folder)
        listed = {part.path for part in found.parts}
        for path in (folder / EVENTS).rglob("*"):
            if path.is_file() and path.relative_to(folder).as_posix() not in listed:
                path.unlink()
        return found
