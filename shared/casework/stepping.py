"""Applying a step: encode everything first (one bad result cannot fail a batch), then change the case in memory."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from shared.casework.case import MAX_RECORD_BYTES, Case, Emitted
from shared.casework.reaction import Behaviour, Emit, Step
from shared.contracts.envelope import Event, dataschema, encode, event_id
from shared.errors import ContractViolation, StillBehind
from shared.mongo.mapping import StateMapping, plain, refuse_unencodable

S = TypeVar("S")

_EVENT = Event[Any]


def apply(
    case: Case[S], step: Step[S], *, cause: UUID, now: datetime, behaviour: Behaviour[S], mapping: StateMapping[S]
) -> None:
    """Apply a step to a case in memory. Raises, with the case untouched, when a result cannot be stored or sent."""
    state = mapping.encode(step.state)
    digests = case.digests | _digests_of_new(case, step.keep)
    sizes = case.sizes | {name: len(box) for name, box in step.keep.items()}
    sent = dict(case.sent)
    untold, told = _untold(case, step, cause)
    events = [
        _event(case, emit, index, place, cause=cause, now=now, source=behaviour.service, sent=sent, sizes=sizes)
        for place, (index, emit) in enumerate(untold, case.emitted)
    ]
    work = worked(case.work, step)
    due, queue = behaviour.due(step.state, work), plain(dict(behaviour.queue(step.state, work)))
    due_at = due.at if due else None
    changed = [get_path(work, path) for path in step.work]
    refuse_unencodable({"due": due_at, "queue": queue, "work": changed, "answer": plain(dict(step.answer))})
    shown_before = behaviour.shown(case.state) if case.state is not None else None
    case.changes.shown |= behaviour.shown(step.state) != shown_before
    case.state, case.work, case.sizes, case.digests, case.sent = step.state, work, sizes, digests, sent
    case.due_at = due_at
    case.emitted += len(events)
    changes = case.changes
    changes.anything = True
    if told:  # told and held are written together
        case.told = case.told - told
        changes.held = True
    changes.state, changes.queue = state, queue
    changes.events += events
    changes.blobs |= step.keep
    changes.sent |= {stored_key(event.type) for event in events}
    _add_guards(case, step.guard)
    changes.work |= step.work.keys()


def _untold(case: Case[Any], step: Step[Any], cause: UUID) -> tuple[list[tuple[int, Emit]], set[UUID]]:
    """What the topics do not have already (of a case whose store was restored they may), and which events they have."""
    numbered = list(enumerate(step.emits))
    if not case.told:
        return numbered, set()
    ids = [event_id(cause, emit.data.type, index) for index, emit in numbered]
    told = case.told.intersection(ids)
    if case.only_told and ids and not told:
        raise StillBehind(str(StillBehind.__doc__))
    return [each for each, known in zip(numbered, ids, strict=True) if known not in told], told


def worked(work: dict[str, Any], step: Step[Any]) -> dict[str, Any]:
    """The working data after a step; what was there stays as it is."""
    for path, value in step.work.items():
        work = with_path(work, path, plain(value))
    return work


def _digests_of_new(case: Case[Any], keep: Mapping[str, bytes]) -> dict[str, str]:
    """Events name their blobs: other bytes under a name would change what an event says, under the same id."""
    digests = {name: sha256(box).hexdigest()[:16] for name, box in keep.items()}
    changed = [name for name, digest in digests.items() if case.digests.get(name, digest) != digest]
    if changed:
        raise ContractViolation(f"Sealed blobs that are kept already came with other content: {', '.join(changed)}.")
    return digests


def _add_guards(case: Case[Any], guard: Mapping[str, Any]) -> None:
    """What the store must still hold; not what an earlier input of the same write has made so only in memory."""
    changed = {f"work.{path}" for path in case.changes.work}
    for path, value in guard.items():
        if not any(overlap(path, other) for other in changed):
            case.changes.guard.setdefault(path, value)


def _event(
    case: Case[Any],
    emit: Emit,
    index: int,
    place: int,
    *,
    cause: UUID,
    now: datetime,
    source: str,
    sent: dict[str, int],
    sizes: Mapping[str, int],
) -> Emitted:
    kind = emit.data.type
    seq = sent.get(stored_key(kind), 0) + 1
    event = _EVENT(
        id=event_id(cause, kind, index),
        type=kind,
        source=source,
        subject=case.id,
        time=now,
        dataschema=dataschema(kind),
        causationid=cause,
        seq=seq,
        data=emit.data,
    )
    missing = [name for name in emit.sealed if name not in sizes]
    if missing:
        raise ContractViolation(f"{kind} names sealed blobs that were never kept: {', '.join(missing)}.")
    body = encode(event)
    if len(body) + sum(sizes[name] * 4 // 3 + len(name) + 8 for name in emit.sealed) > MAX_RECORD_BYTES:
        raise ContractViolation(f"{kind} would exceed the largest record that Kafka takes ({MAX_RECORD_BYTES} bytes).")
    sent[stored_key(kind)] = seq
    return Emitted(place, event.id, kind, seq, body, emit.sealed)


def stored_key(event_type: str) -> str:
    """An event type as a key of a document: no stored key has a dot."""
    return event_type.replace(".", "_")


def overlap(one: str, other: str) -> bool:
    """Whether one dotted path is the other, or lies within it: no single write may name both."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def set_path(document: dict[str, Any], path: str, value: Any) -> None:
    """Set a dotted path of nested dictionaries; None removes it."""
    *parents, last = path.split(".")
    for name in parents:
        document = document.setdefault(name, {})
    if value is None:
        document.pop(last, None)
    else:
        document[last] = value


def with_path(document: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy in which a dotted path is set (None removes it); the original stays as it is."""
    first, _, rest = path.partition(".")
    copy = dict(document)
    if rest:
        copy[first] = with_path(copy.get(first, {}), rest, value)
    elif value is None:
        copy.pop(first, None)
    else:
        copy[first] = value
    return copy


def get_path(document: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or None."""
    found: Any = document
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found
