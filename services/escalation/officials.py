"""What Senior Reviewing Officials decide, and the reactions to it. A typed text comes already sealed (`box`)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.escalation.admission import claimed, seen_otherwise
from services.escalation.claiming import taken
from services.escalation.domain import arbitration
from services.escalation.domain.review import REMANDED, Review, wrong_reasons, wrong_with
from services.escalation.domain.states import InQueue, Resolution, State
from services.escalation.resolving import resolve
from shared.casework.reaction import Command, Context, Emit, Outcome, Refused, Step, incomplete
from shared.contracts.events import ReviewRemanded
from shared.contracts.vocabulary import Stage
from shared.desk.checks import text_does_not_fit
from shared.desk.drafts import off_the_desk
from shared.policy.answers import Slip


@dataclass(frozen=True, slots=True)
class Decide:
    """End the case; `facts_seen` is the newest amendment that the SRO saw, `box` the SRO's text, sealed.

    With `claim` it takes the case in hand as well. `told_seen`: how much of the field office's telling the SRO saw.
    """

    actor: str
    review: Review
    facts_seen: int
    box: Mapping[str, bytes]
    claim: bool = False
    told_seen: int | None = None


@dataclass(frozen=True, slots=True)
class Remand:
    """Send it back to the field office, with reasons."""

    actor: str
    reasons: tuple[str, ...]
    facts_seen: int
    box: Mapping[str, bytes]
    told_seen: int | None = None


def on_decide(state: State | None, command: Command[Decide], context: Context) -> Outcome[State]:
    """The SRO ends the case, having seen the newest facts."""
    wish = command.data
    if wish.claim:
        claiming = taken(state, context, wish.actor)
        if isinstance(claiming, Refused):
            return claiming
        context = replace(context, work={**context.work, **claiming[1]})
    held = claimed(state, context, wish.actor)
    if isinstance(held, Refused):
        return held
    item, claim = held
    refused = (
        seen_otherwise(item, wish.facts_seen, wish.told_seen)
        or text_does_not_fit(wish.box, "resolved", erased=item.file.erased)
        or _refused(_wrong_with(wish, item, context))
    )
    if refused is not None:
        return refused
    resolution = Resolution(
        stage=Stage.SRO,
        outcome=wish.review.outcome,
        granted=tuple(dict.fromkeys((*item.file.granted, *wish.review.granted))),
        declined=wish.review.declined,
        moot=wish.review.moot,
        reasons=wish.review.reasons,
        decided_by=wish.actor,
        claimed_at=claim.at,
    )
    return resolve(item, resolution, context, keep=wish.box, sealed=tuple(wish.box))


def on_remand(state: State | None, command: Command[Remand], context: Context) -> Outcome[State]:
    """Send the case back to the field office, as often as policy allows."""
    wish = command.data
    held = claimed(state, context, wish.actor)
    if isinstance(held, Refused):
        return held
    item, _ = held
    if not arbitration.may_remand(item, context.policy):
        return Refused("remanded_before", "The case was sent back before; now headquarters decides.")
    remanded = arbitration.remand(item, wish.actor, wish.reasons, context.now)
    refused = (
        seen_otherwise(item, wish.facts_seen, wish.told_seen)
        or text_does_not_fit(wish.box, f"remanded_{remanded.round}", erased=item.file.erased)
        or _refused(tuple(wrong_reasons(wish.reasons, frozenset({REMANDED}), context.policy)))
    )
    if refused is not None:
        return refused
    sent_back = ReviewRemanded(round=remanded.round, reasons=wish.reasons)
    return Step(
        state=remanded,
        emits=(Emit(sent_back, sealed=tuple(wish.box)),),
        keep=wish.box,
        work=off_the_desk(context.work),
        answer={"round": remanded.round},
    )


def _wrong_with(wish: Decide, item: InQueue, context: Context) -> tuple[Slip, ...]:
    file = item.file
    return wrong_with(
        wish.review,
        context.policy,
        asked=file.relief_sought,
        granted_before=file.granted,
        has_text=bool(wish.box),
    )


def _refused(slips: tuple[Slip, ...]) -> Refused | None:
    return incomplete(slips) if slips else None
