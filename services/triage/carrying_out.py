"""What was granted is carried out by the field office: somebody takes it on, and says when it is done.

It begins with the office's own decision, or with headquarters' resolution, and goes on beside whatever becomes of the
rest of the case.

Who has taken it on stands in `work`, and stays until it is done or a colleague takes it over. The office is told once
the time for it has passed without a word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from services.triage.domain import carrying_out
from services.triage.domain.carrying_out import ToDo
from services.triage.domain.case import Case
from services.triage.domain.states import Heard, State, Unheard
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
    """The end, whatever else was heard or is heard later; what it grants anew, the office has to carry out."""
    if state is None or isinstance(state, Unheard):
        return Wait(EventType.REQUEST_SUBMITTED)
    data = event.data
    ended = carrying_out.resolved(state, data.stage, data.outcome, data.granted, policy=context.policy, now=context.now)
    return Step(state=ended, keep=data.sealed, work=leaves_the_desk(context.work))


def on_not_carried_out(state: State | None, _: Deadline, __: Context) -> Outcome[State]:
    """Nobody has said in time that it is done: the office is told."""
    item = to_do(state)
    if item is None or state is None or isinstance(state, Unheard):
        raise TypeError("Only a case in which something is to be carried out names this deadline.")
    told = ResolutionOverdue(office=state.case.office, urgency=item.urgency, due=item.due)
    return Step(state=with_case(state, carrying_out.alarmed(state.case, item)), emits=(Emit(told),))


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
    found = _theirs(state, wish.officer)
    if isinstance(found, Refused):
        return found
    case, item = found.case, carrying_out.to_do(found.case)
    wrong = carrying_out.objection(case, wish.on, context.now)
    if wrong is not None:
        return Refused(wrong.code, wrong.reason)
    if case.erased and wish.box:
        return Refused("case_erased", "The case's personal data is erased: say it without a note.")
    told = ResolutionCompleted(
        on=wish.on, office=case.office, done_by=wish.officer.subject, granted=item.granted if item else ()
    )
    return Step(
        state=with_case(found, carrying_out.done(case, wish.on, context.now)),
        emits=(Emit(told, sealed=tuple(wish.box)),),
        keep=wish.box,
        work={"owner": None},
        answer={"on": wish.on.isoformat()},
    )


def to_do(state: State | None) -> ToDo | None:
    """What is to be carried out in a case, wherever it stands."""
    return None if state is None or isinstance(state, Unheard) else carrying_out.to_do(state.case)


def with_case(state: Heard, case: Case) -> Heard:
    """The same standing of a case that has changed."""
    return replace(state, case=case)


def owner(work: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Who has taken it on, and since when: `{by, at}`."""
    return work.get("owner")


def next_deadline(state: Heard) -> Due | None:
    """When somebody should have said that it is done."""
    alarm = carrying_out.next_alarm(state.case)
    return Due(NOT_DONE, alarm) if alarm else None


def queue_fields(state: Heard, work: Mapping[str, Any]) -> Mapping[str, Any]:
    """What it is listed by: the office that has the person now, then what is due first."""
    item, mine = carrying_out.to_do(state.case), owner(work)
    if item is None:
        return {}
    return {
        "to_carry_out": state.case.office or TO_BE_ASSIGNED,
        "carry_out_by": item.due,
        "due": item.due,  # of a case that stands in no other list
        "number": state.case.submission.number,
        "owner": mine["by"] if mine else None,
    }


def _said(mine: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"owner": mine["by"], "since": mine["at"].isoformat()}


def _theirs(state: State | None, officer: Officer) -> Heard | Refused:
    if state is None or isinstance(state, Unheard) or carrying_out.to_do(state.case) is None:
        return Refused("nothing_to_carry_out", "Nothing has to be carried out in this case, or it is done.")
    if not officer.may_work(state.case.office):
        return Refused("not_your_office", "This is for another office to carry out.")
    return state
