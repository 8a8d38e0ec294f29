"""The A-number: "A" and seven to nine digits, a person's lifetime identifier. There is no public check digit."""

import re

_NOISE = re.compile(r"[\s\-‐‑–#]")
_DIGITS = re.compile(r"A?([0-9]{7,9})")


def canonical(text: str) -> str | None:
    """Nine digits, zero-padded right after the A (`A 12-345-678` is `012345678`); None when it is no A-number."""
    found = _DIGITS.fullmatch(_NOISE.sub("", text).upper())
    return found.group(1).zfill(9) if found else None
