"""Applying a step: encode everything first (one bad result cannot fail a batch), then change the case in memory."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from shared.casework.case import MAX_RECORD_BYTES, Case, Emitted
from shared.casework.errors import ContractViolation
from shared.casework.reaction import Behaviour, Emit, Step
from shared.contracts.envelope import Event, dataschema, encode, event_id
from shared.mongo.mapping import StateMapping, plain

S = TypeVar("S")


def apply(
    case: Case[S], step: Step[S], *, cause: UUID, now: datetime, behaviour: Behaviour[S], mapping: StateMapping[S]
) -> None:
    """Apply a step to a case in memory. Raises, with the case untouched, when a result cannot be stored or sent."""
    state = mapping.encode(step.state)
    sizes = case.sizes | {name: len(box) for name, box in step.keep.items()}
    sent = dict(case.sent)
    events = [
        _event(case, emit, index, cause=cause, now=now, source=behaviour.service, sent=sent, sizes=sizes)
        for index, emit in enumerate(step.emits)
    ]
    case.state, case.sizes, case.sent = step.state, sizes, sent
    case.emitted += len(events)
    for path, value in step.work.items():
        set_path(case.work, path, plain(value))
    changes = case.changes
    changes.anything = True
    changes.state = state
    changes.events += events
    changes.blobs |= step.keep
    changes.guard |= step.guard
    changes.sent |= {stored_key(event.type) for event in events}
    for path in step.work:
        changes.work[path] = get_path(case.work, path)


def _event(
    case: Case[Any],
    emit: Emit,
    index: int,
    *,
    cause: UUID,
    now: datetime,
    source: str,
    sent: dict[str, int],
    sizes: Mapping[str, int],
) -> Emitted:
    kind = emit.data.type
    seq = sent.get(stored_key(kind), 0) + 1
    event = Event[Any](
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
    return Emitted(case.emitted + index, event.id, kind, seq, body, emit.sealed)


def stored_key(event_type: str) -> str:
    """An event type as a key of a document: no stored key has a dot."""
    return event_type.replace(".", "_")


def set_path(document: dict[str, Any], path: str, value: Any) -> None:
    """Set a dotted path of nested dictionaries; None removes it."""
    *parents, last = path.split(".")
    for name in parents:
        document = document.setdefault(name, {})
    if value is None:
        document.pop(last, None)
    else:
        document[last] = value


def get_path(document: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or None."""
    found: Any = document
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found
