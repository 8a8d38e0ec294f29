"""Which letters a case's events make, and under which ids: written down once more, apart from the service that sends.

A slip in the service cannot hide in its own expectation.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from shared.contracts.envelope import Event
from shared.contracts.vocabulary import (
    EventType,
    Letter,
    MailResult,
    Recipient,
    RequestorType,
    ResolutionOutcome,
    Urgency,
)

Events = dict[UUID, list[Event[Any]]]
"""Events by case, each once."""


class Copy(NamedTuple):
    """Which letter a message is a copy of. `cause` is the event that made it."""

    case_id: UUID
    letter: Letter
    role: Recipient
    round: int
    cause: UUID


def letters_of(case_id: UUID, events: Iterable[Event[Any]]) -> dict[UUID, Copy]:
    """The letters that a case's events make, by notification id: also those that are made and then not sent."""
    return {
        uuid5(case_id, f"{letter.value}:{event.id}:{role.value}"): Copy(case_id, letter, role, round_, event.id)
        for letter, event, roles, round_ in _made_by(sorted(events, key=lambda e: e.seq))
        for role in roles
    }


def _made_by(events: Sequence[Event[Any]]) -> Iterator[tuple[Letter, Event[Any], tuple[Recipient, ...], int]]:
    yield from _made(events)
    yield from _given_up(events)
    yield from _to_offices(events)


REQUESTOR = (Recipient.REQUESTOR,)
OFFICE = (Recipient.OFFICE,)


def _made(events: Sequence[Event[Any]]) -> Iterator[tuple[Letter, Event[Any], tuple[Recipient, ...], int]]:
    """Letter, causing event, to whom, and in which round of the field office."""
    alone, both = _readers(events)
    at_an_office = False
    for event in events:
        match event.type:
            case EventType.REQUEST_SUBMITTED:
                yield Letter.RECEIVED, event, both, 1
            case EventType.REQUEST_REJECTED:
                yield Letter.NOT_ACCEPTED, event, REQUESTOR, 1
            case EventType.TRIAGE_ASSIGNED if event.data.office is not None and not at_an_office:
                at_an_office = True
                yield Letter.AT_THE_FIELD_OFFICE, event, REQUESTOR, 1
            case EventType.INFORMATION_REQUESTED:
                yield Letter.PLEASE_ANSWER, event, both, event.seq
            case EventType.TRIAGE_COMPLETED:
                yield Letter.CONSIDERED, event, both, event.data.round
            case EventType.REVIEW_ESCALATED:
                yield Letter.WITH_HEADQUARTERS, event, both, event.data.round
            case EventType.RESOLUTION_ISSUED:
                yield Letter.RESOLVED, event, both, 1
            case EventType.REQUEST_AMENDED:
                yield from _of_amendment(event, both)
            case EventType.LINK_REQUESTED:
                yield Letter.LINK_SENT, event, REQUESTOR if alone else (event.data.to,), -event.seq  # beside amendments
            case _:
                pass


def _readers(events: Sequence[Event[Any]]) -> tuple[bool, tuple[Recipient, ...]]:
    """Whether the noncitizen filed alone, and whom a letter to both then reaches."""
    submitted = next((e for e in events if e.type is EventType.REQUEST_SUBMITTED), None)
    alone = submitted is not None and submitted.data.requestor_type is RequestorType.NONCITIZEN
    return alone, REQUESTOR if alone else (Recipient.REQUESTOR, Recipient.NONCITIZEN)


def _given_up(events: Sequence[Event[Any]]) -> Iterator[tuple[Letter, Event[Any], tuple[Recipient, ...], int]]:
    """Whoever takes the request back, or gives the review up: both hear of it."""
    _, both = _readers(events)
    for event in events:
        if event.type is EventType.REQUEST_WITHDRAWN:
            yield Letter.GIVEN_UP, event, both, 1
        elif event.type is EventType.REVIEW_LAPSED and event.data.waived:
            yield Letter.GIVEN_UP, event, both, 2


def _to_offices(events: Sequence[Event[Any]]) -> Iterator[tuple[Letter, Event[Any], tuple[Recipient, ...], int]]:
    """An office hears once that a removal is imminent or a case overdue, while it is so; each telling is a round."""
    told: dict[Letter, str | None] = {}
    for event in events:
        if event.type is EventType.TRIAGE_ASSIGNED:
            said = event.data
            so = {Letter.OFFICE_IMMINENT: said.urgency is Urgency.REMOVAL_IMMINENT, Letter.OFFICE_OVERDUE: said.overdue}
            for letter in (letter for letter, is_so in so.items() if is_so):
                if letter not in told or told[letter] != said.office:
                    yield letter, event, OFFICE, event.seq
            told = {letter: said.office for letter, is_so in so.items() if is_so}
        elif event.type is EventType.REVIEW_OVERDUE:
            yield Letter.HEADQUARTERS_OVERDUE, event, OFFICE, event.seq
        elif event.type is EventType.RESOLUTION_ISSUED and event.data.outcome is ResolutionOutcome.OVERRIDDEN:
            yield Letter.OFFICE_TO_CARRY_OUT, event, OFFICE, 1
        elif event.type is EventType.RESOLUTION_OVERDUE:
            yield Letter.OFFICE_NOT_CARRIED_OUT, event, OFFICE, event.seq


def _of_amendment(
    event: Event[Any], both: tuple[Recipient, ...]
) -> Iterator[tuple[Letter, Event[Any], tuple[Recipient, ...], int]]:
    """Who changes how to be reached hears of it at both addresses; each amendment counts as a round of its own."""
    number, changed = event.data.amendment, set(event.data.changed)
    if {"contact", "requestor"} & changed and f"amended_{number}" in event.data.sealed:
        yield Letter.ADDRESS_CHANGED, event, REQUESTOR, number
        yield Letter.NEW_ADDRESS, event, REQUESTOR, number
        if both != REQUESTOR:
            yield Letter.ANOTHER_READER, event, (Recipient.NONCITIZEN,), number
    if "link" in changed:
        yield Letter.LINK_SENT, event, REQUESTOR, number
    if {"withdrawal_asked", "waiver_asked", "hand_over_asked"} & changed:
        yield Letter.WITHDRAWAL_WAITS, event, both, number
    if any(what.endswith("_not_confirmed") for what in changed):
        yield Letter.NOT_AGREED, event, both, number


def recorded_of(events: Iterable[Event[Any]]) -> dict[UUID, MailResult]:
    """The last recorded result of each letter of a case."""
    told = sorted((e for e in events if e.type is EventType.NOTIFICATION_RECORDED), key=lambda e: e.seq)
    return {event.data.notification: event.data.result for event in told}


def unsettled_letters(events: Events) -> int:
    """How many letters have been made by what is known, and have no result yet."""
    return sum(
        len(letters_of(case_id, of_case).keys() - recorded_of(of_case).keys()) for case_id, of_case in events.items()
    )
