"""The service's own long-lived keys: 32 bytes each, in a file that others cannot read.

There are four: the master key wraps the cases' keys (MASTER_KEY_FILE), the index key makes blind indexes
(INDEX_KEY_FILE), the link key makes private links (LINK_KEY_FILE), the id key makes case ids (ID_KEY_FILE, never
changed). Never one file for two of them.
"""

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

KEY_BYTES = 32
_OPEN_TO_OTHERS = stat.S_IRWXO | stat.S_IWGRP
"""Refused permissions. The group may read: a mounted secret belongs to root and is read through its group."""


class UnusableKeyFile(Exception):
    """A key file is missing, of the wrong size, or open to others. The message is one sentence that says what to do."""


class WrongKey(Exception):
    """A key can be read, and is not the one that the stored data was made with. The message says what to do."""


@dataclass(frozen=True, slots=True)
class SecretKey:
    """32 secret bytes. `material` is in no repr; hand the whole object around, not the bytes."""

    material: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.material) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, this one has {len(self.material)}")


def load_key(setting: str, path: Path) -> SecretKey:
    """The key that the setting (`MASTER_KEY_FILE`, ...) points to; raises `UnusableKeyFile` before anything starts."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            material = file.read(KEY_BYTES + 1)
    except FileNotFoundError:
        raise UnusableKeyFile(
            f"{setting}: the key file {path} cannot be read (no such file or directory); put it back from your backup, "
            f"or, where there never was one, make it with `python -m deploy.keys {path.parent}`."
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnusableKeyFile(f"{setting}: the key file {path} cannot be read ({reason.lower()}).") from None
    if mode & _OPEN_TO_OTHERS:
        raise UnusableKeyFile(f"{setting}: the key file {path} is open to others; run `chmod 600 {path}`.")
    if len(material) != KEY_BYTES:
        raise UnusableKeyFile(
            f"{setting}: the key file {path} must hold exactly {KEY_BYTES} raw bytes; "
            f"make one with `head -c {KEY_BYTES} /dev/urandom`."
        )
    return SecretKey(material)


def create_key_file(path: Path) -> None:
    """Make a key file with a new key, readable by its owner only. A file that exists is left as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: of two who create at once, the second must not replace the first one's key.
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
