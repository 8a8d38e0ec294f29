"""An SRO's desk: the queue, one case with both sides' words, and orders, behind the HTTP endpoints."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic_core import from_json

from services.escalation.bodies import AskBody, BulkBody, DecideBody, QueueItem, QueuePage, RemandBody
from services.escalation.domain.states import InQueue, Resolved, State
from services.escalation.officials import Ask, Claim, Decide, Order, Release, Remand
from services.escalation.reactions import QUEUE, RANK
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.engine import CaseView
from shared.casework.errors import CaseUnknown
from shared.casework.reaction import Command
from shared.contracts.vocabulary import Service, Stage, Urgency
from shared.policy.model import Policies
from shared.privacy.opening import Desk as SealedDesk
from shared.web import casework, deciding
from shared.web.deciding import Deciding, Wish
from shared.web.problems import Problem
from shared.web.sign_in import Staff

WHY = "review by headquarters"


class Engine(deciding.Engine[State], Protocol):
    """What the desk asks of the engine."""

    async def case(self, case_id: UUID) -> CaseView[State] | None: ...
    async def sealed(self, case_id: UUID) -> dict[str, bytes]: ...
    async def listing(
        self, query: Mapping[str, Any], *, sort: Sequence[tuple[str, int]], skip: int, limit: int
    ) -> list[CaseView[State]]: ...


class OfficialsDesk:
    """Reads and orders on behalf of signed-in SROs."""

    def __init__(self, engine: Engine, sealed: SealedDesk, policies: Policies, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._sealed = sealed
        self._policies = policies
        self._now = now
        self._deciding = Deciding(engine, sealed, now, order=Order.DECIDE)

    async def queue(
        self,
        staff: Staff,
        *,
        office: str | None,
        urgency: Urgency | None,
        claimed: bool | None,
        mine: bool,
        skip: int,
        limit: int,
    ) -> QueuePage:
        """The cases before headquarters, most urgent first."""
        now = whole_milliseconds(self._now())
        query: dict[str, Any] = {"queue.open": QUEUE}
        if office is not None:
            query["queue.office"] = office
        if urgency is not None:
            query["queue.rank"] = RANK[urgency]
        query |= casework.claim_filter(claimed=claimed, mine=mine, actor=staff.subject, now=now)
        found = await self._engine.listing(query, sort=casework.SORT, skip=skip, limit=limit + 1)
        items = [_listed(view, view.state, now) for view in found if isinstance(view.state, InQueue)]
        return QueuePage(cases=items[:limit], more=len(found) > limit)

    async def show(self, case_id: UUID, staff: Staff) -> dict[str, Any]:
        """One case whole: both sides' reasons, facts, and what is sealed, with an access record.

        Personal data of a case that was never escalated is no business of headquarters.
        """
        view = await self._view(case_id)
        if staff.subject in view.state.file.touched_by:
            raise Problem(
                403, "touched_before", "This is not allowed.", "You had this case in hand at the field office."
            )
        opened = None
        boxes = await self._engine.sealed(case_id)
        escalated = isinstance(view.state, InQueue) or "submitted" in boxes
        if escalated:
            opened = await self._sealed.opened(case_id, boxes, who=staff.subject, why=WHY)
        policy, now = self._policies.at(self._now()), self._now()
        return {
            "case_id": case_id,
            **_known(view.state, self._now()),
            "parked": view.parked,
            "claim": casework.claim_shown(view.work, now),
            "guidance": policy.guidance,
            "reasons": casework.reasons_of(policy, Stage.SRO),
            "erased": view.state.file.erased or (escalated and opened is None),
            "personal": opened,
        }

    async def claim(self, case_id: UUID, staff: Staff, key: str) -> Answered:
        """Take a case in hand."""
        return await self._order(Order.CLAIM, case_id, staff, key, Claim(staff.subject))

    async def release(self, case_id: UUID, staff: Staff, key: str) -> Answered:
        """Give it back."""
        return await self._order(Order.RELEASE, case_id, staff, key, Release(staff.subject))

    async def decide(self, case_id: UUID, staff: Staff, key: str, body: DecideBody) -> Answered:
        """End the case."""
        return await self._deciding.one(_wish(case_id, staff, key, body))

    async def decide_all(self, staff: Staff, key: str, body: BulkBody) -> casework.BulkAnswer:
        """End many, each by itself; in a dry run say what would become of each."""
        wishes = [_wish(item.case_id, staff, item.key or key, item, claim=body.claim) for item in body.decisions]
        return await self._deciding.many(wishes, dry_run=body.dry_run)

    async def remand(self, case_id: UUID, staff: Staff, key: str, body: RemandBody) -> Answered:
        """Send it back; the text is sealed for the round that follows."""
        name = f"remanded_{getattr((await self._view(case_id)).state, 'round', 0) + 1}"
        box = await self._sealed.sealed(
            case_id, cause=_id(Order.REMAND, case_id, staff, key), name=name, text=body.text
        )
        data = Remand(staff.subject, body.reasons, body.facts_seen, box)
        return await self._order(Order.REMAND, case_id, staff, key, data)

    async def ask(self, case_id: UUID, staff: Staff, key: str, body: AskBody) -> Answered:
        """Ask the requestor; the question's id is the command's, so that the same request twice is one question."""
        await self._view(case_id)
        identity = _id(Order.ASK, case_id, staff, key)
        box = await self._sealed.sealed(case_id, cause=identity, name=f"question_{identity}", text=body.text)
        return await self._order(Order.ASK, case_id, staff, key, Ask(staff.subject, body.about, box))

    async def _view(self, case_id: UUID) -> CaseView[State]:
        view = await self._engine.case(case_id)
        if view is None:
            raise CaseUnknown
        return view

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
        data=lambda box: Decide(staff.subject, body.review(), body.facts_seen, box, claim),
    )


def _listed(view: CaseView[State], state: InQueue, now: datetime) -> QueueItem:
    records = state.file.records
    return QueueItem(
        case_id=view.case_id,
        number=state.file.number,
        office=records[-1].office if records else None,
        urgency=state.urgency,
        ground=state.ground,
        round=state.round,
        due=state.due,
        zone=state.zone,
        overdue=now >= state.due,
        facts_version=state.file.amendment,
        question_open=state.question is not None and state.question.is_open(now),
        claimable=bool(records),
        claim=casework.claim_shown(view.work, now),
    )


def _known(state: State, now: datetime) -> dict[str, Any]:
    """The clear part of a case as an SRO reads it: the field office's records are its side, `facts` the requestor's."""
    file = state.file
    known: dict[str, Any] = {
        "number": file.number,
        "standing": type(state).__name__,
        "facts_version": file.amendment,
        "facts": {group: from_json(told.value) for group, told in file.facts.items()},
        "field_office": [asdict(record) for record in file.records],
        "touched_by": sorted(file.touched_by),
    }
    if isinstance(state, InQueue):
        question = state.question
        known |= {
            "round": state.round,
            "ground": state.ground,
            "urgency": state.urgency,
            "due": state.due,
            "zone": state.zone,
            "overdue": now >= state.due,
            "question": {"id": question.id, "asked_at": question.asked_at, "answer_by": question.answer_by}
            if question and question.is_open(now)
            else None,
        }
    if isinstance(state, Resolved):
        known["resolution"] = {**asdict(state.resolution), "at": state.at}
    return known
