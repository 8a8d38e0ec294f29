"""Who may do what with a case at headquarters. Asked again at every order, so also at the decision itself.

What keeps somebody away for good is the rule of all services (`shared/casework/admission.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Any

from services.escalation.domain.file import File
from services.escalation.domain.states import AwaitingRequestor, Following, InQueue, Remanded, Resolved, State
from shared.casework import admission
from shared.casework.reaction import Context, Refused
from shared.contracts.vocabulary import Stage
from shared.desk.checks import facts_changed
from shared.desk.claims import LET_GO, Claim, claim_of, held_by
from shared.desk.drafts import without_drafts_of


@unique
class Conflict(StrEnum):
    """Why an SRO keeps out of a case. A code: what exactly it is, is nobody's business here."""

    KNOWS_THE_PERSON = "KNOWS_THE_PERSON"
    OWN_INTEREST = "OWN_INTEREST"
    EARLIER_PART = "EARLIER_PART"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Recusal:
    """Somebody declared a conflict."""

    by: str
    at: datetime
    why: Conflict


def recusals(work: Mapping[str, Any]) -> tuple[Recusal, ...]:
    """Who declared a conflict, in the order in which they did."""
    return tuple(Recusal(one["by"], one["at"], Conflict(one["why"])) for one in work.get("recused") or ())


def recused(work: Mapping[str, Any], by: str, at: datetime, why: Conflict) -> dict[str, Any]:
    """The change to `work` by which somebody keeps out for good: claim and drafts of theirs are void."""
    known = [{"by": each.by, "at": each.at, "why": each.why.value} for each in recusals(work)]
    claim = claim_of(work)
    void = LET_GO if claim is not None and claim.by == by else {}
    return {"recused": [*known, {"by": by, "at": at, "why": why.value}], **void, **without_drafts_of(work, [by])}


def barred(file: File, work: Mapping[str, Any], actor: str) -> Refused | None:
    """Why somebody may never have this case; None when they may."""
    return admission.barred(actor, touched_by=file.touched_by, recused={each.by for each in recusals(work)})


def kept_away(file: File, work: Mapping[str, Any]) -> list[str]:
    """Everybody who may never have this case: it is not offered to them."""
    return sorted(file.touched_by | {recusal.by for recusal in recusals(work)})


def claim_that_holds(file: File, work: Mapping[str, Any]) -> Mapping[str, Any]:
    """The change to `work` after something was heard: the claim and the drafts of those who now may not have the case
    are void."""
    claim = claim_of(work)
    void = {"claim": None} if claim is not None and claim.by in file.touched_by else {}
    return {**void, **without_drafts_of(work, file.touched_by)}


def reviewable(state: State | None, context: Context, actor: str) -> InQueue | Refused:
    """The case before headquarters, if this person may review it."""
    if not isinstance(state, InQueue):
        return _elsewhere(state)
    if not state.file.records:
        return Refused(
            "field_office_record_missing",
            "The field office's record is not here yet, so nobody can know who had the case in hand there.",
        )
    return barred(state.file, context.work, actor) or state


def claimed(state: State | None, context: Context, actor: str) -> tuple[InQueue, Claim] | Refused:
    """The case and the claim, if this person may review it and has claimed it."""
    item = reviewable(state, context, actor)
    if isinstance(item, Refused):
        return item
    claim = held_by(context.work, actor)
    return claim if isinstance(claim, Refused) else (item, claim)


def seen_otherwise(item: InQueue, facts_seen: int, told_seen: int | None) -> Refused | None:
    """Why what the SRO saw is not what there is. `told_seen`: how much the office had told, where that is said."""
    if changed := facts_changed(facts_seen, item.file.amendment):
        return changed
    if told_seen is not None and told_seen != item.file.told_by_office:
        return Refused("office_told_more", "The field office has told more since you looked. Please look again.")
    return None


def _elsewhere(state: State | None) -> Refused:
    """Where the case is instead, in a sentence that says what that means for the SRO."""
    match state:
        case Resolved(resolution=resolution) if resolution.stage is Stage.REQUESTOR:
            return Refused("withdrawn", "The requestor has withdrawn the request. Nothing is left to decide.")
        case Resolved(resolution=resolution):
            ended = {Stage.SRO: "headquarters", Stage.FIELD_OFFICE: "the field office"}[resolution.stage]
            return Refused("already_resolved", f"The case has ended: it was decided by {ended}.")
        case Remanded():
            return Refused("sent_back", "The case was sent back to the field office, and has not been answered yet.")
        case AwaitingRequestor() | Following() | InQueue() | None:
            return Refused("not_in_queue", "The case is not before headquarters: nobody has asked for review.")
