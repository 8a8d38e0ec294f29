"""What happened to a case in this service, as staff of any role may read it: stored events, clear fields only."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from shared.errors import CaseUnknown
from shared.web.sign_in import SignIn


class StoredEvent(Protocol):
    """An event as the engine keeps it."""

    @property
    def body(self) -> bytes:
        """The event's JSON without its sealed blobs."""


class Engine(Protocol):
    """What this endpoint asks of the engine."""

    async def events(self, case_id: UUID) -> Sequence[StoredEvent]:
        """All events that this service emitted about a case, in order."""

    async def case(self, case_id: UUID) -> object | None:
        """The case, or None when this service does not know it."""


def router(*, engine: Engine, sign_in: SignIn) -> APIRouter:
    """`GET /cases/{case_id}/events`."""
    routes = APIRouter(tags=["staff"])

    @routes.get("/cases/{case_id}/events", dependencies=[Depends(sign_in.staff())])
    async def events(case_id: UUID) -> Response:
        """This service's own events of a case, oldest first: the events themselves (`type`, `seq`, `data`, ...)."""
        found = await engine.events(case_id)
        if not found and await engine.case(case_id) is None:
            raise CaseUnknown
        # The stored bytes themselves: what staff read is what was published, never written anew.
        body = b"[%s]" % b",".join(event.body for event in found)
        return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})

    return routes
