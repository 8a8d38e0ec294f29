"""Make the keys that the services need, in a folder: `python -m deploy.keys FOLDER`. Keys that are there stay."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared.privacy.keys import UnusableKeyFile, create_key_file, load_key

KEY_FILES: Final = {
    "MASTER_KEY_FILE": "master.key",
    "INDEX_KEY_FILE": "index.key",
    "LINK_KEY_FILE": "link.key",
    "ID_KEY_FILE": "id.key",
}
"""Each key's setting, and its file's name in the folder."""


def make(folder: Path) -> list[Path]:
    """Make what is missing, readable by its owner only; return what was made.

    Raises `UnusableKeyFile` when a key that was there already cannot be used, `OSError` when none can be written.
    """
    missing = [folder / name for name in KEY_FILES.values() if not (folder / name).exists()]
    for path in missing:
        create_key_file(path)
    for setting, name in KEY_FILES.items():
        load_key(setting, folder / name)
    return missing


def main(arguments: Sequence[str]) -> int:
    """Make the keys, and say what was done; 1 when that failed, 2 when the arguments make no sense."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python -m deploy.keys FOLDER\n")
        return 2
    folder = Path(arguments[0])
    try:
        made = make(folder)
    except (OSError, UnusableKeyFile) as error:
        sys.stderr.write(f"The keys could not be made ready: {error}\n")
        return 1
    kept = len(KEY_FILES) - len(made)
    print(f"{len(made)} keys made, {kept} kept, in {folder}. Whoever loses them loses all that was sealed with them.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
