"""Between the published events and escalation's domain. Nothing is decided here."""

import json
from collections.abc import Mapping
from datetime import datetime

from services.escalation.domain.file import Amendment, FieldRecord, OfficeAnswer, PreApproval, Request
from services.escalation.domain.states import InQueue, Resolution
from shared.contracts import events
from shared.contracts.envelope import Contract, Event


def record_of(data: events.TriageCompleted, *, completed_at: datetime) -> FieldRecord:
    """The field office's record of one round."""
    return FieldRecord(
        round=data.round,
        outcome=data.outcome,
        granted=data.granted,
        declined=data.declined,
        moot=data.moot,
        referred_to=data.referred_to,
        moot_because=data.moot_because,
        reasons=data.reasons,
        decided_by=data.decided_by,
        touched_by=data.touched_by,
        claimed_at=data.claimed_at,
        completed_at=completed_at,
        facts_seen=data.facts_seen,
        guidance=data.guidance,
        office=data.office,
        urgency=data.urgency,
        saw=_groups(custody=data.saw.custody, removal=data.saw.removal, facts=data.saw.facts) if data.saw else {},
        pre_approval=PreApproval(approved.by, approved.role, approved.at) if (approved := data.pre_approval) else None,
        presumed=data.presumption.model_dump_json() if data.presumption else "{}",
    )


def facts_told(data: events.RequestAmended | events.ReviewRequested) -> Mapping[str, str]:
    """The groups of facts that an event gives, each whole, as JSON."""
    if isinstance(data, events.RequestAmended):
        return _groups(
            custody=data.custody, removal=data.removal, facts=data.facts, place=data.place, consent=data.consent
        )
    return _groups(custody=data.custody, removal=data.removal, facts=data.facts, place=data.place)


def noncitizen_told(data: events.RequestAmended | events.ReviewRequested) -> Mapping[str, str]:
    """What an event gives of how the noncitizen, and the requestor, are reached, as JSON."""
    status = data.noncitizen_status if isinstance(data, events.RequestAmended) else None
    given = {
        "reachable": data.noncitizen_reachable,
        "status": status,
        "requestor_reachable": data.requestor_reachable,
    }
    return {name: json.dumps(value) for name, value in given.items() if value is not None}


def amendment_of(event: Event[events.RequestAmended]) -> Amendment:
    """When something was told later, and what it was about."""
    data = event.data
    touched_by = data.amended_by if data.for_office else None
    return Amendment(data.amendment, event.time, data.changed, data.answers, touched_by)


def request_of(event: Event[events.ReviewRequested]) -> Request:
    """On which ground review was asked for, and what was asked for from the start."""
    data = event.data
    return Request(
        ground=data.ground,
        at=event.time,
        amendment=data.amendment,
        told=dict(facts_told(data)),
        decision_under_review=data.decision_under_review,
        relief_sought=data.relief_sought,
        requestor_type=data.requestor_type,
        received_at=data.received_at,
    )


def office_answer_of(event: Event[events.OfficeAnswered]) -> OfficeAnswer:
    """The field office's answer to a question of headquarters."""
    data = event.data
    return OfficeAnswer(data.question, event.time, data.answered_by, data.touched_by)


def _groups(**groups: Contract | None) -> dict[str, str]:
    return {name: _as_json(group) for name, group in groups.items() if group is not None}


def _as_json(group: Contract) -> str:
    if isinstance(group, events.Facts):
        return json.dumps(group.told(), separators=(",", ":"), ensure_ascii=False)
    return group.model_dump_json(exclude_none=True)


def escalated(state: InQueue) -> events.ReviewEscalated:
    """The case is before the SRO."""
    at = state.heard_at
    return events.ReviewEscalated(
        round=state.round, due=state.due_at(at), urgency=state.urgency_at(at), ground=state.ground
    )


def overdue(state: InQueue, at: datetime) -> events.ReviewOverdue:
    """The SRO should have answered by now."""
    return events.ReviewOverdue(round=state.round, due=state.due_at(at), urgency=state.urgency_at(at))


def resolution_of(data: events.ResolutionIssued) -> Resolution:
    """The resolution that was issued."""
    return Resolution(
        stage=data.stage,
        outcome=data.outcome,
        granted=data.granted,
        declined=data.declined,
        moot=data.moot,
        reasons=data.reasons,
        decided_by=data.decided_by,
        claimed_at=data.claimed_at,
    )


def issued(resolution: Resolution) -> events.ResolutionIssued:
    """The ultimate resolution, as the others are told."""
    return events.ResolutionIssued(
        stage=resolution.stage,
        outcome=resolution.outcome,
        granted=resolution.granted,
        declined=resolution.declined,
        moot=resolution.moot,
        reasons=resolution.reasons,
        decided_by=resolution.decided_by,
        claimed_at=resolution.claimed_at,
    )
