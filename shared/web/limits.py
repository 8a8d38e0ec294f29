"""What a stranger may ask of us: how large a body, how often. Pure ASGI, bounded memory, each instance by itself."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import Problem

BODY_BYTES: Final = 256 * 1024
_FORM_BYTES: Final = 16 * 1024
_REMEMBERED_CALLERS = 10_000
_IPV6_SITE_BITS = 64


class BodyLimit:
    """Answers 413 to a body that is too large. Reads a body whole before the app sees it: all of ours are small."""

    def __init__(self, app: ASGIApp, *, limit: int = BODY_BYTES + _FORM_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = None if self._says_too_large(scope) else await self._read(receive)
        if body is None:
            await self._too_large().response()(scope, receive, send)
            return
        pending: list[Message] = body

        async def replay() -> Message:
            return pending.pop(0) if pending else await receive()

        await self._app(scope, replay, send)

    def _says_too_large(self, scope: Scope) -> bool:
        said = Headers(scope=scope).get("content-length", "")
        return said.isascii() and said.isdigit() and (len(said) > 15 or int(said) > self._limit)

    async def _read(self, receive: Receive) -> list[Message] | None:
        """The body as one message, or the disconnect that came instead; None when it is too large."""
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return [message]
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._limit:
                return None
            if not message.get("more_body", False):
                return [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

    def _too_large(self) -> Problem:
        # Closed, so that the rest of the body need not be read.
        return Problem(
            413, "too_large", f"A request may have at most {self._limit} bytes.", headers={"Connection": "close"}
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests at once, and then so many a second."""

    per_second: float
    burst: int


class Buckets:
    """A token bucket for each caller. Of more than `remembered`, the one not seen longest is forgotten first."""

    def __init__(self, rate: Rate, monotonic: Callable[[], float], remembered: int) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._remembered = remembered
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> float:
        """Take one token; the seconds to wait when there is none."""
        now = self._monotonic()
        tokens, at = self._buckets.pop(caller, (self._rate.burst, now))
        tokens = min(self._rate.burst, tokens + (now - at) * self._rate.per_second)
        allowed = tokens >= 1
        self._buckets[caller] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > self._remembered:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self._rate.per_second


@dataclass(frozen=True, slots=True)
class Clients:
    """Callers that sign in: how often each may come, wherever from, and who a request's valid token says it is."""

    rate: Rate
    of: Callable[[Headers], Awaitable[str | None]]


class RateLimit:
    """Limits how often one caller comes to public paths; 429 with `Retry-After` when it is too often.

    It keeps one caller from taking everything, and is no defence against many. A caller is a client with a valid
    token, else an address, of IPv6 its /64. Behind a proxy, the server must be told to trust its forwarded address.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        rate: Rate,
        public: Sequence[str],
        clients: Clients | None = None,
        told: Callable[[Request, int], Response] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        remembered: int = _REMEMBERED_CALLERS,
    ) -> None:
        """`public`: path prefixes that are limited, such as `/status/`. `told`: the answer, with seconds to wait."""
        self._app = app
        self._public = tuple(public)
        self._clients = clients
        self._told = told or too_many
        self._addresses = Buckets(rate, monotonic, remembered)
        self._signed_in = Buckets(clients.rate, monotonic, remembered) if clients else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self._public):
            wait = await self._take(scope)
            if wait > 0:
                await self._told(Request(scope), math.ceil(wait))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _take(self, scope: Scope) -> float:
        headers = Headers(scope=scope)
        if self._clients and self._signed_in and "authorization" in headers:
            client = await self._clients.of(headers)
            if client is not None:
                return self._signed_in.take(client)
        return self._addresses.take(_address(scope))


def _address(scope: Scope) -> str:
    host = str((scope.get("client") or ("unknown", 0))[0])
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), _IPV6_SITE_BITS), strict=False))
    return host


def too_many(_: Request, seconds: int) -> Response:
    """The answer to programs."""
    return Problem(
        429,
        "too_many_requests",
        "Too many requests from your address, or with your token.",
        f"Please wait {seconds} s and try again.",
        headers={"Retry-After": str(seconds)},
    ).response()
