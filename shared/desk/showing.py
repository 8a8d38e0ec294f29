"""What both desks show alike: the queue's order and filters, claims, drafts, and reasons in words."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from shared.contracts.vocabulary import Stage
from shared.desk.claims import claim_of
from shared.desk.drafts import Draft
from shared.policy.model import Policy

SORT: Final = [("queue.rank", 1), ("queue.due", 1), ("_id", 1)]
"""Removal imminent first, then detained, then routine; within each the one that is due first."""


def claim_filter(*, claimed: bool | None, mine: bool, actor: str, now: datetime) -> dict[str, Any]:
    """The part of a queue's query that is about claims. A claim that is over counts as none."""
    if mine:
        return {"queue.claimed_by": actor}
    if claimed is None:
        return {}
    if claimed:
        return {"queue.claimed_until": {"$gt": now}}
    return {"$or": [{"queue.claimed_until": {"$exists": False}}, {"queue.claimed_until": {"$lte": now}}]}


def claim_shown(work: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """A case's claim as it is shown; `expired`: another may take the case."""
    claim = claim_of(work)
    if claim is None:
        return None
    return {"by": claim.by, "at": claim.at, "until": claim.until, "expired": now >= claim.until}


def draft_shown(draft: Draft, opened: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A draft as it is shown; its text where it could be opened."""
    text = next(((opened.get(name) or {}).get("text") for name in draft.box), None)
    return {"by": draft.by, "at": draft.at, **draft.says, "text": text}


def reasons_of(policy: Policy, stage: Stage) -> list[dict[str, Any]]:
    """The reasons that staff of this stage may give under the policy in force, and for which outcomes."""
    return [
        {
            "code": reason.code,
            "sentence": dict(reason.sentence),
            "source": reason.source,
            "outcomes": sorted(reason.outcomes),
        }
        for reason in policy.reasons.values()
        if stage in reason.given_by
    ]


def in_words(policy: Policy, codes: Iterable[str]) -> list[dict[str, Any]]:
    """Reason codes with their sentences and sources; a code that this policy does not have stands alone."""
    known = ((code, policy.reasons.get(code)) for code in codes)
    return [
        {"code": code, "sentence": dict(reason.sentence) if reason else {}, "source": reason.source if reason else None}
        for code, reason in known
    ]
