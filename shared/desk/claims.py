"""Who has taken a case in hand. Claims live in `work`: they are not part of what happened, only of who is at it.

A claim lasts as long as policy says. After that another may take the case; until somebody does, it is still its
holder's, so that a person who read for long loses nothing. `touched` lists everybody who ever had the case in hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.casework.reaction import Refused


@dataclass(frozen=True, slots=True)
class Claim:
    """One person's claim: since when, and until when nobody else may take the case."""

    by: str
    at: datetime
    until: datetime

    def keeps_out(self, actor: str, now: datetime) -> bool:
        """Whether it keeps `actor` from taking the case at `now`. The last moment is no longer claimed."""
        return self.by != actor and now < self.until


def claim_of(work: Mapping[str, Any]) -> Claim | None:
    """The claim in a document's working data."""
    kept = work.get("claim")
    return Claim(by=kept["by"], at=kept["at"], until=kept["until"]) if kept else None


def touched(work: Mapping[str, Any], *also: str) -> tuple[str, ...]:
    """Everybody who had the case in hand, and `also`; sorted, each once."""
    return tuple(sorted({*work.get("touched", ()), *also}))


def take(work: Mapping[str, Any], actor: str, *, now: datetime, lasts: timedelta) -> dict[str, Any] | Refused:
    """The changes to `work` by which `actor` claims the case, or renews an own claim (it keeps its first moment)."""
    claim = claim_of(work)
    if claim is not None and claim.keeps_out(actor, now):
        return Refused("claimed_by_another", f"Somebody else has claimed this case until {claim.until.isoformat()}.")
    since = claim.at if claim is not None and claim.by == actor else now
    return _in_hand(work, actor, since=since, until=now + lasts)


def given_to(work: Mapping[str, Any], to: str, *, now: datetime, lasts: timedelta) -> dict[str, Any]:
    """The changes to `work` by which the case changes hands, whoever had it before."""
    return _in_hand(work, to, since=now, until=now + lasts)


def _in_hand(work: Mapping[str, Any], who: str, *, since: datetime, until: datetime) -> dict[str, Any]:
    return {"claim": {"by": who, "at": since, "until": until}, "touched": list(touched(work, who))}


def held_by(work: Mapping[str, Any], actor: str) -> Claim | Refused:
    """The claim, if it is the actor's."""
    claim = claim_of(work)
    if claim is None or claim.by != actor:
        return Refused("not_claimed_by_you", "You have not claimed this case, or somebody else has taken it since.")
    return claim


LET_GO: Mapping[str, Any] = {"claim": None}
"""The change to `work` that ends any claim."""
