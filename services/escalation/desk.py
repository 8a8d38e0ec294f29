"""An SRO's desk: the queue, one case with both sides' words, and orders, behind the HTTP endpoints."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from services.escalation.admission import barred
from services.escalation.asking import Ask
from services.escalation.bodies import (
    AskBody,
    BulkBody,
    DecideBody,
    DraftBody,
    QueuePage,
    RecuseBody,
    RemandBody,
)
from services.escalation.claiming import Claim, Recuse, Release, SaveDraft
from services.escalation.domain.states import InQueue, State
from services.escalation.officials import Decide, Remand
from services.escalation.orders import Order
from services.escalation.reactions import QUEUE
from services.escalation.showing import listed, whole
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.drafts import shown_to
from shared.casework.handing_over import HandOver
from shared.casework.reaction import Command
from shared.contracts.vocabulary import ReviewGround, Service, Urgency
from shared.policy.model import RANK, Policies
from shared.privacy.opening import Desk as SealedDesk
from shared.privacy.people import people
from shared.web import casework, deciding
from shared.web.casework import HandOverBody
from shared.web.deciding import Deciding, Wish
from shared.web.problems import Problem
from shared.web.sign_in import Staff

WHY = "review by headquarters"
WHY_RECUSED = "recusal declared, nothing opened"


class Engine(deciding.Engine[State], casework.Engine[State], Protocol):
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
            **casework.claim_filter(claimed=self.claimed, mine=self.mine, actor=staff.subject, now=now),
        }


class OfficialsDesk:
    """Reads and orders on behalf of signed-in SROs."""

    def __init__(self, engine: Engine, sealed: SealedDesk, policies: Policies, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._sealed = sealed
        self._policies = policies
        self._now = now
        self._deciding = Deciding(engine, sealed, now, order=Order.DECIDE)

    async def queue(self, staff: Staff, filters: Filters, *, skip: int, limit: int) -> QueuePage:
        """The cases before headquarters, most urgent first."""
        now = whole_milliseconds(self._now())
        query = filters.query(staff, now)
        found = await self._engine.listing(query, sort=casework.SORT, skip=skip, limit=limit + 1)
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

    async def claim(self, case_id: UUID, staff: Staff, key: str) -> Answered:
        """Take a case in hand."""
        return await self._order(Order.CLAIM, case_id, staff, key, Claim(staff.subject))

    async def release(self, case_id: UUID, staff: Staff, key: str) -> Answered:
        """Give it back."""
        return await self._order(Order.RELEASE, case_id, staff, key, Release(staff.subject))

    async def hand_over(self, case_id: UUID, staff: Staff, key: str, body: HandOverBody) -> Answered:
        """Give it to a colleague, or take it over from one."""
        data = HandOver(staff.subject, body.holder, body.to, body.why)
        return await self._order(Order.HAND_OVER, case_id, staff, key, data)

    async def recuse(self, case_id: UUID, staff: Staff, key: str, body: RecuseBody) -> Answered:
        """Keep out of it for good. Besides in the case it is noted where accesses are."""
        answered = await self._order(Order.RECUSE, case_id, staff, key, Recuse(staff.subject, body.why))
        if not answered.replayed:
            await self._sealed.noted(case_id, who=staff.subject, why=f"{WHY_RECUSED}: {body.why}")
        return answered

    async def draft(self, case_id: UUID, staff: Staff, key: str, body: DraftBody) -> Answered:
        """Keep what the decision might be; its text is sealed under a name of its own."""
        identity = _id(Order.DRAFT, case_id, staff, key)
        box = await self._typed(case_id, identity, f"draft_{identity.hex}", body.text)
        return await self._order(Order.DRAFT, case_id, staff, key, SaveDraft(staff.subject, body.says(), box))

    async def decide(self, case_id: UUID, staff: Staff, key: str, body: DecideBody) -> Answered:
        """End the case."""
        return await self._deciding.one(_wish(case_id, staff, key, body))

    async def decide_all(self, staff: Staff, key: str, body: BulkBody) -> casework.BulkAnswer:
        """End many, each by itself; in a dry run say what would become of each."""
        wishes = [_wish(item.case_id, staff, item.key or key, item, claim=body.claim) for item in body.decisions]
        return await self._deciding.many(wishes, dry_run=body.dry_run)

    async def remand(self, case_id: UUID, staff: Staff, key: str, body: RemandBody) -> Answered:
        """Send it back; the text is sealed for the round that follows."""
        name = f"remanded_{getattr((await casework.case_of(self._engine, case_id)).state, 'round', 0) + 1}"
        box = await self._typed(case_id, _id(Order.REMAND, case_id, staff, key), name, body.text)
        data = Remand(staff.subject, body.reasons, body.facts_seen, box, body.told_seen)
        return await self._order(Order.REMAND, case_id, staff, key, data)

    async def ask(self, case_id: UUID, staff: Staff, key: str, body: AskBody) -> Answered:
        """Ask somebody; the question's id is the command's, so that the same request twice is one question."""
        identity = _id(Order.ASK, case_id, staff, key)
        box = await self._typed(case_id, identity, f"question_{identity}", body.text)
        return await self._order(
            Order.ASK, case_id, staff, key, Ask(staff.subject, body.about, box, body.addressee, body.facts_seen)
        )

    async def _typed(self, case_id: UUID, cause: UUID, name: str, text: str | None) -> dict[str, bytes]:
        await casework.case_of(self._engine, case_id)
        return await self._sealed.sealed(case_id, cause=cause, name=name, text=text)

    async def _order(self, order: Order, case_id: UUID, staff: Staff, key: str, data: Any) -> Answered:
        identity = _id(order, case_id, staff, key)
        return await self._engine.command(Command(order, identity, case_id, whole_milliseconds(self._now()), data))


def _id(order: Order, case_id: UUID, staff: Staff, key: str) -> UUID:
    return command_id(Service.ESCALATION, staff.subject, order, case_id, key)


def _wish(case_id: UUID, staff: Staff, key: str, body: DecideBody, *, claim: bool = False) -> Wish[State]:
    return Wish(
        id=_id(Order.DECIDE, case_id, staff, key),
        case_id=case_id,
        text=body.text,
        name=lambda _: "resolved",
        data=lambda box: Decide(staff.subject, body.review(), body.facts_seen, box, claim, body.told_seen),
    )
