"""A case as an SRO reads it: both sides' reasons, what changed, questions, drafts. Decides nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from services.escalation.admission import kept_away, recusals
from services.escalation.bodies import QueueItem
from services.escalation.domain import arbitration
from services.escalation.domain.changes import Stretch, stretches
from services.escalation.domain.file import Addressee, Asked, FieldRecord, File, SentBack
from services.escalation.domain.states import InQueue, Resolved, State
from services.escalation.domain.why import GROUNDS, why
from shared.casework.engine import CaseView
from shared.contracts.vocabulary import Stage
from shared.desk import showing
from shared.desk.drafts import Draft
from shared.policy.model import NOTE, Policies, Policy

Personal = Mapping[str, Mapping[str, Any]]
"""What was sealed, opened, by the blob's name; empty where it was not, or cannot be, opened."""


def listed(view: CaseView[State], state: InQueue, now: datetime, place: int) -> QueueItem:
    """A case in the queue, with its place in the list that was asked for."""
    file, records = state.file, state.file.records
    return QueueItem(
        case_id=view.case_id,
        number=file.number,
        place=place,
        why=[each.sentence for each in why(state, now)],
        office=records[-1].office if records else None,
        urgency=state.urgency_at(now),
        ground=state.ground,
        round=state.round,
        due=state.due_at(now),
        zone=state.zone,
        overdue=now >= state.due_at(now),
        facts_version=file.amendment,
        new_facts=file.request is not None and file.amendment > file.request.amendment,
        question_open=state.question is not None and state.question.is_open(now),
        office_asked=file.office_question(state.round) is not None,
        claimable=bool(records),
        claim=showing.claim_shown(view.work, now),
    )


def whole(
    view: CaseView[State], policies: Policies, now: datetime, *, drafts: Iterable[Draft], personal: Personal
) -> dict[str, Any]:
    """The whole case. `personal` is opened before, so that nothing is shown of which no access record tells."""
    state, file, policy = view.state, view.state.file, policies.at(now)
    return {
        "case_id": view.case_id,
        "number": file.number,
        "standing": type(state).__name__,
        "parked": view.parked,
        "facts_version": file.amendment,
        "told_by_office": file.told_by_office,
        "facts": {group: from_json(told.value) for group, told in file.facts.items()},
        "field_office": [_office_side(record, policies, personal) for record in file.records],
        "sent_back": [_remand(sent, policies, personal) for sent in file.sent_back],
        "requestor": _requestor_side(file, personal),
        "changed": [_stretch(stretch, personal) for stretch in stretches(file, now)],
        "questions": [_question(asked, file, personal) for asked in file.asked],
        **_standing(state, policy, now),
        "touched_by": sorted(file.touched_by),
        "kept_away": kept_away(file, view.work),
        "recused": [{"by": recusal.by, "at": recusal.at} for recusal in recusals(view.work)],
        "claim": showing.claim_shown(view.work, now),
        "handed": view.work.get("handed") or [],
        "drafts": [showing.draft_shown(draft, personal) for draft in drafts],
        "guidance": policy.guidance,
        "reasons": showing.reasons_of(policy, Stage.SRO),
    }


def _office_side(record: FieldRecord, policies: Policies, personal: Personal) -> dict[str, Any]:
    """One round of the field office, its reasons as the policy had them when it decided."""
    saw = {group: from_json(value) for group, value in record.saw.items()}
    policy = policies.at(record.completed_at)
    return {
        **asdict(record),
        "saw": saw,
        "presumed": _presumed(record, policy),
        "why": showing.in_words(policy, record.reasons),
        "text": _text(personal, f"completed_{record.round}"),
        "justification": _text(personal, f"pre_approved_{record.round}"),
    }


def _presumed(record: FieldRecord, policy: Policy) -> dict[str, Any]:
    """What the office had before it as a presumption, in the words of the guidance of that day."""
    codes = from_json(record.presumed)
    remarks = policy.remarks(record.guidance, [*codes.get("reasons", ()), *codes.get("questions", ())])
    return {
        "note": NOTE,
        "guidance": record.guidance,
        **codes,
        "sentences": [asdict(each) for each in remarks.values()],
    }


def _remand(sent: SentBack, policies: Policies, personal: Personal) -> dict[str, Any]:
    """Why headquarters sent the case back to the field office, for the round that followed."""
    said = showing.in_words(policies.at(sent.at), sent.reasons)
    return {**asdict(sent), "why": said, "text": _text(personal, f"remanded_{sent.round}")}


def _requestor_side(file: File, personal: Personal) -> dict[str, Any] | None:
    """What the requestor asked for, why they ask again, and in which words."""
    request = file.request
    if request is None:
        return None
    submitted = personal.get("submitted") or {}
    return {
        "ground": {"code": request.ground, "sentence": GROUNDS[request.ground]},
        "asked_at": request.at,
        "facts_version": request.amendment,
        "decision_under_review": request.decision_under_review,
        "relief_sought": request.relief_sought,
        "requestor_type": file.requestor_type,
        "received_at": request.received_at,
        "narrative": submitted.get("narrative"),
        "text": _text(personal, "review"),
    }


def _stretch(stretch: Stretch, personal: Personal) -> dict[str, Any]:
    return {
        "since": stretch.since,
        "until": stretch.until,
        "from": stretch.from_,
        "changes": [asdict(change) for change in stretch.changes],
        "amendments": [
            {**asdict(told), "added": personal.get(f"amended_{told.number}")} for told in stretch.amendments
        ],
    }


def _question(asked: Asked, file: File, personal: Personal) -> dict[str, Any]:
    """A question of headquarters with its answer, if there is one."""
    shown = {**asdict(asked), "text": _text(personal, f"question_{asked.id}"), "answered_at": None, "answer": None}
    if asked.addressee is Addressee.FIELD_OFFICE:
        given = file.answer_of_office(asked.id)
        if given is None:
            return shown
        return shown | {
            "answered_at": given.at,
            "answered_by": given.by,
            "answer": _text(personal, f"answer_{asked.id}"),
        }
    told = next((told for told in file.amendments if told.answers == asked.id), None)
    if told is None:
        return shown
    return shown | {"answered_at": told.at, "answer": _text(personal, f"amended_{told.number}")}


def _standing(state: State, policy: Policy, now: datetime) -> dict[str, Any]:
    """What there is only while the case is before headquarters, or when it has ended."""
    if isinstance(state, Resolved):
        return {"resolution": {**asdict(state.resolution), "at": state.at}}
    if not isinstance(state, InQueue):
        return {}
    question = state.question
    return {
        "round": state.round,
        "ground": state.ground,
        "urgency": state.urgency_at(now),
        "due": state.due_at(now),
        "zone": state.zone,
        "overdue": now >= state.due_at(now),
        "why": [asdict(each) for each in why(state, now)],
        "to_answer": state.file.to_answer,
        "may_remand": arbitration.may_remand(state, policy),
        "question": {"id": question.id, "asked_at": question.asked_at, "answer_by": question.answer_by}
        if question and question.is_open(now)
        else None,
    }


def _text(personal: Personal, blob: str) -> str | None:
    text: str | None = (personal.get(blob) or {}).get("text")
    return text
