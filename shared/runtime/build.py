"""The name of the code that runs, where nobody has given it one: the same code, the same name."""

from functools import cache
from hashlib import sha256
from pathlib import Path

CODE = Path(__file__).parents[2]
"""Where `services` and `shared` lie."""
READ = frozenset({".py", ".yaml", ".po", ".html", ".json"})
"""What makes a difference to how an input is handled: code, policy, wording."""


@cache
def build_name(code: Path = CODE) -> str:
    """`code-` and twelve digits of a hash over all that is read at run time."""
    digest = sha256()
    for folder in ("services", "shared"):
        for path in sorted((code / folder).rglob("*")):
            if path.suffix in READ:
                digest.update(f"{path.relative_to(code).as_posix()}\0".encode())
                digest.update(path.read_bytes())
    return f"code-{digest.hexdigest()[:12]}"
