"""Who ends a case, and how. Each function says what follows from one input; pure, and total over all states."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.file import FieldRecord, File, SentBack
from services.escalation.domain.states import (
    AwaitingRequestor,
    Following,
    InQueue,
    Question,
    Remanded,
    Resolution,
    Rules,
    State,
    file_of,
)
from shared.contracts.vocabulary import ResolutionOutcome, ReviewGround, Stage, TriageOutcome, Urgency
from shared.policy.model import HEADQUARTERS, Policy

HOUR = timedelta(hours=1)


def by_field_office(file: File, record: FieldRecord) -> Resolution:
    """The field office's outcome as the ultimate resolution, with all that it granted in any round."""
    return Resolution(
        stage=Stage.FIELD_OFFICE,
        outcome=ResolutionOutcome(record.outcome.value),
        granted=file.granted,
        declined=record.declined,
        moot=record.moot,
        reasons=record.reasons,
        decided_by=record.decided_by,
        claimed_at=record.claimed_at,
    )


BY_WITHDRAWAL = Resolution(stage=Stage.REQUESTOR, outcome=ResolutionOutcome.WITHDRAWN)


def enter_queue(
    state: State | None,
    *,
    round_: int,
    ground: ReviewGround,
    urgency: Urgency,
    told_as_of: int,
    policy: Policy,
    now: datetime,
) -> InQueue:
    """Put the case before the SRO; due by the policy in force now, in headquarters' zone.

    `told_as_of`: the amendment as of which `urgency` was told.
    """
    zone = policy.office_map.seat_zone(HEADQUARTERS)
    return InQueue(
        file=file_of(state),
        round=round_,
        ground=ground,
        told_urgency=urgency,
        told_as_of=told_as_of,
        entered_at=now,
        clock={each.value: policy.end_of(policy.sro_answer_within[each], now, zone) for each in Urgency},
        rules=Rules(
            zone,
            imminent_hours=policy.imminent_within // HOUR,
            margin_hours=(policy.answer_before_removal or timedelta()) // HOUR,
        ),
    )


def missing_for(state: State | None, record: FieldRecord) -> str | None:
    """What must still come before a field office's record can be filed; None when nothing.

    A first round is complete in itself, unless it says that headquarters took the case, which somebody must have asked
    for. A later round answers a remand.
    """
    if isinstance(state, Following | AwaitingRequestor) or state is None:
        taken = record.round > 1 or record.outcome is TriageOutcome.NO_ANSWER
        return "review.requested" if taken else None
    if isinstance(state, InQueue) and record.round > state.round:
        return "review.remanded"
    if isinstance(state, Remanded) and record.round > state.round:
        return "review.remanded"
    return None


def next_overdue(state: InQueue, looked_at: datetime) -> datetime | None:
    """When the due date will have passed, if that is not told yet; not before anything that is known already."""
    return None if state.told_overdue(looked_at) else max(state.due_at(looked_at), looked_at)


def next_imminence(state: InQueue, looked_at: datetime) -> datetime | None:
    """When the scheduled removal becomes imminent, if it is not yet."""
    return None if state.urgency_at(looked_at) is Urgency.REMOVAL_IMMINENT else state.imminent_since


def overdue(state: InQueue, looked_at: datetime) -> InQueue:
    """The due date has passed without an answer. Nothing is decided by that: it is told."""
    return replace(state, late=state.due_at(looked_at))


def may_remand(state: InQueue, policy: Policy) -> bool:
    """Whether policy leaves a remand (the n-th round follows the n-1 remands before it)."""
    return state.round <= policy.remands


def remand(state: InQueue, by: str, reasons: tuple[str, ...], now: datetime) -> Remanded:
    """Back to the field office for another round; who sent it and why stays in the file."""
    sent = SentBack(state.round + 1, by, now, reasons)
    return Remanded(replace(state.file, sent_back=(*state.file.sent_back, sent)), sent.round, state.ground)


def ask(state: InQueue, question: UUID, answer_by: datetime, *, policy: Policy, now: datetime) -> InQueue:
    """The requestor is asked: the longest pause is assumed. That of an earlier question is counted first.

    Where nobody would hear of the question, nobody is waited for, and the clock goes on.
    """
    counted = end_question(state, policy, now)
    if not state.file.may_be_asked:
        return counted
    still = _paused(counted, counted.clock, policy, since=now, until=answer_by)
    return replace(counted, clock=still, question=Question(question, now, answer_by, before=counted.clock))


def answered(state: State, question: UUID | None, policy: Policy, now: datetime) -> State:
    """The clock goes on when the open question is answered, or nobody is left who could answer it."""
    if not isinstance(state, InQueue) or state.question is None:
        return state
    if state.question.id == question or not state.file.may_be_asked:
        return end_question(state, policy, now)
    return state


def end_question(state: InQueue, policy: Policy, now: datetime) -> InQueue:
    """The queue's item without its question, only the real pause counted."""
    question = state.question
    if question is None:
        return state
    until = max(question.asked_at, min(now, question.answer_by))
    clock = _paused(state, question.before, policy, since=question.asked_at, until=until)
    return replace(state, clock=clock, question=None)


def _paused(
    state: InQueue, clock: Mapping[str, datetime], policy: Policy, *, since: datetime, until: datetime
) -> dict[str, datetime]:
    """A clock, which names the due date of each urgency, after it stood still for a while."""
    limits = policy.sro_answer_within
    return {
        urgency: policy.added_back(limits[Urgency(urgency)], due, since=since, until=until, zone=state.zone)
        for urgency, due in clock.items()
    }
