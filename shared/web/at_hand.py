"""The endpoints by which a case comes into somebody's hands, with drafts, and out of them: the same at both desks."""

from typing import Any, Protocol
from uuid import UUID

from fastapi import APIRouter, Response

from shared.casework.commands import Answered
from shared.web.casework import HandOverBody, personal_refusals
from shared.web.idempotency import IdempotencyKey, said
from shared.web.sign_in import Staff


class Desk(Protocol):
    """What the endpoints ask of a desk."""

    async def claim(self, case_id: UUID, staff: Staff, key: str) -> Answered: ...
    async def release(self, case_id: UUID, staff: Staff, key: str) -> Answered: ...
    async def hand_over(self, case_id: UUID, staff: Staff, key: str, body: HandOverBody) -> Answered: ...
    async def draft(self, case_id: UUID, staff: Staff, key: str, body: Any) -> Answered: ...


def add_routes(routes: APIRouter, desk: Desk, person: Any, unfinished: Any) -> None:
    """The endpoints, for whoever `person` lets in; `unfinished` is the model of a draft: the service's own decision."""

    @routes.post("/cases/{case_id}/claim")
    async def claim(case_id: UUID, key: IdempotencyKey, staff: person, response: Response) -> dict[str, Any]:
        """Take a case in hand; again to keep it longer. At headquarters never for who had it at the field office."""
        with personal_refusals():
            return said(await desk.claim(case_id, staff, key), response)

    @routes.post("/cases/{case_id}/release")
    async def release(case_id: UUID, key: IdempotencyKey, staff: person, response: Response) -> dict[str, Any]:
        """Give a claimed case back to the queue. A draft stays for whoever wrote it."""
        with personal_refusals():
            return said(await desk.release(case_id, staff, key), response)

    @routes.post("/cases/{case_id}/hand-over")
    async def hand_over(
        case_id: UUID, body: HandOverBody, key: IdempotencyKey, staff: person, response: Response
    ) -> dict[str, Any]:
        """Give a claimed case to a colleague, with its drafts; or take it over from one who is absent."""
        with personal_refusals():
            return said(await desk.hand_over(case_id, staff, key, body), response)

    @routes.post("/cases/{case_id}/draft")
    async def draft(
        case_id: UUID, body: unfinished, key: IdempotencyKey, staff: person, response: Response
    ) -> dict[str, Any]:
        """Keep what the decision might be, in place of one's earlier draft. It outlasts the claim."""
        with personal_refusals():
            return said(await desk.draft(case_id, staff, key, body), response)
