"""The envelope sender of a letter: where a report comes back that it was not delivered, and which letter that is about.

A return path is the address `RETURN_TO` with a mark after a plus: `bounces+<mark>@agency.example`. The mark is base32
of the case id (16 bytes), the beginning of the notification's id (6), the attempt (1) and a keyed hash of these (8): 50
characters, in which capital and small letters are the same, for relays change them. Whoever has not seen a letter's
path cannot make it, so nobody can have other people's letters taken for undelivered.
"""

import hmac
from base64 import b32decode, b32encode
from binascii import Error
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.notification.mail.message import usable
from shared.privacy.keys import SecretKey

BEGINS_BYTES: Final = 6
"""Of a notification's id: enough to tell the letters of one case apart."""

MOST_ATTEMPTS: Final = 255
_SAID_BYTES: Final = 16 + BEGINS_BYTES + 1
_TAG_BYTES: Final = 8
_MARK_CHARACTERS: Final = 50
LONGEST_LOCAL_PART: Final = 64 - 1 - _MARK_CHARACTERS
"""RFC 5321 4.5.3.1.1 allows 64 characters before the @."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Which attempt of which letter a return path was made for. `begins`: the first digits of the letter's id, hex."""

    case_id: UUID
    begins: str
    attempt: int


class ReturnPaths:
    """Makes and reads them. The key is that of the private links, in a domain of its own."""

    def __init__(self, key: SecretKey, return_to: str) -> None:
        """Raises ValueError where `return_to` is no plain address, or too long for a mark."""
        self._local, _, self._domain = (usable(return_to) or "").rpartition("@")
        if not self._local or "+" in self._local or len(self._local) > LONGEST_LOCAL_PART:
            raise ValueError(
                "RETURN_TO must be one plain address without a plus, with at most "
                f"{LONGEST_LOCAL_PART} characters before the @, such as bounces@agency.example."
            )
        self._key = key

    def path(self, case_id: UUID, notification: UUID, attempt: int) -> str:
        """The envelope sender of an attempt."""
        said = case_id.bytes + notification.bytes[:BEGINS_BYTES] + bytes([min(attempt, MOST_ATTEMPTS)])
        return f"{self._local}+{_encode(said + self._tag(said))}@{self._domain}"

    def of(self, address: str) -> Returned | None:
        """What a return path was made for; None for every address that is none of ours."""
        local, _, domain = address.lower().rpartition("@")
        ours, _, mark = local.partition("+")
        raw = _decode(mark)
        if raw is None or (ours, domain) != (self._local.lower(), self._domain.lower()):
            return None
        said, tag = raw[:_SAID_BYTES], raw[_SAID_BYTES:]
        if not hmac.compare_digest(tag, self._tag(said)):
            return None
        return Returned(UUID(bytes=said[:16]), said[16:-1].hex(), said[-1])

    def _tag(self, said: bytes) -> bytes:
        return hmac.digest(self._key.material, b"secondlook/return/1\x00" + said, "sha256")[:_TAG_BYTES]


def _encode(raw: bytes) -> str:
    return b32encode(raw).rstrip(b"=").decode().lower()


def _decode(mark: str) -> bytes | None:
    """The bytes of a well-formed mark. One mark has one spelling: unused bits must be zero."""
    if len(mark) != _MARK_CHARACTERS or not mark.isascii():
        return None
    try:
        raw = b32decode(mark.upper() + "=" * (-_MARK_CHARACTERS % 8))
    except Error:
        return None
    return raw if _encode(raw) == mark else None
