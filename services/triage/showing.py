"""A case as an officer reads it: in the queue, and whole. Decides nothing."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from services.triage import presumed, undoing
from services.triage.answering import open_questions
from services.triage.approvals import approval_of, needed
from services.triage.bodies import QueueItem
from services.triage.carrying_out import owner, to_do
from services.triage.domain.consideration import presumed_at
from services.triage.domain.hints import hints
from services.triage.domain.states import Considered, State, UnderConsideration, Unheard
from services.triage.domain.why import why
from services.triage.looked import news
from services.triage.routing import now_in_area_of, office_now
from shared.casework.engine import CaseView
from shared.desk import showing
from shared.errors import CaseUnknown
from shared.policy.model import Policy


def listed(view: CaseView[State], state: UnderConsideration, policy: Policy, now: datetime, who: str) -> QueueItem:
    """A case in the queue, as `who` reads it."""
    since = news(state, view.work, who)
    return QueueItem(
        case_id=view.case_id,
        number=state.case.submission.number,
        why=[each.sentence for each in why(state, now, policy)],
        office=office_now(state, view.work),
        now_in_area_of=now_in_area_of(state, view.work),
        urgency=state.urgency,
        round=state.round,
        answer_due=state.answer_due,
        zone=state.clock.zone,
        overdue=now >= state.answer_due,
        facts_version=state.case.amendment,
        question_open=state.question is not None and state.question.is_open(now),
        missing=list(state.case.submission.incomplete),
        not_understood=list(state.case.submission.not_understood),
        claim=showing.claim_shown(view.work, now),
        news=None if since is None else bool(since.changes or since.amendments),
        presumption=presumed.codes(state.presumption),
        decision=undoing.shown(view.work),
    )


def since_looked(view: CaseView[State], who: str) -> dict[str, Any] | None:
    """What has changed since somebody looked; None where they have not. What was added in words is among the texts."""
    since = None if isinstance(view.state, Unheard) else news(view.state, view.work, who)
    if since is None:
        return None
    look = since.since
    return {
        "looked_at": look.at,
        "noted_by": look.how,
        "facts_version": look.facts_version,
        "amendments": since.amendments,
        "changes": [asdict(change) for change in since.changes],
    }


def presumption(state: State, policy: Policy, opened: presumed.Opened) -> dict[str, Any] | None:
    """What was presumed when the case was last looked at, or when it was decided; None where it has moved on since."""
    match state:
        case UnderConsideration():
            return presumed.whole(state.case, state.presumption, policy, opened)
        case Considered():
            return presumed.as_decided(state.presumption, policy)
        case _:
            return None


def pre_approval(
    view: CaseView[State], policy: Policy, now: datetime, opened: presumed.Opened
) -> dict[str, Any] | None:
    """Whether a decline needs approval in advance, and the one that waits for it; None where nothing is considered."""
    state, given = view.state, approval_of(view.work)
    if not isinstance(state, UnderConsideration):
        return None
    shown: dict[str, Any] = {"needed": needed(presumed_at(state.case, policy, now), policy), "given": None}
    if given is not None:
        text = (opened.get(f"pre_approved_{state.round}") or {}).get("text")
        shown["given"] = {"by": given.by, "role": given.role, "at": given.at, "text": text}
    return shown


def known(view: CaseView[State], policy: Policy, now: datetime) -> dict[str, Any]:
    """The clear part of a case."""
    state = view.state
    if isinstance(state, Unheard):
        raise CaseUnknown
    case, submission = state.case, state.case.submission
    found: dict[str, Any] = {
        "number": submission.number,
        "standing": type(state).__name__,
        "office": case.office,
        "office_map": case.office_map,
        "facts_version": case.amendment,
        "missing": submission.incomplete,
        "not_understood": submission.not_understood,
        "submission": asdict(submission),
        "requestor_type": case.requestor_type,
        "represented": case.represented,
        "custody": asdict(case.situation.custody),
        "removal": asdict(case.situation.removal),
        "place": asdict(case.situation.place) if case.situation.place else None,
        "facts": from_json(case.situation.facts),
        "consent": from_json(case.situation.consent),
        "granted": [asdict(grant) for grant in case.grants],
        "hints": [asdict(hint) for hint in hints(from_json(case.situation.facts))],
    }
    if waiting := open_questions(state):
        found["asked_by_headquarters"] = [asdict(asked) for asked in waiting]
    if item := to_do(state):
        found["to_carry_out"] = {
            "granted": item.granted,
            "since": item.since,
            "due": item.due,
            "overdue": now >= item.due,
            "owner": owner(view.work),
        }
    if isinstance(state, UnderConsideration):
        found |= _open(state, view.work, policy, now)
    return found


def _open(state: UnderConsideration, work: Mapping[str, Any], policy: Policy, now: datetime) -> dict[str, Any]:
    """What there is only while the case is before the office."""
    question = state.question
    return {
        "office": office_now(state, work),
        "now_in_area_of": now_in_area_of(state, work),
        "round": state.round,
        "sent_back_for": showing.in_words(policy, state.sent_back_for),
        "urgency": state.urgency,
        "answer_due": state.answer_due,
        "silence_ends_at": state.silence_ends_at,
        "zone": state.clock.zone,
        "overdue": now >= state.answer_due,
        "decision": undoing.shown(work),
        "to_answer": state.case.to_answer,
        "why": [asdict(each) for each in why(state, now, policy)],
        "question": {"id": question.id, "asked_at": question.asked_at, "answer_by": question.answer_by}
        if question and question.is_open(now)
        else None,
    }
