"""A client's own cases over HTTP: the cases that its token submitted, and nobody else's; in pages, or all as a stream.

A page goes on where the last one ended, in the order in which the cases came: what changes meanwhile is neither left
out nor shown twice. What changed after `as_of` is found by asking for it, later, as `changed_since`.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Annotated, Any, Final, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel
from starlette.responses import Response, StreamingResponse

from services.intake.client_rows import (
    COLUMNS,
    HANDED_OVER,
    Row,
    as_csv_line,
    as_json,
    as_json_line,
    csv_head,
    listed_under,
    row_of,
)
from services.intake.commands import REFERENCE
from services.intake.domain.case import Accepted, Rejected, State, link_generation
from services.intake.raw import client_namespace
from services.intake.submitting import client_index, reference_index
from shared.contracts.sealed import SealedText
from shared.policy.model import Policies
from shared.privacy.blind_index import BlindIndex
from shared.privacy.keyring import Erased, Keyring
from shared.privacy.links import Links
from shared.privacy.sealing import BrokenSeal, CaseKey, open_box
from shared.web.problems import Problem, log_unexpected
from shared.web.sign_in import Client, SignIn

PAGE: Final = 100
_UNSETTLED: Final = timedelta(minutes=1)
"""A change is noted when its write begins, and seen when it is done: that much of the past is asked for again."""

_AFTER_ALL: Final = "0"
"""The character after the slash that ends a client's index in a case's key."""


@unique
class Format(StrEnum):
    """How all cases are given out."""

    JSONL = "jsonl"
    CSV = "csv"


class CasePage(BaseModel):
    """A page of rows (`GET /requests/columns`), with the private link of each case that is still the client's.

    `cursor` goes on after it; none: this was the last. `as_of`: what to ask for later as `changed_since`.
    """

    cases: list[dict[str, Any]]
    cursor: str | None
    as_of: datetime


class Found(Protocol):
    """A case as a listing shows it."""

    @property
    def case_id(self) -> UUID: ...
    @property
    def state(self) -> State: ...
    @property
    def shown_at(self) -> datetime | None: ...


class Engine(Protocol):
    """What this needs of the engine."""

    async def listing(
        self, query: Any, *, sort: Sequence[tuple[str, int]] = (), skip: int = 0, limit: int = 50, whole: bool = False
    ) -> Sequence[Any]: ...
    async def boxes(self, case_ids: Sequence[UUID], name: str) -> Mapping[UUID, bytes]: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a client's cases are asked for."""

    client: str
    reference: str | None = None
    changed_since: datetime | None = None
    after: str | None = None


def router(*, cases: "ClientCases", sign_in: SignIn) -> APIRouter:
    """`GET /requests`, `/requests/export` and `/requests/columns`."""
    routes = APIRouter(tags=["requests"])
    caller = Annotated[Client | None, Depends(sign_in.client())]
    by_reference = Annotated[
        str | None, Query(min_length=1, max_length=200, description="What you called it, exactly as you wrote it.")
    ]
    since = Annotated[
        AwareDatetime | None, Query(description="Only what changed then or later; give the last answer's `as_of`.")
    ]

    @routes.get("/requests")
    async def own(
        client: caller,
        client_reference: by_reference = None,
        changed_since: since = None,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE)] = 50,
    ) -> CasePage:
        """The cases that this client submitted, in the order in which they came."""
        return await cases.page(cases.wanted(client, client_reference, changed_since, cursor), limit)

    @routes.get("/requests/export", response_class=Response, responses=_EXPORTED)
    async def export(
        client: caller,
        format_: Annotated[Format, Query(alias="format")] = Format.JSONL,
        client_reference: by_reference = None,
        changed_since: since = None,
    ) -> Response:
        """All of them, a line each. An answer that breaks off is not all; `As-Of` is what to ask for next time."""
        return await cases.export(cases.wanted(client, client_reference, changed_since, None), format_)

    @routes.get("/requests/columns")
    async def columns() -> dict[str, str]:
        """What each column of a row means."""
        return COLUMNS

    return routes


class ClientCases:
    """Finds a client's cases, and opens what it calls them. `now` is the policy clock."""

    def __init__(
        self,
        *,
        engine: Engine,
        keyring: Keyring,
        links: Links,
        index: BlindIndex,
        policies: Policies,
        public_url: str,
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._keyring = keyring
        self._links = links
        self._index = index
        self._policies = policies
        self._public_url = public_url.rstrip("/")
        self._now = now

    def wanted(self, client: Client | None, reference: str | None, since: datetime | None, after: str | None) -> Wanted:
        """What this client asks for; 401 without a token."""
        if client is None:
            raise Problem(401, "sign_in_needed", "Please sign in.", headers={"WWW-Authenticate": "Bearer"})
        namespace = client_namespace(client.subject)
        own, called = client_index(self._index, namespace), reference_index(self._index, namespace, reference)
        return Wanted(own, called, since, after)

    async def page(self, wanted: Wanted, limit: int) -> CasePage:
        """One page."""
        as_of = self._as_of()
        found = await self._found(wanted, limit + 1)
        page = found[:limit]
        rows = await self._rows(page)
        cursor = _place(page[-1]) if len(found) > limit else None
        shown = [as_json(row) | {"status_url": self._url(case, row)} for case, row in rows]
        return CasePage(cases=shown, cursor=cursor, as_of=as_of)

    async def export(self, wanted: Wanted, format_: Format) -> Response:
        """All pages, as a stream whose first page has been found before it begins."""
        as_of, first = self._as_of(), await self._found(wanted, PAGE)
        head, line, media = _FORMATS[format_]
        return StreamingResponse(
            self._lines(wanted, first, head, line),
            media_type=media,
            headers={
                "Content-Disposition": f'attachment; filename="cases.{format_}"',
                "As-Of": as_of.isoformat(timespec="milliseconds"),
            },
        )

    async def _lines(
        self, wanted: Wanted, page: Sequence[Found], head: str, line: Callable[[Row], str]
    ) -> AsyncIterator[str]:
        yield head
        while page:
            yield "".join(line(row) for _, row in await self._rows(page))
            if len(page) < PAGE:
                return
            page = await self._found(replace(wanted, after=_place(page[-1])), PAGE)

    async def _found(self, wanted: Wanted, limit: int) -> Sequence[Found]:
        key = f"{wanted.client}/"
        own = {"$gt": key + (wanted.after or ""), "$lt": wanted.client + _AFTER_ALL}
        query: dict[str, Any] = {"queue.own": own}
        if wanted.reference is not None:
            query["queue.reference"] = wanted.reference
        if wanted.changed_since is not None:
            query["shown_at"] = {"$gte": wanted.changed_since}
        return await self._engine.listing(query, sort=[("queue.own", 1)], limit=limit, whole=True)

    async def _rows(self, page: Sequence[Found]) -> list[tuple[Found, Row]]:
        ids = [case.case_id for case in page]
        boxes = await self._engine.boxes(ids, REFERENCE)
        keys = await self._keyring.get(list(boxes))
        now = self._now()
        kept = self._policies.at(now).kept_until
        rows = []
        for case in page:
            if isinstance(case.state, Rejected | Accepted):
                reference = _opened(keys.get(case.case_id), case.case_id, boxes.get(case.case_id))
                row = row_of(case.state, now, kept_until=kept, reference=reference, changed_at=case.shown_at)
                rows.append((case, row))
        return rows

    def _url(self, case: Found, row: Row) -> str | None:
        if row.stage == HANDED_OVER:
            return None
        return f"{self._public_url}/status/{self._links.token(case.case_id, link_generation(case.state))}"

    def _as_of(self) -> datetime:
        return self._now() - _UNSETTLED


def _place(case: Found) -> str:
    """Where a page ended: the case's key without its client, so that a cursor names nobody."""
    return (listed_under(case.state) or "").partition("/")[2]


def _opened(key: CaseKey | Erased | None, case_id: UUID, box: bytes | None) -> str | None:
    """What the client calls the case. An erased one has no name any more; one that does not open is a defect."""
    if box is None or not isinstance(key, CaseKey):
        return None
    try:
        return SealedText.model_validate_json(open_box(key, case_id=case_id, name=REFERENCE, box=box)).text
    except BrokenSeal as error:
        log_unexpected(error)
        return None


_TEXT: Final = {"schema": {"type": "string"}}
_EXPORTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A line each.", "content": {"application/jsonl": _TEXT, "text/csv": _TEXT}}
}

_FORMATS: Final[Mapping[Format, tuple[str, Callable[[Row], str], str]]] = {
    Format.JSONL: ("", as_json_line, "application/jsonl"),
    Format.CSV: (csv_head(), as_csv_line, "text/csv; charset=utf-8"),
}
