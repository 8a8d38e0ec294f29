"""Response headers that keep pages and answers to themselves: no script, no framing, no referrer, no store."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class SecurityHeaders:
    """Adds the security headers to every answer that does not set them itself. Pure ASGI."""

    def __init__(self, app: ASGIApp, *, inline_styles: Sequence[str] = ()) -> None:
        """`inline_styles` are the exact texts of the `<style>` elements that pages may have."""
        self._app = app
        self._headers = {
            "Content-Security-Policy": content_security_policy(inline_styles),
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "X-Robots-Tag": "noindex",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


def content_security_policy(inline_styles: Sequence[str] = ()) -> str:
    """No script at all; styles from here, or with the hash of a known inline one; forms only to here."""
    hashes = "".join(f" 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" for style in inline_styles)
    return (
        f"default-src 'none'; style-src 'self'{hashes}; img-src 'self'; font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
