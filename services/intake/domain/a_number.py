"""The A-number: "A" and seven to nine digits, a person's lifetime identifier. There is no public check digit."""

import re
import unicodedata
from typing import Final

_DIGITS = re.compile(r"A?([0-9]{7,9})")

_NOISE: Final = frozenset({"Zs", "Cc", "Cf", "Pd"})
"""General categories of what stands between digits and is not seen or not meant: spaces, zero-width marks, dashes."""

_MARKS: Final = frozenset(".·−#")
"""So do these: dots, the minus sign (no dash to Unicode), and the number sign of `A#`."""

_NOBODY: Final = "0" * 9
"""What forms hold where no number is known. Other numbers of one digit are some person's, and so they are read."""


def canonical(text: str) -> str | None:
    """Nine digits, zero-padded right after the A (`A# 12-345-678` is `012345678`); None when it is no A-number."""
    found = _DIGITS.fullmatch("".join(each for each in text if not _is_noise(each)).upper())
    digits = found.group(1).zfill(len(_NOBODY)) if found else _NOBODY
    return None if digits == _NOBODY else digits


def _is_noise(character: str) -> bool:
    return character in _MARKS or unicodedata.category(character) in _NOISE
