"""Triage's table: what the field office's service does with each input. The README has the same table with states."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from services.triage import (
    alerting,
    answering,
    at_hand,
    carrying_out,
    looking_again,
    officers,
    pre_approving,
    taking_back,
)
from services.triage.approvals import everybody
from services.triage.domain import case as cases
from services.triage.domain import consideration
from services.triage.domain.states import Considered, Heard, State, UnderConsideration, Unheard, WithHeadquarters
from services.triage.orders import Order
from services.triage.recalling import RECALLS
from services.triage.routing import in_hand, office_now
from services.triage.translate import assigned, changes_of, no_answer, situation_of, submission_of
from services.triage.undoing import leaves_the_desk, overtaken, waiting
from services.triage.upcasting import with_grants
from shared.casework.reaction import Behaviour, Context, Deadline, Due, Emit, Outcome, Reactions, Step, Wait
from shared.contracts import events
from shared.contracts.envelope import Event
from shared.contracts.vocabulary import EventType, Service
from shared.policy.model import RANK, TO_BE_ASSIGNED


class Moment(StrEnum):
    """Deadlines that the state names."""

    OVERDUE = "overdue"
    REMOVAL_NEARS = "removal_nears"
    GUIDANCE_CHANGES = "guidance_changes"


def on_request_submitted(
    state: State | None, event: Event[events.RequestSubmitted], context: Context
) -> Outcome[State]:
    """A new case: assess it and put it before an office, or into the queue of those to be assigned."""
    if state is not None and not isinstance(state, Unheard):
        return Step(state=state)
    case = cases.assess(
        submission_of(event.data), situation_of(event.data), context.policy, at=context.now, erased=state is not None
    )
    opened = consideration.open_round(
        case, context.policy, round_=1, clock_from=event.data.received_at, now=context.now
    )
    emits = (Emit(assigned(opened, opened.case.office)), *alerting.alert(None, opened, work=context.work))
    return Step(state=opened, emits=emits, keep=event.data.sealed)


def on_request_amended(state: State | None, event: Event[events.RequestAmended], context: Context) -> Outcome[State]:
    """Newer facts: kept in every state; while the case is open, told if they change where or when it is handled.

    Facts that place the person elsewhere move the case, unless somebody has it in hand: who does is shown the notice.
    """
    if state is None or isinstance(state, Unheard):
        return Wait(EventType.REQUEST_SUBMITTED)
    amended = consideration.with_newer_facts(
        state,
        event.data.amendment,
        changes_of(event.data),
        event.data.answers,
        policy=context.policy,
        now=context.now,
    )
    if not isinstance(state, UnderConsideration) or not isinstance(amended, UnderConsideration):
        return Step(state=amended, emits=alerting.alert(state, amended, work=context.work), keep=event.data.sealed)
    leaves = amended.case.office != state.case.office and not in_hand(context.work, context.now)
    newer = amended.case.amendment > state.case.amendment
    work = {
        **(leaves_the_desk(context.work) if leaves else {}),
        **(overtaken(context.work, context.now) if newer else {}),
    }
    work_after = {} if leaves else context.work
    before, after = office_now(state, context.work), office_now(amended, work_after)
    told = (Emit(assigned(amended, after)),) if _told(amended, after) != _told(state, before) else ()
    return Step(
        state=amended,
        emits=(*told, *alerting.alert(state, amended, work=context.work, work_after=work_after)),
        keep=event.data.sealed,
        work=work,
    )


def _told(state: UnderConsideration, office: str | None) -> tuple[Any, ...]:
    """What makes others want to hear of a new revision."""
    presumed = replace(state.presumption, until=None)  # An end that has become known changes nothing yet.
    return office, state.urgency, state.answer_due, state.silence_ends_at, state.overdue, presumed


def on_request_withdrawn(
    state: State | None, event: Event[events.RequestWithdrawn], context: Context
) -> Outcome[State]:
    """The item leaves the queue; the arbiter answers the requestor."""
    if state is None or isinstance(state, Unheard):
        return Wait(EventType.REQUEST_SUBMITTED)
    return Step(state=consideration.withdrawn(state), keep=event.data.sealed, work=leaves_the_desk(context.work))


def on_review_escalated(state: State | None, event: Event[events.ReviewEscalated], context: Context) -> Outcome[State]:
    """Headquarters has the case. If the office never answered in this round, tell headquarters who touched it."""
    if state is None or isinstance(state, Unheard):
        return Wait(EventType.REQUEST_SUBMITTED)
    round_ = event.data.round
    if isinstance(state, UnderConsideration | Considered | WithHeadquarters) and state.round < round_:
        return Wait(EventType.REVIEW_REMANDED)
    closed, owes_answer = consideration.escalated(state, round_)
    told = alerting.alert(state, closed, work=context.work)
    if not owes_answer:
        return Step(state=closed, emits=told, work=leaves_the_desk(context.work))
    answer = no_answer(
        state.case,
        round_=round_,
        office=office_now(state, context.work) if isinstance(state, UnderConsideration) else state.case.office,
        assigned_at=state.assigned_at if isinstance(state, UnderConsideration) else state.case.office_since,
        touched=everybody(context.work),
        context=context,
    )
    return Step(state=closed, emits=(Emit(answer), *told), work=leaves_the_desk(context.work))


def on_review_remanded(state: State | None, event: Event[events.ReviewRemanded], context: Context) -> Outcome[State]:
    """Sent back by headquarters: before the same office again, with a new clock."""
    if state is None or isinstance(state, Unheard):
        return Wait(EventType.REQUEST_SUBMITTED)
    if not consideration.escalation_heard(state, event.data.round - 1):
        return Wait(EventType.REVIEW_ESCALATED)
    reopened = consideration.remanded(state, event.data.round, event.data.reasons, context.policy, now=context.now)
    if not isinstance(reopened, UnderConsideration) or reopened == state:
        return Step(state=reopened, keep=event.data.sealed)
    emits = (Emit(assigned(reopened, reopened.case.office)), *alerting.alert(state, reopened, work=context.work))
    return Step(state=reopened, emits=emits, keep=event.data.sealed)


def on_case_erased(state: State | None, _: Event[events.CaseErased], __: Context) -> Outcome[State]:
    """The key is gone. Waits for nothing: the erased case may be a rejected request that is never submitted."""
    return Step(state=consideration.erased(state))


def on_overdue(state: State | None, _: Deadline, context: Context) -> Outcome[State]:
    """The due date has passed: the office is told. Nothing is decided, and nothing goes to headquarters by itself."""
    if not isinstance(state, UnderConsideration):
        raise TypeError("Only a case under consideration names this deadline.")
    late = consideration.overdue(state, context.now)
    return Step(state=late, emits=(Emit(assigned(late, office_now(late, context.work))),))


def on_removal_nears(state: State | None, _: Deadline, context: Context) -> Outcome[State]:
    """The scheduled removal has become imminent: the case moves up in the queue, and whoever can stop it is told."""
    if not isinstance(state, consideration.UnderReview):
        raise TypeError("Only a case under review names this deadline.")
    near = consideration.removal_nears(state, context.now)
    if near == state:
        return Step(state=state)
    alert = alerting.alert(state, near, work=context.work)
    if not isinstance(near, UnderConsideration):
        return Step(state=near, emits=alert)
    return Step(state=near, emits=(Emit(assigned(near, office_now(near, context.work))), *alert))


def next_deadline(state: State, work: Mapping[str, Any]) -> Due | None:
    """The earliest moment that the state waits for, or what is to be carried out in it."""
    if isinstance(state, Unheard):
        return None
    both = (_of_standing(state, work), carrying_out.next_deadline(state))
    return min((due for due in both if due), key=lambda due: due.at, default=None)


def _of_standing(state: Heard, work: Mapping[str, Any]) -> Due | None:
    if isinstance(state, Considered | WithHeadquarters):
        nears = consideration.next_imminence(state)
        return Due(Moment.REMOVAL_NEARS, nears) if nears else None
    if not isinstance(state, UnderConsideration):
        return None
    if (given := waiting(work)) is not None:
        return Due(taking_back.TAKES_EFFECT, given.takes_effect_at)  # The office has answered: nothing else is due.
    moments = (
        (Moment.REMOVAL_NEARS, consideration.next_imminence(state)),
        (Moment.OVERDUE, consideration.next_overdue(state)),
        (Moment.GUIDANCE_CHANGES, consideration.next_guidance(state)),
    )
    return min((Due(name, at) for name, at in moments if at), key=lambda due: due.at, default=None)


def queue_fields(state: State, work: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a case is listed by, in its office's queue and in the list of what is to be carried out."""
    if isinstance(state, Unheard):
        return {}
    return {**carrying_out.queue_fields(state, work), **_standing_fields(state, work)}


def _standing_fields(state: Heard, work: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an open case is listed by: its office's queue, then urgency, then its turn in that class (as `due`)."""
    if not isinstance(state, UnderConsideration):
        return _asked_fields(state)
    claim = work.get("claim") or {}
    return {
        "open": office_now(state, work) or TO_BE_ASSIGNED,
        "rank": RANK[state.urgency],
        "due": state.turn,
        "since": state.since,
        "waits_until": state.waits_until,
        "number": state.case.submission.number,
        "claimed_by": claim.get("by"),
        "claimed_until": claim.get("until"),
        "guidance": state.presumption.label,
    }


def _asked_fields(state: State) -> Mapping[str, Any]:
    """What a case at headquarters is listed by when headquarters waits for an answer: by the oldest question."""
    waiting = answering.open_questions(state)
    if not waiting or not isinstance(state, WithHeadquarters):
        return {}
    return {
        "asked": waiting[0].office,
        "rank": RANK[state.case.urgency_at(state.case.as_of)],
        "due": waiting[0].answer_by,
        "number": state.case.submission.number,
    }


REACTIONS: Reactions[State] = {
    EventType.REQUEST_SUBMITTED: on_request_submitted,
    EventType.REQUEST_AMENDED: on_request_amended,
    EventType.REQUEST_WITHDRAWN: on_request_withdrawn,
    EventType.OFFICE_ASKED: answering.on_office_asked,
    EventType.REVIEW_ESCALATED: on_review_escalated,
    EventType.REVIEW_REMANDED: on_review_remanded,
    EventType.RESOLUTION_ISSUED: carrying_out.on_resolution_issued,
    EventType.CASE_ERASED: on_case_erased,
    Moment.OVERDUE: on_overdue,
    Moment.REMOVAL_NEARS: on_removal_nears,
    Moment.GUIDANCE_CHANGES: looking_again.on_guidance_changes,
    taking_back.TAKES_EFFECT: taking_back.on_takes_effect,
    carrying_out.NOT_DONE: carrying_out.on_not_carried_out,
    looking_again.LOOK_AGAIN: looking_again.on_look_again,
    Order.CLAIM: officers.on_claim,
    Order.RELEASE: officers.on_release,
    Order.HAND_OVER: at_hand.on_hand_over,
    Order.DRAFT: at_hand.on_draft,
    Order.SEEN: at_hand.on_seen,
    Order.FORWARD: officers.on_forward,
    Order.DECIDE: officers.on_decide,
    Order.TAKE_BACK: taking_back.on_take_back,
    Order.ASK: officers.on_ask,
    Order.ANSWER: answering.on_answer,
    pre_approving.PRE_APPROVE: pre_approving.on_pre_approve,
    carrying_out.CarryingOut.TAKE: carrying_out.on_take,
    carrying_out.CarryingOut.DONE: carrying_out.on_done,
}

BEHAVIOUR: Behaviour[State] = Behaviour(
    service=Service.TRIAGE,
    state=State,
    reactions=REACTIONS,
    recalls=RECALLS,
    due=next_deadline,
    queue=queue_fields,
    queue_indexes=("open", "claimed_by", "asked", "to_carry_out", "guidance"),
    schema=2,
    upcasters={1: with_grants},
)
