"""The one way in which a filing is amended, by whomever: numbered, within its limit, told as `request.amended`."""

from dataclasses import replace

from services.intake import translate
from services.intake.commands import Boxes, Hand
from services.intake.domain.case import Accepted, Resolved, State, with_filing
from services.intake.domain.filing import MAX_SEALED_BYTES, Change, amended
from shared.casework.reaction import Emit, Refused, Step

CONTACT = frozenset({"contact", "consent", "language", "link"})
"""What is the requestor's own: how they are reached, their paper, their language, their link."""

ALWAYS_CHANGEABLE = CONTACT | {"noncitizen_reader"}
"""What may change even after the resolution: how to reach people, and what they may be told."""

NOT_OPEN = Refused("not_open", "There is no open case under this number.")
RESOLVED = Refused("resolved", "This case has its final answer. Nothing can be added any more.")
TOO_LARGE = Refused("too_large", "This case has reached the limit of what can be added to it. Please call the office.")
NOT_BY_THIS_LINK = Refused("not_by_this_link", "This private link is not the requestor's, who alone can change that.")
CONSENT_REFUSED = Refused("consent_refused", "Staff have refused this consent, so its link changes nothing any more.")
WISH_WAITS = Refused("wish_waits", "What was asked before waits for a word of staff; nothing more can be given up.")
NO_REVIEW_NOW = Refused("no_review_now", "A review at headquarters cannot be asked for, or given up, at this time.")
ALREADY = Refused("already_withdrawn", "You have already asked to withdraw this request.")
FACTS_CHANGED = Refused("facts_changed", "The case has changed since you looked at it. Look again, then decide.")


def amend(state: Accepted, change: Change, boxes: Boxes, *, by: Hand | None = None) -> Step[State] | Refused:
    """The case after a change. `by`: the member of staff who made it; None: the requestor."""
    if not change.names:
        return Refused("nothing_changed", "Nothing was added or changed.")
    if isinstance(state, Resolved) and not ALWAYS_CHANGEABLE.issuperset(change.names):
        return RESOLVED
    if state.filing.sealed_bytes + size(boxes) > MAX_SEALED_BYTES:
        return TOO_LARGE
    filing = amended(state.filing, change, blob=next(iter(boxes), None), sealed_bytes=size(boxes))
    if by is not None and by.for_office:
        filing = replace(filing, heard=filing.heard.with_touched(by.who))
    return Step(
        state=with_filing(state, filing),
        emits=(Emit(translate.amended(filing, change, by), sealed=tuple(boxes)),),
        keep=dict(boxes),
        answer={"amendment": filing.amendment},
    )


def closed(state: State | None) -> Refused:
    """Why nothing can be done any more with a case that is not open."""
    return RESOLVED if isinstance(state, Resolved) else NOT_OPEN


def size(boxes: Boxes) -> int:
    """Sealed bytes."""
    return sum(len(box) for box in boxes.values())
