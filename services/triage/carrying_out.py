"""Favourable resolutions are carried out by the field office: somebody takes it on, and says when it is done.

Who has taken it on stands in `work`, and stays until it is done or a colleague takes it over. The office is told once
the time for it has passed without a word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from services.triage.domain import carrying_out
from services.triage.domain.states import State, ToCarryOut, Unheard
from services.triage.orders import Officer
from services.triage.undoing import leaves_the_desk
from shared.casework.reaction import Command, Context, Deadline, Due, Emit, Outcome, Refused, Step, Wait
from shared.contracts.envelope import Event
from shared.contracts.events import ResolutionCompleted, ResolutionIssued, ResolutionOverdue
from shared.contracts.vocabulary import EventType
from shared.policy.model import TO_BE_ASSIGNED

NOT_DONE = "not_carried_out"
"""The deadline by which somebody should have said that it is done."""

NOTE = "carried_out"
"""The name under which an officer's note is sealed."""


class CarryingOut(StrEnum):
    """What an officer can say about it."""

    TAKE = "take"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Take:
    """See to it oneself; `over`: also where a colleague had taken it on."""

    officer: Officer
    over: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """It was carried out on this day; `box` holds a note, sealed."""

    officer: Officer
    on: date
    box: Mapping[str, bytes]


def on_resolution_issued(state: State | None, event: Event[ResolutionIssued], context: Context) -> Outcome[State]:
    """The end, whatever else was heard or is heard later; in the person's favour, the office has something to do."""
    if state is None or isinstance(state, Unheard):
        return Wait(EventType.REQUEST_SUBMITTED)
    data = event.data
    ended = carrying_out.resolved(state, data.stage, data.outcome, data.granted, policy=context.policy, now=context.now)
    return Step(state=ended, keep=data.sealed, work=leaves_the_desk(context.work))


def on_not_carried_out(state: State | None, _: Deadline, __: Context) -> Outcome[State]:
    """Nobody has said in time that it is done: the office is told."""
    if not isinstance(state, ToCarryOut):
        raise TypeError("Only a resolution that is to be carried out names this deadline.")
    told = ResolutionOverdue(office=state.case.office, urgency=state.urgency, due=state.due)
    return Step(state=carrying_out.alarmed(state), emits=(Emit(told),))


def on_take(state: State | None, command: Command[Take], context: Context) -> Outcome[State]:
    """Somebody of the office sees to it from now on, until it is done. Twice changes nothing."""
    wish = command.data
    item = _theirs(state, wish.officer)
    if isinstance(item, Refused):
        return item
    before = owner(context.work)
    if before is not None and before["by"] == wish.officer.subject:
        return Step(state=item, answer=_said(before))
    if before is not None and not wish.over:
        return Refused("taken_by_another", "A colleague sees to this. Take it over if they cannot.")
    mine = {"by": wish.officer.subject, "at": context.now}
    return Step(state=item, work={"owner": mine}, answer=_said(mine))


def on_done(state: State | None, command: Command[Done], context: Context) -> Outcome[State]:
    """Any officer of the office says that it is done, whoever had taken it on."""
    wish = command.data
    item = _theirs(state, wish.officer)
    if isinstance(item, Refused):
        return item
    wrong = carrying_out.objection(item, wish.on, context.now)
    if wrong is not None:
        return Refused(wrong.code, wrong.reason)
    if item.case.erased and wish.box:
        return Refused("case_erased", "The case's personal data is erased: say it without a note.")
    told = ResolutionCompleted(on=wish.on, office=item.case.office, done_by=wish.officer.subject)
    return Step(
        state=carrying_out.done(item, wish.on, context.now),
        emits=(Emit(told, sealed=tuple(wish.box)),),
        keep=wish.box,
        work={"owner": None},
        answer={"on": wish.on.isoformat()},
    )


def owner(work: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Who has taken it on, and since when: `{by, at}`."""
    return work.get("owner")


def next_deadline(state: ToCarryOut) -> Due | None:
    """When somebody should have said that it is done."""
    alarm = carrying_out.next_alarm(state)
    return Due(NOT_DONE, alarm) if alarm else None


def queue_fields(state: ToCarryOut, work: Mapping[str, Any], rank: int) -> Mapping[str, Any]:
    """What it is listed by: the office that has the person now, then what is due first."""
    mine = owner(work)
    return {
        "to_carry_out": state.case.office or TO_BE_ASSIGNED,
        "rank": rank,
        "due": state.due,
        "number": state.case.submission.number,
        "owner": mine["by"] if mine else None,
    }


def _said(mine: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"owner": mine["by"], "since": mine["at"].isoformat()}


def _theirs(state: State | None, officer: Officer) -> ToCarryOut | Refused:
    if not isinstance(state, ToCarryOut):
        return Refused("nothing_to_carry_out", "Nothing has to be carried out in this case, or it is done.")
    if not officer.may_work(state.case.office):
        return Refused("not_your_office", "This is for another office to carry out.")
    return state
