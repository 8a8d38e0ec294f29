"""The development issuer: makes tokens on one's own machine. Services off the loopback refuse it."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.web.sign_in import SUBMIT, Role

DEVELOPMENT_ISSUER: Final = "urn:secondlook:development"
AUDIENCE: Final = "second-look"
_ALGORITHM = "Ed25519"
_PRIVATE = "development-issuer.json"
_PUBLIC = "development-issuer.jwks.json"


class DevelopmentIssuer:
    """Signs tokens with a key pair that it keeps in a folder."""

    def __init__(self, folder: Path, *, issuer: str = DEVELOPMENT_ISSUER, now: Callable[[], float] = time.time) -> None:
        """Makes the key pair when the folder has none. The private key's file is readable by its owner only."""
        self._public = folder / _PUBLIC
        self._key = _load_or_create(folder / _PRIVATE)
        self._issuer = issuer
        self._now = now
        _write(self._public, {"keys": [self._key.as_dict(private=False)]}, mode=0o644)

    @property
    def public_keys(self) -> Path:
        """The JWKS file for `DevelopmentKeys`."""
        return self._public

    def staff(
        self,
        subject: str,
        roles: Iterable[Role],
        *,
        offices: Iterable[str] = (),
        minutes: float = 60,
        audience: str = AUDIENCE,
    ) -> str:
        """A token of a member of staff; an officer's names the offices."""
        claims = {"roles": sorted(roles), "offices": sorted(offices)}
        return self._sign(subject, claims, minutes, audience)

    def client(self, subject: str, *, minutes: float = 60, audience: str = AUDIENCE) -> str:
        """A token of a system that submits requests."""
        return self._sign(subject, {"scope": SUBMIT}, minutes, audience)

    def _sign(self, subject: str, claims: dict[str, Any], minutes: float, audience: str) -> str:
        now = int(self._now())
        common = {
            "iss": self._issuer,
            "sub": subject,
            "aud": audience,
            "iat": now,
            "nbf": now,
            "exp": now + int(minutes * 60),
        }
        header = {"alg": _ALGORITHM, "kid": self._key.kid}
        return jwt.encode(header, common | claims, self._key, algorithms=[_ALGORITHM])


def _load_or_create(path: Path) -> OKPKey:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": _ALGORITHM, "kid": secrets.token_hex(8)})
        _write(path, made.as_dict(private=True), mode=0o600, replace=False)
    return OKPKey.import_key(json.loads(path.read_bytes()))


def _write(path: Path, document: Any, *, mode: int, replace: bool = True) -> None:
    """Write a file whole: a reader never sees half of one. Without `replace`, a file that appeared meanwhile stays."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        json.dump(document, file)
    if replace:
        unfinished.replace(path)
        return
    try:
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
