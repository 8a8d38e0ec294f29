"""Headquarters' endpoints: the SRO queue, cases, orders, and many decisions at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from services.escalation.bodies import BulkBody, QueuePage
from services.escalation.desk import DECIDE, ORDERS, Engine, Filters, OfficialsDesk
from shared.contracts.vocabulary import ReviewGround, Service, Urgency
from shared.desk.desk import Desk, add_decisions
from shared.desk.orders import add_routes
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
) -> APIRouter:
    """Escalation's endpoints. `now` is the policy clock."""
    routes = APIRouter(tags=["staff"])
    sealed = SealedDesk(keyring, access)
    sro = Annotated[Staff, Depends(sign_in.staff(Role.SRO))]
    _add_reading(routes, OfficialsDesk(engine, sealed, policies, now), sro)
    desk = Desk(Service.ESCALATION, engine, sealed, now)
    add_routes(routes, desk, ORDERS, sro)
    add_decisions(routes, desk, DECIDE, sro, BulkBody)
    return routes


def _add_reading(routes: APIRouter, desk: OfficialsDesk, sro: Any) -> None:
    @routes.get("/queue")
    async def queue(
        *,
        staff: sro,
        response: Response,
        office: Annotated[str | None, Query(max_length=20)] = None,
        urgency: Urgency | None = None,
        ground: ReviewGround | None = None,
        round: Annotated[int | None, Query(ge=1, le=10)] = None,  # noqa: A002 - the word of the process
        overdue: bool | None = None,
        claimed: bool | None = None,
        mine: bool = False,
        skip: Skip = 0,
        limit: Limit = 50,
    ) -> QueuePage:
        """Cases before headquarters, and why each stands where it stands. `office`: those that it considered.

        Cases that the caller had in hand at the field office, or declared a conflict in, are never among them.
        """
        response.headers["Cache-Control"] = "no-store"
        filters = Filters(office, urgency, ground, round, overdue, claimed, mine)
        return await desk.queue(staff, filters, skip=skip, limit=limit)

    @routes.get("/cases/{case_id}")
    async def show(case_id: UUID, staff: sro, response: Response) -> dict[str, Any]:
        """A case with both sides' reasons and its personal data. Each call leaves an access record.

        `people`: whom it is about and who asks, as is known now; None once erased, or never before headquarters.
        `field_office`: each round with its reasons (`why`: sentence and source) and its text. `requestor`: the ground,
        what was asked for, the narrative. `changed`: what changed from the decision to the request, and since.
        `questions`: asked by headquarters, with their answers. `drafts`: one's own, and of a case in hand all.
        """
        response.headers["Cache-Control"] = "no-store"
        return await desk.show(case_id, staff)
