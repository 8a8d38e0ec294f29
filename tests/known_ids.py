"""An id key that tests know: they compute, as intake does, which case a request of theirs becomes."""

from pathlib import Path
from typing import Final

from deploy.keys import KEY_FILES
from shared.privacy.case_ids import CaseIds
from shared.privacy.keys import KEY_BYTES, SecretKey

_KEY: Final = SecretKey(b"d" * KEY_BYTES)
CASE_IDS: Final = CaseIds(_KEY)


def place(data: Path) -> None:
    """Put the key among those of a platform in this folder, before it starts."""
    file = data / "keys" / KEY_FILES["ID_KEY_FILE"]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_KEY.material)
    file.chmod(0o600)
