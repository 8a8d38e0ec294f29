"""The field office's endpoints: queue, cases, orders, many decisions at once, a case's history over all services."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import httpx
from fastapi import APIRouter, Depends, Query, Request, Response

from services.triage import carrying_out_desk, headquarters, taking
from services.triage.bodies import BulkBody, QueuePage
from services.triage.counting import Counting
from services.triage.desk import DECIDE, ORDERS, PRE_APPROVAL, Engine, OfficersDesk
from services.triage.gathering import gathered, same_person
from services.triage.persons import APPROVERS
from services.triage.taking import TakingDesk
from shared.contracts.vocabulary import Service, Urgency
from shared.desk.desk import Desk, add_decisions
from shared.desk.orders import add_routes
from shared.mongo.driver import Collection
from shared.policy.model import Policies
from shared.privacy.access import AccessLog
from shared.privacy.keyring import Keyring
from shared.privacy.opening import Desk as SealedDesk
from shared.web.casework import Limit, Skip
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
    sealed = SealedDesk(keyring, access)
    reading = OfficersDesk(engine, sealed, policies, now)
    officer = Annotated[Staff, Depends(sign_in.staff(Role.OFFICER))]
    approver = Annotated[Staff, Depends(sign_in.staff(*APPROVERS.values()))]
    reader = Annotated[Staff, Depends(sign_in.staff(Role.OFFICER, *APPROVERS.values()))]
    _add_queue(routes, reading, officer)
    desk = Desk(Service.TRIAGE, engine, sealed, now)
    add_routes(routes, desk, ORDERS, officer)
    add_routes(routes, desk, (PRE_APPROVAL,), approver)
    add_decisions(routes, desk, DECIDE, officer, BulkBody)
    taking.add_routes(routes, TakingDesk(engine, Counting(turns), policies, now), officer)
    carrying_out_desk.add_routes(routes, engine, now, officer)
    headquarters.add_routes(routes, engine, now, officer)

    @routes.get("/cases/{case_id}")
    async def show(case_id: UUID, staff: reader, request: Request, response: Response) -> dict[str, Any]:
        """A case of an own office, with its personal data. Each call leaves an access record.

        `people`: whom it is about and who asks, as is known now; None once erased. `personal`: all that was opened.
        `why`: why it stands where it stands. `since_you_looked`: what has changed since. `drafts`: one's own, and of a
        case in hand all. `pre_approval`: whether a decline needs one, and the one that waits for it. `same_person`:
        earlier and later cases about the same person, as intake knows them.
        """
        response.headers["Cache-Control"] = "no-store"
        shown = await reading.show(case_id, staff)
        others = await same_person(
            case_id,
            received_at=shown["submission"]["received_at"],
            http=http,
            intake=services.get(Service.INTAKE),
            token=request.headers["Authorization"],
        )
        return {**shown, "same_person": others}

    @routes.get("/cases/{case_id}/history", dependencies=[Depends(sign_in.staff())])
    async def history(case_id: UUID, request: Request, response: Response) -> dict[str, Any]:
        """The case's history over all four services, read with the caller's own token. Who does not answer is named."""
        response.headers["Cache-Control"] = "no-store"
        return await gathered(case_id, http=http, services=services, token=request.headers["Authorization"])

    return routes


def _add_queue(routes: APIRouter, desk: OfficersDesk, officer: Any) -> None:
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
