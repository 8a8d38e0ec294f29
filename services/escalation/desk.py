"""An SRO's desk behind the HTTP endpoints: the table of orders, the queue, one case with both sides' words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from services.escalation.admission import barred
from services.escalation.bodies import AskBody, DecideBody, DraftBody, QueuePage, RecuseBody, RemandBody
from services.escalation.claiming import Claim, Release
from services.escalation.domain.states import InQueue, State
from services.escalation.orders import Order
from services.escalation.reactions import QUEUE
from services.escalation.showing import listed, whole
from shared.casework.commands import whole_milliseconds
from shared.contracts.vocabulary import ReviewGround, Urgency
from shared.desk import showing
from shared.desk.drafts import shown_to
from shared.desk.orders import DeskOrder, in_hand
from shared.policy.model import RANK, Policies
from shared.privacy.opening import Desk as SealedDesk
from shared.privacy.people import people
from shared.web import casework
from shared.web.problems import Problem
from shared.web.sign_in import Staff

WHY = "review by headquarters"
WHY_RECUSED = "recusal declared, nothing opened"

DECIDE: Final = DeskOrder(
    Order.DECIDE,
    "End a claimed case, having seen its newest facts.",
    DecideBody.order,
    DecideBody,
    blob=lambda *_: "resolved",
)

ORDERS: Final = (
    *in_hand(
        claim=lambda _, staff: Claim(staff.subject),
        release=lambda _, staff: Release(staff.subject),
        hand_over=lambda body, staff: body.order(staff.subject),
        draft=DraftBody.order,
        draft_body=DraftBody,
    ),
    DECIDE,
    DeskOrder(
        Order.REMAND,
        "Send a claimed case back to the field office, as often as policy allows.",
        RemandBody.order,
        RemandBody,
        blob=lambda state, *_: f"remanded_{getattr(state, 'round', 0) + 1}",
    ),
    DeskOrder(
        Order.ASK,
        "Ask the requestor, or the field office (`addressee`).\n\n"
        "Only while the requestor is asked the clock stands still: until the answer, or until its time is over.",
        AskBody.order,
        AskBody,
        blob=lambda _state, _data, question: f"question_{question}",
    ),
    DeskOrder(
        Order.RECUSE,
        "Declare a conflict: the case is never offered or allowed to the caller again. It cannot be taken back.",
        RecuseBody.order,
        RecuseBody,
        noted=lambda body: f"{WHY_RECUSED}: {body.why}",
    ),
)
"""All that an SRO can ask for. The reaction to each is in `reactions.py`, under the same name."""


class Engine(casework.ManyEngine[State], casework.Engine[State], Protocol):
    """What the desk asks of the engine."""

    async def sealed(self, case_id: UUID) -> dict[str, bytes]: ...


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases of the queue are asked for; None: whichever. `office`: those that this field office considered."""

    office: str | None = None
    urgency: Urgency | None = None
    ground: ReviewGround | None = None
    round: int | None = None
    overdue: bool | None = None
    claimed: bool | None = None
    mine: bool = False

    def query(self, staff: Staff, now: datetime) -> dict[str, Any]:
        """The same as the store is asked, without what this person may never have."""
        wanted = {
            "queue.office": self.office,
            "queue.rank": None if self.urgency is None else RANK[self.urgency],
            "queue.ground": self.ground and self.ground.value,
            "queue.round": self.round,
            "queue.due": None if self.overdue is None else {"$lte" if self.overdue else "$gt": now},
        }
        return {
            "queue.open": QUEUE,
            "queue.kept_away": {"$ne": staff.subject},
            **{field: value for field, value in wanted.items() if value is not None},
            **showing.claim_filter(claimed=self.claimed, mine=self.mine, actor=staff.subject, now=now),
        }


class OfficialsDesk:
    """Reads on behalf of signed-in SROs."""

    def __init__(self, engine: Engine, sealed: SealedDesk, policies: Policies, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._sealed = sealed
        self._policies = policies
        self._now = now

    async def queue(self, staff: Staff, filters: Filters, *, skip: int, limit: int) -> QueuePage:
        """The cases before headquarters, most urgent first."""
        now = whole_milliseconds(self._now())
        query = filters.query(staff, now)
        found = await self._engine.listing(query, sort=showing.SORT, skip=skip, limit=limit + 1)
        items = [
            listed(view, view.state, now, skip + place)
            for place, view in enumerate(found, start=1)
            if isinstance(view.state, InQueue)
        ]
        return QueuePage(cases=items[:limit], more=len(found) > limit)

    async def show(self, case_id: UUID, staff: Staff) -> dict[str, Any]:
        """One case whole: both sides' reasons, facts, and what is sealed, with an access record.

        Personal data of a case that was never escalated is no business of headquarters.
        """
        view = await casework.case_of(self._engine, case_id)
        refused = barred(view.state.file, view.work, staff.subject)
        if refused is not None:
            raise Problem(403, refused.code, "This is not allowed.", refused.reason)
        drafts = shown_to(view.work, staff.subject)
        opened = None
        boxes = await self._engine.sealed(case_id)
        escalated = isinstance(view.state, InQueue) or "submitted" in boxes
        if escalated:
            typed = {name: box for draft in drafts for name, box in draft.box.items()}
            opened = await self._sealed.opened(case_id, boxes | typed, who=staff.subject, why=WHY)
        return {
            **whole(view, self._policies, self._now(), drafts=drafts, personal=opened or {}),
            "erased": view.state.file.erased or (escalated and opened is None),
            "people": people(opened),
            "personal": opened,
        }
