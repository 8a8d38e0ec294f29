"""The public keys that tokens are verified with: an issuer's JWKS address, or the development issuer's file.

Only asymmetric keys are taken from a key set, so that no public key can be used as a shared secret.
"""

import asyncio
import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from shared.errors import Outage

_FRESH_SECONDS = 600.0
_STALE_SECONDS = 3600.0
_ASK_AGAIN_SECONDS = 60.0
_RETRY_SECONDS = 5.0
_LARGEST_KEY_SET = 256 * 1024
_MOST_KEYS = 64
_KINDS: Final[Mapping[str, type[OKPKey] | type[ECKey] | type[RSAKey]]] = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}


class KeysUnavailable(Outage):
    """The issuer's keys cannot be fetched, so nobody can be told apart now."""


class DevelopmentIssuerRefused(Exception):
    """Development tokens are accepted on the loopback only. Set AUTH_JWKS_URL to your issuer's keys."""


class IssuerKeys:
    """An issuer's JWKS over HTTP: fetched when first needed, kept for ten minutes, and asked again for an unknown key.

    While the issuer does not answer, known keys stay good for an hour.
    """

    def __init__(self, url: str, client: httpx.AsyncClient, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`client` has a time limit and follows no redirects. `url` is https, or on the loopback."""
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise ValueError("AUTH_JWKS_URL must start with https://")
        self._url = url
        self._client = client
        self._monotonic = monotonic
        self._keys: Mapping[str, Key] = {}
        self._fetched_at: float | None = None
        self._asked_at: float | None = None
        self._answered = False
        self._asking = asyncio.Lock()

    async def find(self, kid: str) -> Key | None:
        """The key of that id. Asks for unknown ids at most once a minute, and every 5 s while the issuer is down."""
        if kid not in self._keys or not self._is_within(_FRESH_SECONDS):
            async with self._asking:
                if self._may_ask():
                    await self._ask()
        known = self._keys.get(kid) if self._is_within(_STALE_SECONDS) else None
        if known is None and not self._answered:
            raise KeysUnavailable("the issuer's keys cannot be fetched")
        return known

    async def _ask(self) -> None:
        self._asked_at = self._monotonic()
        try:
            self._keys = parse_key_set(await self._download())
            self._fetched_at, self._answered = self._asked_at, True
        except (httpx.HTTPError, ValueError):
            self._answered = False  # The keys that are known stay; `find` tells when they do not help.

    async def _download(self) -> bytes:
        body = b""
        async with self._client.stream("GET", self._url) as answer:
            if answer.status_code != 200:
                raise ValueError("the issuer did not give its keys")
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > _LARGEST_KEY_SET:
                    raise ValueError("the issuer's key set is too large")
        return body

    def _is_within(self, seconds: float) -> bool:
        return self._fetched_at is not None and self._monotonic() - self._fetched_at < seconds

    def _may_ask(self) -> bool:
        wait = _ASK_AGAIN_SECONDS if self._answered else _RETRY_SECONDS
        return self._asked_at is None or self._monotonic() - self._asked_at >= wait


class DevelopmentKeys:
    """The development issuer's public keys, from a file; for services on the loopback only."""

    def __init__(self, path: Path, *, host: str) -> None:
        """`host` is what the service is bound to. Reads the file once, at start; raises `DevelopmentIssuerRefused`."""
        if not is_loopback(host):
            raise DevelopmentIssuerRefused(str(DevelopmentIssuerRefused.__doc__))
        self._keys = parse_key_set(path.read_bytes())

    async def find(self, kid: str) -> Key | None:
        """The key of that id."""
        return self._keys.get(kid)


def parse_key_set(body: bytes) -> Mapping[str, Key]:
    """The usable signature keys of a JWKS by their ids; `ValueError` when there is none."""
    document = json.loads(body)
    members: Any = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(members, list) or len(members) > _MOST_KEYS:
        raise ValueError("not a key set")
    keys = {key.kid: key for member in members if (key := _public_key(member)) is not None and key.kid}
    if not keys:
        raise ValueError("the key set has no usable key")
    return keys


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a service bound to `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _public_key(member: Any) -> Key | None:
    if not isinstance(member, dict) or member.get("use", "sig") != "sig" or not isinstance(member.get("kid"), str):
        return None
    kind = _KINDS.get(str(member.get("kty")))
    try:
        return None if kind is None else kind.import_key(member)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
