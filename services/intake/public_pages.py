"""The pages that need no link: what happens to people's data, and the form for a lost link."""

from typing import Annotated, Final
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from fastapi import APIRouter, Header, Query
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from services.intake.answers import ACTED
from services.intake.domain.case_number import read_number
from services.intake.forms import FORM, MAX_KEY, is_address, wrong_kind
from services.intake.lost_links import LostLinks, Wish
from services.intake.rendering import ICON, Pages
from services.intake.speaking import shipped
from shared.contracts.texts import Email
from shared.policy.model import Policies
from shared.web.problems import Problem

LOST_LINK: Final = "/lost-link"
MAX_BYTES: Final = 4 * 1024
_MOST_FIELDS = 8
_EMAIL: Final[TypeAdapter[str]] = TypeAdapter(Email)

Lang = Annotated[str | None, Query(max_length=8, description="A language's code, such as `es`; else Accept-Language.")]
AcceptLanguage = Annotated[str, Header(alias="Accept-Language")]


def router(*, lost_links: LostLinks, policies: Policies, public_url: str) -> APIRouter:
    """`/your-data` and `/lost-link`. `public_url` is where people reach intake."""
    routes = APIRouter(tags=["public pages"])
    prefix = urlsplit(public_url).path.rstrip("/")
    pages = Pages(tongues=shipped(), policies=policies, prefix=prefix)

    @routes.get("/", response_class=HTMLResponse)
    async def front(lang: Lang = None, accept_language: AcceptLanguage = "") -> HTMLResponse:
        """What this is, how to ask, and how to follow a case."""
        return HTMLResponse(pages.front(pages.tongues.choose(asked=lang, accepted=accept_language)))

    @routes.get("/favicon.svg", response_class=Response, include_in_schema=False)
    @routes.get("/favicon.ico", response_class=Response, include_in_schema=False)
    async def icon() -> Response:
        """The pages' sign."""
        return Response(ICON, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})

    @routes.get("/your-data", response_class=HTMLResponse)
    async def your_data(lang: Lang = None, accept_language: AcceptLanguage = "") -> HTMLResponse:
        """What happens to people's data."""
        return HTMLResponse(pages.your_data(pages.tongues.choose(asked=lang, accepted=accept_language)))

    @routes.get(LOST_LINK, response_class=HTMLResponse)
    async def form(
        lang: Lang = None,
        asked: Annotated[str | None, Query(max_length=8)] = None,
        accept_language: AcceptLanguage = "",
    ) -> HTMLResponse:
        """The form for a lost link; `asked`: what is said after it was sent."""
        tongue = pages.tongues.choose(asked=lang, accepted=accept_language)
        return HTMLResponse(pages.lost_link(tongue, idempotency_key=str(uuid4()), asked=asked is not None))

    @routes.post(LOST_LINK, response_class=HTMLResponse, responses=ACTED, openapi_extra=_FORM)
    async def ask(
        request: Request,
        accept_language: AcceptLanguage = "",
        idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=MAX_KEY)] = None,
    ) -> Response:
        """Have the private link sent to the address of the case. Answers the same, whatever is or is not known."""
        typed = await _read(request)
        tongue = pages.tongues.choose(asked=typed.get("lang"), accepted=accept_language)
        key = typed.get("idempotency_key") or idempotency_key or ""
        if not key.isascii() or not key.isprintable() or not 0 < len(key) <= MAX_KEY:
            raise Problem(400, "idempotency_key_needed", "This form needs an idempotency key.")
        number, email = read_number(typed.get("number", "")), _address(typed.get("email", ""))
        wrong = [name for name, value in (("number", number), ("email", email)) if value is None]
        again = (typed.get("number", ""), typed.get("email", ""))
        if number is None or email is None:
            page = pages.lost_link(tongue, idempotency_key=key, wrong=wrong, typed=again)
            return HTMLResponse(page, 422)
        if not lost_links.ask(Wish(number, email, key)):
            return HTMLResponse(pages.lost_link(tongue, idempotency_key=key, busy=True, typed=again), 503)
        return RedirectResponse(f"{prefix}{LOST_LINK}?asked=yes&lang={tongue.code}", 303)

    return routes


async def _read(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", FORM).partition(";")[0].strip().lower() != FORM:
        raise wrong_kind(f"`{FORM}`")
    raw = await request.body()
    if len(raw) > MAX_BYTES:
        raise Problem(413, "too_large", f"This form may have at most {MAX_BYTES} bytes.")
    try:
        pairs = parse_qsl(raw.decode(), max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Problem(400, "invalid_request", "The form cannot be read.") from None
    return {name: value.strip() for name, value in pairs}


def _address(typed: str) -> str | None:
    """The address as one in a request is read; None for what is none."""
    if not is_address(typed):
        return None
    try:
        return _EMAIL.validate_python(typed)
    except ValidationError:
        return None


_FORM: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["number", "email", "idempotency_key"],
                    "properties": {name: {"type": "string"} for name in ("number", "email", "idempotency_key", "lang")},
                }
            }
        },
    }
}
