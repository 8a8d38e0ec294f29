"""Offering inputs to a case: duplicates, order, waiting, failing. Pure but for the case that it changes in memory.

Per (source, topic) a `seq` already handled is dropped and a gap is held; across topics nothing is ordered, and held
inputs are offered again after each applied one, until nothing moves.
"""

import traceback
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, Generic, TypeVar

from shared.casework.case import Arrived, Case, Held
from shared.casework.commands import Answered, deadline_id
from shared.casework.reaction import Behaviour, Command, Context, Deadline, Refused, Step, Wait
from shared.casework.stepping import apply, worked
from shared.errors import (
    CaseParked,
    CaseUnknown,
    CommandBroken,
    CommandFailed,
    CommandRefused,
    ContractViolation,
    StillBehind,
    WrittenByNewer,
)
from shared.mongo.mapping import StateMapping, plain
from shared.policy.model import Policies

S = TypeVar("S")

REFUSED_BY_THE_STORE = "The store refuses the document that this would make: too large, or against its rules."


class Verdict(Enum):
    """What became of an offered event or deadline."""

    APPLIED = auto()
    ALREADY = auto()
    HELD = auto()
    REFUSED = auto()
    """Not even kept in its case: the store refuses the document."""


@dataclass(frozen=True, slots=True)
class Rules(Generic[S]):
    """What offering needs besides the case: the service's behaviour, how state is stored, policy, and this build."""

    behaviour: Behaviour[S]
    mapping: StateMapping[S]
    policies: Policies
    build: str


def offer(case: Case[S], arrived: Arrived, rules: Rules[S], *, now: datetime) -> Verdict:
    """Offer one record of our own topics. `now` is only noted on inputs that have to be held."""
    verdict = _place(case, arrived, rules)
    if isinstance(verdict, Held):
        return _keep(case, verdict, now=now)
    if verdict is Verdict.APPLIED:
        offer_held(case, rules)
    return verdict


def set_aside(case: Case[S], arrived: Arrived, rules: Rules[S], *, now: datetime) -> Verdict:
    """Hold a record of a case whose document, with what its inputs make of it, the store refuses for good."""
    verdict = _in_turn(case, arrived, rules)
    if isinstance(verdict, Verdict):
        return verdict
    return _keep(case, verdict or _held(arrived, rules, REFUSED_BY_THE_STORE), now=now)


def _keep(case: Case[S], held: Held, *, now: datetime) -> Verdict:
    held.since = now
    case.held.append(held)
    case.changes.held = case.changes.anything = True
    return Verdict.HELD


def offer_held(case: Case[S], rules: Rules[S]) -> None:
    """Offer held inputs again, in their order, until nothing moves or one fails."""
    moved = True
    while moved and not case.parked:
        moved = False
        for held in list(case.held):
            verdict = _place(case, held.arrived, rules, again=True)
            if not isinstance(verdict, Held):
                case.held.remove(held)
                case.changes.held = case.changes.anything = moved = True
            elif verdict.error is not None:
                held.error, held.build = verdict.error, rules.build
                case.changes.held = case.changes.anything = True
                return


def command(case: Case[S], asked: Command[Any], rules: Rules[S]) -> Answered | CommandFailed:
    """Carry out a command. One that raises holds nothing: its caller is told, and the case is as it was."""
    if (earlier := case.commands.get(asked.id.hex)) is not None:
        return Answered(earlier, replayed=True)
    if case.newer:
        return WrittenByNewer()
    if case.parked:
        return CaseParked(case.id)
    if case.state is None and asked.name not in rules.behaviour.creates:
        return CaseUnknown()
    try:
        outcome = _react(case, asked.name, asked, asked.at, rules)
        if isinstance(outcome, Refused):
            return CommandRefused(outcome.code, outcome.reason, outcome.fields)
        if isinstance(outcome, Wait):
            return CommandRefused("not_yet", f"This needs {outcome.missing}, which has not arrived yet.")
        _changes_only_with_an_event(case, outcome)
        apply(case, outcome, cause=asked.id, now=asked.at, behaviour=rules.behaviour, mapping=rules.mapping)
    except Exception as error:  # noqa: BLE001 - whatever a reaction raises fails this command and no other
        return CommandBroken(describe(error))
    case.commands[asked.id.hex] = answer = plain(dict(outcome.answer))
    case.changes.commands.add(asked.id.hex)
    offer_held(case, rules)
    return Answered(answer)


def deadline(case: Case[S], rules: Rules[S], *, policy_now: datetime) -> Verdict:
    """Carry out the case's next deadline if it is still due. A failing one parks the case."""
    if case.newer:
        return Verdict.ALREADY  # Found a moment before that build wrote it.
    if case.broken is not None and case.due_at is not None:
        return _park(case, "deadline", case.broken, rules, now=policy_now)
    due = rules.behaviour.due(case.state, case.work) if case.state is not None and not case.parked else None
    if due is None or due.at > policy_now:
        # Another build may have named another moment: stored anew, or it would stand in the way of others for ever.
        at = due.at if due else None
        case.changes.anything |= at != case.due_at
        case.due_at = at
        return Verdict.ALREADY
    moment = Deadline(due.name, deadline_id(case.id, due.name, due.at), case.id, due.at)
    try:
        outcome = _react(case, due.name, moment, due.at, rules)
        if not isinstance(outcome, Step):
            raise ContractViolation(f"The reaction to the deadline {due.name} returned no step.")
        _changes_only_with_an_event(case, outcome)
        if rules.behaviour.due(outcome.state, worked(case.work, outcome)) == due:
            raise ContractViolation(f"The reaction to the deadline {due.name} left it due: it would come for ever.")
        apply(case, outcome, cause=moment.id, now=due.at, behaviour=rules.behaviour, mapping=rules.mapping)
    except Exception as error:  # noqa: BLE001 - whatever a reaction raises parks this case and no other
        return _park(case, f"deadline.{due.name}", describe(error), rules, now=policy_now)
    offer_held(case, rules)
    return Verdict.APPLIED


def deadline_refused(case: Case[S], rules: Rules[S], *, now: datetime) -> Verdict:
    """Park a case whose deadline makes of its document what the store refuses for good."""
    return _park(case, "deadline", REFUSED_BY_THE_STORE, rules, now=now)


def _park(case: Case[S], topic: str, error: str, rules: Rules[S], *, now: datetime) -> Verdict:
    """Hold, in place of an input, the name of what failed."""
    case.due_at = None
    return _keep(case, Held(Arrived(case.id, topic, b"", unreadable=topic), now, rules.build, error), now=now)


def _place(case: Case[S], arrived: Arrived, rules: Rules[S], *, again: bool = False) -> Verdict | Held:
    """Apply an event, drop it, or say how it must be held."""
    event = arrived.event
    settled = _in_turn(case, arrived, rules, again=again)
    if settled is not None or event is None:
        return settled or _held(arrived, rules, arrived.unreadable)
    try:
        outcome = _react(case, event.type, event, event.time, rules)
        if isinstance(outcome, Wait):
            return _held(arrived, rules)
        if isinstance(outcome, Refused):
            raise ContractViolation(f"The reaction to {event.type} refused an event.")
        apply(case, outcome, cause=event.id, now=event.time, behaviour=rules.behaviour, mapping=rules.mapping)
    except StillBehind:
        return _held(arrived, rules)
    except Exception as error:  # noqa: BLE001 - whatever a reaction raises parks this case and no other
        return _held(arrived, rules, describe(error))
    case.handled[arrived.sequence] = (event.seq, event.id)
    case.changes.handled.add(arrived.sequence)
    return Verdict.APPLIED


def _in_turn(case: Case[S], arrived: Arrived, rules: Rules[S], *, again: bool = False) -> Verdict | Held | None:
    """None when it is this input's turn; otherwise what becomes of it."""
    event = arrived.event
    if not again and any(held.arrived.same_as(arrived) for held in case.held):
        return Verdict.ALREADY
    if event is None:
        return _held(arrived, rules, arrived.unreadable)
    seq, last = case.handled.get(arrived.sequence, (0, None))
    if event.seq < seq or (event.seq == seq and event.id == last):
        return Verdict.ALREADY
    if event.seq == seq:
        return _held(arrived, rules, f"Another event was handled as number {seq} of this sequence.")
    if case.parked or event.seq > seq + 1:
        return _held(arrived, rules, case.broken if not any(held.error for held in case.held) else None)
    return None


def due_after_a_pause(case: Case[S], rules: Rules[S], *, now: datetime) -> datetime | None:
    """The next deadline of a case that was parked: nobody loses a window to the time in which it was."""
    due = rules.behaviour.due(case.state, case.work) if case.state is not None and not case.parked else None
    return max(due.at, now + rules.policies.at(now).window_grace) if due else None


def _react(case: Case[S], name: str, given: Any, now: datetime, rules: Rules[S]) -> Step[S] | Wait | Refused:
    context = Context(now=now, case_id=case.id, policy=rules.policies.at(now), work=case.work)
    return rules.behaviour.reactions[name](case.state, given, context)


def _changes_only_with_an_event(case: Case[S], step: Step[S]) -> None:
    if not step.emits and step.state != case.state:
        raise ContractViolation("A command or a deadline changed the state without emitting an event.")


def _held(arrived: Arrived, rules: Rules[S], error: str | None = None) -> Held:
    return Held(arrived, datetime.min, rules.build, error)  # noqa: DTZ901 - `since` is set by whoever keeps it


def describe(error: BaseException) -> str:
    """An error as it may be stored and shown: its type and place; its text only where it is ours and quotes nothing."""
    if isinstance(error, ContractViolation):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
