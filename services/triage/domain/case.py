"""A request as the field office knows it: what was asked for, the newest facts, and what follows from them.

Events of different topics arrive in any order. So `Case` is a function of *which* facts were heard, not of when.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, unique
from typing import Any

from services.triage.domain.asked import Asked
from services.triage.domain.granted import Grant
from services.triage.domain.situation import Situation, imminent_from, may_be_asked, responsible_place, urgency
from shared.contracts.vocabulary import (
    DecisionUnderReview,
    RejectCode,
    ReliefSought,
    RequestorType,
    Urgency,
)
from shared.policy.answers import still_to_answer
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
    not_understood: tuple[str, ...] = ()
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
    `zone` is the one in which its clocks start: of its first place, whichever office has it. Where no place was known
    it is headquarters', or that of the office that a person chose (`zone_of_place` is False).
    `useful_until`: the moments before a scheduled removal by which an answer should be there, the better one first.
    `moves` counts what officers and the calendar changed (forwarded, asked, now imminent, overdue). `asked`: what
    headquarters asks the office. `moved`: the newest change of urgency. `grants`: what is, or was, to be carried out;
    `grants_late` the due date of it that passed, as far as that was told.
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
    zone_of_place: bool = True
    chosen: bool = False
    area_when_chosen: str | None = None
    moves: int = 0
    erased: bool = False
    asked: tuple[Asked, ...] = ()
    moved: Moved | None = None
    grants: tuple[Grant, ...] = ()
    grants_late: datetime | None = None

    @property
    def granted(self) -> tuple[ReliefSought, ...]:
        """All that was granted so far. It stands."""
        return tuple(relief for grant in self.grants for relief in grant.reliefs)

    @property
    def to_answer(self) -> tuple[ReliefSought, ...]:
        """The relief of which the next decision has to say whether it is granted, declined or moot."""
        return still_to_answer(self.submission.relief_sought, self.granted)

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

    @property
    def may_be_asked(self) -> bool:
        """Whether a question would reach anybody outside."""
        return may_be_asked(self.situation, self.requestor_type)

    def before_removal(self, end: datetime, since: datetime) -> datetime:
        """The end of a clock that began at `since`: sooner where only something sooner is of use before a removal."""
        still_useful = (moment for moment in self.useful_until if moment > since)
        return min(end, next(still_useful, end))

    def urgency_at(self, moment: datetime) -> Urgency:
        """How urgent the request is at `moment`, or when it was last looked at if that was later."""
        return urgency(self.situation, imminent_since=self.imminent_since, as_of=max(self.as_of, moment))


def assess(submission: Submission, situation: Situation, policy: Policy, *, at: datetime, erased: bool) -> Case:
    """A new request, assessed at `at`."""
    area = _area(situation, policy)
    zone = _zone(situation, policy)
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
        zone=zone or policy.office_map.seat_zone(None),
        zone_of_place=zone is not None,
        area=area,
        useful_until=policy.useful_until(situation.removal.scheduled_for, zone or policy.office_map.seat_zone(None)),
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
        useful_until=policy.useful_until(situation.removal.scheduled_for, _zone(situation, policy) or case.zone),
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


def _zone(situation: Situation, policy: Policy) -> str | None:
    place = responsible_place(situation)
    return policy.places.zone_of(place.state, place.county) if place else None
