"""The private link of a case: made by whoever has the link key, stored nowhere, revoked by a new generation.

A token is base64url, without padding, of the case id's 16 bytes and 16 bytes of HMAC-SHA-256(link key, case id,
generation): 43 characters, of them 128 bits that cannot be guessed. Whether a link has expired is decided by
policy, where the page is shown.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from shared.privacy.keys import SecretKey

_ID_BYTES = 16
_TAG_BYTES = 16
_TOKEN_CHARACTERS = 43
_NOBODY = bytes(_ID_BYTES + _TAG_BYTES)


class Links:
    """Makes and checks the tokens of private links."""

    def __init__(self, key: SecretKey) -> None:
        self._key = key

    def token(self, case_id: UUID, generation: int) -> str:
        """The token of a case's link. `generation` starts at 1; a higher one makes all earlier links useless."""
        return _encode(case_id.bytes + self._tag(case_id.bytes, generation))

    def case_of(self, token: str) -> UUID | None:
        """The case that a token *claims* to be of, to look its generation up; None for anything malformed.

        It proves nothing: show nothing of the case before `matches`.
        """
        raw = _decode(token)
        return None if raw is None else UUID(bytes=raw[:_ID_BYTES])

    def matches(self, token: str, generation: int | None) -> bool:
        """Whether this is the link of that generation, in the same time for every token.

        Call it for unknown cases and malformed tokens too, with `generation=None`: the same work, and the answer is no.
        """
        raw = _decode(token)
        known = raw is not None and generation is not None
        raw = raw or _NOBODY
        expected = self._tag(raw[:_ID_BYTES], generation or 0)
        return hmac.compare_digest(expected, raw[_ID_BYTES:]) and known

    def _tag(self, case_id: bytes, generation: int) -> bytes:
        message = b"secondlook/link/1\x00" + case_id + generation.to_bytes(8, "big")
        return hmac.digest(self._key.material, message, "sha256")[:_TAG_BYTES]


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes | None:
    """The 32 bytes of a well-formed token. One link has one spelling: unused bits must be zero."""
    if len(token) != _TOKEN_CHARACTERS or not token.isascii():
        return None
    raw = urlsafe_b64decode(token + "=")
    return raw if len(raw) == len(_NOBODY) and _encode(raw) == token else None
