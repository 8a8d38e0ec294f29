"""Between a case in memory and its document (design.md 4.1): reading one, and the one write that changes it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from shared.casework.case import Arrived, Case, Changes, Emitted, Held
from shared.casework.offering import Rules
from shared.casework.stepping import set_path
from shared.contracts.parsing import Unparsable, parse
from shared.contracts.vocabulary import EventType
from shared.mongo.driver import InsertOne, UpdateOne

S = TypeVar("S")

WITHOUT_BULK = {"events": 0, "sealed": 0}
"""The projection that cases are worked on with: past events and sealed blobs stay in the store."""


def read(document: Mapping[str, Any], rules: Rules[S]) -> Case[S]:
    """A case as stored, its state brought up to the present shape."""
    state = document.get("state")
    behaviour = rules.behaviour
    if state is not None:
        for schema in range(document.get("schema", 1), behaviour.schema):
            state = behaviour.upcasters[schema](state)
    return Case(
        id=document["_id"],
        v=document["v"],
        state=rules.mapping.decode(state) if state is not None else None,
        work=document.get("work", {}),
        handled={key: (seq, last) for key, (seq, last) in document.get("handled", {}).items()},
        commands=document.get("commands", {}),
        held=[_held(document["_id"], entry) for entry in document.get("held", ())],
        sent=document.get("sent", {}),
        sizes=document.get("sizes", {}),
        emitted=document["emitted"],
        published=document["published"],
    )


def write(
    case: Case[S], rules: Rules[S], *, writer: UUID, now: datetime, published: int
) -> InsertOne[dict[str, Any]] | UpdateOne:
    """The one write that carries all changes of a case: an insert for a new one, else an update that names its version.

    `now` is real time (for `pending_since`); `published` is the acknowledged prefix that this process knows of, so that
    most publish marks ride along.
    """
    values, absent = _values(case, rules, writer=writer, now=now, published=published)
    if case.v == 0:
        return InsertOne(_new(case, values))
    update: dict[str, Any] = {"$set": values}
    if absent:
        update["$unset"] = dict.fromkeys(absent, "")
    if case.changes.events:
        update["$push"] = {"events": {"$each": [stored(event) for event in case.changes.events]}}
    if published > case.published:
        update["$max"] = {"published": published}
    return UpdateOne({"_id": case.id, "v": case.v} | case.changes.guard, update)


def _values(
    case: Case[S], rules: Rules[S], *, writer: UUID, now: datetime, published: int
) -> tuple[dict[str, Any], list[str]]:
    changes, behaviour = case.changes, rules.behaviour
    values: dict[str, Any] = {
        "v": case.v + 1,
        "writer": writer,
        "schema": behaviour.schema,
        "emitted": case.emitted,
        "queue": {},
    }
    absent: list[str] = []
    due = None
    if case.state is not None:
        due = None if case.parked else behaviour.due(case.state)
        queue = behaviour.queue(case.state, case.work)
        values["queue"] = {key: value for key, value in queue.items() if value is not None}
    if changes.state is not None:
        values["state"] = changes.state
    if changes.held:
        values["held"] = [_entry(held) for held in case.held]
    _put("due_at", due.at if due else None, values, absent)
    if changes.events and published < case.emitted:
        values["pending_since"] = now
    elif published == case.emitted:
        absent.append("pending_since")
    for path, value in changes.work.items():
        _put(f"work.{path}", value, values, absent)
    values |= {f"handled.{key}": list(case.handled[key]) for key in changes.handled}
    values |= {f"commands.{key}": case.commands[key] for key in changes.commands}
    values |= {f"sent.{key}": case.sent[key] for key in changes.sent}
    for name, box in changes.blobs.items():
        values[f"sealed.{name}"] = box
        values[f"sizes.{name}"] = len(box)
    return values, absent


def _put(path: str, value: Any, values: dict[str, Any], absent: list[str]) -> None:
    if value is None:
        absent.append(path)
    else:
        values[path] = value


def _new(case: Case[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {"_id": case.id, "published": 0, "events": [stored(e) for e in case.changes.events]}
    for path, value in values.items():
        set_path(document, path, value)
    return document


def stored(event: Emitted) -> dict[str, Any]:
    """An event as the document keeps it."""
    document = asdict(event)
    document["type"] = str(event.type)
    document["blobs"] = list(event.blobs)
    return document


def read_event(document: Mapping[str, Any]) -> Emitted:
    """An event as the document keeps it."""
    return Emitted(
        index=document["index"],
        id=document["id"],
        type=document["type"],
        seq=document["seq"],
        body=document["body"],
        blobs=tuple(document["blobs"]),
    )


def _entry(held: Held) -> dict[str, Any]:
    arrived = held.arrived
    entry = {"topic": arrived.topic, "value": arrived.value, "since": held.since, "build": held.build}
    if arrived.event is None:
        entry["unreadable"] = arrived.unreadable
    if held.error is not None:
        entry["error"] = held.error
    return entry


def _held(case_id: UUID, entry: Mapping[str, Any]) -> Held:
    arrived = arrive(case_id, entry["topic"], entry["value"], unreadable=entry.get("unreadable"))
    return Held(arrived, entry["since"], entry["build"], entry.get("error"))


def arrive(case_id: UUID, topic: str, value: bytes, *, unreadable: str | None = None) -> Arrived:
    """A record of one of our own topics (`topic` without prefix), parsed once; what cannot be read says why."""
    if unreadable is not None:
        return Arrived(case_id, topic, value, unreadable=unreadable)
    try:
        event = parse(value, EventType(topic))
    except Unparsable as error:
        return Arrived(case_id, topic, value, unreadable=str(error))
    if event.subject != case_id:
        return Arrived(case_id, topic, value, unreadable="The event's subject is not the record's key.")
    return Arrived(case_id, topic, value, event=event)


def fresh(case: Case[S]) -> None:
    """Forget what was written: the case in memory is the stored one again."""
    case.v += 1
    case.changes = Changes()
