"""After a resolution in the person's favour: by when the office should have carried it out, and that it has. Pure."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.triage.domain.decision import Objection
from services.triage.domain.states import CarriedOut, Ended, Heard, Resolved, ToCarryOut
from shared.contracts.vocabulary import TO_BE_CARRIED_OUT, ReliefSought, ResolutionOutcome, Stage, Urgency
from shared.policy.model import Policy


def resolved(
    state: Heard,
    stage: Stage,
    outcome: ResolutionOutcome,
    granted: tuple[ReliefSought, ...],
    *,
    policy: Policy,
    now: datetime,
) -> Ended:
    """The arbiter has spoken at `now`, once. What is in the person's favour has to be carried out."""
    if isinstance(state, Ended):
        return state
    case = state.case
    if outcome not in TO_BE_CARRIED_OUT:
        return Resolved(case, stage, outcome)
    ends = {each.value: policy.end_of(policy.carry_out_within[each], now, case.zone) for each in Urgency}
    return ToCarryOut(case, stage, outcome, granted, now, ends)


def next_alarm(state: ToCarryOut) -> datetime | None:
    """When it will have passed unnoticed that nobody said done; not before anything that is known already."""
    return None if state.overdue else max(state.due, state.case.as_of)


def alarmed(state: ToCarryOut) -> ToCarryOut:
    """The due date has passed, and that is told. Nothing else comes of it."""
    return replace(state, late=state.due)


def objection(state: ToCarryOut, on: date, now: datetime) -> Objection | None:
    """What is wrong with the day on which it is said to have been carried out; None when nothing is."""
    if on > now.astimezone(ZoneInfo(state.case.zone)).date():
        return Objection("not_yet", "This day is still to come. Say it once it is done.")
    if on < state.case.submission.received_at.astimezone(ZoneInfo(state.case.zone)).date():
        return Objection("before_the_request", "On this day nobody had asked yet. Is it a slip?")
    return None


def done(state: ToCarryOut, on: date, now: datetime) -> CarriedOut:
    """The office has done its part."""
    return CarriedOut(state.case, state.stage, state.outcome, state.granted, on, now)
