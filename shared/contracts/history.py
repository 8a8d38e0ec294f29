"""The case view: all services' events of one case folded into what a person wants to see. Pure, without a clock.

The staff's screen folds what the services return, the analysts' replay folds the archive; both must be equal byte for
byte. So nothing here depends on the order in which events come, on repeats, or on sealed blobs.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from shared.contracts.envelope import Contract, Event, Time
from shared.contracts.parsing import parse_any
from shared.contracts.standing import CaseStage, Standing, Waiting, WaitsFor
from shared.contracts.telling import Happened, Told, details, happened, in_order
from shared.contracts.vocabulary import (
    EventType,
    Letter,
    MailResult,
    Recipient,
    ReliefSought,
    ResolutionOutcome,
    Stage,
    TriageOutcome,
    Urgency,
)


class Entry(Contract):
    """One line of the timeline."""

    at: Time
    source: str
    event: str
    happened: Happened
    details: dict[str, Any]


class LetterLine(Contract):
    """What became of one letter, as last recorded."""

    notification: UUID
    letter: Letter
    role: Recipient
    result: MailResult
    attempt: int
    reply_class: str
    at: Time


class History(Contract):
    """A case as it stands, and how it came there."""

    case_id: str
    number: str | None
    stage: CaseStage
    outcome: ResolutionOutcome | None
    ended_by: Stage | None
    granted: tuple[ReliefSought, ...]
    field_office_outcome: TriageOutcome | None
    office: str | None
    urgency: Urgency | None
    erased: bool
    waiting: tuple[Waiting, ...]
    letters: tuple[LetterLine, ...]
    timeline: tuple[Entry, ...]


class SeveralCases(ValueError):
    """A history is of one case; these events are of several, or there are none."""


def history_of(records: Iterable[bytes]) -> History:
    """The history that stored or archived events tell. Raises `Unparsable` and `SeveralCases`."""
    return fold(parse_any(record) for record in records)


def dump(history: History) -> bytes:
    """A history as JSON; the same events always give the same bytes."""
    return history.model_dump_json().encode() + b"\n"


def fold(events: Iterable[Told]) -> History:
    """Fold the events of one case, in any order, with or without repeats. `request.received` is no part of it."""
    told = in_order(event for event in events if event.type != EventType.REQUEST_RECEIVED)
    cases = {str(event.subject) for event in told}
    if len(cases) != 1:
        raise SeveralCases
    case = Standing(told)
    stage = case.stage()
    resolved = case.first(EventType.RESOLUTION_ISSUED)
    letters = _letters(told)
    return History(
        case_id=cases.pop(),
        number=case.number(),
        stage=stage,
        outcome=resolved.data.outcome if resolved else None,
        ended_by=resolved.data.stage if resolved else None,
        granted=resolved.data.granted if resolved else (),
        field_office_outcome=case.field_office_outcome(),
        office=case.office(),
        urgency=case.urgency(),
        erased=case.first(EventType.CASE_ERASED) is not None,
        waiting=(*case.waiting(stage), *_to_be_checked(letters)),
        letters=letters,
        timeline=tuple(_entry(event) for event in told),
    )


def _entry(event: Told) -> Entry:
    return Entry(
        at=event.time, source=event.source, event=str(event.type), happened=happened(event), details=details(event)
    )


def _to_be_checked(letters: Iterable[LetterLine]) -> Iterable[Waiting]:
    return (
        Waiting(waits_for=WaitsFor.LETTER_TO_BE_CHECKED, since=line.at, about=line.notification)
        for line in letters
        if line.result is MailResult.UNCERTAIN
    )


def _letters(told: Iterable[Told]) -> tuple[LetterLine, ...]:
    """Each letter as last recorded, in the order in which they were first recorded."""
    recorded = (event for event in told if isinstance(event, Event) and event.type is EventType.NOTIFICATION_RECORDED)
    last = {event.data.notification: event for event in recorded}
    return tuple(LetterLine(at=e.time, **e.data.model_dump(exclude={"sealed"})) for e in last.values())
