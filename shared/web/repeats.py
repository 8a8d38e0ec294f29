"""JSON in which a name comes twice is an error on every path: which of the two was meant, nobody can know."""

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.repeated import repeated
from shared.web.problems import Problem

TWICE: Final = "A name comes twice in one object. Send each once."


class NoRepeats:
    """Answers 400 to such a body. Stands behind `BodyLimit`, which makes of every body one message."""

    def __init__(self, app: ASGIApp, *, spared: Sequence[str] = ()) -> None:
        """`spared`: paths that look at their body themselves, and say more about it."""
        self._app = app
        self._spared = frozenset(spared)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._spares(scope) or not _is_json(scope):
            await self._app(scope, receive, send)
            return
        first: Message | None = await receive()
        if first is not None and first["type"] == "http.request" and _repeats(first.get("body", b"")):
            problem = Problem(400, "invalid_request", "The request is not in the right form.", TWICE)
            await problem.response()(scope, receive, send)
            return

        async def again() -> Message:
            nonlocal first
            message, first = first, None
            return message if message is not None else await receive()

        await self._app(scope, again, send)

    def _spares(self, scope: Scope) -> bool:
        return scope["path"].removeprefix(scope.get("root_path", "")) in self._spared


def _is_json(scope: Scope) -> bool:
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _repeats(body: bytes) -> bool:
    try:
        return repeated(body) is not None
    except (ValueError, RecursionError):  # no JSON: whoever reads it says so
        return False
