"""Where a case stands and whose turn it is, read off its events. From what there is, not from what came last."""

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum, unique
from typing import Any
from uuid import UUID

from shared.contracts.envelope import Contract, Event, Time
from shared.contracts.events import TriageCompleted
from shared.contracts.parsing import UnknownEvent
from shared.contracts.telling import Told
from shared.contracts.vocabulary import (
    EventType,
    ReliefSought,
    Service,
    TriageOutcome,
    Urgency,
    leaves_nothing_to_challenge,
)


@unique
class CaseStage(StrEnum):
    """Where a case stands."""

    RECEIVED = "received"
    NOT_ACCEPTED = "not_accepted"
    TO_BE_ASSIGNED = "to_be_assigned"
    AT_FIELD_OFFICE = "at_field_office"
    REQUESTOR_DECIDES = "requestor_decides"
    GOING_TO_HEADQUARTERS = "going_to_headquarters"
    AT_HEADQUARTERS = "at_headquarters"
    BEING_WITHDRAWN = "being_withdrawn"
    BEING_CLOSED = "being_closed"
    RESOLVED = "resolved"
    ERASED = "erased"


@unique
class WaitsFor(StrEnum):
    """Whose turn it is. `system`: the next event follows by itself; if it does not, something is stuck."""

    SYSTEM = "system"
    ASSIGNMENT = "assignment"
    FIELD_OFFICE = "field_office"
    HEADQUARTERS = "headquarters"
    ANSWER = "answer"
    ANSWER_OF_OFFICE = "answer_of_office"
    REVIEW_OR_NOT = "review_or_not"
    CARRYING_OUT = "carrying_out"
    LETTER_TO_BE_CHECKED = "letter_to_be_checked"


class Waiting(Contract):
    """Something that has still to come. `about`: the question or the notification."""

    waits_for: WaitsFor
    since: Time
    due: Time | None = None
    about: UUID | None = None


class Standing:
    """The known events of one case by type, each list in the order of the telling."""

    def __init__(self, told: list[Told]) -> None:
        self.known: dict[EventType, list[Event[Any]]] = defaultdict(list)
        for event in told:
            if not isinstance(event, UnknownEvent):
                self.known[event.type].append(event)
        self.moved = max((e.time for e in told if e.source != Service.NOTIFICATION), default=told[0].time)

    def first(self, kind: EventType) -> Event[Any] | None:
        return next(iter(self.known[kind]), None)

    def highest(self, kind: EventType, counter: str) -> Event[Any] | None:
        """The event of a kind that overrules the others: the one whose counter is highest."""
        return max(self.known[kind], key=lambda event: getattr(event.data, counter), default=None)

    @property
    def assigned(self) -> Event[Any] | None:
        return self.highest(EventType.TRIAGE_ASSIGNED, "revision")

    @property
    def completed(self) -> Event[Any] | None:
        return self.highest(EventType.TRIAGE_COMPLETED, "round")

    @property
    def escalated(self) -> Event[Any] | None:
        return self.highest(EventType.REVIEW_ESCALATED, "round")

    @property
    def round(self) -> int:
        remanded = self.highest(EventType.REVIEW_REMANDED, "round")
        return int(remanded.data.round) if remanded else 1

    def number(self) -> str | None:
        sources = (EventType.REQUEST_SUBMITTED, EventType.REQUEST_REJECTED, EventType.REVIEW_REQUESTED)
        found = (event.data.number for kind in (*sources, EventType.TRIAGE_COMPLETED) for event in self.known[kind])
        return next(found, None)

    def office(self) -> str | None:
        newest = self.assigned or self.completed or self.first(EventType.REVIEW_REQUESTED)
        return newest.data.office if newest else None

    def urgency(self) -> Urgency | None:
        newest = self.escalated or self.assigned or self.completed or self.first(EventType.REVIEW_REQUESTED)
        return newest.data.urgency if newest else None

    def field_office_outcome(self) -> TriageOutcome | None:
        return self.completed.data.outcome if self.completed else None

    def stage(self) -> CaseStage:
        """Where the case stands, from what there is, not from what came last."""
        if self.first(EventType.RESOLUTION_ISSUED):
            return CaseStage.RESOLVED
        if self.first(EventType.CASE_ERASED):
            return CaseStage.ERASED
        if self.first(EventType.REQUEST_REJECTED) and not self.first(EventType.REQUEST_SUBMITTED):
            return CaseStage.NOT_ACCEPTED
        if self.first(EventType.REQUEST_WITHDRAWN):
            return CaseStage.BEING_WITHDRAWN
        if self.escalated and self.escalated.data.round >= self.round:
            return CaseStage.AT_HEADQUARTERS
        if self.completed and self.completed.data.round >= self.round:
            return self._after(self.completed.data)
        if self.first(EventType.REVIEW_REQUESTED) and self.round == 1:
            return CaseStage.GOING_TO_HEADQUARTERS
        if self.assigned:
            return CaseStage.AT_FIELD_OFFICE if self.assigned.data.office else CaseStage.TO_BE_ASSIGNED
        return CaseStage.RECEIVED

    def _after(self, said: TriageCompleted) -> CaseStage:
        """Where the field office's answer of this round has taken the case."""
        if leaves_nothing_to_challenge(said.outcome, said.declined, said.moot):
            return CaseStage.BEING_CLOSED
        if self.round > 1 or said.outcome is TriageOutcome.NO_ANSWER or self.first(EventType.REVIEW_REQUESTED):
            return CaseStage.GOING_TO_HEADQUARTERS
        return CaseStage.BEING_CLOSED if self.first(EventType.REVIEW_LAPSED) else CaseStage.REQUESTOR_DECIDES

    def waiting(self, stage: CaseStage) -> list[Waiting]:
        """Whose turn it is, and since when. What was granted waits to be carried out wherever the rest stands."""
        if stage in (CaseStage.NOT_ACCEPTED, CaseStage.ERASED):
            return []
        return [*self._at(stage), *self._carrying_out()]

    def _at(self, stage: CaseStage) -> list[Waiting]:
        match stage:
            case CaseStage.RESOLVED:
                return []
            case CaseStage.TO_BE_ASSIGNED if self.assigned:
                return [_waiting(WaitsFor.ASSIGNMENT, self.assigned, self.assigned.data.answer_due)]
            case CaseStage.AT_FIELD_OFFICE if self.assigned:
                office = _waiting(WaitsFor.FIELD_OFFICE, self.assigned, self.assigned.data.answer_due)
                return [office, *self._questions(Service.TRIAGE)]
            case CaseStage.AT_HEADQUARTERS if self.escalated:
                official = _waiting(WaitsFor.HEADQUARTERS, self.escalated, self.escalated.data.due)
                return [official, *self._questions(Service.ESCALATION), *self._questions_to_office()]
            case CaseStage.REQUESTOR_DECIDES if self.completed:
                return [_waiting(WaitsFor.REVIEW_OR_NOT, self.completed)]
            case _:
                return [Waiting(waits_for=WaitsFor.SYSTEM, since=self.moved)]

    def _carrying_out(self) -> Iterable[Waiting]:
        """What was granted waits for the field office to say that it has been carried out."""
        done = {relief for event in self.known[EventType.RESOLUTION_COMPLETED] for relief in self._done(event)}
        grants = (*self.known[EventType.TRIAGE_COMPLETED], *self.known[EventType.RESOLUTION_ISSUED])
        waits = next((event for event in grants if not done.issuperset(event.data.granted)), None)
        if waits is None:
            return ()
        late = [event for event in self.known[EventType.RESOLUTION_OVERDUE] if event.time > waits.time]
        return (_waiting(WaitsFor.CARRYING_OUT, waits, late[-1].data.due if late else None),)

    def _done(self, event: Event[Any]) -> tuple[ReliefSought, ...]:
        """What was carried out; an event that does not say so tells of all that the resolution granted."""
        resolved = self.first(EventType.RESOLUTION_ISSUED)
        said: tuple[ReliefSought, ...] = event.data.granted or (resolved.data.granted if resolved else ())
        return said

    def _questions(self, asked_by: Service) -> Iterable[Waiting]:
        answered = {event.data.answers for event in self.known[EventType.REQUEST_AMENDED]}
        return (
            _waiting(WaitsFor.ANSWER, e, e.data.answer_by, about=e.data.question)
            for e in self.known[EventType.INFORMATION_REQUESTED]
            if e.source == asked_by and e.data.question not in answered
        )

    def _questions_to_office(self) -> Iterable[Waiting]:
        """What headquarters asks the field office; a question is over with the round in which it was asked."""
        answered = {event.data.question for event in self.known[EventType.OFFICE_ANSWERED]}
        return (
            _waiting(WaitsFor.ANSWER_OF_OFFICE, e, e.data.answer_by, about=e.data.question)
            for e in self.known[EventType.OFFICE_ASKED]
            if e.data.round == self.round and e.data.question not in answered
        )


def _waiting(waits_for: WaitsFor, event: Event[Any], due: Time | None = None, *, about: UUID | None = None) -> Waiting:
    return Waiting(waits_for=waits_for, since=event.time, due=due, about=about)
