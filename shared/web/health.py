"""Whether a service lives, whether it can work now and if not why, and its numbers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from shared.web.sign_in import Role, SignIn

Checks = Callable[[], Awaitable[Mapping[str, str | None]]]
"""Looks at everything that the service needs: check name -> None when well, else a short reason without secrets."""


class Numbers(Protocol):
    """The numbers of a service."""

    registry: CollectorRegistry

    async def look(self) -> None: ...


def router(*, ready: Checks, metrics: Numbers, sign_in: SignIn, within_seconds: float = 5.0) -> APIRouter:
    """`/health/live`, `/health/ready` and `/metrics`. Checks that do not answer in time count as not ready."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/health/live")
    async def live() -> dict[str, str]:
        """The process runs. Says nothing about what it needs: a dead store is no reason to kill it."""
        return {"status": "live"}

    @routes.get("/health/ready")
    async def readiness() -> JSONResponse:
        """All checks are well, or 503 with the reasons of those that are not."""
        try:
            async with asyncio.timeout(within_seconds):
                checks = dict(await ready())
        except TimeoutError:
            checks = {"checks": f"no answer within {within_seconds:g} s"}
        unwell = {name: reason for name, reason in checks.items() if reason is not None}
        body = {"status": "not ready" if unwell else "ready", "checks": {n: r or "well" for n, r in checks.items()}}
        return JSONResponse(body, 503 if unwell else 200, headers={"Cache-Control": "no-store"})

    @routes.get("/metrics", response_class=PlainTextResponse, dependencies=[Depends(sign_in.staff(Role.OPERATOR))])
    async def numbers() -> Response:
        """For operators only: numbers tell how many people wait. Prometheus sends a token (`authorization`)."""
        await metrics.look()
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return routes
