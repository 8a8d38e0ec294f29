"""The private link of a case: made by whoever has the link key, stored nowhere, revoked by a new generation.

A token is base64url, without padding, of the case id's 16 bytes and 16 bytes of HMAC-SHA-256(link key, case id,
generation, role): 43 characters, of them 128 bits that cannot be guessed. Whether a link has expired is decided by
policy, where the page is shown.

A link carries the role that it was made for, so that each reader has their own. The role is in the tag, and nowhere to
be read: a token tells only whoever has the key. The requestor's tag has no role in it: it is the one that served
everybody before, and such links keep working, as the requestor's, until their generation ends.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from shared.contracts.vocabulary import Recipient
from shared.privacy.keys import SecretKey

_ID_BYTES = 16
_TAG_BYTES = 16
_TOKEN_CHARACTERS = 43
_NOBODY = bytes(_ID_BYTES + _TAG_BYTES)
_ROLES = {Recipient.REQUESTOR: b"secondlook/link/1\x00", Recipient.NONCITIZEN: b"secondlook/link/2/noncitizen\x00"}
"""Who may have a link, and what their tag begins with."""


class Links:
    """Makes and checks the tokens of private links."""

    def __init__(self, key: SecretKey) -> None:
        self._key = key

    def token(self, case_id: UUID, generation: int, role: Recipient = Recipient.REQUESTOR) -> str:
        """The token of a reader's link. `generation` starts at 1; a higher one makes all earlier links useless."""
        return _encode(case_id.bytes + self._tag(case_id.bytes, generation, role))

    def case_of(self, token: str) -> UUID | None:
        """The case that a token *claims* to be of, to look its generation up; None for anything malformed.

        It proves nothing: show nothing of the case before `role_of`.
        """
        raw = _decode(token)
        return None if raw is None else UUID(bytes=raw[:_ID_BYTES])

    def role_of(self, token: str, generation: int | None) -> Recipient | None:
        """Whose link of that generation this is, in the same time for every token; None: nobody's.

        Call it for unknown cases and malformed tokens too, with `generation=None`: the same work, and nobody's.
        """
        raw = _decode(token)
        known = raw is not None and generation is not None
        raw = raw or _NOBODY
        tags = [(role, self._tag(raw[:_ID_BYTES], generation or 0, role)) for role in _ROLES]
        # All of them are compared, whichever it is.
        whose = [role for role, expected in tags if hmac.compare_digest(expected, raw[_ID_BYTES:])]
        return whose[0] if whose and known else None

    def _tag(self, case_id: bytes, generation: int, role: Recipient) -> bytes:
        message = _ROLES[role] + case_id + generation.to_bytes(8, "big")
        return hmac.digest(self._key.material, message, "sha256")[:_TAG_BYTES]


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes | None:
    """The 32 bytes of a well-formed token. One link has one spelling: unused bits must be zero."""
    if len(token) != _TOKEN_CHARACTERS or not token.isascii():
        return None
    raw = urlsafe_b64decode(token + "=")
    return raw if len(raw) == len(_NOBODY) and _encode(raw) == token else None
