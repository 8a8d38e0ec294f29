"""That a removal is imminent is told as an event, for whoever can stop one, and not only by mail to the duty mailbox.

Told while the case is under review, also while the requestor or headquarters moves next; once for an office.
"""

from collections.abc import Mapping
from typing import Any

from services.triage.domain.consideration import UnderReview, urgency_of
from services.triage.domain.states import State, UnderConsideration, WithHeadquarters
from services.triage.routing import office_now
from shared.casework.reaction import Emit
from shared.contracts.events import RemovalImminent
from shared.contracts.vocabulary import Urgency
from shared.policy.model import TO_BE_ASSIGNED


def alert(
    before: State | None, after: State, *, work: Mapping[str, Any], work_after: Mapping[str, Any] | None = None
) -> tuple[Emit, ...]:
    """What is told of a removal when a case comes to stand as `after`: nothing where its office knows already.

    `work_after`: the work as it is then, where that is another than before.
    """
    if not isinstance(after, UnderReview):
        return ()
    whose = _whose(after, work if work_after is None else work_after)
    if whose is None or whose == _whose(before, work):
        return ()
    removal = after.case.situation.removal
    told = RemovalImminent(
        office=None if whose == TO_BE_ASSIGNED else whose,
        scheduled_for=removal.scheduled_for,
        believed_imminent=removal.believed_imminent,
        with_headquarters=isinstance(after, WithHeadquarters),
        number=after.case.submission.number,
    )
    return (Emit(told),)


def _whose(state: State | None, work: Mapping[str, Any]) -> str | None:
    """Whose case with an imminent removal this is; None where none is imminent."""
    if not isinstance(state, UnderReview) or urgency_of(state) is not Urgency.REMOVAL_IMMINENT:
        return None
    office = office_now(state, work) if isinstance(state, UnderConsideration) else state.case.office
    return office or TO_BE_ASSIGNED
