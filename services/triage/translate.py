"""Between the published events and triage's domain. Nothing is decided here."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from services.triage.approvals import Approval
from services.triage.domain.case import Case, Submission
from services.triage.domain.classification import Presumption, presume
from services.triage.domain.decision import Decision
from services.triage.domain.situation import Custody, Place, Removal, Situation
from services.triage.domain.states import UnderConsideration
from shared.casework.reaction import Context
from shared.contracts import events
from shared.contracts.envelope import Contract
from shared.contracts.vocabulary import TriageOutcome, leaves_nothing_to_challenge


def submission_of(data: events.RequestSubmitted) -> Submission:
    """What was asked for, by whom."""
    return Submission(
        number=data.number,
        received_at=data.received_at,
        requestor_type=data.requestor_type,
        decision_under_review=data.decision_under_review,
        relief_sought=data.relief_sought,
        incomplete=data.incomplete,
        not_understood=data.not_understood,
        represented=data.represented,
        age_band=data.age_band,
        possible_double_of=data.possible_double_of,
        resubmitted_at=data.resubmitted_at,
    )


def situation_of(data: events.RequestSubmitted) -> Situation:
    """What was known of the person's situation when the request was submitted."""
    return Situation(
        custody=_custody(data.custody),
        removal=_removal(data.removal),
        place=_place(data.place) if data.place else None,
        facts=_facts(data.facts),
        consent=_as_json(data.consent),
        noncitizen_reachable=data.noncitizen_reachable,
        requestor_reachable=data.requestor_reachable,
    )


def changes_of(data: events.RequestAmended) -> Mapping[str, Any]:
    """The fields of `Situation` that an amendment gives. Each is given whole: `facts` replaces all earlier facts."""
    given = {
        "custody": data.custody and _custody(data.custody),
        "removal": data.removal and _removal(data.removal),
        "place": data.place and _place(data.place),
        "facts": data.facts and _facts(data.facts),
        "consent": data.consent and _as_json(data.consent),
        "requestor_type": data.requestor_type,
        "represented": data.represented,
        "noncitizen_reachable": data.noncitizen_reachable,
        "requestor_reachable": data.requestor_reachable,
        "noncitizen_status": data.noncitizen_status,
    }
    return {field: value for field, value in given.items() if value is not None}


def assigned(state: UnderConsideration, office: str | None) -> events.TriageAssigned:
    """Where the case stands now, in the queue of `office`, and what the guidance presumes, as the others are told."""
    presumed = state.presumption
    return events.TriageAssigned(
        revision=state.revision,
        office=office,
        urgency=state.urgency,
        categories=presumed.categories,
        undetermined=presumed.undetermined,
        to_weigh=presumed.to_weigh,
        reasons=presumed.reasons,
        questions=presumed.questions,
        answer_due=state.answer_due,
        silence_ends_at=state.silence_ends_at,
        overdue=state.overdue,
        guidance=presumed.guidance,
        office_map=state.case.office_map,
        process=state.case.process,
        facts_seen=state.case.amendment,
    )


def completed(
    state: UnderConsideration,
    decision: Decision,
    *,
    presumption: Presumption,
    office: str | None,
    actor: str,
    touched: tuple[str, ...],
    claimed_at: datetime,
    approval: Approval | None,
    context: Context,
) -> events.TriageCompleted:
    """The office's decision, under the guidance in force when it was taken."""
    return events.TriageCompleted(
        round=state.round,
        outcome=decision.outcome,
        granted=decision.granted,
        declined=decision.declined,
        moot=decision.moot,
        referred_to=decision.referred_to,
        moot_because=decision.moot_because,
        reasons=decision.reasons,
        decided_by=actor,
        touched_by=touched,
        assigned_at=state.assigned_at,
        claimed_at=claimed_at,
        facts_seen=state.case.amendment,
        guidance=context.policy.guidance,
        process=context.policy.process,
        presumption=_presumed(presumption),
        number=state.case.submission.number,
        office=office,
        urgency=state.urgency,
        saw=None
        if leaves_nothing_to_challenge(decision.outcome, decision.declined, decision.moot)
        else saw(state.case.situation),
        pre_approval=events.PreApproval(by=approval.by, role=approval.role, at=approval.at) if approval else None,
    )


def saw(situation: Situation) -> events.SeenFacts:
    """The facts that a decision rests on, for whoever reviews it."""
    return events.SeenFacts(
        custody=events.Custody(
            status=situation.custody.status, state=situation.custody.state, county=situation.custody.county
        ),
        removal=events.Removal(
            scheduled_for=situation.removal.scheduled_for, believed_imminent=situation.removal.believed_imminent
        ),
        facts=events.Facts.telling(from_json(situation.facts)),
    )


def no_answer(
    case: Case, *, round_: int, office: str | None, assigned_at: datetime, touched: tuple[str, ...], context: Context
) -> events.TriageCompleted:
    """Headquarters took the case before the office answered; this tells it who had the case in hand."""
    return events.TriageCompleted(
        round=round_,
        outcome=TriageOutcome.NO_ANSWER,
        decided_by=None,
        touched_by=touched,
        assigned_at=assigned_at,
        facts_seen=case.amendment,
        guidance=context.policy.guidance,
        process=context.policy.process,
        presumption=_presumed(presume(case.situation.facts, case.submission.age_band, context.policy, at=context.now)),
        number=case.submission.number,
        office=office,
        urgency=case.urgency_at(context.now),
    )


def _presumed(presumption: Presumption) -> events.Presumed:
    return events.Presumed(
        categories=presumption.categories,
        undetermined=presumption.undetermined,
        to_weigh=presumption.to_weigh,
        reasons=presumption.reasons,
        questions=presumption.questions,
    )


def _custody(data: events.Custody) -> Custody:
    return Custody(data.status, data.state, data.county)


def _removal(data: events.Removal) -> Removal:
    return Removal(data.scheduled_for, data.believed_imminent)


def _place(data: events.Place) -> Place:
    return Place(data.state, data.county)


def _facts(data: events.Facts) -> str:
    return json.dumps(data.told(), separators=(",", ":"), ensure_ascii=False)  # As pydantic writes it.


def _as_json(data: Contract) -> str:
    return data.model_dump_json(exclude_none=True)
