"""What an officer saw when they last looked at a case, and what has changed since. Pure; kept in `work`.

A look is noted where the officer does something with the case anyway, or says so: by the first claim, by a draft, by
`seen`. Reading a case writes nothing here: a page that was fetched is not yet read.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from services.triage.domain.states import Heard, UnderConsideration
from services.triage.routing import office_now
from shared.contracts.comparing import Change, differences

LOOKS_KEPT: Final = 10
"""The newest look of each of so many officers."""


class How(StrEnum):
    """By what a look was noted."""

    CLAIMED = "claimed"
    DRAFTED = "drafted"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody saw, and when. `saw`: groups of facts, each a JSON object."""

    by: str
    at: datetime
    how: How
    facts_version: int
    saw: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class News:
    """What has changed since a look: fields of groups of facts, and the amendments that came."""

    since: Look
    changes: tuple[Change, ...]
    amendments: tuple[int, ...]


def look_of(work: Mapping[str, Any], who: str) -> Look | None:
    """Somebody's newest look."""
    kept = next((one for one in work.get("looked") or () if one["by"] == who), None)
    return Look(kept["by"], kept["at"], How(kept["how"]), kept["facts_version"], kept["saw"]) if kept else None


def looked(state: Heard, work: Mapping[str, Any], who: str, *, at: datetime, how: How) -> dict[str, Any]:
    """The change to `work` that notes a look at the case as it is, in place of an earlier one of theirs."""
    look = {"by": who, "at": at, "how": how.value, "facts_version": state.case.amendment, "saw": _seen(state, work)}
    others = [one for one in work.get("looked") or () if one["by"] != who]
    return {"looked": [*others[-(LOOKS_KEPT - 1) :], look]}


def news(state: Heard, work: Mapping[str, Any], who: str) -> News | None:
    """What has changed since somebody looked; None where they have not."""
    look = look_of(work, who)
    if look is None:
        return None
    came = tuple(range(look.facts_version + 1, state.case.amendment + 1))
    return News(look, differences(look.saw, _seen(state, work)), came)


def _seen(state: Heard, work: Mapping[str, Any]) -> dict[str, str]:
    """What of a case can change under an officer's eyes, in groups."""
    situation = state.case.situation
    seen = {
        "custody": _json(asdict(situation.custody)),
        "removal": _json(asdict(situation.removal)),
        "place": _json(asdict(situation.place) if situation.place else {}),
        "facts": situation.facts,
        "consent": situation.consent,
        "requestor": _json({"type": state.case.requestor_type, "represented": state.case.represented}),
    }
    return seen | {"standing": _json(_standing(state, work))}


def _standing(state: Heard, work: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(state, UnderConsideration):
        return {"standing": type(state).__name__}
    return {
        "standing": type(state).__name__,
        "round": state.round,
        "office": office_now(state, work),
        "urgency": state.urgency,
        "answer_due": state.answer_due.isoformat(),
        "question": str(state.question.id) if state.question else None,
        "guidance": state.presumption.guidance,
        "categories": state.presumption.categories,
        "undetermined": state.presumption.undetermined,
        "to_weigh": state.presumption.to_weigh,
    }


def _json(value: Any) -> str:
    return json.dumps(value, default=str)
