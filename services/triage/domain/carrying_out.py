"""What was granted: by when the office should have carried it out, and that it has. Pure.

The office's own grants count from its decision, whatever becomes of the rest; what headquarters grants, from the
resolution. A grant stands: no later decision, resolution or withdrawal takes it back.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.triage.domain.case import Case
from services.triage.domain.decision import Objection
from services.triage.domain.granted import Grant
from services.triage.domain.states import Heard, Resolved
from shared.contracts.vocabulary import ReliefSought, ResolutionOutcome, Stage, Urgency
from shared.policy.model import Policy


@dataclass(frozen=True, slots=True)
class ToDo:
    """What the office has to carry out in a case, by its newest facts. `stage`: who granted the last of it.

    `due`: by when, before a removal while that can still be; `overdue`: that has passed, and was told.
    """

    granted: tuple[ReliefSought, ...]
    stage: Stage
    since: datetime
    due: datetime
    urgency: Urgency
    overdue: bool


def to_do(case: Case) -> ToDo | None:
    """What is still to be carried out; None when nothing is. What is due first sets the date for all of it."""
    open_ = [grant for grant in case.grants if grant.on is None]
    if not open_:
        return None
    urgency = case.urgency_at(max(grant.since for grant in open_))
    due = min(case.before_removal(grant.ends[urgency.value], grant.since) for grant in open_)
    return ToDo(
        granted=tuple(relief for grant in open_ for relief in grant.reliefs),
        stage=open_[-1].stage,
        since=min(grant.since for grant in open_),
        due=due,
        urgency=urgency,
        overdue=case.grants_late is not None and due <= case.grants_late,
    )


def with_grant(case: Case, reliefs: tuple[ReliefSought, ...], stage: Stage, policy: Policy, *, now: datetime) -> Case:
    """The case with what was granted at `now`, as far as it was not granted before."""
    new = tuple(relief for relief in dict.fromkeys(reliefs) if relief not in case.granted)
    if not new:
        return case
    ends = {each.value: policy.end_of(policy.carry_out_within[each], now, case.zone) for each in Urgency}
    return replace(case, grants=(*case.grants, Grant(new, stage, now, ends)))


def resolved(
    state: Heard,
    stage: Stage,
    outcome: ResolutionOutcome,
    granted: tuple[ReliefSought, ...],
    *,
    policy: Policy,
    now: datetime,
) -> Resolved:
    """The arbiter has spoken at `now`, once. What it granted beyond the office's own grants has to be carried out."""
    if isinstance(state, Resolved):
        return state
    return Resolved(with_grant(state.case, granted, stage, policy, now=now), stage, outcome)


def next_alarm(case: Case) -> datetime | None:
    """When it will have passed unnoticed that nobody said done; not before anything that is known already."""
    item = to_do(case)
    return None if item is None or item.overdue else max(item.due, case.as_of)


def alarmed(case: Case, item: ToDo) -> Case:
    """The due date has passed, and that is told. Nothing else comes of it."""
    return replace(case, grants_late=item.due)


def objection(case: Case, on: date, now: datetime) -> Objection | None:
    """What is wrong with the day on which it is said to have been carried out; None when nothing is."""
    if on > now.astimezone(ZoneInfo(case.zone)).date():
        return Objection("not_yet", "This day is still to come. Say it once it is done.")
    if on < case.submission.received_at.astimezone(ZoneInfo(case.zone)).date():
        return Objection("before_the_request", "On this day nobody had asked yet. Is it a slip?")
    return None


def done(case: Case, on: date, now: datetime) -> Case:
    """The office has done its part, of all that was granted so far."""
    said = tuple(grant if grant.on else replace(grant, on=on, at=now) for grant in case.grants)
    return replace(case, grants=said)
