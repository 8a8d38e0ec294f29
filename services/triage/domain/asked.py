"""What headquarters asks the field office while it has the case. Pure; the same in whatever order it was heard."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of headquarters in `round` of its review, to the office that considered the case; its text is sealed.

    Open only while that round lasts, and that office's also where newer facts place the person elsewhere.
    """

    id: UUID
    office: str
    about: tuple[str, ...]
    asked_at: datetime
    answer_by: datetime
    round: int
    answered_at: datetime | None = None


def with_question(asked: tuple[Asked, ...], question: Asked) -> tuple[Asked, ...]:
    """The questions with one more, in order of time; one that is known stays as it is."""
    if find(asked, question.id) is not None:
        return asked
    return tuple(sorted((*asked, question), key=lambda each: (each.asked_at, each.id)))


def with_answer(asked: tuple[Asked, ...], question: UUID, now: datetime) -> tuple[Asked, ...]:
    """The questions, one of them answered."""
    return tuple(replace(each, answered_at=now) if each.id == question else each for each in asked)


def find(asked: tuple[Asked, ...], question: UUID) -> Asked | None:
    """A question by its id."""
    return next((each for each in asked if each.id == question), None)


def still_open(asked: tuple[Asked, ...], round_: int) -> tuple[Asked, ...]:
    """Those of a round that are not answered."""
    return tuple(each for each in asked if each.round == round_ and each.answered_at is None)
