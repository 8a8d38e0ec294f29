"""What a request, or its answer, does to a removal: the one thing that nobody may understand wrongly. Pure."""

from enum import StrEnum, unique
from typing import Final

from services.intake.status import Status, Where
from shared.contracts.vocabulary import ReliefSought, ResolutionOutcome


@unique
class Removal(StrEnum):
    """What the page says of a removal."""

    REQUEST_STOPS_NONE = "request_stops_none"
    NOT_TOLD = "not_told"
    STOPPED = "stopped"
    UNCLEAR = "unclear"
    NOT_STOPPED = "not_stopped"


STOPS: Final = frozenset(
    {ReliefSought.STAY_OR_PAUSE_REMOVAL, ReliefSought.NOT_EXECUTE_ORDER, ReliefSought.DEFERRED_ACTION}
)
"""What stops or pauses a removal, when it is granted."""

NEVER_STOPS: Final = frozenset({ReliefSought.RELEASE})
"""What leaves a removal as it is. Of everything else, such as a canceled Notice to Appear, a person has to tell."""

GRANTS: Final = frozenset({ResolutionOutcome.FAVOURABLE, ResolutionOutcome.OVERRIDDEN})


def removal_of(status: Status) -> Removal:
    """What to say to this reader. Who is shown the stage alone learns nothing: it would tell the outcome."""
    granted = frozenset(status.outcome.granted if status.outcome else ())
    if granted & STOPS:  # Also before the resolution: what a field office grants counts at once.
        return Removal.STOPPED
    if status.where is not Where.RESOLVED:
        return Removal.REQUEST_STOPS_NONE
    if status.outcome is None:
        return Removal.NOT_TOLD
    if granted - NEVER_STOPS or (status.outcome.result in GRANTS and not granted):
        return Removal.UNCLEAR
    return Removal.NOT_STOPPED
