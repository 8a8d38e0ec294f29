"""The field office's endpoints: queue, cases, orders, many decisions at once, a case's history over all services."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import httpx
from fastapi import APIRouter, Depends, Query, Request, Response

from services.triage import carrying_out_desk, headquarters, taking
from services.triage.bodies import (
    AskBody,
    BulkBody,
    DecideBody,
    DraftBody,
    ForwardBody,
    PreApprovalBody,
    QueuePage,
    SeenBody,
)
from services.triage.counting import Counting
from services.triage.desk import APPROVERS, Engine, OfficersDesk
from services.triage.gathering import gathered, same_person
from services.triage.headquarters import AnsweringDesk
from services.triage.taking import TakingDesk
from shared.contracts.vocabulary import Service, Urgency
from shared.mongo.driver import Collection
from shared.policy.model import Policies
from shared.privacy.access import AccessLog
from shared.privacy.keyring import Keyring
from shared.privacy.opening import Desk as SealedDesk
from shared.web import at_hand, deciding
from shared.web.casework import Limit, Skip, personal_refusals
from shared.web.idempotency import IdempotencyKey, said
from shared.web.sign_in import Role, SignIn, Staff


def router(
    *,
    engine: Engine,
    sign_in: SignIn,
    keyring: Keyring,
    access: AccessLog,
    policies: Policies,
    now: Callable[[], datetime],
    http: httpx.AsyncClient,
    services: Mapping[str, str],
    turns: Collection,
) -> APIRouter:
    """Triage's endpoints. `now` is the policy clock; `services`: each service's address, where its events are read.

    `turns`: the collection that counts whose turn it is.
    """
    routes = APIRouter(tags=["staff"])
    desk = OfficersDesk(engine, SealedDesk(keyring, access), policies, now)
    officer = Annotated[Staff, Depends(sign_in.staff(Role.OFFICER))]
    approver = Annotated[Staff, Depends(sign_in.staff(*APPROVERS.values()))]
    reader = Annotated[Staff, Depends(sign_in.staff(Role.OFFICER, *APPROVERS.values()))]
    _add_reading(routes, desk, officer)
    at_hand.add_routes(routes, desk, officer, DraftBody)
    _add_orders(routes, desk, officer)
    deciding.add_route(routes, desk, officer, BulkBody)
    taking.add_routes(routes, TakingDesk(engine, Counting(turns), policies, now), officer)
    carrying_out_desk.add_routes(
        routes, carrying_out_desk.CarryingOutDesk(engine, SealedDesk(keyring, access), now), officer
    )
    headquarters.add_routes(routes, AnsweringDesk(engine, SealedDesk(keyring, access), now), officer)

    @routes.get("/cases/{case_id}")
    async def show(case_id: UUID, staff: reader, request: Request, response: Response) -> dict[str, Any]:
        """A case of an own office, with its personal data. Each call leaves an access record.

        `people`: whom it is about and who asks, as is known now; None once erased. `personal`: all that was opened.
        `why`: why it stands where it stands. `since_you_looked`: what has changed since. `drafts`: one's own, and of a
        case in hand all. `pre_approval`: whether a decline needs one, and the one that waits for it. `same_person`:
        earlier and later cases about the same person, as intake knows them.
        """
        response.headers["Cache-Control"] = "no-store"
        shown = await desk.show(case_id, staff)
        others = await same_person(
            case_id,
            received_at=shown["submission"]["received_at"],
            http=http,
            intake=services.get(Service.INTAKE),
            token=request.headers["Authorization"],
        )
        return {**shown, "same_person": others}

    @routes.post("/cases/{case_id}/pre-approval")
    async def pre_approve(
        case_id: UUID, body: PreApprovalBody, key: IdempotencyKey, staff: approver, response: Response
    ) -> dict[str, Any]:
        """Approve in advance, in writing, that the case be declined: a second person, who has not had it in hand."""
        with personal_refusals():
            return said(await desk.pre_approve(case_id, staff, key, body), response)

    @routes.get("/cases/{case_id}/history", dependencies=[Depends(sign_in.staff())])
    async def history(case_id: UUID, request: Request, response: Response) -> dict[str, Any]:
        """The case's history over all four services, read with the caller's own token. Who does not answer is named."""
        response.headers["Cache-Control"] = "no-store"
        return await gathered(case_id, http=http, services=services, token=request.headers["Authorization"])

    return routes


def _add_reading(routes: APIRouter, desk: OfficersDesk, officer: Any) -> None:
    @routes.get("/queue")
    async def queue(
        *,
        staff: officer,
        response: Response,
        office: Annotated[str | None, Query(max_length=20)] = None,
        urgency: Urgency | None = None,
        claimed: bool | None = None,
        mine: bool = False,
        skip: Skip = 0,
        limit: Limit = 50,
    ) -> QueuePage:
        """Open cases of the offices that the token names. `office=TO_BE_ASSIGNED`: those that no office has yet."""
        response.headers["Cache-Control"] = "no-store"
        return await desk.queue(
            staff, office=office, urgency=urgency, claimed=claimed, mine=mine, skip=skip, limit=limit
        )

    @routes.post("/cases/{case_id}/seen")
    async def seen(
        case_id: UUID, body: SeenBody, key: IdempotencyKey, staff: officer, response: Response
    ) -> dict[str, Any]:
        """Say that one has read a case: from then on it tells what has changed since (`since_you_looked`)."""
        with personal_refusals():
            return said(await desk.seen(case_id, staff, key, body), response)


def _add_orders(routes: APIRouter, desk: OfficersDesk, officer: Any) -> None:
    @routes.post("/cases/{case_id}/take-back")
    async def take_back(case_id: UUID, key: IdempotencyKey, staff: officer, response: Response) -> dict[str, Any]:
        """Take an own decision back before it takes effect."""
        with personal_refusals():
            return said(await desk.take_back(case_id, staff, key), response)

    @routes.post("/cases/{case_id}/forward")
    async def forward(
        case_id: UUID, body: ForwardBody, key: IdempotencyKey, staff: officer, response: Response
    ) -> dict[str, Any]:
        """Give a case without an office, or a misrouted one, to an office. The clock goes on."""
        with personal_refusals():
            return said(await desk.forward(case_id, staff, key, body), response)

    @routes.post("/cases/{case_id}/decide")
    async def decide(
        case_id: UUID, body: DecideBody, key: IdempotencyKey, staff: officer, response: Response
    ) -> dict[str, Any]:
        """Give a claimed case its initial consideration, having seen its newest facts."""
        with personal_refusals():
            return said(await desk.decide(case_id, staff, key, body), response)

    @routes.post("/cases/{case_id}/ask")
    async def ask(
        case_id: UUID, body: AskBody, key: IdempotencyKey, staff: officer, response: Response
    ) -> dict[str, Any]:
        """Ask the requestor; the clock stands still until the answer, or until its time is over."""
        with personal_refusals():
            return said(await desk.ask(case_id, staff, key, body), response)
