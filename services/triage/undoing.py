"""A decision that waits to take effect. Until then it is none: whatever comes finds the case under consideration.

It stands in `work`, whole as it will be told: a decision that may be taken back is no part of what happened.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from services.triage.approvals import NO_APPROVAL
from shared.contracts.events import TriageCompleted
from shared.contracts.vocabulary import TriageOutcome
from shared.desk.drafts import off_the_desk


@dataclass(frozen=True, slots=True)
class Waits:
    """It takes effect at `takes_effect_at`. `told`: the event that says so then (JSON); `box` its text, sealed."""

    by: str
    at: datetime
    takes_effect_at: datetime
    told: str
    box: Mapping[str, bytes]

    @property
    def event(self) -> TriageCompleted:
        """What will be told."""
        return TriageCompleted.model_validate_json(self.told)


@dataclass(frozen=True, slots=True)
class Fell:
    """It never took effect: at `at` facts came that its officer had not seen."""

    by: str
    at: datetime
    outcome: TriageOutcome


Pending = Waits | Fell

NO_DECISION: Final[Mapping[str, Any]] = {"decision": None}
"""The change to `work` after which no decision waits."""


def pending(work: Mapping[str, Any]) -> Pending | None:
    """The decision that waits, or that fell and was not made again."""
    kept = work.get("decision")
    if kept is None:
        return None
    if "told" in kept:
        return Waits(kept["by"], kept["at"], kept["takes_effect_at"], kept["told"], kept["box"])
    return Fell(kept["by"], kept["at"], TriageOutcome(kept["outcome"]))


def waiting(work: Mapping[str, Any]) -> Waits | None:
    """The decision that waits, if one does."""
    found = pending(work)
    return found if isinstance(found, Waits) else None


def leaves_the_desk(work: Mapping[str, Any]) -> Mapping[str, Any]:
    """The change to `work` when nobody at this desk has anything to do: no claim, drafts, approval or decision."""
    return {**off_the_desk(work), **NO_DECISION, **NO_APPROVAL}


def kept(decision: Pending) -> Mapping[str, Any]:
    """The change to `work` that keeps it."""
    return {"decision": asdict(decision)}


def overtaken(work: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """The change to `work` when newer facts come: what was decided or approved on older ones falls."""
    was = waiting(work)
    return {**NO_APPROVAL, **(kept(Fell(was.by, now, was.event.outcome)) if was else {})}


def shown(work: Mapping[str, Any]) -> dict[str, Any] | None:
    """As officers are told of it."""
    match pending(work):
        case Waits() as waits:
            outcome = waits.event.outcome
            return {"standing": "waits", "by": waits.by, "outcome": outcome, "takes_effect_at": waits.takes_effect_at}
        case Fell() as fell:
            return {"standing": "fell", "by": fell.by, "outcome": fell.outcome, "at": fell.at}
        case None:
            return None
