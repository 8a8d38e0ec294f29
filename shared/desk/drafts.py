"""Drafts of decisions. They live in `work`, one for each author, and outlast the author's claim.

A draft is no decision and says nothing to anybody: it is dropped when the case leaves the desk. A typed text is sealed
with the case's key before it is kept, so that an erased case's drafts cannot be read either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from shared.desk.claims import LET_GO, claim_of

NO_DRAFTS: Final[Mapping[str, Any]] = {"drafts": None}
"""The change to `work` that drops all drafts."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody had in mind when they put the case down. `says` is its clear part: codes and versions only.

    `box` holds the typed text, sealed, under its blob's name; it is empty where none was typed.
    """

    by: str
    at: datetime
    says: Mapping[str, Any]
    box: Mapping[str, bytes] = field(default_factory=dict)


def drafts_of(work: Mapping[str, Any]) -> tuple[Draft, ...]:
    """The drafts in a document's working data, the newest first."""
    kept = [Draft(one["by"], one["at"], one["says"], one["box"]) for one in work.get("drafts") or ()]
    return tuple(sorted(kept, key=lambda draft: draft.at, reverse=True))


def drafted(work: Mapping[str, Any], draft: Draft) -> dict[str, Any]:
    """The change to `work` that keeps a draft in place of its author's earlier one."""
    return _kept([*(one for one in drafts_of(work) if one.by != draft.by), draft])


def without_drafts_of(work: Mapping[str, Any], who: Iterable[str]) -> dict[str, Any]:
    """The change to `work` that drops these people's drafts; none when they have none."""
    gone, drafts = set(who), drafts_of(work)
    left = [draft for draft in drafts if draft.by not in gone]
    return _kept(left) if len(left) < len(drafts) else {}


def shown_to(work: Mapping[str, Any], who: str) -> tuple[Draft, ...]:
    """The drafts that somebody is shown: their own, and every one on a case that they have in hand."""
    claim = claim_of(work)
    holds = claim is not None and claim.by == who
    return tuple(draft for draft in drafts_of(work) if holds or draft.by == who)


def off_the_desk(work: Mapping[str, Any]) -> Mapping[str, Any]:
    """The change to `work` when nobody at this desk has anything to do any more: no claim, no drafts."""
    return {**LET_GO, **NO_DRAFTS} if work.get("drafts") else LET_GO


def _kept(drafts: Iterable[Draft]) -> dict[str, Any]:
    stored = [{"by": one.by, "at": one.at, "says": dict(one.says), "box": dict(one.box)} for one in drafts]
    return {"drafts": stored or None}
