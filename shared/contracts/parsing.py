"""From a record's bytes to an event. One validation per record; the reason of a refusal quotes nothing of the record.

`parse` reads events of the four services; `parse_submission` reads what outside systems write to `request.received`.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, get_args

from pydantic import BaseModel, ValidationError

from shared.contracts.envelope import Contract, Event, Ordinal, Time, dataschema
from shared.contracts.events import EVENTS
from shared.contracts.received import MAX_BODY_BYTES, RequestBody, Submission
from shared.contracts.vocabulary import EventType

SHOWN_PROBLEMS = 5
"""How many wrong fields a reason names; one is usually enough to see what happened."""


MAX_ENVELOPE_BYTES = 16 * 1024
"""What an outside system may put around a body."""

RawSubmission = Submission[dict[str, Any]]


class Unparsable(ValueError):
    """This record is not an event of its topic. `reason` names kinds of errors and our own fields, never a value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownEvent(Contract):
    """An event of a type that this build does not know: only what every envelope says."""

    specversion: Literal["1.0"]
    id: str
    type: str
    source: str
    subject: str
    time: Time
    seq: Ordinal


MODELS: dict[EventType, type[Event[Any]]] = {kind: Event[data] for kind, data in EVENTS.items()}  # type: ignore[valid-type]
"""The class of each event type, built once: building one takes thousands of times longer than reading an event."""

_URNS = {kind: dataschema(kind) for kind in EVENTS}


def parse(value: bytes, event_type: EventType) -> Event[Any]:
    """Read a record of the topic `event_type`. Unknown fields are ignored; raises `Unparsable`, and nothing else."""
    try:
        event = MODELS[event_type].model_validate_json(value, strict=True)
    except ValidationError as error:
        raise Unparsable(reason_of(error)) from None
    if event.type is not event_type:
        raise Unparsable("type: not the type of this topic")
    if "specversion" not in event.model_fields_set:
        raise Unparsable("specversion: missing")
    if event.dataschema != _URNS[event_type]:
        raise Unparsable("dataschema: a version that this build does not know")
    refuse_unstorable(value)
    return event


def parse_submission(value: bytes) -> RawSubmission:
    """Read a record of `request.received`; its `data` is still to be read with `reading.read_mapping`."""
    if len(value) > MAX_BODY_BYTES + MAX_ENVELOPE_BYTES:
        raise Unparsable("record: too large")
    try:
        return RawSubmission.model_validate_json(value, strict=True)
    except ValidationError as error:
        raise Unparsable(reason_of(error)) from None


def parse_any(value: bytes) -> Event[Any] | UnknownEvent:
    """Read an event whose type only its envelope tells (an archive, a service's answer)."""
    try:
        seen = UnknownEvent.model_validate_json(value, strict=True)
    except ValidationError as error:
        raise Unparsable(reason_of(error)) from None
    return parse(value, EventType(seen.type)) if seen.type in EVENTS else seen


def refuse_unstorable(value: bytes) -> None:
    """Refuse what JSON can say and a store cannot keep: NUL in a text or key. Looks closer only if one may be there."""
    if rb"\u0000" not in value:
        return
    if any("\0" in text for text in _texts(json.loads(value))):
        raise Unparsable("a NUL character in a text or a name")


def _texts(node: Any) -> Iterator[str]:
    """All texts and keys below a JSON value."""
    pending = [node]
    while pending:
        match pending.pop():
            case str(text):
                yield text
            case list(items):
                pending.extend(items)
            case dict(members):
                pending.extend(members.keys())
                pending.extend(members.values())


def reason_of(error: ValidationError) -> str:
    """Why a record was refused: each wrong field and the kind of error, without a word from the record itself."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [f"{field_path(problem['loc'])}: {problem['type']}" for problem in problems[:SHOWN_PROBLEMS]]
    if len(problems) > SHOWN_PROBLEMS:
        shown.append(f"and {len(problems) - SHOWN_PROBLEMS} more")
    return "; ".join(shown)


def field_path(location: tuple[int | str, ...]) -> str:
    """A location as dotted names. A key that is not the name of a field of ours came from the record: shown as `?`."""
    names = field_names()
    return ".".join(str(step) if isinstance(step, int) or step in names else "?" for step in location) or "record"


@cache
def field_names() -> frozenset[str]:
    """The names of all fields that the published language has."""
    names: set[str] = set()
    seen: set[type[BaseModel]] = set()
    pending: list[type[BaseModel]] = [*MODELS.values(), RequestBody, RawSubmission]
    while pending:
        model = pending.pop()
        if model in seen:
            continue
        seen.add(model)
        names |= model.model_fields.keys()
        pending.extend(inner for field in model.model_fields.values() for inner in models_in(field.annotation))
    return frozenset(names)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation mentions, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)
