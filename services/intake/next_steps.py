"""What happens next and by when, as a page, a calendar file and the JSON all say it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from services.intake.domain.case import GivesUp
from services.intake.status import Status, Where


@unique
class Date(StrEnum):
    """The kinds of dates that a case has. A calendar knows an entry again by these words."""

    SEND_AGAIN_BY = "send_again_by"
    ANSWER_BY = "answer_by"
    ASK_REVIEW_BY = "ask_review_by"
    OFFICE_ANSWERS_BY = "office_answers_by"
    MAY_ASK_FROM = "may_ask_from"
    HEADQUARTERS_ANSWERS_BY = "headquarters_answers_by"


@unique
class Step(StrEnum):
    """What comes next where no date says it."""

    OFFICE_IS_FOUND = "office_is_found"
    ONE_IS_ENOUGH = "one_is_enough"
    ANOTHER_REQUEST = "another_request"
    MAY_ASK_NOW = "may_ask_now"
    WITHDRAWAL_WAITS = "withdrawal_waits"
    REVIEW_WAIVER_WAITS = "review_waiver_waits"
    HAND_OVER_WAITS = "hand_over_waits"
    ANOTHERS_WISH = "anothers_wish"
    REVIEW_WAITS = "review_waits"
    WINDOW_KEPT_OPEN = "window_kept_open"
    NOT_AGREED = "not_agreed"
    REFUSED = "refused"
    WAIT = "wait"
    WAIT_FOR_THE_STAGE = "wait_for_the_stage"
    SEND_AGAIN = "send_again"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Dated:
    """One date of a case."""

    kind: Date
    at: datetime


_WAITS = {
    GivesUp.REQUEST: Step.WITHDRAWAL_WAITS,
    GivesUp.REVIEW: Step.REVIEW_WAIVER_WAITS,
    GivesUp.CASE: Step.HAND_OVER_WAITS,
}
_WAITING = frozenset(
    {
        Where.REVIEW_ASKED,
        Where.WITH_HEADQUARTERS,
        Where.BACK_AT_FIELD_OFFICE,
        Where.ANSWER_COMING,
        Where.WITHDRAWAL_ASKED,
    }
)


def dates_of(status: Status) -> tuple[Dated, ...]:
    """The dates that still matter, the earliest first."""
    known = (
        (Date.SEND_AGAIN_BY, status.send_again_by),
        (Date.ANSWER_BY, status.question.answer_by if status.question else None),
        (Date.ASK_REVIEW_BY, status.window_closes),
        (Date.OFFICE_ANSWERS_BY, status.answer_due),
        (Date.MAY_ASK_FROM, None if status.grounds else status.may_ask_from),
        (Date.HEADQUARTERS_ANSWERS_BY, status.review_due),
    )
    return tuple(sorted((Dated(kind, at) for kind, at in known if at), key=lambda each: each.at))


def steps_of(status: Status) -> tuple[Dated | Step, ...]:
    """What comes next, in the order of reading: what has no date first."""
    return (*_undated(status), *dates_of(status))


def _undated(status: Status) -> Iterator[Step]:
    if status.where is Where.RECEIVED:
        yield Step.OFFICE_IS_FOUND
        yield Step.ONE_IS_ENOUGH
    if status.another_request:
        yield Step.ANOTHER_REQUEST
    if status.refused:
        yield Step.REFUSED
    if status.waits is not None:
        yield Step.ANOTHERS_WISH if status.anothers_wish else _WAITS[status.waits]
    if status.review_waits:
        yield Step.REVIEW_WAITS
    if status.window_kept_open:
        yield Step.WINDOW_KEPT_OPEN
    if status.not_agreed:
        yield Step.NOT_AGREED
    if status.grounds and status.window_closes is None and status.where is not Where.MAY_ASK_REVIEW:
        yield Step.MAY_ASK_NOW
    if status.where in _WAITING and not (status.review_due or status.question):
        yield Step.WAIT if status.told_all else Step.WAIT_FOR_THE_STAGE
    if status.where is Where.RESOLVED:
        yield Step.NONE
    if status.where is Where.NOT_ACCEPTED:
        yield Step.SEND_AGAIN
