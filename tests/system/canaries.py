"""Looking for personal data in clear, in each form that it could have slipped out in."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator

ALIGNMENTS = 3


def forms(canary: str) -> Iterator[bytes]:
    """A text as it may stand in bytes: raw, escaped in JSON, in UTF-16, and in base64 at any alignment."""
    raw = canary.encode()
    yield raw
    yield json.dumps(canary).strip('"').encode()
    yield canary.encode("utf-16-le")
    yield canary.encode("utf-16-be")
    for alignment in range(ALIGNMENTS):
        # Only what does not depend on neighbouring bytes: whole groups of three.
        whole = raw[(ALIGNMENTS - alignment) % ALIGNMENTS :]
        whole = whole[: len(whole) // ALIGNMENTS * ALIGNMENTS]
        if len(whole) >= 6:
            yield b64encode(whole)
            yield b64encode(whole).replace(b"+", b"-").replace(b"/", b"_")


def found_in(haystack: bytes, canaries: Iterable[str]) -> list[str]:
    """The canaries that stand in these bytes, in any form."""
    return [canary for canary in canaries if any(form in haystack for form in set(forms(canary)))]
