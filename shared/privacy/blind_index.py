"""Looking somebody up without storing who they are: HMAC-SHA-256 of a normalised value, with a key of its own.

Without the key, an index cannot be tried out against all nine-digit A-numbers; with it, equal values give equal indexes
and nothing else. Each kind of value has its own domain, so an A-number's index never equals an e-mail's.
"""

import hmac
import re
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from enum import StrEnum, unique
from typing import Final

from shared.privacy.keys import SecretKey

_INDEX_BYTES = 16  # 128 bits: two people in a million share one with a chance of 10^-27
_A_NUMBER_DIGITS = 9
_NOT_IN_NAMES = re.compile(r"[^\w]+|_+")


@unique
class Kind(StrEnum):
    """What is looked up."""

    A_NUMBER = "a_number"
    EMAIL = "email"
    NAME = "name"


class NothingToIndex(ValueError):
    """A value has nothing left to look up after normalisation. The value itself is not told."""


class BlindIndex:
    """Makes the indexes. The same key must be kept for as long as the indexes are."""

    def __init__(self, key: SecretKey) -> None:
        self._key = key

    def of(self, kind: str, value: str) -> str:
        """The index of a value of a `Kind`: 22 characters of base64url. Raises `NothingToIndex`."""
        known = Kind(kind)
        normal = _NORMALISE[known](value)
        if not normal:
            raise NothingToIndex(f"there is nothing to look up in this {known.value}")
        return self._hash(known.value, normal.encode("utf-8", "surrogatepass"))

    def fingerprint(self, body: bytes) -> str:
        """Tells whether a repeated idempotency key came with the same body, without keeping the body."""
        return self._hash("body", body)

    def _hash(self, domain: str, value: bytes) -> str:
        tag = hmac.digest(self._key.material, b"secondlook/%s/1\x00%s" % (domain.encode(), value), "sha256")
        return urlsafe_b64encode(tag[:_INDEX_BYTES]).rstrip(b"=").decode()


def _a_number(value: str) -> str:
    """Nine digits: hyphens, spaces and the A left out, old numbers of 7 and 8 digits filled up with zeros."""
    digits = "".join(str(unicodedata.digit(c)) for c in value if unicodedata.digit(c, None) is not None)
    return digits.zfill(_A_NUMBER_DIGITS) if digits else ""


def _email(value: str) -> str:
    return unicodedata.normalize("NFKC", value).strip().casefold()


def plain_name(value: str) -> str:
    """Letters and digits only, without accents or case: GARCÍA-LÓPEZ and Garcia Lopez are looked up alike."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c))
    return _NOT_IN_NAMES.sub(" ", bare.casefold()).strip()


_NORMALISE: Final[Mapping[Kind, Callable[[str], str]]] = {
    Kind.A_NUMBER: _a_number,
    Kind.EMAIL: _email,
    Kind.NAME: plain_name,
}
