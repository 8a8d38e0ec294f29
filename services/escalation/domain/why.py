"""Why a case stands where it stands in the queue. Pure; what an SRO reads beside the case."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from services.escalation.domain.states import InQueue
from shared.contracts.vocabulary import ReviewGround
from shared.policy.model import CLASSES
from shared.policy.standing import Why, local, words


class Because(StrEnum):
    """What places a case, or tells it apart from its neighbours."""

    URGENCY = "urgency"
    URGENCY_CHANGED = "urgency_changed"
    DUE = "due"
    DUE_BEFORE_REMOVAL = "due_before_removal"
    OVERDUE = "overdue"
    GROUND = "ground"
    AFTER_REMAND = "after_remand"
    REQUESTOR_ASKED = "requestor_asked"
    OFFICE_ASKED = "office_asked"
    NEW_FACTS = "new_facts"
    RECORD_MISSING = "record_missing"


GROUNDS: Final = {
    ReviewGround.FIELD_OFFICE_DECLINED: "The requestor does not agree with the field office's decision.",
    ReviewGround.NO_TIMELY_ANSWER: "The field office had not answered in time.",
    ReviewGround.FACTORS_NOT_CONSIDERED: "The requestor says that the field office did not weigh some factors.",
    ReviewGround.NEW_CIRCUMSTANCES: "The requestor says that there are new circumstances.",
}
"""The grounds, as reported of the process (announcement of 5 March 2021; press summaries of ICE's page of 2025)."""


def why(item: InQueue, now: datetime) -> tuple[Why, ...]:
    """The reasons, those that place the case first."""
    urgency = item.urgency_at(now)
    found = [Why(Because.URGENCY, CLASSES[urgency])]
    if urgency is not item.told_urgency:
        moved = "newer facts" if urgency is item.urgency_at(item.heard_at) else "the day of a scheduled removal"
        found.append(Why(Because.URGENCY_CHANGED, f"It came in as {words(item.told_urgency)}; {moved} moved it."))
    found.append(_due(item, now))
    found.append(Why(Because.GROUND, GROUNDS[item.ground]))
    if item.round > 1:
        found.append(Why(Because.AFTER_REMAND, "The field office has answered a remand, and did not grant it."))
    if item.question is not None and item.question.is_open(now):
        until = local(item.question.answer_by, item.zone)
        found.append(
            Why(Because.REQUESTOR_ASKED, f"The requestor is asked, at most until {until}: the clock stands still.")
        )
    if (asked := item.file.office_question(item.round)) is not None:
        late = " It is late." if now >= asked.answer_by else ""
        found.append(Why(Because.OFFICE_ASKED, f"The field office is asked; the clock goes on.{late}"))
    if item.file.request is not None and item.file.amendment > item.file.request.amendment:
        found.append(Why(Because.NEW_FACTS, "Facts have come in since the request for review."))
    if not item.file.records:
        found.append(Why(Because.RECORD_MISSING, "The field office's record is not here yet: nobody can claim it."))
    return tuple(found)


def _due(item: InQueue, now: datetime) -> Why:
    by_then = item.due_at(now)
    due = local(by_then, item.zone)
    if now >= by_then:
        return Why(Because.OVERDUE, f"It was due {due}.")
    if by_then < item.by_the_clock(now):
        return Why(Because.DUE_BEFORE_REMOVAL, f"It is due {due}, before the scheduled removal.")
    return Why(Because.DUE, f"It is due {due}.")
