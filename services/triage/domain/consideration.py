"""How a request moves through the field office. Pure; every function is total over the states it takes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from services.triage.domain.case import (
    Case,
    Considered,
    Heard,
    Resolved,
    State,
    UnderConsideration,
    Unheard,
    Withdrawn,
    WithHeadquarters,
    amend,
)
from services.triage.domain.clock import Question, started
from shared.contracts.vocabulary import Urgency
from shared.policy.model import Policy


def open_round(case: Case, policy: Policy, *, round_: int, clock_from: datetime, now: datetime) -> UnderConsideration:
    """Put a case before the office. The clock runs from the request's receipt, in later rounds from the remand."""
    clock = started(clock_from, answer_within=policy.answer_within, silence_after=policy.silence_after)
    return UnderConsideration(case, round_, now, clock)


def with_newer_facts(
    state: Heard, amendment: int, changed: Mapping[str, Any], answers: UUID | None, *, policy: Policy, now: datetime
) -> Heard:
    """The state with an amendment, unless a newer one is known. An answer sets the clock going again."""
    if amendment <= state.case.amendment:
        return state
    amended = replace(state, case=amend(state.case, amendment, changed, policy, at=now))
    if isinstance(amended, UnderConsideration) and amended.question is not None and amended.question.id == answers:
        return _clock_goes_on(amended, amended.question, now)
    return amended


def _clock_goes_on(state: UnderConsideration, question: Question, now: datetime) -> UnderConsideration:
    return replace(state, clock=state.clock.paused(question.pause(now)), question=None)


def unanswered(state: UnderConsideration, now: datetime) -> UnderConsideration:
    """The requestor let the time to answer pass: the clock goes on."""
    if state.question is None or now < state.question.answer_by:
        return state
    return _clock_goes_on(_moved(state), state.question, now)


def removal_nears(state: UnderConsideration, now: datetime) -> UnderConsideration:
    """The calendar has made the scheduled removal imminent, though nobody told anything new."""
    if state.case.imminent_since is None or now < state.case.imminent_since:
        return state
    return _moved(replace(state, case=replace(state.case, as_of=max(state.case.as_of, now))))


def forwarded(state: UnderConsideration, office: str, now: datetime) -> UnderConsideration:
    """Given to another office by a person; the clock goes on, and facts no longer move the case."""
    return _moved(replace(state, case=replace(state.case, office=office, office_since=now, chosen=True)))


def decided(state: UnderConsideration) -> Considered:
    """The office has given its initial consideration in this round."""
    return Considered(state.case, state.round)


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


def remanded(state: Heard, round_: int, policy: Policy, *, now: datetime) -> Heard:
    """Headquarters sent the case back: under consideration again, in round `round_`."""
    match state:
        case WithHeadquarters(case=case, round=current) if current < round_:
            return open_round(case, policy, round_=round_, clock_from=now, now=now)
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


def next_imminence(state: UnderConsideration) -> datetime | None:
    """When the scheduled removal becomes imminent, if it is not yet."""
    return None if state.urgency is Urgency.REMOVAL_IMMINENT else state.case.imminent_since
