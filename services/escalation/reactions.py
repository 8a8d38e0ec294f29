"""Escalation's table: what the arbiter does with each input. The README has the same table with states.

Every ending goes through `resolving.resolve`, the only place of the whole system where `resolution.issued` is made.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never

from services.escalation import asking, claiming, officials
from services.escalation.admission import claim_that_holds, kept_away
from services.escalation.domain import arbitration
from services.escalation.domain.file import (
    FieldRecord,
    File,
    with_amendment,
    with_noncitizen,
    with_record,
    with_request,
    with_requestor,
)
from services.escalation.domain.states import (
    AwaitingRequestor,
    Following,
    InQueue,
    Remanded,
    Resolved,
    State,
    file_of,
    refiled,
)
from services.escalation.orders import Order
from services.escalation.recalling import RECALLS
from services.escalation.resolving import resolve
from services.escalation.translate import (
    amendment_of,
    escalated,
    facts_told,
    noncitizen_told,
    overdue,
    record_of,
    request_of,
)
from shared.casework.reaction import Behaviour, Context, Deadline, Due, Emit, Outcome, Reactions, Step, Wait
from shared.contracts import events
from shared.contracts.envelope import Event
from shared.contracts.vocabulary import EventType, Service
from shared.policy.model import RANK

QUEUE = "HQ"


class Moment(StrEnum):
    """Deadlines that the state names."""

    OVERDUE = "overdue"
    REMOVAL_NEARS = "removal_nears"


LOOKED_AT = "looked_at"
"""In `work`: up to when the calendar has been followed. It follows from the state and the time alone, so no event tells
of it; the removal desk hears of an imminent removal from triage."""


def on_request_amended(state: State | None, event: Event[events.RequestAmended], context: Context) -> Outcome[State]:
    """Newer facts are filed, before and after escalation; an answer sets the SRO's clock going again, and so does what
    leaves nobody who could answer.

    An officer of the field office who did it may not review the case any more.
    """
    data = event.data
    filed = with_amendment(file_of(state), amendment_of(event), facts_told(data))
    filed = with_noncitizen(filed, data.amendment, noncitizen_told(data))
    newer = refiled(state, with_requestor(filed, data.amendment, data.requestor_type))
    return Step(
        state=arbitration.answered(newer, data.answers, context.policy, context.now),
        keep=data.sealed,
        work=claim_that_holds(newer.file, context.work),
    )


def on_request_withdrawn(
    state: State | None, event: Event[events.RequestWithdrawn], context: Context
) -> Outcome[State]:
    """A withdrawal ends every case that is not ended yet."""
    if isinstance(state, Resolved):
        return Step(state=state, keep=event.data.sealed)
    return resolve(state or Following(File()), arbitration.BY_WITHDRAWAL, context, keep=event.data.sealed)


def on_triage_completed(state: State | None, event: Event[events.TriageCompleted], context: Context) -> Outcome[State]:
    """The field office's record: ends a case that nobody escalated, or that was sent back to it; else it informs."""
    record = record_of(event.data, completed_at=context.now)
    missing = arbitration.missing_for(state, record)
    if missing is not None:
        return Wait(missing)
    filed = refiled(state, with_record(file_of(state), record, event.data.number))
    keep, work = event.data.sealed, claim_that_holds(filed.file, context.work)
    match filed:
        case Following():
            if record.ends_the_case:
                return resolve(filed, arbitration.by_field_office(filed.file, record), context, keep=keep)
            return Step(state=AwaitingRequestor(filed.file), keep=keep)
        case Remanded(round=round_) if record.round == round_:
            return _after_remand(filed, record, context, keep)
        case AwaitingRequestor() | InQueue() | Remanded() | Resolved():
            return Step(state=filed, keep=keep, work=work)
        case _:
            assert_never(filed)


def _after_remand(state: Remanded, record: FieldRecord, context: Context, keep: Mapping[str, bytes]) -> Outcome[State]:
    """The answer to a remand: what grants all ends the case, anything else brings it back to the SRO."""
    if record.ends_the_case:
        return resolve(state, arbitration.by_field_office(state.file, record), context, keep=keep)
    again = arbitration.enter_queue(
        state,
        round_=state.round,
        ground=state.ground,
        urgency=record.urgency,
        told_as_of=record.facts_seen,
        policy=context.policy,
        now=context.now,
    )
    return Step(state=again, emits=(Emit(escalated(again)),), keep=keep)


def on_review_requested(state: State | None, event: Event[events.ReviewRequested], context: Context) -> Outcome[State]:
    """Upon request the case goes before the SRO, whether or not the field office's record is here yet."""
    data = event.data
    known = with_noncitizen(file_of(state), data.amendment, noncitizen_told(data))
    filed = refiled(state, with_request(known, request_of(event), data.number))
    match filed:
        case Following() | AwaitingRequestor():
            queued = arbitration.enter_queue(
                filed,
                round_=1,
                ground=data.ground,
                urgency=data.urgency,
                told_as_of=data.amendment,
                policy=context.policy,
                now=context.now,
            )
            return Step(state=queued, emits=(Emit(escalated(queued)),), keep=data.sealed)
        case InQueue() | Remanded() | Resolved():
            return Step(state=filed, keep=data.sealed)
        case _:
            assert_never(filed)


def on_review_lapsed(state: State | None, _: Event[events.ReviewLapsed], context: Context) -> Outcome[State]:
    """Nobody asked in time, or review was waived: the field office's decision is the ultimate one."""
    match state:
        case None | Following():
            return Wait(EventType.TRIAGE_COMPLETED)
        case AwaitingRequestor(file=file):
            return resolve(state, arbitration.by_field_office(file, file.records[-1]), context)
        case InQueue() | Remanded() | Resolved():
            return Step(state=state)
        case _:
            assert_never(state)


def on_case_erased(state: State | None, _: Event[events.CaseErased], __: Context) -> Outcome[State]:
    """The key is gone: codes and dates stay, and the case can still be ended by codes."""
    return Step(state=refiled(state, replace(file_of(state), erased=True)))


def on_overdue(state: State | None, _: Deadline, context: Context) -> Outcome[State]:
    """The SRO's due date has passed: headquarters is told. Nothing is decided, and no claim ends."""
    if not isinstance(state, InQueue):
        raise TypeError("Only a case before the SRO names a deadline.")
    at = _looked_at(state, context.work)
    return Step(state=arbitration.overdue(state, at), emits=(Emit(overdue(state, at)),))


def on_removal_nears(state: State | None, _: Deadline, context: Context) -> Outcome[State]:
    """The scheduled removal has become imminent: the case moves up, with the due date of its urgency."""
    if not isinstance(state, InQueue):
        raise TypeError("Only a case before the SRO names a deadline.")
    return Step(state=state, work={LOOKED_AT: context.now})


def _looked_at(state: InQueue, work: Mapping[str, Any]) -> datetime:
    return max(state.heard_at, work.get(LOOKED_AT) or state.heard_at)


def next_deadline(state: State, work: Mapping[str, Any]) -> Due | None:
    """The next moment that a case before the SRO waits for."""
    if not isinstance(state, InQueue):
        return None
    at = _looked_at(state, work)
    moments = (
        (Moment.REMOVAL_NEARS, arbitration.next_imminence(state, at)),
        (Moment.OVERDUE, arbitration.next_overdue(state, at)),
    )
    return min((Due(name, moment) for name, moment in moments if moment), key=lambda due: due.at, default=None)


def queue_fields(state: State, work: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a case before the SRO is listed by: urgency, then due date. `office` is the one that considered it."""
    if not isinstance(state, InQueue):
        return {}
    claim = work.get("claim") or {}
    at = _looked_at(state, work)
    return {
        "open": QUEUE,
        "rank": RANK[state.urgency_at(at)],
        "due": state.due_at(at),
        "ground": state.ground.value,
        "round": state.round,
        "number": state.file.number,
        "office": state.file.records[-1].office if state.file.records else None,
        "kept_away": kept_away(state.file, work) or None,
        "claimed_by": claim.get("by"),
        "claimed_until": claim.get("until"),
    }


REACTIONS: Reactions[State] = {
    EventType.REQUEST_AMENDED: on_request_amended,
    EventType.REQUEST_WITHDRAWN: on_request_withdrawn,
    EventType.TRIAGE_COMPLETED: on_triage_completed,
    EventType.OFFICE_ANSWERED: asking.on_office_answered,
    EventType.REVIEW_REQUESTED: on_review_requested,
    EventType.REVIEW_LAPSED: on_review_lapsed,
    EventType.CASE_ERASED: on_case_erased,
    Moment.OVERDUE: on_overdue,
    Moment.REMOVAL_NEARS: on_removal_nears,
    Order.CLAIM: claiming.on_claim,
    Order.RELEASE: claiming.on_release,
    Order.HAND_OVER: claiming.on_hand_over,
    Order.DRAFT: claiming.on_draft,
    Order.RECUSE: claiming.on_recuse,
    Order.DECIDE: officials.on_decide,
    Order.REMAND: officials.on_remand,
    Order.ASK: asking.on_ask,
}

BEHAVIOUR: Behaviour[State] = Behaviour(
    service=Service.ESCALATION,
    state=State,
    reactions=REACTIONS,
    recalls=RECALLS,
    due=next_deadline,
    queue=queue_fields,
    queue_indexes=("open", "claimed_by"),
)
