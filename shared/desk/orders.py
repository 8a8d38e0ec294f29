"""A desk's table of orders: what staff can ask for with a case, and the endpoint of each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import StringConstraints

from shared.casework.commands import Answered
from shared.desk.handing_over import HandOver, HandOverBecause
from shared.web.bodies import Body
from shared.web.casework import personal_refusals
from shared.web.idempotency import IdempotencyKey, said
from shared.web.sign_in import Staff

StaffId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


@dataclass(frozen=True, slots=True)
class DeskOrder:
    """A row of the table: `POST /cases/{case_id}/<path>` with a `body` (None: without one) is the command `name`.

    `data` makes of the body what the command carries. Where the body has a `text` it is sealed and put into the
    data's `box`, under the name that `blob` gives it (state of the case, data, id of the command).
    `says` documents the endpoint. `path` and `operation` are the name's, where none is given.
    `noted`: what is written among the accesses of the case once the order was carried out.
    """

    name: str
    says: str
    data: Callable[[Any, Staff], Any]
    body: type[Body] | None = None
    blob: Callable[[Any, Any, UUID], str] | None = None
    path: str = ""
    operation: str = ""
    noted: Callable[[Any], str] | None = None


class HandOverBody(Body):
    """From who has the case in hand (`holder`, as seen) to a colleague (`to`): given, or taken over by `to`."""

    holder: StaffId
    to: StaffId
    why: HandOverBecause

    def order(self, actor: str) -> HandOver:
        """The hand-over as `actor` asks for it."""
        return HandOver(actor, self.holder, self.to, self.why)


def in_hand(
    *,
    claim: Callable[[None, Staff], Any],
    release: Callable[[None, Staff], Any],
    hand_over: Callable[[HandOverBody, Staff], Any],
    draft: Callable[[Any, Staff], Any],
    draft_body: type[Body],
) -> tuple[DeskOrder, ...]:
    """The rows by which a case comes into somebody's hands, with drafts, and out of them: the same at both desks."""
    return (
        DeskOrder(
            "claim",
            "Take a case in hand; again to keep it longer. At headquarters never for who had it at the field office.",
            claim,
        ),
        DeskOrder("release", "Give a claimed case back to the queue. A draft stays for whoever wrote it.", release),
        DeskOrder(
            "hand-over",
            "Give a claimed case to a colleague, with its drafts; or take it over from one who is absent.",
            hand_over,
            HandOverBody,
        ),
        DeskOrder(
            "draft",
            "Keep what the decision might be, in place of one's earlier draft. It outlasts the claim.",
            draft,
            draft_body,
            blob=lambda _state, _data, command: f"draft_{command.hex}",
        ),
    )


class Ordering(Protocol):
    """What the endpoints ask of a desk."""

    async def order(self, order: DeskOrder, case_id: UUID, staff: Staff, key: str, body: Any) -> Answered: ...


def add_routes(routes: APIRouter, desk: Ordering, orders: Iterable[DeskOrder], person: Any) -> None:
    """The endpoints of these orders, for whoever `person` lets in."""
    for order in orders:
        path = order.path or order.name
        routes.add_api_route(
            f"/cases/{{case_id}}/{path}",
            _endpoint(desk, order, person),
            methods=["POST"],
            name=order.operation or path.replace("-", "_"),
            description=order.says,
        )


def _endpoint(desk: Ordering, order: DeskOrder, person: Any) -> Callable[..., Any]:
    what: Any = order.body

    async def bare(case_id: UUID, key: IdempotencyKey, staff: person, response: Response) -> dict[str, Any]:
        return await with_body(case_id, None, key, staff, response)

    async def with_body(
        case_id: UUID, body: what, key: IdempotencyKey, staff: person, response: Response
    ) -> dict[str, Any]:
        with personal_refusals():
            return said(await desk.order(order, case_id, staff, key, body), response)

    return bare if order.body is None else with_body
