"""The routes of the status page: the page itself, its dates, and its forms."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from services.intake.answers import ACTED, PAGE_ERRORS, STATUS
from services.intake.asking import Engine
from services.intake.form_fields import body_of
from services.intake.pages import HAND_OVER, StatusPages
from shared.policy.model import Policies
from shared.privacy.keyring import Keyring
from shared.privacy.links import Links

ROUTES: Final = ("review", "waive", "withdraw", "amend", *sorted(HAND_OVER))

Lang = Annotated[str | None, Query(max_length=8, description="`en` or `es`; else by Accept-Language.")]
AcceptLanguage = Annotated[str, Header(alias="Accept-Language")]

_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/calendar": {"schema": {"type": "string"}}}},
    **PAGE_ERRORS,
}


def router(
    *,
    engine: Engine,
    keyring: Keyring,
    links: Links,
    policies: Policies,
    public_url: str,
    now: Callable[[], datetime],
) -> APIRouter:
    """`GET /status/{link}` and its forms."""
    routes = APIRouter(tags=["status page"])
    pages = StatusPages(engine=engine, keyring=keyring, links=links, policies=policies, public_url=public_url, now=now)

    @routes.get("/status/{link}", responses=STATUS)
    async def show(
        request: Request,
        link: str,
        lang: Lang = None,
        done: Annotated[str | None, Query(max_length=16)] = None,
        accept_language: AcceptLanguage = "",
    ) -> Response:
        """Where a case is, what comes next and by when; HTML, or JSON by `Accept`."""
        return await pages.show(request, link, lang=lang, accepted=accept_language, done=done)

    @routes.get("/status/{link}/dates.ics", response_class=Response, responses=_FILE)
    async def dates(request: Request, link: str, lang: Lang = None, accept_language: AcceptLanguage = "") -> Response:
        """The dates of a case as an iCalendar file."""
        return await pages.dates(request, link, lang=lang, accepted=accept_language)

    for route in ROUTES:
        routes.add_api_route(
            f"/status/{{link}}/{route}",
            _acting(pages, route),
            methods=["POST"],
            responses=ACTED,
            openapi_extra=body_of(route),
            name=route,
        )
    return routes


def _acting(pages: StatusPages, route: str) -> Callable[..., Any]:
    async def act(
        request: Request,
        link: str,
        accept_language: AcceptLanguage = "",
        idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)] = None,
    ) -> Response:
        """A form of the status page; without `confirm=yes` it only shows what would be done."""
        return await pages.act(request, link, route, accepted=accept_language, header_key=idempotency_key)

    return act
