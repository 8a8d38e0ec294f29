"""Sealed blobs: AES-256-GCM with the case's own key, so that shredding that key makes every copy unreadable.

A box is
```
1 byte    version of this layout, 1
1 byte    schema of the plaintext
16 bytes  cause: the id of the command or event that the blob was sealed for
1 byte    length of the name, then the name (UTF-8)
12 bytes  nonce, random
rest      ciphertext and its 16-byte tag
```
The associated data is the case id followed by everything before the nonce: a box that is moved to another case or under
another name, or whose cause or schema is edited, does not open.
"""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import ContractViolation

_VERSION = 1
_NAME_AT = 19
_NONCE_BYTES = 12
_TAG_BYTES = 16


class BrokenSeal(ContractViolation):
    """A sealed blob does not open with its case's key: a defect, never an outage. Names the case and the blob only."""

    def __init__(self, case_id: UUID, name: str) -> None:
        super().__init__(f"the sealed blob {name!r} of case {case_id} does not open")
        self.case_id = case_id
        self.name = name


class CaseKey:
    """The unwrapped key of one case, ready for use. Its bytes cannot be read back from it.

    Use it for the batch at hand and let it go: the keyring forgets after 60 s at most, and so must whoever asked it.
    A key that did not unwrap is *broken*: it seals and opens nothing, so that one bad case does not fail a batch.
    """

    __slots__ = ("_cipher", "case_id")

    def __init__(self, case_id: UUID, material: bytes | None) -> None:
        """`material` None makes a broken key."""
        self.case_id = case_id
        self._cipher = None if material is None else AESGCM(material)

    @property
    def broken(self) -> bool:
        """Whether the stored key did not unwrap with the master key."""
        return self._cipher is None

    def cipher_for(self, case_id: UUID, name: str) -> AESGCM:
        """The cipher, for this case only; `BrokenSeal` for a broken key and for another case."""
        if self._cipher is None or case_id != self.case_id:
            raise BrokenSeal(case_id, name)
        return self._cipher

    def __repr__(self) -> str:
        return f"CaseKey(case_id={self.case_id})"

    def __reduce__(self) -> str:
        raise TypeError("a case's key is never serialised")


def seal(key: CaseKey, *, case_id: UUID, cause: UUID, name: str, schema: int = 1, plaintext: bytes) -> bytes:
    """Seal a blob. Seal only with a key that the keyring has read back; the same blob sealed twice differs."""
    label = name.encode()
    header = b"".join((bytes((_VERSION, schema)), cause.bytes, bytes((len(label),)), label))
    nonce = os.urandom(_NONCE_BYTES)
    return header + nonce + key.cipher_for(case_id, name).encrypt(nonce, plaintext, case_id.bytes + header)


def open_box(key: CaseKey, *, case_id: UUID, name: str, box: bytes) -> bytes:
    """Open a sealed blob of this case and this name; `BrokenSeal` for any other."""
    header = _header(case_id, name, box)
    nonce_ends = len(header) + _NONCE_BYTES
    try:
        return key.cipher_for(case_id, name).decrypt(
            box[len(header) : nonce_ends], box[nonce_ends:], case_id.bytes + header
        )
    except InvalidTag:
        raise BrokenSeal(case_id, name) from None


def schema_of(box: bytes) -> int:
    """The schema of the plaintext, to choose its reader. To be trusted only once the box has opened."""
    return box[1]


def cause_of(box: bytes) -> UUID:
    """The id of the input that the blob was sealed for. To be trusted only once the box has opened."""
    return UUID(bytes=bytes(box[2:18]))


def _header(case_id: UUID, name: str, box: bytes) -> bytes:
    label = name.encode()
    ends = _NAME_AT + len(label)
    fits = len(box) >= ends + _NONCE_BYTES + _TAG_BYTES
    if not fits or box[0] != _VERSION or box[_NAME_AT - 1] != len(label) or box[_NAME_AT:ends] != label:
        raise BrokenSeal(case_id, name)
    return bytes(box[:ends])
