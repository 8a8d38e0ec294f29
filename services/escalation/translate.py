"""Between the published events and escalation's domain. Nothing is decided here."""

from collections.abc import Mapping
from datetime import datetime

from services.escalation.domain.file import FieldRecord
from services.escalation.domain.states import InQueue, Resolution
from shared.contracts import events
from shared.contracts.envelope import Contract


def record_of(data: events.TriageCompleted, *, completed_at: datetime) -> FieldRecord:
    """The field office's record of one round."""
    return FieldRecord(
        round=data.round,
        outcome=data.outcome,
        granted=data.granted,
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
    )


def facts_told(data: events.RequestAmended | events.ReviewRequested) -> Mapping[str, str]:
    """The groups of facts that an event gives, each whole, as JSON."""
    groups: dict[str, Contract | None] = {"custody": data.custody, "removal": data.removal, "facts": data.facts}
    if isinstance(data, events.RequestAmended):
        groups |= {"place": data.place, "consent": data.consent}
    return {name: group.model_dump_json(exclude_none=True) for name, group in groups.items() if group is not None}


def escalated(state: InQueue) -> events.ReviewEscalated:
    """The case is before the SRO."""
    return events.ReviewEscalated(round=state.round, due=state.due, urgency=state.urgency, ground=state.ground)


def issued(resolution: Resolution) -> events.ResolutionIssued:
    """The ultimate resolution, as the others are told."""
    return events.ResolutionIssued(
        stage=resolution.stage,
        outcome=resolution.outcome,
        granted=resolution.granted,
        reasons=resolution.reasons,
        decided_by=resolution.decided_by,
        claimed_at=resolution.claimed_at,
    )
