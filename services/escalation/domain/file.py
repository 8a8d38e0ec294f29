"""What headquarters knows of a case. It follows only what it needs, and may hear of things in any order."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from shared.contracts.vocabulary import MootBecause, ReferredTo, ReliefSought, TriageOutcome, Urgency


@dataclass(frozen=True, slots=True)
class Known:
    """A group of facts as it came (JSON), and the amendment that told it. Shown to the SRO."""

    amendment: int
    value: str


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


@dataclass(frozen=True, slots=True)
class File:
    """The case's file at headquarters. Everything in it is the same in whatever order it was heard.

    `amendment` is the newest heard of; each group of `facts` (custody, removal, place, facts, consent) carries the
    amendment that told it, and the newer one wins. `records` are in the order of their rounds.
    """

    number: str | None = None
    amendment: int = 0
    facts: dict[str, Known] = field(default_factory=dict)
    records: tuple[FieldRecord, ...] = ()
    erased: bool = False

    @property
    def touched_by(self) -> frozenset[str]:
        """Everybody at the field office who had the case in hand: none of them may review it."""
        return frozenset(who for record in self.records for who in record.touched_by)

    @property
    def removal_on(self) -> date | None:
        """The day for which a removal is scheduled, as far as known."""
        known = self.facts.get("removal")
        day = json.loads(known.value).get("scheduled_for") if known else None
        return date.fromisoformat(day) if day else None

    def record_of(self, round_: int) -> FieldRecord | None:
        """The field office's record of a round, if it was heard."""
        return next((record for record in self.records if record.round == round_), None)


def with_facts(file: File, amendment: int, told: Mapping[str, str]) -> File:
    """The file with what an amendment, or the request for review as of that amendment, tells."""
    newer = {
        group: Known(amendment, value)
        for group, value in told.items()
        if group not in file.facts or file.facts[group].amendment < amendment
    }
    return replace(file, amendment=max(file.amendment, amendment), facts=dict(sorted((file.facts | newer).items())))


def with_record(file: File, record: FieldRecord, number: str) -> File:
    """The file with the field office's record; the first one of a round stays."""
    if file.record_of(record.round) is not None:
        return file
    records = tuple(sorted((*file.records, record), key=lambda known: known.round))
    return replace(file, number=file.number or number, records=records)


def with_number(file: File, number: str) -> File:
    """The file with the case's number (it is the same wherever it is told)."""
    return replace(file, number=file.number or number)
