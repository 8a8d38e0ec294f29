"""A request as the field office knows it, and where it stands.

Events of different topics arrive in any order. So `Case` is a function of *which* facts were heard, not of when, and
each state holds only what does not depend on their order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum, unique
from typing import Any

from services.triage.domain.asked import Asked
from services.triage.domain.classification import Presumption
from services.triage.domain.clock import Clock, Question
from services.triage.domain.situation import Situation, imminent_from, responsible_place, urgency
from shared.contracts.vocabulary import (
    DecisionUnderReview,
    RejectCode,
    ReliefSought,
    RequestorType,
    ResolutionOutcome,
    Stage,
    Urgency,
)
from shared.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Submission:
    """What was asked for, by whom. It never changes.

    `resubmitted_at`: when it came, where it keeps the day of the rejected request that it mends.
    """

    number: str
    received_at: datetime
    requestor_type: RequestorType
    decision_under_review: tuple[DecisionUnderReview, ...]
    relief_sought: tuple[ReliefSought, ...]
    incomplete: tuple[RejectCode, ...] = ()
    represented: bool = False
    age_band: str = ""
    possible_double_of: str | None = None
    resubmitted_at: datetime | None = None


@unique
class Mover(StrEnum):
    """What changed how urgent a case is."""

    CUSTODY = "custody"
    REMOVAL = "removal"
    BOTH = "custody_and_removal"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Moved:
    """The newest change of urgency: from what, when, and by what."""

    before: Urgency
    at: datetime
    by: Mover


@dataclass(frozen=True, slots=True)
class Case:
    """A request with its newest facts and what follows from them.

    `as_of` is the latest moment at which the facts were looked at. `area` is the office in whose area they place the
    person. `chosen`: a person chose `office`, when the area was `area_when_chosen`, and facts no longer move the case.
    `zone` is the one in which its clocks start: of its first place, or of the office that a person chose.
    `useful_until`: the moments before a scheduled removal by which an answer should be there, the better one first.
    `moves` counts what officers and the calendar changed (forwarded, asked, now imminent, overdue). `asked`: what
    headquarters asks the office. `moved`: the newest change of urgency.
    """

    submission: Submission
    situation: Situation
    amendment: int
    as_of: datetime
    imminent_since: datetime | None
    office: str | None
    office_since: datetime
    office_map: str
    process: str
    zone: str
    area: str | None
    useful_until: tuple[datetime, ...] = ()
    chosen: bool = False
    area_when_chosen: str | None = None
    moves: int = 0
    erased: bool = False
    asked: tuple[Asked, ...] = ()
    moved: Moved | None = None

    @property
    def belongs_to(self) -> str | None:
        """The office that the newest facts speak for: the area's, unless a person chose another one for that area."""
        return self.office if self.chosen and self.area == self.area_when_chosen else self.area

    @property
    def requestor_type(self) -> RequestorType:
        """What kind of requestor asks now: after a hand-over not who submitted."""
        return self.situation.requestor_type or self.submission.requestor_type

    @property
    def represented(self) -> bool:
        """Whether a representative asks now."""
        now = self.situation.represented
        return self.submission.represented if now is None else now

    def before_removal(self, end: datetime, since: datetime) -> datetime:
        """The end of a clock that began at `since`: sooner where only something sooner is of use before a removal."""
        still_useful = (moment for moment in self.useful_until if moment > since)
        return min(end, next(still_useful, end))

    def urgency_at(self, moment: datetime) -> Urgency:
        """How urgent the request is at `moment`, or when it was last looked at if that was later."""
        return urgency(self.situation, imminent_since=self.imminent_since, as_of=max(self.as_of, moment))


@dataclass(frozen=True, slots=True)
class Unheard:
    """All that is known so far is that the case's key is destroyed. (A rejected request can be erased, too.)"""

    erased: bool = True


@dataclass(frozen=True, slots=True)
class UnderConsideration:
    """In an office's queue, or waiting to be assigned. Round 2 is the one after a remand.

    `presumption`: what the guidance in force presumed of the facts when the case was last looked at.
    `late` is the due date that passed without an answer, as far as that was told. `sent_back_for`: a remand's reasons.
    """

    case: Case
    round: int
    opened_at: datetime
    clock: Clock
    presumption: Presumption
    question: Question | None = None
    late: datetime | None = None
    sent_back_for: tuple[str, ...] = ()

    @property
    def revision(self) -> int:
        """Of its newest assignment. Counts what could have changed it, so that the order of hearing does not matter."""
        return self.case.amendment + self.case.moves + self.round

    @property
    def urgency(self) -> Urgency:
        """How urgent the request was when last looked at; opening a round is a look, too."""
        return self.case.urgency_at(self.opened_at)

    @property
    def assigned_at(self) -> datetime:
        """Since when the office has had the case in this round."""
        return max(self.opened_at, self.case.office_since)

    @property
    def answer_due(self) -> datetime:
        """By when the office should have answered: by its clock, and before a removal while that can still be."""
        return self.case.before_removal(self.clock.answer_due[self.urgency.value], self.opened_at)

    @property
    def silence_ends_at(self) -> datetime:
        """After this the requestor may ask headquarters."""
        return self.case.before_removal(self.clock.silence_ends[self.urgency.value], self.opened_at)

    @property
    def since(self) -> datetime:
        """Since when the request waits for this round's answer: since its receipt, or since it came back."""
        return self.clock.since or self.opened_at

    @property
    def aged_at(self) -> datetime | None:
        """When it has become old in its class, whatever its due date."""
        return self.clock.aged.get(self.urgency.value)

    @property
    def turn(self) -> datetime:
        """Its place inside its class: its due date, and no later than the day on which it is old.

        What has waited for less can only stand before it if it came in before that day.
        """
        return min(self.answer_due, self.aged_at or self.answer_due)

    @property
    def waits_until(self) -> datetime | None:
        """Until when the requestor's answer is waited for; None where that is not so. A removal waits for no answer."""
        if self.question is None or self.urgency is Urgency.REMOVAL_IMMINENT:
            return None
        return self.question.answer_by

    @property
    def overdue(self) -> bool:
        """Whether its due date has passed, and that was told. A due date that has moved since counts anew."""
        return self.late is not None and self.answer_due <= self.late


@dataclass(frozen=True, slots=True)
class Considered:
    """The office has decided this round; the requestor or headquarters moves next. `presumption`: at the decision."""

    case: Case
    round: int
    presumption: Presumption


@dataclass(frozen=True, slots=True)
class WithHeadquarters:
    """Escalated in this round, with or without the office's decision."""

    case: Case
    round: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The requestor withdrew; only the arbiter's resolution is still to come. The office can decide nothing any more.

    `completed` and `escalated` are the last rounds in which that happened, 0 for never.
    """

    case: Case
    round: int
    completed: int
    escalated: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """The arbiter has spoken, and the office has nothing to do: this outranks everything, before and after."""

    case: Case
    stage: Stage
    outcome: ResolutionOutcome


@dataclass(frozen=True, slots=True)
class ToCarryOut:
    """Resolved in the person's favour; nobody has said yet that the office has done its part.

    `ends`: by when it should have, for each urgency (by name), so that later facts give the same moment in whatever
    order they come. `late` is the due date that passed, as far as that was told.
    """

    case: Case
    stage: Stage
    outcome: ResolutionOutcome
    granted: tuple[ReliefSought, ...]
    since: datetime
    ends: dict[str, datetime]
    late: datetime | None = None

    @property
    def urgency(self) -> Urgency:
        """How urgent it is to carry it out, by the newest facts; the resolution was a look at them, too."""
        return self.case.urgency_at(self.since)

    @property
    def due(self) -> datetime:
        """By when it should have been carried out: before a removal while that can still be."""
        return self.case.before_removal(self.ends[self.urgency.value], self.since)

    @property
    def overdue(self) -> bool:
        """Whether that has passed, and was told. A due date that has moved since counts anew."""
        return self.late is not None and self.due <= self.late


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """The office has said that it did its part on the day `on`. Nothing is left to do."""

    case: Case
    stage: Stage
    outcome: ResolutionOutcome
    granted: tuple[ReliefSought, ...]
    on: date
    at: datetime


Ended = Resolved | ToCarryOut | CarriedOut
Heard = UnderConsideration | Considered | WithHeadquarters | Withdrawn | Ended
State = Unheard | Heard


def assess(submission: Submission, situation: Situation, policy: Policy, *, at: datetime, erased: bool) -> Case:
    """A new request, assessed at `at`."""
    place = responsible_place(situation)
    area = _area(situation, policy)
    zone = policy.office_map.zone_for(area, place.state if place else None)
    return Case(
        submission=submission,
        situation=situation,
        amendment=0,
        as_of=at,
        imminent_since=imminent_from(situation.removal, policy.imminent_within),
        office=area,
        office_since=at,
        office_map=policy.office_map.version,
        process=policy.process,
        zone=zone,
        area=area,
        useful_until=policy.useful_until(situation.removal.scheduled_for, zone),
        erased=erased,
    )


def amend(case: Case, amendment: int, changed: Mapping[str, Any], policy: Policy, *, at: datetime) -> Case:
    """The case with newer facts (`changed`: fields of `Situation`). An office that a person chose stays."""
    situation = replace(case.situation, **changed)
    area = _area(situation, policy)
    office = case.office if case.chosen else area
    amended = replace(
        case,
        situation=situation,
        amendment=amendment,
        as_of=max(case.as_of, at),
        imminent_since=imminent_from(situation.removal, policy.imminent_within),
        office=office,
        office_since=at if office != case.office else case.office_since,
        office_map=policy.office_map.version,
        process=policy.process,
        area=area,
        useful_until=policy.useful_until(situation.removal.scheduled_for, case.zone),
    )
    return with_move(amended, case.urgency_at(case.as_of), by=_mover(case.situation, situation), at=at)


def with_move(case: Case, before: Urgency, *, by: Mover, at: datetime) -> Case:
    """The case, with its newest change of urgency if `before` is not what it is now."""
    return case if case.urgency_at(at) is before else replace(case, moved=Moved(before, at, by))


def _mover(before: Situation, after: Situation) -> Mover:
    custody, removal = before.custody != after.custody, before.removal != after.removal
    if custody and removal:
        return Mover.BOTH
    if custody:
        return Mover.CUSTODY
    return Mover.REMOVAL if removal else Mover.CALENDAR


def _area(situation: Situation, policy: Policy) -> str | None:
    place = responsible_place(situation)
    return policy.office_map.office_for(place.state, place.county) if place else None
