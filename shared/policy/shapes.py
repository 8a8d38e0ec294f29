"""The shapes of policy files: what may stand in them. Unknown fields are refused, so that a slip is not a silent no."""

from datetime import date, timedelta
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from shared.contracts.vocabulary import (
    ApproverRole,
    ConsentKind,
    PriorityCategory,
    RejectCode,
    RequestorType,
    ResolutionOutcome,
    Stage,
    Urgency,
)
from shared.policy.time_limits import TimeLimit
from shared.policy.time_texts import Duration, HolidayRule, Limit, WallClock, Weekday, Zone
from shared.policy.zip_texts import Zips

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


class DurationPerUrgency(Shape):
    """One duration for each urgency; none may be left out."""

    REMOVAL_IMMINENT: Duration
    DETAINED: Duration
    ROUTINE: Duration

    def by_urgency(self) -> dict[Urgency, timedelta]:
        """The same, by urgency."""
        return {urgency: getattr(self, urgency.value) for urgency in Urgency}


class WrittenShare(Shape):
    """Every second case at most, so that the others are not passed over instead."""

    one_in: int = Field(ge=2, le=1000)
    older_than: Duration


MINUTES_A_DAY = 1440
Minutes = Annotated[int, Field(ge=0, le=MINUTES_A_DAY)]


class MinutesPerUrgency(Shape):
    """Minutes for each urgency, at most a day; none may be left out."""

    REMOVAL_IMMINENT: Minutes
    DETAINED: Minutes
    ROUTINE: Minutes

    def by_urgency(self) -> dict[Urgency, timedelta]:
        """The same, by urgency."""
        return {urgency: timedelta(minutes=getattr(self, urgency.value)) for urgency in Urgency}


class WrittenReason(Shape):
    """A reason code with its sentence in each language. `told_as`: the code by which the outside hears of it."""

    code: Code
    en: Text
    es: Text
    source: Text
    given_by: frozenset[Stage] = Field(min_length=1)
    explains: frozenset[Outcome] = Field(min_length=1)
    told_as: Code | None = None


class WrittenQuestion(Shape):
    """What to ask where a fact is not known, and its answer would settle something."""

    fact: Text
    code: Code
    en: Text
    source: Text


Papers = Annotated[frozenset[ConsentKind], Field(min_length=1)]


class PerRequestor(Shape):
    """The papers that count, for each kind of requestor."""

    NONCITIZEN: Papers
    ATTORNEY: Papers
    ACCREDITED_REP: Papers
    FAMILY: Papers
    NGO_OTHER: Papers

    def by_requestor(self) -> dict[RequestorType, frozenset[ConsentKind]]:
        """The same, by kind of requestor."""
        return {kind: getattr(self, kind.value) for kind in RequestorType}


class ConsentRules(Shape):
    """Which paper counts for whom, and what becomes of a request without one."""

    papers: PerRequestor
    missing: Literal["accept", "reject"]


class ProcessFile(Dated):
    """`process/*.yaml`."""

    required: Sourced[tuple[RejectCode, ...]]
    consent: Sourced[ConsentRules]
    imminent_within: Sourced[Duration]
    answer_within: Sourced[PerUrgency]
    silence_after: Sourced[PerUrgency]
    aged_after: Sourced[DurationPerUrgency]
    routine_share: Sourced[WrittenShare]
    sro_answer_within: Sourced[PerUrgency]
    answer_before_removal: Sourced[Duration] | None = None
    question_answer_within: Sourced[Limit]
    office_answers_within: Sourced[PerUrgency]
    undo_minutes: Sourced[MinutesPerUrgency]
    carry_out_within: Sourced[PerUrgency]
    review_window: Sourced[Limit]
    window_grace: Sourced[Duration]
    claim_lasts: Sourced[Duration]
    link_lasts: Sourced[Duration]
    resubmit_within: Sourced[Limit]
    remands: Sourced[Annotated[int, Field(ge=0, le=9)]]
    questions: tuple[WrittenQuestion, ...]
    reasons: tuple[WrittenReason, ...] = Field(min_length=1)


class WrittenRemark(Shape):
    """A code with its sentence, for staff."""

    code: Code
    en: Text
    source: Text


class WrittenGround(WrittenRemark):
    """A reason for a presumption; `when` is read by `shared.policy.reading_conditions`."""

    when: Any


class WrittenNotice(WrittenRemark):
    """Something to know where its condition holds; without one, always."""

    when: Any = None
    asks: bool = True


class WrittenCategory(Shape):
    """A category: presumed when all that is `provided` holds and one of the grounds, or left to the officer."""

    category: PriorityCategory
    source: Text
    provided: tuple[WrittenGround, ...] = ()
    grounds: tuple[WrittenGround, ...] = ()
    left_to_the_officer: WrittenRemark | None = None


class WrittenFactors(Shape):
    """What the guidance names to be weighed."""

    aggravating: tuple[WrittenRemark, ...] = ()
    mitigating: tuple[WrittenRemark, ...] = ()
    also_weigh: tuple[WrittenRemark, ...] = ()


class SourcedInterval(Interval):
    """An interval with the reason why it begins and ends when it does."""

    source: Text


class WrittenPreApproval(Shape):
    """Who approves in advance what is decided against somebody in no presumed category."""

    by: tuple[ApproverRole, ...] = Field(min_length=1)
    source: Text


class GuidanceFile(Dated):
    """`guidance/*.yaml`."""

    name: Text
    in_force: tuple[SourcedInterval, ...] = Field(min_length=1)
    categories: tuple[WrittenCategory, ...] = ()
    notices: tuple[WrittenNotice, ...] = ()
    factors: WrittenFactors = WrittenFactors()
    reminder: WrittenRemark | None = None
    pre_approval: WrittenPreApproval | None = None
    reasons: tuple[WrittenReason, ...] = ()


class WrittenOffice(Shape):
    """An office with the states that are whole its own, and the counties of those that are divided. `zone`: the seat's.

    `also_towns`: its counties of whose name there is a larger town in another office's area.
    """

    code: Code
    name: Text
    seat: Text
    zone: Zone
    duty_mailbox: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    states: tuple[Text, ...] = ()
    counties: dict[str, tuple[Text, ...]] = {}
    also_called: dict[str, dict[str, Text]] = {}
    also_towns: dict[str, tuple[Text, ...]] = {}


class OfficesFile(Dated):
    """`offices/*.yaml`."""

    offices: tuple[WrittenOffice, ...] = Field(min_length=1)


class WrittenZips(Shape):
    """Where ZIP codes are: states by three digits, or by a whole code; counties and towns by whole ones."""

    states: dict[str, Zips]
    counties: dict[str, dict[str, Zips]]
    towns: dict[str, dict[str, Zips]] = {}
    on_a_border: Zips = ()


class PlacesFile(Dated):
    """`places/*.yaml`. `zones`: of each state; `zones_of_counties`: by state and zone, where another one holds."""

    zones: dict[str, Zone]
    zones_of_counties: dict[str, dict[Zone, tuple[Text, ...]]] = {}
    zips: WrittenZips


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
