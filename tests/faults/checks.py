"""What must hold once all is quiet: each finding is one sentence; none is well."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from shared.contracts.envelope import Event, splice
from shared.contracts.events import TriageAssigned
from shared.contracts.parsing import parse
from shared.contracts.vocabulary import EventType, Service
from shared.messaging.records import Record
from tests.faults.load import Notes

Documents = Mapping[Service, Sequence[Mapping[str, Any]]]


class Log:
    """What the topics hold, read once each: events, and the findings that the topics alone can show."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._payloads: dict[UUID, bytes] = {}
        self._heads: dict[tuple[UUID, str, str], int] = defaultdict(int)
        self.events: dict[UUID, list[Event[Any]]] = defaultdict(list)
        self.findings: list[str] = []
        self.copies = 0

    def add(self, records: Iterable[Record]) -> None:
        """The next records, in the order of their partitions."""
        for record in records:
            kind, value = EventType(record.topic.removeprefix(self._prefix)), record.value or b""
            event = parse(value, kind)
            if event.id in self._payloads:
                self.copies += 1
                if self._payloads[event.id] != value:
                    self.findings.append(f"{kind} of {event.subject}: two contents under one id")
                continue
            self._payloads[event.id] = value
            self.events[event.subject].append(event)
            head = (event.subject, event.source, kind)
            if event.seq != self._heads[head] + 1:
                self.findings.append(f"{kind} of {event.subject}: number {event.seq} after {self._heads[head]}")
            self._heads[head] = max(self._heads[head], event.seq)

    def payloads(self, case_id: UUID, source: str) -> dict[UUID, bytes]:
        """Event id -> content of what a service has published of a case."""
        return {event.id: self._payloads[event.id] for event in self.events[case_id] if event.source == source}


def findings(notes: Notes, log: Log, documents: Documents, dead_letters: int) -> list[str]:
    """Everything that is wrong."""
    found = [*log.findings, *notes.refusals]
    for case_id in notes.case_ids:
        found += _of_case(case_id, notes, log)
    for service, of_service in documents.items():
        known = {document["_id"] for document in of_service}
        found += [f"{service} does not know {case_id}" for case_id in notes.case_ids - known]
        found += [f"{service} knows {case_id}, which nobody asked for" for case_id in known - notes.case_ids]
        for document in of_service:
            found += [f"{service}, {document['_id']}: {wrong}" for wrong in _of_document(service, document, log)]
    if dead_letters != notes.poison:
        found.append(f"{dead_letters} dead letters of {notes.poison} poisonous records")
    return found


def _of_case(case_id: UUID, notes: Notes, log: Log) -> list[str]:
    kinds = Counter(event.type for event in log.events[case_id] if not _told_as_overdue(event))
    once = (
        EventType.REQUEST_SUBMITTED,
        EventType.TRIAGE_ASSIGNED,
        EventType.TRIAGE_COMPLETED,
        EventType.RESOLUTION_ISSUED,
    )
    found = [f"{case_id}: {kinds[kind]} x {kind}" for kind in once if kinds[kind] != 1]
    declined = {each.case_id for each in notes.asked if each.declined}
    if kinds[EventType.REVIEW_LAPSED] != (case_id in declined):
        found.append(f"{case_id}: {kinds[EventType.REVIEW_LAPSED]} x review.lapsed")
    if len(notes.numbers[case_id]) > 1:
        found.append(f"{case_id}: was told two case numbers")
    return found


def _told_as_overdue(event: Event[Any]) -> bool:
    """A run on a slow machine outlasts the office's due date: the case is then told of once more."""
    return isinstance(event.data, TriageAssigned) and event.data.overdue


def _of_document(service: Service, document: Mapping[str, Any], log: Log) -> list[str]:
    found = []
    if "pending_since" in document or document["published"] != document["emitted"]:
        found.append(f"{document['emitted'] - document['published']} events are pending")
    if document.get("held"):
        found.append(f"{len(document['held'])} inputs are held: {[held.get('error') for held in document['held']]}")
    stored = {
        event["id"]: splice(event["body"], {name: document["sealed"][name] for name in event["blobs"]})
        for event in document.get("events", ())
    }
    if stored != log.payloads(document["_id"], service):
        found.append("what is stored is not what was published")
    return found
