"""A small HTTP client: kept-open connections and little else, so that the service is measured, not the benchmark."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said."""

    status: int
    body: bytes


class Connections:
    """Connections to one service; a request takes a free one, or opens one."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, path: str, body: bytes, *, key: str, token: str | None = None) -> Answer:
        """POST JSON. Once more on a new connection when a kept one was closed: the key makes it the same request."""
        headers = {"Host": self._host, "Content-Type": "application/json", "Accept": "application/json"}
        headers |= {"Idempotency-Key": key, "Content-Length": str(len(body))}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        request = _head(path, headers) + body
        while self._free:
            try:
                return await self._over(*self._free.pop(), request)
            except (OSError, asyncio.IncompleteReadError):
                continue
        return await self._over(*await asyncio.open_connection(self._host, self._port), request)

    async def close(self) -> None:
        """Close what is open."""
        while self._free:
            _, writer = self._free.pop()
            writer.close()

    async def _over(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> Answer:
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            said = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            body = await reader.readexactly(int(said["content-length"]))
        except BaseException:
            writer.close()
            raise
        self._free.append((reader, writer))
        return Answer(int(lines[0].split()[1]), body)


def _head(path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
