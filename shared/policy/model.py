"""Policy as plain values: what the domain may know of it. Standard library, the vocabulary and pure siblings only.

Loaded from effective-dated YAML by `shared.policy.loading`; a value without a published source is marked
"design choice" there.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from typing import Final
from zoneinfo import ZoneInfo

from shared.contracts.vocabulary import ConsentKind, RejectCode, RequestorType, Stage, Urgency
from shared.policy.calendar import Calendar
from shared.policy.conditions import AGE_BAND, AGE_BANDS, DAYS, NAMED, PRESUMED, AllOf, AnyOf, Known, Truth, weigh
from shared.policy.geography import Geography
from shared.policy.places import Unplaced, normalise_county, normalise_state, says_county
from shared.policy.priorities import (
    NOTE,
    Factors,
    Guidance,
    GuidanceInForce,
    LeftToOfficer,
    Notice,
    PresumedIf,
    Remark,
    Rule,
    Timeline,
)
from shared.policy.time_limits import TimeLimit, added_back, end_of, moment_of
from shared.policy.urgency import CLASSES, RANK, imminent_from, urgency_of

__all__ = [
    "AGE_BAND",
    "AGE_BANDS",
    "CLASSES",
    "DAYS",
    "HEADQUARTERS",
    "NAMED",
    "NOTE",
    "PRESUMED",
    "RANK",
    "TO_BE_ASSIGNED",
    "AllOf",
    "AnyOf",
    "Calendar",
    "Factors",
    "Guidance",
    "GuidanceInForce",
    "Known",
    "LeftToOfficer",
    "Notice",
    "Office",
    "OfficeMap",
    "Policies",
    "Policy",
    "PresumedIf",
    "Reason",
    "Remark",
    "RoutineShare",
    "Rule",
    "TimeLimit",
    "Timeline",
    "Truth",
    "Unplaced",
    "imminent_from",
    "urgency_of",
    "useful_until",
    "weigh",
]

HEADQUARTERS: Final = "HQ"
"""The office that is responsible for no place: it sees to cases that no office has yet, and reviews."""

TO_BE_ASSIGNED: Final = "TO_BE_ASSIGNED"
"""The queue of cases whose place is in no office's area, as far as known; a person forwards them."""

HELP_LINE_ZONE: Final = "America/New_York"

_EARLIEST: Final = date(1900, 1, 1)


def useful_until(removal: date | None, margin: timedelta | None, zone: str) -> tuple[datetime, ...]:
    """By when an answer would be of use before a scheduled removal: with a margin, if there is one, then at the latest.

    Nobody tells the hour of a removal, so its day counts from its beginning. Empty when no day is known.
    """
    if removal is None:
        return ()
    day = moment_of(max(removal, _EARLIEST), time(), ZoneInfo(zone))
    return (day - margin, day) if margin else (day,)


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code that staff may give, with the sentence it stands for, by language, and where the rule is from.

    `given_by` names the stages whose staff may give it, `outcomes` what it may explain (REMANDED included).
    `told_as` is the reason by which the outside hears of it, where this one names a category of priorities.
    """

    code: str
    sentence: Mapping[str, str]
    source: str
    given_by: frozenset[Stage] = frozenset()
    outcomes: frozenset[str] = frozenset()
    told_as: str | None = None


@dataclass(frozen=True, slots=True)
class Office:
    """An ERO field office, or headquarters. `zone`: the seat's time zone, by its IANA name.

    `duty_mailbox`: where somebody always looks.
    """

    code: str
    name: str
    seat: str
    zone: str
    duty_mailbox: str | None = None


@dataclass(frozen=True, slots=True)
class OfficeMap:
    """Which office is responsible for which place, from a day on. Keys of `areas` are normalised.

    (state, county) in a state that is divided, (state, "") for a whole state. `towns`: counties of whose name there is
    a larger town in another office's area; their name alone says neither.
    """

    version: str
    offices: Mapping[str, Office]
    areas: Mapping[tuple[str, str], str]
    towns: frozenset[tuple[str, str]] = frozenset()

    def office_for(self, state: str, county: str | None) -> str | None:
        """The code of the office responsible for a place; None when nobody can tell (a visible queue, never a guess).

        A state that belongs to one office needs no county; one that is divided needs a county that the map knows.
        """
        found = self.placed(state, county)
        return None if isinstance(found, Unplaced) else found

    def placed(self, state: str | None, county: str | None) -> str | Unplaced:
        """The same, with what keeps a place from having an office: what to ask for."""
        code = normalise_state(state or "")
        if code is None:
            return Unplaced.NO_STATE
        if whole := self.areas.get((code, "")):
            return whole
        if not any(area == code for area, _ in self.areas):
            return Unplaced.NO_AREA
        if not county:
            return Unplaced.NO_COUNTY
        key = (code, normalise_county(county))
        if key in self.towns and not says_county(county):
            return Unplaced.TOWN_OR_COUNTY
        return self.areas.get(key, Unplaced.UNKNOWN_COUNTY)

    def seat_zone(self, office: str | None) -> str:
        """The IANA name of the zone of an office's seat; headquarters' for none."""
        return (self.offices.get(office or HEADQUARTERS) or self.offices[HEADQUARTERS]).zone

    def mailbox_for(self, office: str | None) -> str | None:
        """The duty mailbox of an office; headquarters' for cases that no office has, and where an office has none."""
        responsible = self.offices.get(office or HEADQUARTERS)
        own = responsible.duty_mailbox if responsible else None
        return own or self.offices[HEADQUARTERS].duty_mailbox


@dataclass(frozen=True, slots=True)
class RoutineShare:
    """Of so many cases that officers take as the next one, one is a routine case older than this."""

    one_in: int
    older_than: timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that is policy and not code, as in force at one moment.

    `guidance`, `process` and the names of `office_map`, `calendar` and `places` are the versions. `timeline` has the
    guidance of all times: what is looked at again later goes by the version in force then. `questions` are by fact.
    `papers`: which let each kind of requestor hear more than the stage, once staff have verified them.
    """

    guidance: str
    process: str
    timeline: Timeline
    questions: Mapping[str, Remark]
    office_map: OfficeMap
    calendar: Calendar
    places: Geography
    reasons: Mapping[str, Reason]
    required: tuple[RejectCode, ...]
    papers: Mapping[RequestorType, frozenset[ConsentKind]]
    imminent_within: timedelta
    answer_within: Mapping[Urgency, TimeLimit]
    silence_after: Mapping[Urgency, TimeLimit]
    aged_after: Mapping[Urgency, timedelta]
    routine_share: RoutineShare
    sro_answer_within: Mapping[Urgency, TimeLimit]
    answer_before_removal: timedelta | None
    question_answer_within: TimeLimit
    office_answers_within: Mapping[Urgency, TimeLimit]
    undo_within: Mapping[Urgency, timedelta]
    carry_out_within: Mapping[Urgency, TimeLimit]
    review_window: TimeLimit
    window_grace: timedelta
    claim_lasts: timedelta
    link_lasts: timedelta
    resubmit_within: TimeLimit
    remands: int

    def may_give(self, code: str, stage: Stage, outcome: str) -> bool:
        """Whether staff of `stage` may explain `outcome` by the reason `code`."""
        reason = self.reasons.get(code)
        return reason is not None and stage in reason.given_by and outcome in reason.outcomes

    def told(self, codes: Iterable[str]) -> tuple[Reason, ...]:
        """The reasons by which the outside hears of these; what this policy does not know is left out."""
        known = (self.reasons[code] for code in codes if code in self.reasons)
        outside = (self.reasons[reason.told_as] if reason.told_as else reason for reason in known)
        return tuple({reason.code: reason for reason in outside}.values())

    def remarks(self, guidance: str, codes: Iterable[str]) -> dict[str, Remark]:
        """What codes of a presumption under a version say; a code whose file is not installed is left out."""
        version = self.timeline.named(guidance)
        known = {each.code: each for each in (*(version.remarks if version else ()), *self.questions.values())}
        return {code: known[code] for code in codes if code in known}

    def requestors_zone(self, state: str | None, county: str | None) -> str:
        """The zone in which a requestor's windows end and the page speaks: where the person lives, or the help line's.

        It tells nothing of an office or a facility.
        """
        return self.places.zone_of(state, county) or HELP_LINE_ZONE

    def kept_until(self, received_at: datetime) -> datetime:
        """Until when a request that mends one that was rejected keeps its day.

        Of a rejected one no place is kept, so the day ends where it ends last: it is over early for nobody.
        """
        return max(self.end_of(self.resubmit_within, received_at, zone) for zone in {*self.places.zones.values()})

    def end_of(self, limit: TimeLimit, start: datetime, zone: str) -> datetime:
        """When a time limit that begins at `start` is over, by the calendar and the clocks of a zone."""
        return end_of(limit, start, calendar=self.calendar, zone=ZoneInfo(zone))

    def added_back(self, limit: TimeLimit, end: datetime, *, since: datetime, until: datetime, zone: str) -> datetime:
        """When it is over after its clock stood still from `since` until `until`."""
        return added_back(limit, end, since=since, until=until, calendar=self.calendar, zone=ZoneInfo(zone))

    def useful_until(self, removal: date | None, zone: str) -> tuple[datetime, ...]:
        """By when an answer is of use before a scheduled removal: with this policy's margin, and at the latest."""
        return useful_until(removal, self.answer_before_removal, zone)


@dataclass(frozen=True, slots=True)
class Policies:
    """All versions. `at(moment)` gives the policy in force at that moment."""

    versions: tuple[tuple[datetime, Policy], ...]

    def at(self, moment: datetime) -> Policy:
        """The policy in force at `moment`; the first one for moments before it."""
        place = bisect_right(self.versions, moment, key=itemgetter(0))
        return self.versions[max(place - 1, 0)][1]
