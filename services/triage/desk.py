"""An officer's desk: the queue, one case with what is sealed, and orders, behind the HTTP endpoints."""

from collections.abc import Callable, Set
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from services.triage import presumed
from services.triage.answering import open_questions
from services.triage.approvals import approval_of
from services.triage.at_hand import HandOver, SaveDraft, Seen
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
from services.triage.domain.states import State, UnderConsideration, Unheard
from services.triage.orders import Ask, Claim, Decide, Forward, Officer, Order, Release
from services.triage.pre_approving import PRE_APPROVE, PreApprove
from services.triage.routing import office_now
from services.triage.showing import known, listed, pre_approval, presumption, since_looked
from services.triage.taking_back import TakeBack
from shared.casework import handing_over
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.drafts import shown_to
from shared.casework.reaction import Command
from shared.contracts.vocabulary import ApproverRole, Service, Stage, Urgency
from shared.errors import CaseUnknown
from shared.policy.model import NOTE, RANK, TO_BE_ASSIGNED, Policies
from shared.privacy.opening import Desk as SealedDesk
from shared.privacy.people import people
from shared.web import casework, deciding
from shared.web.deciding import Deciding, Wish
from shared.web.persons import person_of
from shared.web.problems import Problem
from shared.web.sign_in import Role, Staff

WHY = "initial consideration"
APPROVERS: Final = {
    ApproverRole.FIELD_OFFICE_DIRECTOR: Role.FIELD_OFFICE_DIRECTOR,
    ApproverRole.SPECIAL_AGENT_IN_CHARGE: Role.SPECIAL_AGENT_IN_CHARGE,
}
"""The roles of a token that may approve in advance."""


class Engine(deciding.Engine[State], casework.Engine[State], Protocol):
    """What the desk asks of the engine."""

    async def sealed(self, case_id: UUID) -> dict[str, bytes]: ...


def officer_of(staff: Staff) -> Officer:
    """Whose cases a token lets somebody read, work on, or approve in advance, as its roles let them in.

    Cases without an office: officers' tokens that name HQ or that queue.
    """
    person = person_of(staff)
    return Officer(person.subject, person.offices, assigns=person.assigns)


class OfficersDesk:
    """Reads and orders on behalf of signed-in officers."""

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
        """The open cases of the officer's offices, most urgent first."""
        now = whole_milliseconds(self._now())
        query: dict[str, Any] = {"queue.open": {"$in": queues_of(officer_of(staff), office)}}
        if urgency is not None:
            query["queue.rank"] = RANK[urgency]
        query |= casework.claim_filter(claimed=claimed, mine=mine, actor=staff.subject, now=now)
        found = await self._engine.listing(query, sort=casework.SORT, skip=skip, limit=limit + 1)
        open_ = [(view, view.state) for view in found[:limit] if isinstance(view.state, UnderConsideration)]
        policy = self._policies.at(now)
        return QueuePage(
            cases=[listed(view, state, policy, now, staff.subject) for view, state in open_],
            more=len(found) > limit,
            note=NOTE,
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
            "claim": casework.claim_shown(view.work, now),
            "handed": view.work.get("handed") or [],
            "drafts": [casework.draft_shown(draft, personal or {}) for draft in drafts],
            "since_you_looked": since_looked(view, staff.subject),
            "guidance": policy.guidance,
            "pre_approval": pre_approval(view, policy, now, personal or {}),
            "presumption": presumption(view.state, policy, personal or {}),
            "reasons": casework.reasons_of(policy, Stage.FIELD_OFFICE),
            "erased": personal is None,
            "people": people(personal),
            "personal": personal,
        }

    async def claim(self, case_id: UUID, staff: Staff, key: str) -> Answered:
        """Take a case in hand."""
        return await self._order(Order.CLAIM, case_id, staff, key, Claim(officer_of(staff)))

    async def release(self, case_id: UUID, staff: Staff, key: str) -> Answered:
        """Give it back."""
        return await self._order(Order.RELEASE, case_id, staff, key, Release(officer_of(staff)))

    async def hand_over(self, case_id: UUID, staff: Staff, key: str, body: casework.HandOverBody) -> Answered:
        """Give it to a colleague, or take it over from one."""
        wish = handing_over.HandOver(staff.subject, body.holder, body.to, body.why)
        return await self._order(Order.HAND_OVER, case_id, staff, key, HandOver(officer_of(staff), wish))

    async def draft(self, case_id: UUID, staff: Staff, key: str, body: DraftBody) -> Answered:
        """Keep what the decision might be; its text is sealed under a name of its own."""
        await casework.case_of(self._engine, case_id)
        identity = _id(Order.DRAFT, case_id, staff, key)
        box = await self._sealed.sealed(case_id, cause=identity, name=f"draft_{identity.hex}", text=body.text)
        data = SaveDraft(officer_of(staff), body.facts_seen, body.says(), box)
        return await self._order(Order.DRAFT, case_id, staff, key, data)

    async def seen(self, case_id: UUID, staff: Staff, key: str, body: SeenBody) -> Answered:
        """Note that the case was read."""
        return await self._order(Order.SEEN, case_id, staff, key, Seen(officer_of(staff), body.facts_seen))

    async def decide(self, case_id: UUID, staff: Staff, key: str, body: DecideBody) -> Answered:
        """Decide; the text is sealed for the round that the case is in."""
        return await self._deciding.one(_wish(case_id, staff, key, body))

    async def decide_all(self, staff: Staff, key: str, body: BulkBody) -> casework.BulkAnswer:
        """Decide many, each by itself; in a dry run say what would become of each."""
        wishes = [_wish(item.case_id, staff, item.key or key, item, claim=body.claim) for item in body.decisions]
        return await self._deciding.many(wishes, dry_run=body.dry_run)

    async def pre_approve(self, case_id: UUID, staff: Staff, key: str, body: PreApprovalBody) -> Answered:
        """Approve a decline in advance; the justification is sealed for the round that the case is in."""
        role = approver_role(staff, body.role)
        name = f"pre_approved_{getattr((await casework.case_of(self._engine, case_id)).state, 'round', 0)}"
        identity = command_id(Service.TRIAGE, staff.subject, PRE_APPROVE, case_id, key)
        box = await self._sealed.sealed(case_id, cause=identity, name=name, text=body.text)
        data = PreApprove(officer_of(staff), role, body.facts_seen, box)
        return await self._engine.command(
            Command(PRE_APPROVE, identity, case_id, whole_milliseconds(self._now()), data)
        )

    async def take_back(self, case_id: UUID, staff: Staff, key: str) -> Answered:
        """Take an own decision back that has not taken effect."""
        return await self._order(Order.TAKE_BACK, case_id, staff, key, TakeBack(officer_of(staff)))

    async def forward(self, case_id: UUID, staff: Staff, key: str, body: ForwardBody) -> Answered:
        """Forward; the reason is sealed for the assignment that follows."""
        name = f"assigned_{getattr((await casework.case_of(self._engine, case_id)).state, 'revision', 0) + 1}"
        box = await self._sealed.sealed(
            case_id, cause=_id(Order.FORWARD, case_id, staff, key), name=name, text=body.text
        )
        data = Forward(officer_of(staff), body.office, body.facts_seen, box)
        return await self._order(Order.FORWARD, case_id, staff, key, data)

    async def ask(self, case_id: UUID, staff: Staff, key: str, body: AskBody) -> Answered:
        """Ask the requestor; the question's id is the command's, so that the same request twice is one question."""
        await casework.case_of(self._engine, case_id)  # nothing is sealed for a case that is not known here
        name = f"question_{_id(Order.ASK, case_id, staff, key)}"
        box = await self._sealed.sealed(case_id, cause=_id(Order.ASK, case_id, staff, key), name=name, text=body.text)
        return await self._order(
            Order.ASK, case_id, staff, key, Ask(officer_of(staff), body.about, box, body.facts_seen)
        )

    async def _order(self, order: Order, case_id: UUID, staff: Staff, key: str, data: Any) -> Answered:
        identity = _id(order, case_id, staff, key)
        return await self._engine.command(Command(order, identity, case_id, whole_milliseconds(self._now()), data))


def approver_role(staff: Staff, wanted: ApproverRole | None) -> ApproverRole:
    """In which capacity somebody approves: the one that they name, or the only one that their token has."""
    held = [role for role in ApproverRole if APPROVERS[role] in staff.roles]
    if wanted is not None and wanted not in held:
        raise Problem(403, "not_your_role", "This is not allowed.", "Your sign-in does not name this role.")
    return wanted or held[0]


def queues_of(officer: Officer, office: str | None) -> list[str]:
    """The queues in which an officer works: of one office, or of all that are theirs."""
    return named(office, officer.offices | ({TO_BE_ASSIGNED} if officer.assigns else set()))


def named(office: str | None, theirs: Set[str]) -> list[str]:
    """The office that is asked for, or all of theirs; 403 for one that is none of them."""
    if office is not None and office not in theirs:
        raise Problem(403, "not_your_office", "This is not allowed.", "Your sign-in does not name this office.")
    return [office] if office else sorted(theirs)


def _id(order: Order, case_id: UUID, staff: Staff, key: str) -> UUID:
    return command_id(Service.TRIAGE, staff.subject, order, case_id, key)


def _wish(case_id: UUID, staff: Staff, key: str, body: DecideBody, *, claim: bool = False) -> Wish[State]:
    return Wish(
        id=_id(Order.DECIDE, case_id, staff, key),
        case_id=case_id,
        text=body.text,
        name=lambda state: f"completed_{getattr(state, 'round', 0)}",
        data=lambda box: Decide(officer_of(staff), body.decision(), body.facts_seen, box, claim, body.guidance_seen),
    )
