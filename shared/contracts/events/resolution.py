"""The ultimate resolution, and whether it was carried out."""

from datetime import date
from typing import ClassVar

from shared.contracts.envelope import EventData, Time
from shared.contracts.vocabulary import EventType, ReliefSought, ResolutionOutcome, Stage, Urgency


class ResolutionIssued(EventData):
    """The ultimate resolution. Exactly one per case.

    Of each relief asked for it says how it ended, by whoever that was: granted by the field office or by headquarters.
    Earlier ones name only what was `granted` last.
    """

    type: ClassVar[EventType] = EventType.RESOLUTION_ISSUED

    stage: Stage
    outcome: ResolutionOutcome
    granted: tuple[ReliefSought, ...] = ()
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()
    reasons: tuple[str, ...] = ()
    decided_by: str | None = None
    claimed_at: Time | None = None


class ResolutionOverdue(EventData):
    """What was granted should have been carried out by `due`, and nobody has said that it was.

    Nothing is decided by it: the office is told. `office` None: no office has the case. Again where `due` has moved.
    """

    type: ClassVar[EventType] = EventType.RESOLUTION_OVERDUE

    office: str | None = None
    urgency: Urgency
    due: Time


class ResolutionCompleted(EventData):
    """The field office says that it has carried out what was granted, and on which day.

    Also before the case is resolved: what an office grants waits for nothing. Earlier ones do not say what it was.
    """

    type: ClassVar[EventType] = EventType.RESOLUTION_COMPLETED

    on: date
    office: str | None = None
    done_by: str
    granted: tuple[ReliefSought, ...] = ()
