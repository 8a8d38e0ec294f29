"""The ultimate resolution, and whether it was carried out."""

from datetime import date
from typing import ClassVar

from shared.contracts.envelope import EventData, Time
from shared.contracts.vocabulary import EventType, ReliefSought, ResolutionOutcome, Stage, Urgency


class ResolutionIssued(EventData):
    """The ultimate resolution. Exactly one per case."""

    type: ClassVar[EventType] = EventType.RESOLUTION_ISSUED

    stage: Stage
    outcome: ResolutionOutcome
    granted: tuple[ReliefSought, ...] = ()
    reasons: tuple[str, ...] = ()
    decided_by: str | None = None
    claimed_at: Time | None = None


class ResolutionOverdue(EventData):
    """A favourable resolution should have been carried out by `due`, and nobody has said that it was.

    Nothing is decided by it: the office is told. `office` None: no office has the case. Again where `due` has moved.
    """

    type: ClassVar[EventType] = EventType.RESOLUTION_OVERDUE

    office: str | None = None
    urgency: Urgency
    due: Time


class ResolutionCompleted(EventData):
    """The field office says that it has carried out a favourable resolution, and on which day."""

    type: ClassVar[EventType] = EventType.RESOLUTION_COMPLETED

    on: date
    office: str | None = None
    done_by: str
