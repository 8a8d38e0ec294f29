"""Staff on the phone: have somebody's private link sent again, to the known address only. Staff never see the link."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.intake.asking import Engine
from services.intake.commands import Ask, SendLink
from shared.casework.commands import command_id, whole_milliseconds
from shared.casework.reaction import Command
from shared.contracts.vocabulary import Recipient, Service
from shared.errors import CaseUnknown
from shared.web.bodies import Body
from shared.web.idempotency import IdempotencyKey, mark_replayed
from shared.web.sign_in import Role, SignIn, Staff


class LinkWanted(Body):
    """Who called, by role: the link goes to the address that the case knows of them."""

    to: Recipient = Recipient.REQUESTOR


def router(*, engine: Engine, sign_in: SignIn, now: Callable[[], datetime]) -> APIRouter:
    """`POST /cases/{case_id}/link`. `now` is the policy clock."""
    routes = APIRouter(tags=["staff"])
    answering = Annotated[Staff, Depends(sign_in.staff(Role.OFFICER, Role.SRO, Role.OPERATOR))]

    @routes.post("/cases/{case_id}/link", status_code=202)
    async def link(
        case_id: UUID, wish: LinkWanted, key: IdempotencyKey, person: answering, response: Response
    ) -> LinkWanted:
        """Have the private link sent again. Refused within 15 minutes of the last time, and after three on one day."""
        if await engine.case(case_id) is None:
            raise CaseUnknown
        cause = command_id(Service.INTAKE, person.subject, Ask.SEND_LINK, case_id, f"{key}\x1f{wish.to}")
        command = Command(Ask.SEND_LINK, cause, case_id, whole_milliseconds(now()), SendLink(wish.to))
        mark_replayed(response, replayed=(await engine.command(command)).replayed)
        return wish

    return routes
