"""All evidence in one SQLite file: what the campaign has written down itself, topics, stores, and the relay's ledger.

Read by the campaign's own means: Kafka's files from the disk, the stores by pymongo. `tables.sql` says what is where.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from shared.contracts.envelope import splice
from shared.contracts.topics import ROUTES
from shared.contracts.vocabulary import EventType, Service
from tests.chaos import ledger
from tests.chaos.policy_clock import PolicyClock
from tests.chaos.segments import Stored
from tests.chaos.watch import mark_of
from tests.system.canaries import forms

TABLES: Final = Path(__file__).with_name("tables.sql").read_text(encoding="utf-8")
LATE_SECONDS: Final = 30.0
"""So long after its moment a deadline, or a letter that was put off, is late, where all is well."""

FAILINGS: Final = {"died": "died", "did not stop": "unstopped", "did not answer": "silent"}
"""What the fault ledger says of a process, and the table for it."""


class Evidence:
    """The file, and how each kind of evidence gets into it."""

    def __init__(self, file: Path | str = ":memory:") -> None:
        self.db = sqlite3.connect(file)
        self.db.executescript(TABLES)
        self.put("reads", ((s, _group(s, kind), kind) for kind, to in ROUTES.items() for s in to.consumers))
        self.put("emits", ((service, kind) for kind, route in ROUTES.items() for service in route.emitters))

    def put(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows."""
        listed = [tuple(str(v) if isinstance(v, UUID) else v for v in row) for row in rows]
        if listed:
            marks = ",".join("?" * len(listed[0]))
            self.db.executemany(f"INSERT INTO {table} VALUES ({marks})", listed)
        self.db.commit()

    def asked(self, file: Path) -> None:
        """The sender's ledger."""
        lines = list(ledger.read(file))
        self.put("asked", (_asked(each) for each in lines if each["op"] in {"invoke", "ok", "fail", "info"}))
        rubbish = [each for each in lines if each["op"] == "rubbish" and each.get("digest")]
        self.put("rubbish", ((each["digest"], *_place(each)) for each in rubbish))
        self.put("erased", ((each["case_id"],) for each in lines if each["op"] == "erased"))

    def poison(self, file: Path) -> None:
        """The poisoner's ledger. A dose that is known not to be written leaves no record, and so asks for nothing."""
        for each in ledger.read(file):
            if each["expect"] == "case":
                nothing = (None,) * 4
                self.put("asked", ((each["at"], each["op"], c, c, "kafka", *nothing) for c in each["cases"]))
            if each["op"] == "invoke":
                cases = each["cases"] or [None] * len(each["marks"])
                real = each["kind"] == "seq used twice"
                rows = zip(each["marks"], cases, each["digests"], strict=True)
                said = (each["kind"], each["topic"], each["expect"])
                self.put("poison", ((mark, *said, case, real, digest) for mark, case, digest in rows))

    def records(self, records: Iterable[Stored]) -> None:
        """What the topics hold, or held."""
        self.put("records", map(_record, records))

    def stores(self, uri: str, clock: PolicyClock, as_of: datetime) -> None:
        """All services' databases, and the keyring. `as_of`: when the services were still at work."""
        with MongoClient[dict[str, Any]](uri, uuidRepresentation="standard", tz_aware=True) as client:
            keys = client["secondlook_keyring"]["keys"].find({}, {"wrapped": 1, "erased": 1})
            self.put("keys", ((key["_id"], "wrapped" in key, "erased" in key) for key in keys))
            for service in Service:
                database = client[f"secondlook_{service}"]
                for document in database["cases"].find({}):
                    self.case(service, document, clock, as_of)
                dead = database["dead_letters"].find({}, {"sealed": 0, "sealed_key": 0})
                self.put(
                    "dead", ((service, d["topic"], d["partition"], d["offset"], d["reason"], d["kept"]) for d in dead)
                )

    def case(self, service: Service, document: Mapping[str, Any], clock: PolicyClock, as_of: datetime) -> None:
        """One document of a service's cases."""
        case_id, sealed = document["_id"], document.get("sealed", {})
        queue = {name for name, value in (document.get("queue") or {}).items() if value is not None}
        parked = "parked_since" in document
        due_at = document.get("due_at")
        late = (as_of - clock.real(due_at)).total_seconds() if due_at else None
        in_time = late is not None and late <= LATE_SECONDS
        visible = parked or in_time or bool(queue & {"open", "asked", "to_carry_out"})
        pending = "pending_since" in document or document["published"] != document["emitted"]
        self.put("cases", [(service, case_id, pending, parked, visible, "state" in document, late)])
        self.put(
            "stored",
            (
                (service, case_id, each["id"], each["type"], each["seq"], _hash(_published(each, sealed)))
                for each in document.get("events", ())
            ),
        )
        handled = ((*key.split("/"), seq) for key, (seq, _) in document.get("handled", {}).items())
        self.put("handled", ((service, case_id, s, topic.replace("_", "."), seq) for s, topic, seq in handled))
        self.put("held", (_held(service, case_id, n, each) for n, each in enumerate(document.get("held", ()))))
        letters = document.get("work", {}).get("mail") or {}
        self.put("letters", (_letter(case_id, key, entry, clock, as_of) for key, entry in letters.items()))

    def relay(self, folder: Path) -> None:
        """The relay's ledgers."""
        taken = ledger.read(folder / "ledger.jsonl")
        self.put("mail", ((each["message_id"].strip("<> ").partition("@")[0], each["at"]) for each in taken))
        self.put("mishaps", ((e["message_id"], e["mood"], e["at"]) for e in ledger.read(folder / "mishaps.jsonl")))

    def faults(self, file: Path) -> None:
        """The fault ledger, one row a fault."""
        found: dict[int, dict[str, Any]] = {}
        for each in ledger.read(file):
            if "number" in each:
                entry = found.setdefault(each["number"], {})
                entry |= {**each, each["op"]: each["at"]}
            elif each["op"] in FAILINGS:
                self.put(FAILINGS[each["op"]], [(each["target"], each["at"])])
        columns = ("number", "kind", "target", "begin", "healed", "limit", "waited", "seconds")
        self.put("faults", ([each.get(name) for name in columns] for each in found.values()))


def _group(service: Service, kind: EventType) -> str:
    return "intake.arrivals" if kind is EventType.REQUEST_RECEIVED else service.value


def _asked(each: Mapping[str, Any]) -> tuple[Any, ...]:
    said = (each["at"], each["op"], each["key"], each["case_id"], each["channel"], each.get("number"))
    return (*said, *_place(each))


def _place(each: Mapping[str, Any]) -> Sequence[Any]:
    return each.get("place") or (None, None, None)


def _record(stored: Stored) -> tuple[Any, ...]:
    value = stored.value or b""
    place = (stored.topic, stored.partition, stored.offset, mark_of(stored), _hash(value))
    try:
        event = json.loads(value)
        data = event.get("data") or {}
        said = (event["id"], event["source"], event["subject"], event["seq"], data.get("outcome"), data.get("round"))
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        said = (None, None, None, None, None, None)
    return (*place, *(each if isinstance(each, int | None) else str(each) for each in said))


def _published(event: Mapping[str, Any], sealed: Mapping[str, bytes]) -> bytes:
    return splice(event["body"], {name: sealed.get(name, b"") for name in event["blobs"]})


def _held(service: Service, case_id: UUID, position: int, entry: Mapping[str, Any]) -> tuple[Any, ...]:
    source = seq = None
    if "unreadable" not in entry:
        event = json.loads(entry["value"])
        source, seq = event["source"], event["seq"]
    digest = entry.get("digest") or _hash(entry["value"])
    return (service, case_id, position, entry["topic"], digest, source, seq)


def _letter(case_id: UUID, key: str, entry: Mapping[str, Any], clock: PolicyClock, as_of: datetime) -> tuple[Any, ...]:
    until, at, again = entry.get("claimed_until"), entry.get("at"), entry.get("next_at")
    return (
        UUID(key),
        case_id,
        entry["phase"],
        entry.get("tries", 0),
        until.timestamp() if until else None,
        entry.get("reason"),
        clock.real(at).timestamp() if at else None,
        (as_of - again).total_seconds() if again else None,
    )


def _hash(value: bytes) -> str:
    return sha256(value).hexdigest()


def haystacks(folder: Path, uri: str, records: Iterable[Stored]) -> Iterator[tuple[str, bytes]]:
    """Everything that must hold no personal data in clear: decoded topics, stores, all logs, Kafka's own too."""
    for each in records:
        if each.topic != EventType.REQUEST_RECEIVED:
            headers = b"".join(part or b"" for header in each.headers for part in header)
            yield f"topic {each.topic}", (each.key or b"") + (each.value or b"") + headers
    with MongoClient[RawBSONDocument](uri, document_class=RawBSONDocument) as client:
        for name in client.list_database_names():
            if name.startswith("secondlook_"):
                for collection in client[name].list_collection_names():
                    for document in client[name][collection].find({}):
                        yield f"store {name}.{collection}", bytes(document.raw)
    for log in sorted((folder / "logs").glob("*.log")):
        yield f"log {log.name}", log.read_bytes()


def hits(places: Iterable[tuple[str, bytes]], words: Iterable[str]) -> list[tuple[str, str]]:
    """Place and word, for each word that stands somewhere, in any form that bytes may have."""
    sought = {form: word for word in words for form in forms(word)}
    return sorted({(place, word) for place, content in places for form, word in sought.items() if form in content})
