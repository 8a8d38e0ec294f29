"""A case changes hands, with its drafts: given by who has it, or taken over from somebody who is absent.

Each hand-over is kept in `work`. Whoever had the case in hand before stays among those who touched it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Any, Final

from shared.casework.reaction import Refused
from shared.desk.claims import claim_of, given_to

HANDOVERS_KEPT: Final = 20
"""The newest ones; each is in the answer of its command, too."""


@unique
class HandOverBecause(StrEnum):
    """Why a case changes hands."""

    ABSENT = "ABSENT"
    WORKLOAD = "WORKLOAD"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give the case to a colleague, or take it over from one who is absent. `holder`: who has it, as was seen."""

    actor: str
    holder: str
    to: str
    why: HandOverBecause


def handed_over(
    work: Mapping[str, Any], wish: HandOver, *, now: datetime, lasts: timedelta
) -> dict[str, Any] | Refused:
    """The changes to `work`. Only the holder gives, and only for themselves do others take."""
    claim = claim_of(work)
    if claim is None or claim.by != wish.holder:
        return Refused("not_held_by_them", f"{wish.holder} does not have this case in hand any more. Look again.")
    if wish.actor not in {wish.holder, wish.to}:
        return Refused("not_yours_to_give", "Only who has the case in hand gives it; others take it over themselves.")
    if wish.to == wish.holder:
        return Refused("held_already", f"{wish.to} has this case in hand already.")
    handed = {"from": wish.holder, "to": wish.to, "by": wish.actor, "at": now, "why": wish.why.value}
    earlier = list(work.get("handed") or ())[-(HANDOVERS_KEPT - 1) :]
    return {**given_to(work, wish.to, now=now, lasts=lasts), "handed": [*earlier, handed]}
