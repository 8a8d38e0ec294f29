"""How a request moves through the field office. Pure; every function is total over the states it takes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from services.triage.domain.carrying_out import with_grant
from services.triage.domain.case import Case, Mover, amend, with_move
from services.triage.domain.classification import Presumption, presume
from services.triage.domain.clock import Question, paused, started
from services.triage.domain.states import (
    Considered,
    Heard,
    Resolved,
    State,
    UnderConsideration,
    Unheard,
    Withdrawn,
    WithHeadquarters,
)
from shared.contracts.vocabulary import ReliefSought, Stage, Urgency
from shared.policy.model import Policy

UnderReview = UnderConsideration | Considered | WithHeadquarters


def open_round(case: Case, policy: Policy, *, round_: int, clock_from: datetime, now: datetime) -> UnderConsideration:
    """Put a case before the office. The clock runs from the request's receipt, in later rounds from the remand."""
    clock = started(clock_from, policy, case.zone)
    return UnderConsideration(case, round_, now, clock, presumed_at(case, policy, max(case.as_of, now)))


def presumed_at(case: Case, policy: Policy, at: datetime) -> Presumption:
    """What the guidance in force at a moment presumes of the newest facts."""
    return presume(case.situation.facts, case.submission.age_band, policy, at=at)


def _looked_at_again(state: UnderConsideration, policy: Policy) -> UnderConsideration:
    """With what the guidance presumes of the newest facts: that in force at the latest look, whatever came last."""
    at = max(state.case.as_of, state.opened_at)
    return replace(state, presumption=presumed_at(state.case, policy, at))


def with_newer_facts(
    state: Heard, amendment: int, changed: Mapping[str, Any], answers: UUID | None, *, policy: Policy, now: datetime
) -> Heard:
    """The state with an amendment, unless a newer one is known.

    An answer sets the clock going again, and so does what leaves nobody who could answer.
    """
    if amendment <= state.case.amendment:
        return state
    amended = replace(state, case=amend(state.case, amendment, changed, policy, at=now))
    if not isinstance(amended, UnderConsideration):
        return amended
    amended = _looked_at_again(amended, policy)
    if amended.question is not None and (amended.question.id == answers or not amended.case.may_be_asked):
        return _clock_goes_on(amended, amended.question, policy, now)
    return amended


def asked(
    state: UnderConsideration, question: UUID, answer_by: datetime, *, policy: Policy, now: datetime
) -> UnderConsideration:
    """The requestor is asked: the clock stands still, and the longest pause is assumed.

    Where nobody would hear of the question, nobody is waited for, and the clock goes on.
    """
    if not state.case.may_be_asked:
        return _moved(replace(state, question=None))
    still = paused(state.clock, policy, since=now, until=answer_by)
    return _moved(replace(state, clock=still, question=Question(question, now, answer_by, before=state.clock)))


def _clock_goes_on(state: UnderConsideration, question: Question, policy: Policy, now: datetime) -> UnderConsideration:
    until = max(question.asked_at, min(now, question.answer_by))
    clock = paused(question.before, policy, since=question.asked_at, until=until)
    return replace(state, clock=clock, question=None)


def removal_nears(state: UnderReview, now: datetime) -> UnderReview:
    """The calendar has made the scheduled removal imminent, though nobody told anything new."""
    if state.case.imminent_since is None or now < state.case.imminent_since:
        return state
    looked_at = replace(state.case, as_of=max(state.case.as_of, now))
    moved = with_move(looked_at, urgency_of(state), by=Mover.CALENDAR, at=now)
    return replace(state, case=replace(moved, moves=moved.moves + 1))


def urgency_of(state: UnderReview) -> Urgency:
    """How urgent a request is that is under review, as of the latest look at it."""
    return state.urgency if isinstance(state, UnderConsideration) else state.case.urgency_at(state.case.as_of)


def guidance_changed(state: UnderConsideration, policy: Policy, now: datetime) -> UnderConsideration:
    """Another guidance is in force, or an end of this one has become known: what it presumes of the same facts."""
    case = replace(state.case, as_of=max(state.case.as_of, now))
    return _moved(_looked_at_again(replace(state, case=case), policy))


def overdue(state: UnderConsideration, _: datetime) -> UnderConsideration:
    """The due date has passed without an answer. Nothing is decided by that: it is told."""
    return _moved(replace(state, late=state.answer_due))


def forwarded(state: UnderConsideration, office: str, *, policy: Policy, now: datetime) -> UnderConsideration:
    """Given to another office by a person; the clock goes on, and facts no longer move the case.

    Where no place is known, a clock that starts later, after a remand, runs in the zone of the new office's seat.
    """
    case = replace(
        state.case,
        office=office,
        office_since=now,
        zone=state.case.zone if state.case.zone_of_place else policy.office_map.seat_zone(office),
        chosen=True,
        area_when_chosen=state.case.area,
    )
    return _moved(replace(state, case=case))


def put_back(state: UnderConsideration, now: datetime) -> UnderConsideration:
    """Given back by the office that had kept it in hand: it goes where the newest facts have placed it."""
    return _moved(replace(state, case=replace(state.case, office_since=now)))


def decided(
    state: UnderConsideration, granted: tuple[ReliefSought, ...], policy: Policy, now: datetime, *, at: datetime
) -> Considered:
    """The office has given its initial consideration in this round, under the guidance in force at the moment `at`.

    What it granted is to be carried out from now on, whatever becomes of the rest.
    """
    case = with_grant(state.case, granted, Stage.FIELD_OFFICE, policy, now=now)
    return Considered(case, state.round, presumed_at(state.case, policy, at))


def _moved(state: UnderConsideration) -> UnderConsideration:
    return replace(state, case=replace(state.case, moves=state.case.moves + 1))


def withdrawn(state: Heard) -> Heard:
    """The requestor withdrew: nothing is left for the office to decide."""
    match state:
        case UnderConsideration(case=case, round=round_):
            return Withdrawn(case, round_, completed=round_ - 1, escalated=round_ - 1)
        case Considered(case=case, round=round_):
            return Withdrawn(case, round_, completed=round_, escalated=round_ - 1)
        case WithHeadquarters(case=case, round=round_):
            return Withdrawn(case, round_, completed=round_, escalated=round_)
        case Withdrawn() | Resolved():
            return state
        case _:
            assert_never(state)


def escalated(state: Heard, round_: int) -> tuple[Heard, bool]:
    """Headquarters took the case in this round; and whether the office still owes the record of who touched it."""
    match state:
        case UnderConsideration(case=case, round=current) if current == round_:
            return WithHeadquarters(case, current), True
        case Considered(case=case, round=current) if current == round_:
            return WithHeadquarters(case, current), False
        case Withdrawn(completed=completed, escalated=earlier) if earlier < round_:
            closed = replace(state, completed=max(completed, round_), escalated=round_)
            return closed, completed < round_
        case UnderConsideration() | Considered() | WithHeadquarters() | Withdrawn() | Resolved():
            return state, False
        case _:
            assert_never(state)


def escalation_heard(state: Heard, round_: int) -> bool:
    """Whether the case is known to have been with headquarters in this round, so that a remand can be handled."""
    match state:
        case UnderConsideration(round=current) | Considered(round=current):
            return current > round_
        case WithHeadquarters(round=current):
            return current >= round_
        case Withdrawn(escalated=last):
            return last >= round_
        case Resolved():
            return True
        case _:
            assert_never(state)


def remanded(state: Heard, round_: int, reasons: tuple[str, ...], policy: Policy, *, now: datetime) -> Heard:
    """Headquarters sent the case back: under consideration again, in round `round_`."""
    match state:
        case WithHeadquarters(case=case, round=current) if current < round_:
            opened = open_round(case, policy, round_=round_, clock_from=now, now=now)
            return replace(opened, sent_back_for=reasons)
        case Withdrawn(round=current):
            return replace(state, round=max(current, round_))
        case UnderConsideration() | Considered() | WithHeadquarters() | Resolved():
            return state
        case _:
            assert_never(state)


def erased(state: State | None) -> State:
    """The case's key is destroyed. Codes, dates and its place in the queue stay; nothing sealed can be read again."""
    if state is None or isinstance(state, Unheard):
        return Unheard()
    return replace(state, case=replace(state.case, erased=True))


def next_imminence(state: UnderReview) -> datetime | None:
    """When the scheduled removal becomes imminent, if it is not yet."""
    return None if urgency_of(state) is Urgency.REMOVAL_IMMINENT else state.case.imminent_since


def next_overdue(state: UnderConsideration) -> datetime | None:
    """When the due date will have passed, if that is not told yet; not before anything that is known already."""
    return None if state.overdue else max(state.answer_due, state.case.as_of)


def next_guidance(state: UnderConsideration) -> datetime | None:
    """When another guidance comes into force, as far as was known at the last look."""
    return state.presumption.until
