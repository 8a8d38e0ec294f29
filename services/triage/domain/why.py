"""Why a case stands where it stands in its office's queue. Pure; what an officer reads beside the case."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.triage.domain.case import Moved, Mover
from services.triage.domain.placing import unplaced
from services.triage.domain.states import UnderConsideration
from shared.contracts.vocabulary import NEVER_REQUIRED, Urgency
from shared.policy.model import CLASSES, Policy, RoutineShare
from shared.policy.standing import Why, local, words


class Because(StrEnum):
    """What places a case, or tells it apart from its neighbours."""

    URGENCY = "urgency"
    URGENCY_CHANGED = "urgency_changed"
    DUE = "due"
    DUE_BEFORE_REMOVAL = "due_before_removal"
    OVERDUE = "overdue"
    AGED = "aged"
    OLD_ROUTINE = "old_routine"
    WAITS_SINCE = "waits_since"
    KEEPS_ITS_DAY = "keeps_its_day"
    AFTER_REMAND = "after_remand"
    FORWARDED = "forwarded"
    REQUESTOR_ASKED = "requestor_asked"
    INCOMPLETE = "incomplete"
    TO_BE_ASSIGNED = "to_be_assigned"
    NOT_UNDERSTOOD = "not_understood"


MOVERS: Final = {
    Mover.CUSTODY: "newer facts of custody moved it",
    Mover.REMOVAL: "newer facts of the removal moved it",
    Mover.BOTH: "newer facts of custody and the removal moved it",
    Mover.CALENDAR: "the day of the scheduled removal came near",
}


def why(item: UnderConsideration, now: datetime, policy: Policy) -> tuple[Why, ...]:
    """The reasons, those that place the case first; why no office has it before all others."""
    return (*_no_office(item, policy), *_class(item), *_turn(item, now, policy.routine_share), *_besides(item, now))


def _no_office(item: UnderConsideration, policy: Policy) -> Iterator[Why]:
    missing = unplaced(item.case.situation, policy.office_map) if item.case.office is None else None
    if missing is not None:
        yield Why(Because.TO_BE_ASSIGNED, f"It is to be assigned. {missing}")


def _class(item: UnderConsideration) -> Iterator[Why]:
    yield Why(Because.URGENCY, CLASSES[item.urgency])
    if (moved := item.case.moved) is not None and moved.before is not item.urgency:
        yield Why(Because.URGENCY_CHANGED, _moved(moved, item.clock.zone))


def _moved(moved: Moved, zone: str) -> str:
    return f"It was {words(moved.before)}; {MOVERS[moved.by]}, {local(moved.at, zone)}."


def _turn(item: UnderConsideration, now: datetime, share: RoutineShare) -> Iterator[Why]:
    zone, due = item.clock.zone, local(item.answer_due, item.clock.zone)
    if now >= item.answer_due:
        yield Why(Because.OVERDUE, f"It was due {due}.")
    elif item.answer_due < item.clock.answer_due[item.urgency.value]:
        yield Why(Because.DUE_BEFORE_REMOVAL, f"It is due {due}, before the scheduled removal.")
    else:
        yield Why(Because.DUE, f"It is due {due}.")
    if item.aged_at is not None and item.turn < item.answer_due:
        yield Why(Because.AGED, f"It stands as if it were due {local(item.turn, zone)}: it is old in its class then.")
    yield Why(Because.WAITS_SINCE, f"It waits since {local(item.since, zone)}.")
    if item.urgency is Urgency.ROUTINE and now >= item.since + share.older_than:
        yield Why(
            Because.OLD_ROUTINE,
            f"It is older than {share.older_than.days} days: of {share.one_in} cases taken next, one is such a case.",
        )


def _besides(item: UnderConsideration, now: datetime) -> Iterator[Why]:
    case, zone = item.case, item.clock.zone
    if item.round == 1 and case.submission.resubmitted_at is not None:
        came = local(case.submission.resubmitted_at, zone)
        yield Why(Because.KEEPS_ITS_DAY, f"It mends a request that was sent back, and keeps its day; it came {came}.")
    if item.round > 1:
        yield Why(Because.AFTER_REMAND, "Headquarters has sent it back: the clock runs from then.")
    if case.chosen:
        yield Why(Because.FORWARDED, f"A person gave it to this office, {local(case.office_since, zone)}.")
    if item.question is not None and item.question.is_open(now):
        until = local(item.question.answer_by, zone)
        yield Why(Because.REQUESTOR_ASKED, f"The requestor is asked, at most until {until}: the clock stands still.")
    if set(case.submission.incomplete) - NEVER_REQUIRED:
        yield Why(Because.INCOMPLETE, "It came incomplete, and too urgent to be sent back: ask for what is missing.")
    if case.submission.not_understood:
        yield Why(Because.NOT_UNDERSTOOD, "It came with something that is no field of a request: ask what was meant.")
