"""What Senior Reviewing Officials ask for, and the reactions to it. A typed text comes already sealed (`box`)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from services.escalation.domain import arbitration
from services.escalation.domain.review import REMANDED, Objection, Review, objection, objection_to_reasons
from services.escalation.domain.states import InQueue, Resolution, State
from services.escalation.resolving import resolve
from shared.casework.claims import LET_GO, held_by, take
from shared.casework.claims import Claim as Held
from shared.casework.reaction import Command, Context, Emit, Outcome, Refused, Step
from shared.contracts.events import InformationRequested, ReviewRemanded
from shared.contracts.vocabulary import RejectCode, Stage


class Order(StrEnum):
    """What an SRO can ask for."""

    CLAIM = "claim"
    RELEASE = "release"
    DECIDE = "decide"
    REMAND = "remand"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Claim:
    """Take the case in hand."""

    actor: str


@dataclass(frozen=True, slots=True)
class Release:
    """Give it back to the queue."""

    actor: str


@dataclass(frozen=True, slots=True)
class Decide:
    """End the case; `facts_seen` is the newest amendment that the SRO saw, `box` the SRO's text, sealed.

    With `claim` it takes the case in hand as well.
    """

    actor: str
    review: Review
    facts_seen: int
    box: Mapping[str, bytes]
    claim: bool = False


@dataclass(frozen=True, slots=True)
class Remand:
    """Send it back to the field office, with reasons."""

    actor: str
    reasons: tuple[str, ...]
    facts_seen: int
    box: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the requestor; `about` names what is asked for by codes, the question itself is sealed in `box`."""

    actor: str
    about: tuple[str, ...]
    box: Mapping[str, bytes]


ASKABLE = frozenset({*RejectCode, "custody", "removal", "place", "facts", "consent"})
"""What a question may be about besides the reasons of the policy in force. Codes only: they travel in clear."""


def on_claim(state: State | None, command: Command[Claim], context: Context) -> Outcome[State]:
    """Take a case whose field office's record is here, unless one had it in hand there; twice renews."""
    item = _reviewable(state, command.data.actor)
    if isinstance(item, Refused):
        return item
    taken = take(context.work, command.data.actor, now=context.now, lasts=context.policy.claim_lasts)
    if isinstance(taken, Refused):
        return taken
    return Step(state=item, work=taken, answer={"claimed_until": taken["claim"]["until"].isoformat()})


def on_release(state: State | None, command: Command[Release], context: Context) -> Outcome[State]:
    """Put a claimed case back."""
    claimed = _claimed(state, command.data.actor, context)
    return claimed if isinstance(claimed, Refused) else Step(state=claimed[0], work=LET_GO)


def on_decide(state: State | None, command: Command[Decide], context: Context) -> Outcome[State]:
    """The SRO ends the case, having seen the newest facts."""
    wish = command.data
    if wish.claim:
        taken = on_claim(state, _claiming(command), context)
        if not isinstance(taken, Step):
            return taken
        context = replace(context, work={**context.work, **taken.work})
    claimed = _claimed(state, wish.actor, context)
    if isinstance(claimed, Refused):
        return claimed
    item, claim = claimed
    refused = (
        _seen_otherwise(item, wish.facts_seen)
        or _text_does_not_fit(item, wish.box, "resolved")
        or _refused(objection(wish.review, context.policy))
    )
    if refused is not None:
        return refused
    resolution = Resolution(
        stage=Stage.SRO,
        outcome=wish.review.outcome,
        granted=wish.review.granted,
        reasons=wish.review.reasons,
        decided_by=wish.actor,
        claimed_at=claim.at,
    )
    return resolve(item, resolution, context, keep=wish.box, sealed=tuple(wish.box))


def on_remand(state: State | None, command: Command[Remand], context: Context) -> Outcome[State]:
    """Send the case back to the field office, as often as policy allows."""
    wish = command.data
    claimed = _claimed(state, wish.actor, context)
    if isinstance(claimed, Refused):
        return claimed
    item, _ = claimed
    if not arbitration.may_remand(item, context.policy):
        return Refused("remanded_before", "The case was sent back before; now headquarters decides.")
    remanded = arbitration.remand(item)
    refused = (
        _seen_otherwise(item, wish.facts_seen)
        or _text_does_not_fit(item, wish.box, f"remanded_{remanded.round}")
        or _refused(objection_to_reasons(wish.reasons, REMANDED, context.policy))
    )
    if refused is not None:
        return refused
    sent_back = ReviewRemanded(round=remanded.round, reasons=wish.reasons)
    return Step(
        state=remanded,
        emits=(Emit(sent_back, sealed=tuple(wish.box)),),
        keep=wish.box,
        work=LET_GO,
        answer={"round": remanded.round},
    )


def on_ask(state: State | None, command: Command[Ask], context: Context) -> Outcome[State]:
    """Put one question to the requestor; the SRO's clock stands still until it is answered."""
    wish = command.data
    claimed = _claimed(state, wish.actor, context)
    if isinstance(claimed, Refused):
        return claimed
    item, _ = claimed
    if item.question is not None and item.question.is_open(context.now):
        return Refused("question_open", "A question is open already. Wait for its answer, or until its time is over.")
    if item.file.erased:
        return Refused("case_erased", "The case's personal data is erased: nothing can be sealed for it any more.")
    if not wish.about or not set(wish.about) <= ASKABLE | set(context.policy.reasons):
        return Refused("about_unknown", "Say by known codes what the question is about.")
    answer_by = context.policy.end_of(context.policy.question_answer_within, context.now, item.zone)
    asking = arbitration.ask(item, command.id, answer_by, policy=context.policy, now=context.now)
    asked = InformationRequested(question=command.id, about=wish.about, answer_by=answer_by)
    return Step(
        state=asking,
        emits=(Emit(asked, sealed=tuple(wish.box)),),
        keep=wish.box,
        answer={"question": str(command.id), "answer_by": answer_by.isoformat()},
    )


def _claiming(command: Command[Decide]) -> Command[Claim]:
    return Command(Order.CLAIM, command.id, command.case_id, command.at, Claim(command.data.actor))


def _reviewable(state: State | None, actor: str) -> InQueue | Refused:
    if not isinstance(state, InQueue):
        return Refused("not_in_queue", "The case is not before headquarters now.")
    if not state.file.records:
        return Refused(
            "field_office_record_missing",
            "The field office's record is not here yet, so nobody can know who had the case in hand there.",
        )
    if actor in state.file.touched_by:
        return Refused("touched_before", "You had this case in hand at the field office. Somebody else must review it.")
    return state


def _claimed(state: State | None, actor: str, context: Context) -> tuple[InQueue, Held] | Refused:
    item = _reviewable(state, actor)
    if isinstance(item, Refused):
        return item
    claim = held_by(context.work, actor)
    return claim if isinstance(claim, Refused) else (item, claim)


def _seen_otherwise(item: InQueue, facts_seen: int) -> Refused | None:
    newest = item.file.amendment
    if facts_seen == newest:
        return None
    return Refused(
        "facts_changed", f"You saw version {facts_seen} of the facts, now it is {newest}. Please look again."
    )


def _text_does_not_fit(item: InQueue, box: Mapping[str, bytes], name: str) -> Refused | None:
    if box and item.file.erased:
        return Refused("case_erased", "The case's personal data is erased: decide by codes, without a text.")
    if box and set(box) != {name}:
        return Refused("facts_changed", "The case has moved on since you looked. Please look again.")
    return None


def _refused(wrong: Objection | None) -> Refused | None:
    return Refused(wrong.code, wrong.reason) if wrong is not None else None
