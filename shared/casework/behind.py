"""A case that is behind its topics: they have events of this service that its restored document had not.

Such a case is parked. Its later events are taken into the document, so that none of their numbers is given out again.
It goes on by itself once all of them are accounted for: an input that comes again makes them under the same ids, or the
service can tell from the event itself what has become of the case (`Behaviour.recalls`). All of it, or nothing.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import fields, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import structlog

from shared.casework import offering, stepping
from shared.casework.case import Arrived, Case, Emitted, Held
from shared.casework.commands import deadline_id
from shared.casework.offering import Rules, Verdict
from shared.casework.reaction import Context, Step
from shared.casework.stepping import stored_key
from shared.contracts.envelope import Event, splice

S = TypeVar("S")

log = structlog.get_logger()

BEHIND = "behind: its topic has this event of the case, and the restored store had not."
CONTESTED = "contested: different events in its topic claim this number, or one before it. A person has to look."


def offer(case: Case[S], arrived: Arrived, rules: Rules[S], *, now: datetime) -> Verdict:
    """Offer one record; what a case that is behind was given last may be what it needs to catch up."""
    verdict = offering.offer(case, arrived, rules, now=now)
    if verdict is Verdict.HELD and ahead(case, rules):
        catch_up(case, rules, now=now)
    return verdict


def ahead(case: Case[Any], rules: Rules[Any]) -> list[Held]:
    """This service's own events that the case is behind with, among what it holds."""
    return [held for held in case.held if _is_own(held, rules)]


def park(
    case: Case[S], strangers: Sequence[Arrived], rules: Rules[S], *, now: datetime, contested: bool = False
) -> None:
    """Take events of this service that only the topics know into the case, and park it.

    Of `contested` ones only the numbers count as used: what they say is not believed.
    """
    for arrived in strangers:
        event = arrived.event
        if event is None or (event.id in case.told and not contested):
            continue
        if any(held.arrived.same_as(arrived) for held in case.held):
            continue
        if not contested:
            case.changes.events.append(_adopted(case, event, arrived.value))
            case.emitted += 1
        key = stored_key(event.type)
        case.sent = case.sent | {key: max(event.seq, case.sent.get(key, 0))}
        case.changes.sent.add(key)
        case.told = case.told | {event.id}
        case.held.append(Held(arrived, now, rules.build, CONTESTED if contested else BEHIND))
        case.changes.held = case.changes.anything = True
    case.due_at = None


def catch_up(case: Case[S], rules: Rules[S], *, now: datetime) -> bool:
    """Bring the case forward if what it holds accounts for all that it is behind with; otherwise leave it as it is."""
    own = ahead(case, rules)
    if any(held.error == CONTESTED for held in own):
        return False
    trial = _replayed(case, own, rules, now=now, only_told=True)
    if trial.parked or any(_id(held) in trial.told for held in own):
        return False
    _become(case, trial, rules, now=now)
    return True


def go_on(case: Case[S], rules: Rules[S], *, now: datetime) -> None:
    """A person has it go on as it stands: what is not accounted for stays told, and is not asked after any more."""
    _become(case, _replayed(case, ahead(case, rules), rules, now=now, only_told=False), rules, now=now)


def _replayed(case: Case[S], own: Sequence[Held], rules: Rules[S], *, now: datetime, only_told: bool) -> Case[S]:
    """A copy of the case that was offered all it holds in the order in which it happened."""
    trial = replace(
        case,
        held=[],
        handled=dict(case.handled),
        commands=dict(case.commands),
        told=set(case.told),
        only_told=only_told,
        changes=deepcopy(case.changes),
    )
    inputs = [held for held in case.held if not (_is_own(held, rules) or held.arrived.topic.startswith("deadline"))]
    acts: set[UUID] = set()
    for held in _as_it_happened([*inputs, *own], rules, now):
        if _is_own(held, rules):
            _account_for(trial, held, rules, acts)
        else:
            offering.offer(trial, held.arrived, rules, now=held.since)
    left = len(own) + 1
    while left > (left := sum(_id(held) in trial.told for held in own)):
        for held in own:
            _account_for(trial, held, rules, acts)
    return trial


def _account_for(case: Case[S], held: Held, rules: Rules[S], acts: set[UUID]) -> None:
    """One of our own events: made again by its deadline, or known by what it says. Else an input makes it, or none.

    `acts`: the commands that are known from one of their events; what else they had told is accounted for with it.
    """
    event, behaviour = held.arrived.event, rules.behaviour
    if event is None or event.id not in case.told or case.parked:
        return
    _pass_silent_deadlines(case, event, rules)
    due = behaviour.due(case.state, case.work) if case.state is not None else None
    if due is not None and deadline_id(case.id, due.name, due.at) == event.causationid:
        offering.deadline(case, rules, policy_now=due.at)
    elif event.causationid in acts:
        case.told.discard(event.id)
    elif event.type in behaviour.recalls and _recalled(case, event, rules):
        acts.add(event.causationid)
        case.told.discard(event.id)
        offering.offer_held(case, rules)


def _pass_silent_deadlines(case: Case[S], event: Event[Any], rules: Rules[S]) -> None:
    """Carry out deadlines that had come before an event, and tell nobody anything: they change when the next one is."""
    while case.state is not None:
        due = rules.behaviour.due(case.state, case.work)
        if due is None or due.at > event.time or deadline_id(case.id, due.name, due.at) == event.causationid:
            return
        trial = replace(case, held=list(case.held), told=set(case.told), changes=deepcopy(case.changes))
        if offering.deadline(trial, rules, policy_now=due.at) is not Verdict.APPLIED:
            return
        if (trial.emitted, trial.told) != (case.emitted, case.told) or len(trial.held) != len(case.held):
            return
        _replace(case, trial)


def _replace(case: Case[S], other: Case[S]) -> None:
    for each in fields(case):
        setattr(case, each.name, getattr(other, each.name))


def _recalled(case: Case[S], event: Event[Any], rules: Rules[S]) -> bool:
    """Whether the service could tell from its own event what has become of the case."""
    context = Context(now=event.time, case_id=case.id, policy=rules.policies.at(event.time), work=case.work)
    try:
        outcome = rules.behaviour.recalls[event.type](case.state, event, context)
        if not isinstance(outcome, Step) or outcome.emits:
            return False
        stepping.apply(case, outcome, cause=event.id, now=event.time, behaviour=rules.behaviour, mapping=rules.mapping)
    except Exception as error:  # noqa: BLE001 - a defect leaves this case behind, and harms no other
        log.error("not_recalled", case=str(case.id), kind=type(error).__name__)  # noqa: TRY400 - may quote data
        return False
    return True


def _become(case: Case[S], trial: Case[S], rules: Rules[S], *, now: datetime) -> None:
    trial.only_told = False
    trial.changes.held = trial.changes.anything = True
    trial.due_at = offering.due_after_a_pause(trial, rules, now=now)
    _replace(case, trial)


def _is_own(held: Held, rules: Rules[Any]) -> bool:
    return held.arrived.event is not None and held.arrived.event.source == rules.behaviour.service


def _as_it_happened(held: Sequence[Held], rules: Rules[Any], now: datetime) -> list[Held]:
    """In the order of time; at one moment each behind its cause, for an event has the time of the input that made it.

    A deadline, and what others made of its event, come at one moment: the deadline first. But a late deadline has an
    earlier time than what was done before it: events of one kind come in the order of their numbers.
    """
    left = sorted(held, key=lambda each: (_moment(each, now), _is_own(each, rules)))
    ordered: list[Held] = []
    while left:
        next_number: dict[str, int] = {}
        for each in left:
            kind = each.arrived.sequence
            next_number[kind] = min(_number(each), next_number.get(kind, _number(each)))
        free = [each for each in left if _number(each) == next_number[each.arrived.sequence]]
        moment = _moment(free[0], now)
        causes = {_id(each) for each in left if _moment(each, now) == moment}
        now_first = next(
            (each for each in free if _moment(each, now) == moment and _cause(each) not in causes), free[0]
        )
        ordered.append(now_first)
        left = [each for each in left if each is not now_first]
    return ordered


def _number(held: Held) -> int:
    return held.arrived.event.seq if held.arrived.event else 0


def _moment(held: Held, now: datetime) -> datetime:
    return held.arrived.event.time if held.arrived.event else now


def _id(held: Held) -> UUID | None:
    return held.arrived.event.id if held.arrived.event else None


def _cause(held: Held) -> UUID | None:
    return held.arrived.event.causationid if held.arrived.event else None


def _adopted(case: Case[Any], event: Event[Any], value: bytes) -> Emitted:
    """The event as the document keeps its own: its blobs apart, unless others are kept under their names already."""
    blobs = dict(event.data.sealed)
    body = value[: value.rfind(b',"sealed":{')] + b"}}"
    digests = {name: sha256(box).hexdigest()[:16] for name, box in blobs.items()}
    known = all(case.digests.get(name, digest) == digest for name, digest in digests.items())
    if not blobs or not known or splice(body, blobs) != value:
        return Emitted(case.emitted, event.id, event.type, event.seq, value, ())
    case.changes.blobs |= blobs
    case.digests = case.digests | digests
    case.sizes = case.sizes | {name: len(box) for name, box in blobs.items()}
    return Emitted(case.emitted, event.id, event.type, event.seq, body, tuple(blobs))
