"""Case ids, and what events tell of an idempotency key: both keyed, so that nobody finds the key by trying.

A client may have used an A-number, or a name, as its idempotency key. A plain hash of it is found by hashing all
nine-digit numbers; a case's id, and the number that people read, stand in every event and on every letter, where no
erasure reaches them. Hence HMAC-SHA-256, with a key that is never changed: under another one, a request that is sent
again would be another case.
"""

import hmac
from base64 import urlsafe_b64encode
from uuid import UUID, uuid5

from shared.contracts.envelope import NAMESPACE
from shared.privacy.keys import SecretKey, WrongKey

_TOLD_BYTES = 16
_VERSION_8 = 8 << 76
_VARIANT = 0b10 << 62
_FREE = ~(0xF << 76 | 0b11 << 62)
"""All bits of a UUID but those that say what kind it is: version 8 of RFC 9562, made by rules of one's own."""


class WrongIdKey(WrongKey):
    """The id key is not the one that this store's case ids were made with. Point ID_KEY_FILE at the right file."""


class CaseIds:
    """Makes the ids. A namespace says whose idempotency keys these are."""

    def __init__(self, key: SecretKey) -> None:
        self._key = key

    def case_id(self, namespace: str, key: str) -> UUID:
        """The case that a request with this key is, now and whenever it is sent again."""
        bits = int.from_bytes(self._tag(b"case", namespace, key)[:16])
        return UUID(int=bits & _FREE | _VERSION_8 | _VARIANT)

    def told(self, namespace: str, key: str) -> str:
        """The key as events may carry it: 22 characters of base64url."""
        return _text(self._tag(b"received", namespace, key))

    @property
    def proof(self) -> str:
        """Tells whether another process has the same key, and nothing else of it."""
        return _text(self._tag(b"proof", "", ""))

    def _tag(self, domain: bytes, namespace: str, key: str) -> bytes:
        # The namespace's 16 bytes and then the key: no two pairs are written alike.
        said = uuid5(NAMESPACE, namespace).bytes + key.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key.material, b"secondlook/%s/1\x00%s" % (domain, said), "sha256")


def id_without_key(namespace: str, key: str) -> UUID:
    """How case ids were made before they were keyed. Such a case keeps its id, and is found by it."""
    return uuid5(uuid5(NAMESPACE, namespace), key)


def _text(tag: bytes) -> str:
    return urlsafe_b64encode(tag[:_TOLD_BYTES]).rstrip(b"=").decode()
