"""Errors as problem documents (RFC 9457). They say what to do, and never quote what came in.

`install(app)` first, then include the routers: the OpenAPI document then says that every route may answer so.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import CaseParked, CaseUnknown, CommandRefused, Outage, StoreNotCompared, TooBusy
from shared.logs import places
from shared.mongo.driver import PyMongoError
from shared.web.field_errors import field_errors, field_names

MEDIA_TYPE: Final = "application/problem+json"
_TYPE: Final = "urn:secondlook:problem:"
_log = structlog.get_logger("secondlook.web")


class Problem(Exception):
    """An error that the caller is told: `code` for programs, `title` and `detail` for people, never personal data."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        """`members` are further members of the document, such as `errors` or `case_number`."""
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members

    def response(self) -> Response:
        """The problem as an answer."""
        document = {"type": _TYPE + self.code, "title": self.title, "status": self.status, "code": self.code}
        if self.detail is not None:
            document["detail"] = self.detail
        return JSONResponse(document | self.members, self.status, self.headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of this app with a problem document. Call it before the routers are included."""
    app.router.responses.update({"4XX": _DOCUMENTED, "5XX": _DOCUMENTED})
    handlers = {
        Problem: _on_problem,
        CommandRefused: _on_refused,
        CaseParked: _on_parked,
        CaseUnknown: _on_unknown_case,
        TooBusy: _on_too_busy,
        StoreNotCompared: _on_not_compared,
        Outage: _on_outage,
        PyMongoError: _on_outage,
        RequestValidationError: _on_invalid,
        HTTPException: _on_http,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(cast("type[Exception]", kind), cast("Any", handler))
    app.add_middleware(UnexpectedErrors)


class StoreAway:
    """While the store is known to be away, whoever would wait for it in vain is told at once.

    Otherwise requests pile up, each for as long as the driver tries, and the first answers come when nobody listens.
    """

    def __init__(self, app: ASGIApp, *, away: Callable[[], bool], spared: Sequence[str]) -> None:
        """`spared`: beginnings of paths that need no store."""
        self._app = app
        self._away = away
        self._spared = tuple(spared)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] == "http" and not path.startswith(self._spared) and self._away():
            await outage().response()(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class UnexpectedErrors:
    """The last resort: 500 with a reference that is also in the log, which has the place, not the error's text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001 - the last resort
            reference = log_unexpected(error)
            if started:
                raise ConnectionAbortedError(f"the answer broke off, reference {reference}") from None
            await _unexpected(reference).response()(scope, receive, send)


def log_unexpected(error: BaseException) -> str:
    """Log where an error came from, without its text, which may quote personal data. Returns the reference."""
    reference = secrets.token_hex(6)
    kind, place = type(error).__qualname__, places(error.__traceback__)
    _log.error("unexpected_error", reference=reference, kind=kind, place=place)
    return reference


def _unexpected(reference: str) -> Problem:
    return Problem(
        500,
        "unexpected",
        "Something went wrong on our side.",
        f"Nothing is known to be saved. Please try again, and tell us this reference if it stays: {reference}.",
        reference=reference,
    )


def outage() -> Problem:
    """Something that this service needs does not answer."""
    detail = "A part of this service does not answer. Please try again, with the same idempotency key."
    return Problem(503, "outage", "Please try again later.", detail, headers={"Retry-After": "5"})


async def _on_problem(_: Request, problem: Problem) -> Response:
    return problem.response()


async def _on_refused(_: Request, error: CommandRefused) -> Response:
    if errors := wrong_fields(error):
        title = "The request does not say all that it must."
        return Problem(422, error.code, title, error.reason, errors=errors).response()
    return Problem(409, error.code, "This is not possible now.", error.reason).response()


def wrong_fields(error: CommandRefused) -> list[dict[str, str]]:
    """What is wrong with which field of a command, as of a request in the wrong form."""
    return [{"field": f"body.{slip.field}", "code": slip.code, "message": slip.says} for slip in error.fields]


async def _on_parked(_: Request, error: CaseParked) -> Response:
    return Problem(409, "case_parked", "This case is waiting for an operator.", str(error)).response()


async def _on_unknown_case(_: Request, error: CaseUnknown) -> Response:
    return Problem(404, "case_unknown", str(error)).response()


async def _on_too_busy(_: Request, error: TooBusy) -> Response:
    return Problem(503, "too_busy", "Please try again.", str(error), headers={"Retry-After": "1"}).response()


async def _on_outage(_: Request, error: Exception) -> Response:
    log_unexpected(error)
    return outage().response()


async def _on_not_compared(_: Request, error: StoreNotCompared) -> Response:
    detail = f"{error} Nothing was saved. Please try again, with the same idempotency key."
    headers = {"Retry-After": "30"}
    return Problem(503, "store_not_compared", "Nothing is taken in at the moment.", detail, headers=headers).response()


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    errors = field_errors(error.errors(), field_names(request.app.openapi()))
    return Problem(400, "invalid_request", "The request is not in the right form.", errors=errors).response()


async def _on_http(_: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    # The framework's own detail may quote the request; the status says enough.
    return Problem(status, status.name.lower(), f"{status.phrase}.", headers=error.headers).response()


_DOCUMENTED: Final[dict[str, Any]] = {
    "description": "A problem document (RFC 9457).",
    "content": {
        MEDIA_TYPE: {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "code"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            }
        }
    },
}
