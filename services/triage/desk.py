"""An officer's desk behind the HTTP endpoints: the table of orders, the queue, one case with what is sealed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from services.triage import presumed
from services.triage.answering import open_questions
from services.triage.approvals import approval_of
from services.triage.at_hand import HandOver
from services.triage.bodies import (
    AnswerBody,
    AskBody,
    DecideBody,
    DoneBody,
    DraftBody,
    ForwardBody,
    PreApprovalBody,
    QueuePage,
    SeenBody,
    TakeBody,
)
from services.triage.carrying_out import NOTE, CarryingOut
from services.triage.domain.states import State, UnderConsideration, Unheard
from services.triage.orders import Claim, Order, Release
from services.triage.persons import officer_of, queues_of
from services.triage.pre_approving import PRE_APPROVE
from services.triage.routing import office_now
from services.triage.showing import known, listed, pre_approval, presumption, since_looked
from services.triage.taking_back import TakeBack
from shared.casework.commands import whole_milliseconds
from shared.contracts.vocabulary import Stage, Urgency
from shared.desk import showing
from shared.desk.drafts import shown_to
from shared.desk.orders import DeskOrder, in_hand
from shared.errors import CaseUnknown
from shared.policy.model import NOTE as POLICY_NOTE
from shared.policy.model import RANK, Policies
from shared.privacy.opening import Desk as SealedDesk
from shared.privacy.people import people
from shared.web import casework
from shared.web.problems import Problem
from shared.web.sign_in import Staff

WHY = "initial consideration"

DECIDE: Final = DeskOrder(
    Order.DECIDE,
    "Give a claimed case its initial consideration, having seen its newest facts.",
    DecideBody.order,
    DecideBody,
    blob=lambda state, *_: f"completed_{getattr(state, 'round', 0)}",
)

ORDERS: Final = (
    *in_hand(
        claim=lambda _, staff: Claim(officer_of(staff)),
        release=lambda _, staff: Release(officer_of(staff)),
        hand_over=lambda body, staff: HandOver(officer_of(staff), body.order(staff.subject)),
        draft=DraftBody.order,
        draft_body=DraftBody,
    ),
    DeskOrder(
        Order.SEEN,
        "Say that one has read a case: from then on it tells what has changed since (`since_you_looked`).",
        SeenBody.order,
        SeenBody,
    ),
    DECIDE,
    DeskOrder(
        Order.TAKE_BACK,
        "Take an own decision back before it takes effect.",
        lambda _, staff: TakeBack(officer_of(staff)),
    ),
    DeskOrder(
        Order.FORWARD,
        "Give a case without an office, or a misrouted one, to an office. The clock goes on.",
        ForwardBody.order,
        ForwardBody,
        blob=lambda state, *_: f"assigned_{getattr(state, 'revision', 0) + 1}",
    ),
    DeskOrder(
        Order.ASK,
        "Ask the requestor; the clock stands still until the answer, or until its time is over.",
        AskBody.order,
        AskBody,
        blob=lambda _state, _data, question: f"question_{question}",
    ),
    DeskOrder(
        Order.ANSWER,
        "Answer a question of headquarters. Whoever does may not review the case there any more.",
        AnswerBody.order,
        AnswerBody,
        blob=lambda _state, data, _command: f"answer_{data.question}",
    ),
    DeskOrder(CarryingOut.TAKE, "See to it until it is done.", TakeBody.order, TakeBody),
    DeskOrder(
        CarryingOut.DONE,
        "Say that it is done, and on which day. Any officer of the office may, whoever had taken it on.",
        DoneBody.order,
        DoneBody,
        blob=lambda *_: NOTE,
        path="carried-out",
    ),
)
"""All that an officer can ask for. The reaction to each is in `reactions.py`, under the same name."""

PRE_APPROVAL: Final = DeskOrder(
    PRE_APPROVE,
    "Approve in advance, in writing, that the case be declined: a second person, who has not had it in hand.",
    PreApprovalBody.order,
    PreApprovalBody,
    blob=lambda state, *_: f"pre_approved_{getattr(state, 'round', 0)}",
    operation="pre_approve",
)
"""What somebody in charge of a field office can ask for."""


class Engine(casework.ManyEngine[State], casework.Engine[State], Protocol):
    """What the desk asks of the engine."""

    async def sealed(self, case_id: UUID) -> dict[str, bytes]: ...


class OfficersDesk:
    """Reads on behalf of signed-in officers."""

    def __init__(self, engine: Engine, sealed: SealedDesk, policies: Policies, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._sealed = sealed
        self._policies = policies
        self._now = now

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
        """The open cases of the officer's offices, most urgent first."""
        now = whole_milliseconds(self._now())
        query: dict[str, Any] = {"queue.open": {"$in": queues_of(officer_of(staff), office)}}
        if urgency is not None:
            query["queue.rank"] = RANK[urgency]
        query |= showing.claim_filter(claimed=claimed, mine=mine, actor=staff.subject, now=now)
        found = await self._engine.listing(query, sort=showing.SORT, skip=skip, limit=limit + 1)
        open_ = [(view, view.state) for view in found[:limit] if isinstance(view.state, UnderConsideration)]
        policy = self._policies.at(now)
        return QueuePage(
            cases=[listed(view, state, policy, now, staff.subject) for view, state in open_],
            more=len(found) > limit,
            note=POLICY_NOTE,
            presumptions=presumed.sentences((state.presumption for _, state in open_), policy),
        )

    async def show(self, case_id: UUID, staff: Staff) -> dict[str, Any]:
        """One case whole: facts, standing, what may be answered, and what is sealed, with an access record."""
        view = await casework.case_of(self._engine, case_id)
        case = None if isinstance(view.state, Unheard) else view.state.case
        if case is None:
            raise CaseUnknown
        office = office_now(view.state, view.work) if isinstance(view.state, UnderConsideration) else case.office
        asked = {question.office for question in open_questions(view.state)}
        reader = officer_of(staff)
        if not any(reader.may_work(each) for each in {office, *asked}):
            raise Problem(403, "not_your_office", "This is not allowed.", "The case is with another office.")
        drafts = shown_to(view.work, staff.subject)
        typed = {name: box for draft in drafts for name, box in draft.box.items()}
        if approval := approval_of(view.work):
            typed |= approval.box
        boxes = await self._engine.sealed(case_id) | typed
        personal = await self._sealed.opened(case_id, boxes, who=staff.subject, why=WHY)
        policy, now = self._policies.at(self._now()), self._now()
        return {
            "case_id": case_id,
            **known(view, policy, now),
            "parked": view.parked,
            "claim": showing.claim_shown(view.work, now),
            "handed": view.work.get("handed") or [],
            "drafts": [showing.draft_shown(draft, personal or {}) for draft in drafts],
            "since_you_looked": since_looked(view, staff.subject),
            "guidance": policy.guidance,
            "pre_approval": pre_approval(view, policy, now, personal or {}),
            "presumption": presumption(view.state, policy, personal or {}),
            "reasons": showing.reasons_of(policy, Stage.FIELD_OFFICE),
            "erased": personal is None,
            "people": people(personal),
            "personal": personal,
        }
