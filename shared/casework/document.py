"""Between a case in memory and its document: reading one, and the one write that changes it."""

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from shared.casework.case import Arrived, Case, Changes, Emitted, Held
from shared.casework.offering import Rules, describe
from shared.casework.stepping import get_path, set_path
from shared.contracts.parsing import Unparsable, parse
from shared.contracts.vocabulary import EventType
from shared.errors import WRITTEN_BY_NEWER
from shared.mongo.driver import InsertOne, UpdateOne

S = TypeVar("S")

_SOURCE = re.compile(r"[a-z][a-z0-9_-]{0,39}")

MAX_WRITE_BYTES = 12_000_000
"""A document holds 16 MiB; what would come near that in a single write is refused before it is sent."""

MOST_BUILDS = 20
"""How many of the builds that failed at a parked case are remembered."""

WITHOUT_BULK = {"events": 0, "sealed": 0, "writer": 0}
"""The projection that cases are worked on with: past events, sealed blobs and the last writer stay in the store."""


def read(document: Mapping[str, Any], rules: Rules[S]) -> Case[S]:
    """A case as stored, its state brought up to the present shape. One that cannot be read says so; it never raises.

    `schema` is the version of the service's state. All else in a document is the engine's own and read by every build:
    also one that is older than the state adds to what a case holds.
    """
    case: Case[S] = Case(
        id=document["_id"],
        v=document["v"],
        work=document.get("work", {}),
        handled={key: (seq, last) for key, (seq, last) in document.get("handled", {}).items()},
        commands=document.get("commands", {}),
        held=[_held(document["_id"], entry) for entry in document.get("held", ())],
        tried=tuple(document.get("parked_builds", ())),
        sent=document.get("sent", {}),
        sizes=document.get("sizes", {}),
        digests=document.get("digests", {}),
        due_at=document.get("due_at"),
        shown_at=document.get("shown_at"),
        told=set(document.get("told", ())),
        emitted=document["emitted"],
        published=document["published"],
        newer=document.get("schema", 1) > rules.behaviour.schema,
    )
    if case.newer:
        case.broken = WRITTEN_BY_NEWER
    elif "state" in document:
        try:
            case.state = _state(document, rules)
        except Exception as error:  # noqa: BLE001 - a defect, or a damaged document: it harms this case and no other
            case.broken = describe(error)
    return case


def _state(document: Mapping[str, Any], rules: Rules[S]) -> S:
    state = document["state"]
    for schema in range(document.get("schema", 1), rules.behaviour.schema):
        state = rules.behaviour.upcasters[schema](state)
    return rules.mapping.decode(state)


def write(
    case: Case[S], rules: Rules[S], *, writer: UUID, now: datetime, policy_now: datetime, published: int
) -> InsertOne[dict[str, Any]] | UpdateOne:
    """The one write that carries all changes of a case: an insert for a new one, else an update that names its version.

    `now` is real time (for `pending_since`), `policy_now` policy time (for `shown_at`); `published` is the acknowledged
    prefix that this process knows of, so that most publish marks ride along.
    """
    values, absent = _values(case, rules, writer=writer, now=now, published=published)
    if case.changes.shown:
        values["shown_at"] = policy_now
    if case.v == 0:
        return InsertOne(_new(case, values, published))
    update: dict[str, Any] = {"$set": values}
    if absent:
        update["$unset"] = dict.fromkeys(absent, "")
    if case.changes.events:
        update["$push"] = {"events": {"$each": [stored(event) for event in case.changes.events]}}
    if published > case.published:
        update["$max"] = {"published": published}
    return UpdateOne({"_id": case.id, "v": case.v} | case.changes.guard, update)


def weight(case: Case[Any]) -> int:
    """About how many bytes a write of this case would carry; some servers close the connection on too many."""
    changes = case.changes
    held = sum(len(held.arrived.value) for held in case.held) if changes.held else 0
    return held + sum(map(len, changes.blobs.values())) + sum(len(event.body) for event in changes.events)


def _values(
    case: Case[S], rules: Rules[S], *, writer: UUID, now: datetime, published: int
) -> tuple[dict[str, Any], list[str]]:
    changes = case.changes
    values: dict[str, Any] = {"v": case.v + 1, "writer": writer, "emitted": case.emitted}
    absent: list[str] = []
    if changes.state is not None:
        values["schema"], values["state"] = rules.behaviour.schema, changes.state
        values["queue"] = {key: value for key, value in changes.queue.items() if value is not None}
    if changes.held:
        values["held"] = [_entry(held) for held in case.held]
        for field, value in _found_by(case).items():
            _put(field, value, values, absent)
    _put("due_at", None if case.parked else case.due_at, values, absent)
    if changes.events and published < case.emitted:
        values["pending_since"] = now
    elif published == case.emitted:
        absent.append("pending_since")
    for path in changes.work:
        if not any(path != other and path.startswith(f"{other}.") for other in changes.work):
            _put(f"work.{path}", get_path(case.work, path), values, absent)
    values |= {f"handled.{key}": list(case.handled[key]) for key in changes.handled}
    values |= {f"commands.{key}": case.commands[key] for key in changes.commands}
    values |= {f"sent.{key}": case.sent[key] for key in changes.sent}
    for name, box in changes.blobs.items():
        values[f"sealed.{name}"] = box
        values[f"sizes.{name}"] = len(box)
        values[f"digests.{name}"] = case.digests[name]
    return values, absent


def _found_by(case: Case[Any]) -> dict[str, Any]:
    """The fields by which cases that hold inputs are found: since when, and which builds have failed at them."""
    failed = [held for held in case.held if held.error is not None]
    tried = dict.fromkeys([*case.tried, *(held.build for held in failed)])
    return {
        "held_since": min((held.since for held in case.held), default=None),
        "parked_since": min((held.since for held in failed), default=None),
        "parked_builds": list(tried)[-MOST_BUILDS:] if failed else None,
        "told": sorted(case.told) or None,
    }


def _put(path: str, value: Any, values: dict[str, Any], absent: list[str]) -> None:
    if value is None:
        absent.append(path)
    else:
        values[path] = value


def _new(case: Case[Any], values: Mapping[str, Any], published: int) -> dict[str, Any]:
    events = [stored(event) for event in case.changes.events]
    document: dict[str, Any] = {"_id": case.id, "published": published, "events": events}
    for path, value in values.items():
        set_path(document, path, value)
    return document


def stored(event: Emitted) -> dict[str, Any]:
    """An event as the document keeps it."""
    return {
        "index": event.index,
        "id": event.id,
        "type": str(event.type),
        "seq": event.seq,
        "body": event.body,
        "blobs": list(event.blobs),
    }


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
        entry |= {"unreadable": arrived.unreadable, "digest": arrived.digest}
    if held.error is not None:
        entry["error"] = held.error
    return entry


def _held(case_id: UUID, entry: Mapping[str, Any]) -> Held:
    if "unreadable" in entry:
        reason, digest = entry["unreadable"], entry.get("digest", "")
        arrived = Arrived(case_id, entry["topic"], entry["value"], unreadable=reason, digest=digest)
    else:
        arrived = arrive(case_id, entry["topic"], entry["value"])
    return Held(arrived, entry["since"], entry["build"], entry.get("error"))


def arrive(case_id: UUID, topic: str, value: bytes) -> Arrived:
    """A record of one of our own topics (`topic` without prefix), parsed once; what cannot be read says why."""
    try:
        event = parse(value, EventType(topic))
    except Unparsable as error:
        return _unreadable(case_id, topic, value, str(error))
    if event.subject != case_id:
        return _unreadable(case_id, topic, value, "The event's subject is not the record's key.")
    if not _SOURCE.fullmatch(event.source):  # It becomes part of a stored key.
        return _unreadable(case_id, topic, value, "The event's source is not the name of a service.")
    return Arrived(case_id, topic, value, event=event)


def _unreadable(case_id: UUID, topic: str, value: bytes, reason: str) -> Arrived:
    return Arrived(case_id, topic, value, unreadable=reason, digest=sha256(value).hexdigest())


def fresh(case: Case[S]) -> None:
    """Forget what was written: the case in memory is the stored one again."""
    case.v += 1
    case.changes = Changes()
