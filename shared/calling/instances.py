"""One service, reached by any of its instances: what one cannot answer, the next is asked, under the same key.

A call that was cut off may have been carried out. So every POST has an `Idempotency-Key` and is safe to ask again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx

PATIENCE_SECONDS = 30.0
"""How long a call is tried again while no instance answers."""

ONE_CALL_SECONDS = 10.0
AT_ONCE = 16
_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 2.0
_NOT_NOW: Final = frozenset({429, 502, 503, 504})


class Unreachable(Exception):
    """No instance of the service answers."""


class Refusal(Exception):
    """The service understood, and refused: a problem document (RFC 9457). Holds nothing that the caller sent."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code") or "")
        self.title = str(problem.get("title") or f"HTTP {status}")
        self.detail = str(problem.get("detail") or "")
        self.problem = problem
        super().__init__(" ".join(filter(None, (self.title, self.detail))))


class Instances:
    """The instances of one service, by their addresses; the first that answers is kept."""

    def __init__(
        self,
        service: str,
        urls: Sequence[str],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.service = service
        self._urls = [url.rstrip("/") for url in urls]
        self._patience = patience_seconds
        self._http = httpx.AsyncClient(timeout=ONE_CALL_SECONDS, transport=transport)
        # The client's own pool looks at every waiting request for each one that ends.
        self._places = asyncio.Semaphore(AT_ONCE)
        self._turn = 0

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, *, headers: Mapping[str, str] | None = None, **query: Any) -> httpx.Response:
        """Ask; raises `Refusal` for 4xx and 5xx, `Unreachable` when the patience is over."""
        given = {name: value for name, value in query.items() if value is not None}
        return await self._call("GET", path, headers=headers or {}, params=given)

    async def post(
        self, path: str, *, key: str, headers: Mapping[str, str] | None = None, **content: Any
    ) -> httpx.Response:
        """Ask for something to be done; `content` as for httpx (`json`, `content`, `data`). Raises as `get`."""
        return await self._call("POST", path, headers={"Idempotency-Key": key, **(headers or {})}, **content)

    async def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience
        pause = _PAUSE_SECONDS
        while True:
            why = "it does not answer"
            try:
                url = self._urls[self._turn % len(self._urls)] + path
                async with self._places:
                    answer = await self._http.request(method, url, **options)
                if answer.status_code not in _NOT_NOW:
                    return _accepted(answer)
                why = f"it answers {answer.status_code}"
                pause = max(pause, _asked_to_wait(answer))
            except httpx.TransportError as error:
                why = f"{why} ({type(error).__name__})"
            self._turn += 1
            if loop.time() + pause > until:
                raise Unreachable(f"The service {self.service} cannot be used: {why}.")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)


def _asked_to_wait(answer: httpx.Response) -> float:
    said = answer.headers.get("Retry-After", "")
    return min(float(said), _LONGEST_PAUSE_SECONDS) if said.isdigit() else 0.0


def _accepted(answer: httpx.Response) -> httpx.Response:
    if answer.status_code < 400:
        return answer
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    raise Refusal(answer.status_code, problem if isinstance(problem, dict) else {})
