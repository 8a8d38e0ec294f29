"""The case number that people read, write down and say over the phone: `XXXXX-XXXXX-C`.

Fifty bits derived from the case id, in an alphabet in which no two characters look alike, and a check character that
finds every single wrong character and every two that changed places.
"""

from hashlib import sha256
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKES = str.maketrans("OIL", "011")
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_LENGTH = 11


def number_of(case_id: UUID, attempt: int = 0) -> str:
    """The number of a case. `attempt` rises when another case has reserved the number before."""
    digest = sha256(case_id.bytes + attempt.to_bytes(2)).digest()
    bits = int.from_bytes(digest[:7]) >> 6
    body = "".join(ALPHABET[bits >> shift & 31] for shift in range(45, -1, -5))
    return _grouped(body + _check(body))


def read_number(text: str) -> str | None:
    """The number that somebody meant (spaces, case and look-alikes forgiven); None when it cannot be one."""
    plain = "".join(text.split()).replace("-", "").upper().translate(_LOOK_ALIKES)
    if len(plain) != _LENGTH or any(character not in _VALUE for character in plain):
        return None
    return _grouped(plain) if _check(plain[:-1]) == plain[-1] else None


def _grouped(plain: str) -> str:
    return f"{plain[:5]}-{plain[5:10]}-{plain[10:]}"


def _check(body: str) -> str:
    """Horner's rule in GF(32): each place weighs differently, so a change or a swap always shows."""
    total = 0
    for character in body:
        total = _double(total) ^ _VALUE[character]
    return ALPHABET[_double(total)]


def _double(value: int) -> int:
    """Times the primitive element of GF(32) = GF(2)[x] / (x^5 + x^2 + 1)."""
    return (value << 1) ^ (0b100101 if value & 0b10000 else 0)
