"""Who is calling: a signed bearer token (JWT), checked on every request.

Staff tokens carry `roles` and, for officers, `offices`; tokens of client systems carry the scope `submit`. Signature,
key, issuer, audience, expiry and start are all checked; what exactly is wrong with a token is told to nobody. That a
signature is right is remembered, as long as its key is the issuer's; everything else is checked anew each time.
"""

import json
import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from hashlib import sha256
from typing import Annotated, Any, Final, Protocol

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jwt import JWTClaimsRegistry
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from shared.errors import Outage
from shared.web.problems import Problem

ALGORITHMS: Final = ("Ed25519", "EdDSA", "ES256", "RS256")
SUBMIT: Final = "submit"
_LEEWAY_SECONDS = 30
_LONGEST_HEADER = 1024
_LONGEST_SUBJECT = 128
_REMEMBERED_TOKENS = 1_000
_REALM = 'Bearer realm="second-look"'


@unique
class Role(StrEnum):
    """What a member of staff may do; one person may hold several."""

    OFFICER = "officer"
    FIELD_OFFICE_DIRECTOR = "field_office_director"
    SPECIAL_AGENT_IN_CHARGE = "special_agent_in_charge"
    SRO = "sro"
    OPERATOR = "operator"
    ANALYST = "analyst"
    PRIVACY = "privacy"


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff. `subject` is the issuer's id of the person and appears in events: opaque, no address."""

    subject: str
    roles: frozenset[Role]
    offices: frozenset[str] = frozenset()

    @property
    def is_hq(self) -> bool:
        """Whether this is a Senior Reviewing Official at headquarters."""
        return Role.SRO in self.roles


@dataclass(frozen=True, slots=True)
class Client:
    """A system that submits requests for people; its subject is the namespace of its idempotency keys."""

    subject: str


class KeySource(Protocol):
    """The issuer's public keys."""

    async def find(self, kid: str) -> Key | None:
        """The key of that id; None for an unknown one. Raises an `Outage` when the issuer's keys cannot be had."""


class InvalidToken(Exception):
    """The token is not valid here. Says no more, on purpose."""


class SignIn:
    """Verifies tokens of one issuer for one audience, and makes the dependencies that guard endpoints."""

    def __init__(self, *, issuer: str, audience: str, keys: KeySource, now: Callable[[], float] = time.time) -> None:
        """`now` is real time: tokens never follow the policy clock."""
        self._keys = keys
        self._known: OrderedDict[bytes, tuple[Key, dict[str, Any]]] = OrderedDict()
        self._rules = JWTClaimsRegistry(
            now=lambda: int(now()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
        )

    async def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a valid token; `InvalidToken` for every other one."""
        try:
            key = await self._keys.find(_kid(token))
            if key is None:
                raise InvalidToken
            claims = self._signed(token, key)
            # Not optional: a right signature alone says nothing about expiry.
            self._rules.validate(claims)
        except (JoseError, ValueError, TypeError):
            raise InvalidToken from None
        if not _is_plain(claims["sub"]):
            raise InvalidToken
        return claims

    def _signed(self, token: str, key: Key) -> dict[str, Any]:
        """The claims of a token that this very key has signed. Nobody's token itself is kept."""
        mark = sha256(token.encode()).digest()
        signer, claims = self._known.pop(mark, (None, {}))
        if signer is not key:
            claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
        self._known[mark] = key, claims
        if len(self._known) > _REMEMBERED_TOKENS:
            self._known.popitem(last=False)
        return claims

    def staff(self, *roles: Role) -> Callable[..., Awaitable[Staff]]:
        """A dependency that lets in staff who hold one of these roles, or any role when none is named."""
        wanted = frozenset(roles or Role)

        async def signed_in(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Staff:
            claims = await self._demand(credentials)
            held = frozenset(role for role in Role if role.value in _strings(claims.get("roles")))
            if not held & wanted:
                raise _forbidden(" ".join(sorted(wanted)), "Your sign-in does not allow this.")
            return Staff(claims["sub"], held, frozenset(_strings(claims.get("offices"))))

        return signed_in

    def anybody(self) -> Callable[..., Awaitable[None]]:
        """A dependency that lets in whoever has a valid token, of staff or of a client."""

        async def known(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
            await self._demand(credentials)

        return known

    def client(self) -> Callable[..., Awaitable[Client | None]]:
        """A dependency for public endpoints: None for a caller without a token, else a token of scope `submit`."""

        async def submitting(
            credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_optional_bearer)],
        ) -> Client | None:
            if credentials is None:
                return None
            claims = await self._demand(credentials)
            if not _may_submit(claims):
                raise _forbidden(SUBMIT, "This token does not allow submitting requests.")
            return Client(claims["sub"])

        return submitting

    async def client_of(self, headers: Headers) -> str | None:
        """The client whose valid token a request bears; None without one. Turns nobody away."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        try:
            claims = await self.claims(token.strip()) if scheme.lower() == "bearer" else {}
        except (InvalidToken, Outage):
            return None
        return str(claims["sub"]) if _may_submit(claims) else None

    async def _demand(self, credentials: HTTPAuthorizationCredentials | None) -> Mapping[str, Any]:
        if credentials is None:
            raise Problem(401, "sign_in_needed", "Please sign in.", headers={"WWW-Authenticate": _REALM})
        try:
            return await self.claims(credentials.credentials)
        except InvalidToken:
            challenge = f'{_REALM}, error="invalid_token", error_description="The token is expired or not valid here"'
            raise Problem(
                401,
                "invalid_token",
                "Please sign in again.",
                "The token is expired or not valid here.",
                headers={"WWW-Authenticate": challenge},
            ) from None


class _Bearer(HTTPBearer):
    """The bearer token of a request; None without an `Authorization` header. An odd header is an invalid token."""

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        found = await super().__call__(request)
        if found is None and "Authorization" in request.headers:
            return HTTPAuthorizationCredentials(scheme="", credentials="")
        return found


_bearer = _Bearer(scheme_name="staff", bearerFormat="JWT", description="A staff token.", auto_error=False)
_optional_bearer = _Bearer(
    scheme_name="client", bearerFormat="JWT", description="Optional: a token of scope submit.", auto_error=False
)


def _kid(token: str) -> str:
    """The key id that the token names. A token that names none is not tried against every key."""
    head = token.partition(".")[0]
    if len(head) > _LONGEST_HEADER:
        raise InvalidToken
    header = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    kid = header.get("kid") if isinstance(header, dict) else None
    if not isinstance(kid, str) or not kid:
        raise InvalidToken
    return kid


def _may_submit(claims: Mapping[str, Any]) -> bool:
    return SUBMIT in str(claims.get("scope", "")).split()


def _strings(claim: object) -> tuple[str, ...]:
    return tuple(one for one in claim if isinstance(one, str)) if isinstance(claim, list) else ()


def _is_plain(subject: str) -> bool:
    return 0 < len(subject) <= _LONGEST_SUBJECT and subject.isascii() and subject.isprintable()


def _forbidden(scope: str, detail: str) -> Problem:
    challenge = f'{_REALM}, error="insufficient_scope", scope="{scope}"'
    return Problem(403, "not_allowed", "This is not allowed.", detail, headers={"WWW-Authenticate": challenge})
