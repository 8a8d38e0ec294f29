"""What headquarters knows of a case. It follows only what it needs, and may hear of things in any order."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum, unique
from typing import Any
from uuid import UUID

from shared.contracts.vocabulary import (
    ApproverRole,
    Belief,
    ConsentStatus,
    CustodyStatus,
    DecisionUnderReview,
    MootBecause,
    ReferredTo,
    ReliefSought,
    RequestorType,
    ReviewGround,
    TriageOutcome,
    Urgency,
    leaves_nothing_to_challenge,
)
from shared.policy.answers import still_to_answer


@unique
class Addressee(StrEnum):
    """Whom a question is put to. Only the requestor's is told outside, and only it stops a clock."""

    REQUESTOR = "requestor"
    FIELD_OFFICE = "field_office"


@dataclass(frozen=True, slots=True)
class Known:
    """A group of facts as it came (JSON), and the amendment that told it. Shown to the SRO."""

    amendment: int
    value: str


@dataclass(frozen=True, slots=True)
class PreApproval:
    """Who approved the field office's decision in advance, in which capacity, and when. The justification is sealed."""

    by: str
    role: ApproverRole
    at: datetime


@dataclass(frozen=True, slots=True)
class FieldRecord:
    """The field office's initial consideration in one round."""

    round: int
    outcome: TriageOutcome
    granted: tuple[ReliefSought, ...]
    referred_to: ReferredTo | None
    moot_because: MootBecause | None
    reasons: tuple[str, ...]
    decided_by: str | None
    touched_by: tuple[str, ...]
    claimed_at: datetime | None
    completed_at: datetime
    facts_seen: int
    guidance: str
    office: str | None
    urgency: Urgency
    saw: dict[str, str] = field(default_factory=dict)
    """Custody, removal and facts as the office saw them (JSON); empty where it did not say."""
    presumed: str = "{}"
    """What the guidance presumed at that moment, as it came (JSON). Shown to the SRO; no rule asks it."""
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()
    pre_approval: PreApproval | None = None

    @property
    def ends_the_case(self) -> bool:
        """Whether nothing of it may be challenged."""
        return leaves_nothing_to_challenge(self.outcome, self.declined, self.moot)


@dataclass(frozen=True, slots=True)
class Amendment:
    """Something that the requestor, or staff, told later: when, and the names of what changed.

    `touched_by`: the officer of the field office who did it, if it was one.
    """

    number: int
    at: datetime
    changed: tuple[str, ...]
    answers: UUID | None = None
    touched_by: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """The request for review: on which ground, what was asked for from the start, and the facts as of then (JSON)."""

    ground: ReviewGround
    at: datetime
    amendment: int
    told: dict[str, str]
    decision_under_review: tuple[DecisionUnderReview, ...] = ()
    relief_sought: tuple[ReliefSought, ...] = ()
    requestor_type: RequestorType | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Requestor:
    """Who asks since a hand-over, and the amendment that told it."""

    amendment: int
    type: RequestorType


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of headquarters: by whom, in which round, by when it should be answered; `office`: the one asked."""

    id: UUID
    addressee: Addressee
    about: tuple[str, ...]
    by: str
    at: datetime
    answer_by: datetime
    round: int
    office: str | None = None


@dataclass(frozen=True, slots=True)
class OfficeAnswer:
    """The field office's answer to a question; its text is sealed. `touched_by`: who had the case in hand there."""

    question: UUID
    at: datetime
    by: str
    touched_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SentBack:
    """Headquarters sent the case back to the field office, which then considers it in round `round`."""

    round: int
    by: str
    at: datetime
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class File:
    """The case's file at headquarters. Everything in it is the same in whatever order it was heard.

    `amendment` is the newest heard of; each group of `facts` (custody, removal, place, facts, consent) carries the
    amendment that told it, and the newer one wins. `records` are in the order of their rounds, `amendments` of their
    numbers, `asked`, `answers` and `sent_back` of time. `noncitizen`: whether the noncitizen has an address of their
    own (`reachable`), what staff made of who reads there (`status`), and whether the requestor has an address
    (`requestor_reachable`); each like a fact.
    """

    number: str | None = None
    amendment: int = 0
    facts: dict[str, Known] = field(default_factory=dict)
    records: tuple[FieldRecord, ...] = ()
    erased: bool = False
    amendments: tuple[Amendment, ...] = ()
    request: Request | None = None
    asked: tuple[Asked, ...] = ()
    answers: tuple[OfficeAnswer, ...] = ()
    sent_back: tuple[SentBack, ...] = ()
    handed_to: Requestor | None = None
    noncitizen: dict[str, Known] = field(default_factory=dict)

    @property
    def may_be_asked(self) -> bool:
        """Whether anybody outside would hear of a question: not a requestor who is refused or has no address; then only
        the noncitizen.

        Where it was not told whether somebody can be reached, they count as reachable.
        """
        known = {name: json.loads(told.value) for name, told in self.noncitizen.items()}
        refused = self.fact("consent", "status") == ConsentStatus.REFUSED
        if not refused and known.get("requestor_reachable") is not False:
            return True
        theirs = self.requestor_type is not RequestorType.NONCITIZEN and known.get("reachable") is not False
        return theirs and known.get("status") != ConsentStatus.REFUSED

    @property
    def requestor_type(self) -> RequestorType | None:
        """What kind of requestor asks now: as of the newest hand-over, else as of the request for review."""
        if self.handed_to is not None:
            return self.handed_to.type
        return self.request.requestor_type if self.request else None

    @property
    def granted(self) -> tuple[ReliefSought, ...]:
        """All that the field office has granted, in any round. It is being carried out, and stands."""
        return tuple(dict.fromkeys(relief for record in self.records for relief in record.granted))

    @property
    def relief_sought(self) -> tuple[ReliefSought, ...]:
        """What was asked for from the start, as the request for review told it."""
        return self.request.relief_sought if self.request else ()

    @property
    def to_answer(self) -> tuple[ReliefSought, ...]:
        """The relief of which headquarters has to say whether it is granted, declined or moot."""
        return still_to_answer(self.relief_sought, self.granted)

    @property
    def touched_by(self) -> frozenset[str]:
        """Everybody at the field office who had a hand in the case, in any round: none of them may review it.

        Who had it in claim, answered for the office, ruled on consent or on a withdrawal, or changed what it says.
        """
        told: tuple[FieldRecord | OfficeAnswer, ...] = (*self.records, *self.answers)
        amended = (each.touched_by for each in self.amendments if each.touched_by is not None)
        return frozenset((*amended, *(who for one in told for who in one.touched_by)))

    @property
    def told_by_office(self) -> int:
        """How much the field office has told. It only grows, so it says whether somebody has seen all of it."""
        return len(self.records) + len(self.answers)

    @property
    def changed_at(self) -> datetime | None:
        """When the newest of the amendments heard of was told."""
        return max((told.at for told in self.amendments), default=None)

    def fact(self, group: str, name: str) -> Any:
        """The newest value of one field of a group; None when it is not known."""
        known = self.facts.get(group)
        return json.loads(known.value).get(name) if known else None

    @property
    def custody(self) -> CustodyStatus:
        """Whether the person is held, as far as known."""
        return CustodyStatus(self.fact("custody", "status") or CustodyStatus.UNKNOWN)

    @property
    def believed_imminent(self) -> Belief:
        """Whether the requestor believes that removal is imminent."""
        return Belief(self.fact("removal", "believed_imminent") or Belief.UNKNOWN)

    @property
    def removal_on(self) -> date | None:
        """The day for which a removal is scheduled, as far as known."""
        day = self.fact("removal", "scheduled_for")
        return date.fromisoformat(day) if day else None

    def record_of(self, round_: int) -> FieldRecord | None:
        """The field office's record of a round, if it was heard."""
        return next((record for record in self.records if record.round == round_), None)

    def answer_of_office(self, question: UUID) -> OfficeAnswer | None:
        """The field office's answer to a question, if there is one."""
        return next((answer for answer in self.answers if answer.question == question), None)

    def office_question(self, round_: int) -> Asked | None:
        """The newest question to the field office of this round that it has not answered."""
        waiting = (
            asked
            for asked in reversed(self.asked)
            if asked.addressee is Addressee.FIELD_OFFICE
            and asked.round == round_
            and self.answer_of_office(asked.id) is None
        )
        return next(waiting, None)


def with_facts(file: File, amendment: int, told: Mapping[str, str]) -> File:
    """The file with what an amendment, or the request for review as of that amendment, tells."""
    return replace(file, amendment=max(file.amendment, amendment), facts=_newest(file.facts, amendment, told))


def with_noncitizen(file: File, amendment: int, told: Mapping[str, str]) -> File:
    """The file with what is told of how the noncitizen, and the requestor, are reached."""
    return replace(file, noncitizen=_newest(file.noncitizen, amendment, told))


def _newest(known: Mapping[str, Known], amendment: int, told: Mapping[str, str]) -> dict[str, Known]:
    newer = {
        name: Known(amendment, value)
        for name, value in told.items()
        if name not in known or known[name].amendment < amendment
    }
    return dict(sorted((dict(known) | newer).items()))


def with_amendment(file: File, amendment: Amendment, told: Mapping[str, str]) -> File:
    """The file with an amendment and what it tells."""
    filed = with_facts(file, amendment.number, told)
    return replace(filed, amendments=tuple(sorted({*filed.amendments, amendment}, key=lambda each: each.number)))


def with_requestor(file: File, amendment: int, kind: RequestorType | None) -> File:
    """The file after a hand-over; of two, the newer one counts."""
    if kind is None or (file.handed_to is not None and file.handed_to.amendment > amendment):
        return file
    return replace(file, handed_to=Requestor(amendment, kind))


def with_request(file: File, request: Request, number: str) -> File:
    """The file with the request for review, and the facts as of then."""
    filed = with_number(with_facts(file, request.amendment, request.told), number)
    return replace(filed, request=file.request or request)


def with_question(file: File, asked: Asked) -> File:
    """The file with a question that headquarters asks."""
    return replace(file, asked=(*file.asked, asked))


def with_office_answer(file: File, answer: OfficeAnswer) -> File:
    """The file with the field office's answer; the first one to a question stays."""
    if file.answer_of_office(answer.question) is not None:
        return file
    return replace(file, answers=tuple(sorted((*file.answers, answer), key=lambda each: (each.at, each.question))))


def with_record(file: File, record: FieldRecord, number: str) -> File:
    """The file with the field office's record; the first one of a round stays."""
    if file.record_of(record.round) is not None:
        return file
    records = tuple(sorted((*file.records, record), key=lambda known: known.round))
    return replace(file, number=file.number or number, records=records)


def with_number(file: File, number: str) -> File:
    """The file with the case's number (it is the same wherever it is told)."""
    return replace(file, number=file.number or number)
