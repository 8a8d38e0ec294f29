"""The shapes of policy files: what may stand in them. Unknown fields are refused, so that a slip is not a silent no."""

from datetime import date
from typing import Annotated, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from shared.contracts.vocabulary import RejectCode, ResolutionOutcome, Stage, Urgency
from shared.policy.time_limits import TimeLimit
from shared.policy.time_texts import Duration, HolidayRule, Limit, WallClock, Weekday, Zone

T = TypeVar("T")
Text = Annotated[str, Field(min_length=1)]
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]

REMANDED = "REMANDED"
OUTCOMES = frozenset({outcome.value for outcome in ResolutionOutcome} - {ResolutionOutcome.WITHDRAWN} | {REMANDED})
"""What staff may decide, at whichever stage; each needs a reason."""


def _outcome(written: object) -> str:
    if written not in OUTCOMES:
        raise ValueError(f"an outcome is one of {', '.join(sorted(OUTCOMES))}")
    return str(written)


Outcome = Annotated[str, BeforeValidator(_outcome)]


class Shape(BaseModel):
    """Any part of a policy file."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Sourced(Shape, Generic[T]):
    """A value with where it is from; "design choice" where no published source is known."""

    source: Text
    value: T = Field(alias="is")


class Interval(Shape):
    """From when until when a version is in force; without an end, until another one begins."""

    since: AwareDatetime = Field(alias="from")
    until: AwareDatetime | None = None


class Dated(Shape):
    """A version of something, in force in one or several intervals."""

    version: Text
    source: Text
    in_force: tuple[Interval, ...] = Field(min_length=1)


class PerUrgency(Shape):
    """One time limit for each urgency; none may be left out."""

    REMOVAL_IMMINENT: Limit
    DETAINED: Limit
    ROUTINE: Limit

    def by_urgency(self) -> dict[Urgency, TimeLimit]:
        """The same, by urgency."""
        return {
            Urgency.REMOVAL_IMMINENT: self.REMOVAL_IMMINENT,
            Urgency.DETAINED: self.DETAINED,
            Urgency.ROUTINE: self.ROUTINE,
        }


class WrittenReason(Shape):
    """A reason code with its sentence in each language."""

    code: Code
    en: Text
    es: Text
    source: Text
    given_by: frozenset[Stage] = Field(min_length=1)
    explains: frozenset[Outcome] = Field(min_length=1)


class GuidanceFile(Dated):
    """`guidance/*.yaml`."""

    required: Sourced[tuple[RejectCode, ...]]
    imminent_within: Sourced[Duration]
    answer_within: Sourced[PerUrgency]
    silence_after: Sourced[PerUrgency]
    sro_answer_within: Sourced[PerUrgency]
    answer_before_removal: Sourced[Duration] | None = None
    question_answer_within: Sourced[Limit]
    office_answers_within: Sourced[PerUrgency]
    review_window: Sourced[Limit]
    window_grace: Sourced[Duration]
    claim_lasts: Sourced[Duration]
    link_lasts: Sourced[Duration]
    remands: Sourced[Annotated[int, Field(ge=0, le=9)]]
    reasons: tuple[WrittenReason, ...] = Field(min_length=1)


class WrittenOffice(Shape):
    """An office with the states that are whole its own, and the counties of those that are divided.

    `zone` is the seat's; `zones` name others, for states of its area whose people and staff go by another clock.
    """

    code: Code
    name: Text
    seat: Text
    zone: Zone
    zones: dict[str, Zone] = {}
    duty_mailbox: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    states: tuple[Text, ...] = ()
    counties: dict[str, tuple[Text, ...]] = {}
    also_called: dict[str, dict[str, Text]] = {}


class OfficesFile(Dated):
    """`offices/*.yaml`."""

    offices: tuple[WrittenOffice, ...] = Field(min_length=1)


class WrittenHoliday(Shape):
    """A public holiday, and since when it has been one."""

    name: Text
    day: HolidayRule
    since: date | None = None


class ClosedDay(Shape):
    """A single day on which offices are closed."""

    day: date
    source: Text


class CalendarFile(Dated):
    """`calendars/*.yaml`."""

    open_on: Sourced[Annotated[frozenset[Weekday], Field(min_length=1)]]
    opens: Sourced[WallClock]
    closes: Sourced[WallClock]
    holidays: tuple[WrittenHoliday, ...] = ()
    also_closed: tuple[ClosedDay, ...] = ()
