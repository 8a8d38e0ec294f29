"""What each event of a case comes to in plain words, and the one order in which a case's events are told."""

from collections.abc import Iterable
from enum import StrEnum, unique
from heapq import heapify, heappop, heappush
from typing import Any

from shared.contracts.envelope import Event
from shared.contracts.parsing import UnknownEvent
from shared.contracts.vocabulary import NEVER_REQUIRED, EventType, MailResult, TriageOutcome

Told = Event[Any] | UnknownEvent
"""An event, or one of a type that this build does not know."""


@unique
class Happened(StrEnum):
    """What happened, as a code; `SENTENCES` has the words."""

    NOT_ACCEPTED = "not_accepted"
    ACCEPTED = "accepted"
    ACCEPTED_INCOMPLETE = "accepted_incomplete"
    AMENDED = "amended"
    ANSWERED = "answered"
    WITHDRAWAL_ASKED = "withdrawal_asked"
    LINK_ASKED = "link_asked"
    TO_BE_ASSIGNED = "to_be_assigned"
    ASSIGNED = "assigned"
    ASSIGNED_AGAIN = "assigned_again"
    CONSIDERED = "considered"
    NO_ANSWER = "no_answer"
    QUESTION_ASKED = "question_asked"
    OFFICE_ASKED = "office_asked"
    OFFICE_ANSWERED = "office_answered"
    REVIEW_ASKED = "review_asked"
    REVIEW_WAIVED = "review_waived"
    REVIEW_WINDOW_CLOSED = "review_window_closed"
    AT_HEADQUARTERS = "at_headquarters"
    REVIEW_OVERDUE = "review_overdue"
    RECUSED = "recused"
    SENT_BACK = "sent_back"
    RESOLVED = "resolved"
    NOT_CARRIED_OUT = "not_carried_out"
    CARRIED_OUT = "carried_out"
    REMOVAL_IMMINENT = "removal_imminent"
    LETTER_SENT = "letter_sent"
    LETTER_FAILED = "letter_failed"
    LETTER_UNCERTAIN = "letter_uncertain"
    LETTER_SUPPRESSED = "letter_suppressed"
    ERASED = "erased"
    SOMETHING_ELSE = "something_else"


SENTENCES: dict[Happened, str] = {
    Happened.NOT_ACCEPTED: "The request was not accepted; it says what to mend.",
    Happened.ACCEPTED: "The request was accepted.",
    Happened.ACCEPTED_INCOMPLETE: "The request was accepted although something is missing, because it is urgent.",
    Happened.AMENDED: "Facts changed, or information was added.",
    Happened.ANSWERED: "The requestor answered a question.",
    Happened.WITHDRAWAL_ASKED: "The requestor asked to withdraw.",
    Happened.LINK_ASKED: "The private link was asked for again; it goes to the known address only.",
    Happened.TO_BE_ASSIGNED: "No office could be told from the places given; somebody has to assign one.",
    Happened.ASSIGNED: "The request went to a field office.",
    Happened.ASSIGNED_AGAIN: "Office, urgency, due date or presumption were set again.",
    Happened.CONSIDERED: "The field office gave its initial consideration.",
    Happened.NO_ANSWER: "The field office had not answered when headquarters took the case.",
    Happened.QUESTION_ASKED: "The requestor was asked a question.",
    Happened.OFFICE_ASKED: "Headquarters asked the field office a question.",
    Happened.OFFICE_ANSWERED: "The field office answered headquarters.",
    Happened.REVIEW_ASKED: "The requestor asked for review by a Senior Reviewing Official.",
    Happened.REVIEW_WAIVED: "The requestor did without review.",
    Happened.REVIEW_WINDOW_CLOSED: "The time to ask for review passed.",
    Happened.AT_HEADQUARTERS: "The case entered the Senior Reviewing Official's queue.",
    Happened.REVIEW_OVERDUE: "The Senior Reviewing Official should have answered by now.",
    Happened.RECUSED: "Somebody of staff keeps out of the case.",
    Happened.SENT_BACK: "Headquarters sent the case back to the field office.",
    Happened.RESOLVED: "The case was resolved.",
    Happened.NOT_CARRIED_OUT: "What was granted should have been carried out by now.",
    Happened.CARRIED_OUT: "The field office carried out what was granted.",
    Happened.REMOVAL_IMMINENT: "A removal is imminent: whoever can stop it was told.",
    Happened.LETTER_SENT: "A letter was handed to the mail relay.",
    Happened.LETTER_FAILED: "A letter was refused by the mail relay.",
    Happened.LETTER_UNCERTAIN: "Whether the mail relay has a letter is not known.",
    Happened.LETTER_SUPPRESSED: "A letter was made and not sent.",
    Happened.ERASED: "The personal data of the case was destroyed.",
    Happened.SOMETHING_ELSE: "Something that this build does not know.",
}

DETAILS: dict[EventType, tuple[str, ...]] = {
    EventType.REQUEST_REJECTED: ("number", "codes"),
    EventType.REQUEST_SUBMITTED: ("number", "requestor_type", "incomplete", "resubmits", "possible_double_of"),
    EventType.REQUEST_AMENDED: ("amendment", "changed", "answers"),
    EventType.REQUEST_WITHDRAWN: ("by",),
    EventType.LINK_REQUESTED: ("to",),
    EventType.TRIAGE_ASSIGNED: ("revision", "office", "urgency", "answer_due"),
    EventType.TRIAGE_COMPLETED: (
        "round",
        "outcome",
        "granted",
        "declined",
        "moot",
        "referred_to",
        "moot_because",
        "reasons",
        "decided_by",
        "pre_approval",
    ),
    EventType.INFORMATION_REQUESTED: ("question", "about", "answer_by"),
    EventType.OFFICE_ASKED: ("question", "office", "about", "answer_by"),
    EventType.OFFICE_ANSWERED: ("question", "answered_by"),
    EventType.REVIEW_REQUESTED: ("ground",),
    EventType.REVIEW_ESCALATED: ("round", "due"),
    EventType.REVIEW_OVERDUE: ("round", "due"),
    EventType.REVIEW_REMANDED: ("round", "reasons"),
    EventType.RESOLUTION_ISSUED: ("stage", "outcome", "granted", "declined", "moot", "reasons", "decided_by"),
    EventType.REVIEW_RECUSED: ("who",),
    EventType.RESOLUTION_OVERDUE: ("office", "due"),
    EventType.RESOLUTION_COMPLETED: ("on", "office", "done_by", "granted"),
    EventType.REMOVAL_IMMINENT: ("office", "scheduled_for"),
    EventType.NOTIFICATION_RECORDED: ("letter", "role", "reply_class"),
    EventType.CASE_ERASED: ("ordered_by", "reference"),
}
"""The fields of each event that a timeline shows; empty ones are left out."""

_ALWAYS = {
    EventType.REQUEST_REJECTED: Happened.NOT_ACCEPTED,
    EventType.REQUEST_WITHDRAWN: Happened.WITHDRAWAL_ASKED,
    EventType.LINK_REQUESTED: Happened.LINK_ASKED,
    EventType.INFORMATION_REQUESTED: Happened.QUESTION_ASKED,
    EventType.OFFICE_ASKED: Happened.OFFICE_ASKED,
    EventType.OFFICE_ANSWERED: Happened.OFFICE_ANSWERED,
    EventType.REVIEW_REQUESTED: Happened.REVIEW_ASKED,
    EventType.REVIEW_ESCALATED: Happened.AT_HEADQUARTERS,
    EventType.REVIEW_OVERDUE: Happened.REVIEW_OVERDUE,
    EventType.REVIEW_REMANDED: Happened.SENT_BACK,
    EventType.REVIEW_RECUSED: Happened.RECUSED,
    EventType.RESOLUTION_ISSUED: Happened.RESOLVED,
    EventType.RESOLUTION_OVERDUE: Happened.NOT_CARRIED_OUT,
    EventType.RESOLUTION_COMPLETED: Happened.CARRIED_OUT,
    EventType.REMOVAL_IMMINENT: Happened.REMOVAL_IMMINENT,
    EventType.CASE_ERASED: Happened.ERASED,
}

_LETTERS = {
    MailResult.SENT: Happened.LETTER_SENT,
    MailResult.FAILED: Happened.LETTER_FAILED,
    MailResult.UNCERTAIN: Happened.LETTER_UNCERTAIN,
    MailResult.SUPPRESSED: Happened.LETTER_SUPPRESSED,
}


def happened(event: Told) -> Happened:
    """What an event comes to."""
    if isinstance(event, UnknownEvent):
        return Happened.SOMETHING_ELSE
    data = event.data
    match event.type:
        case EventType.REQUEST_SUBMITTED:
            urgent = set(data.incomplete) - NEVER_REQUIRED
            return Happened.ACCEPTED_INCOMPLETE if urgent else Happened.ACCEPTED
        case EventType.REQUEST_AMENDED:
            return Happened.ANSWERED if data.answers else Happened.AMENDED
        case EventType.TRIAGE_ASSIGNED if data.office is None:
            return Happened.TO_BE_ASSIGNED
        case EventType.TRIAGE_ASSIGNED:
            return Happened.ASSIGNED if data.revision == 1 else Happened.ASSIGNED_AGAIN
        case EventType.TRIAGE_COMPLETED:
            return Happened.NO_ANSWER if data.outcome is TriageOutcome.NO_ANSWER else Happened.CONSIDERED
        case EventType.REVIEW_LAPSED:
            return Happened.REVIEW_WAIVED if data.waived else Happened.REVIEW_WINDOW_CLOSED
        case EventType.NOTIFICATION_RECORDED:
            return _LETTERS[data.result]
        case _:
            return _ALWAYS.get(event.type, Happened.SOMETHING_ELSE)


def details(event: Told) -> dict[str, Any]:
    """What a timeline shows of an event besides what happened; JSON values only."""
    if isinstance(event, UnknownEvent):
        return {}
    shown = event.data.model_dump(mode="json", include=set(DETAILS.get(event.type, ())))
    return {name: shown[name] for name in DETAILS.get(event.type, ()) if shown[name] not in (None, [], "")}


def in_order(events: Iterable[Told]) -> list[Told]:
    """A case's events, each once, in one order whatever order they came in.

    A cause stands before its effects, and each topic keeps its sequence; else by time, source, topic and sequence. Time
    alone would not do: a service reacts at the time of what it reacts to, so cause and effect often share theirs.
    """
    by_id = {str(event.id): event for event in sorted(events, key=_place, reverse=True)}
    followers: dict[str, list[str]] = {id_: [] for id_ in by_id}
    open_causes = dict.fromkeys(by_id, 0)
    for cause, effect in _before(by_id):
        followers[cause].append(effect)
        open_causes[effect] += 1
    ready = [(_place(by_id[id_]), id_) for id_, count in open_causes.items() if count == 0]
    heapify(ready)
    told: dict[str, Told] = {}
    while ready:
        _, id_ = heappop(ready)
        told[id_] = by_id[id_]
        for follower in followers[id_]:
            open_causes[follower] -= 1
            if open_causes[follower] == 0:
                heappush(ready, (_place(by_id[follower]), follower))
    # Causes in a circle are nobody's honest doing, but must not make an event disappear.
    return [*told.values(), *sorted((by_id[id_] for id_ in by_id.keys() - told.keys()), key=_place)]


def _place(event: Told) -> tuple[Any, ...]:
    return (event.time, event.source, str(event.type), event.seq, str(event.id))


def _before(by_id: dict[str, Told]) -> Iterable[tuple[str, str]]:
    """Pairs of which the first must be told first."""
    latest: dict[tuple[str, str], str] = {}
    for id_, event in sorted(by_id.items(), key=lambda item: (item[1].seq, item[0])):
        stream = (event.source, str(event.type))
        if stream in latest:
            yield latest[stream], id_
        latest[stream] = id_
        if isinstance(event, Event) and (cause := str(event.causationid)) in by_id and cause != id_:
            yield cause, id_
