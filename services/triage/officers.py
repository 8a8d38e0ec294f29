"""The reactions to what officers ask for. A typed text comes already sealed (`box`), under its blob's name."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.triage.alerting import alert
from services.triage.approvals import everybody, resting_on
from services.triage.domain import consideration
from services.triage.domain.decision import wrong_with
from services.triage.domain.effect import takes_effect_at
from services.triage.domain.states import Considered, State, UnderConsideration
from services.triage.looked import How, look_of, looked
from services.triage.orders import Ask, Claim, Decide, Forward, Officer, Release
from services.triage.routing import office_now
from services.triage.translate import assigned, completed
from services.triage.undoing import NO_DECISION, Waits, kept, leaves_the_desk, waiting
from shared.casework.admission import NOT_YOUR_OFFICE
from shared.casework.reaction import Command, Context, Emit, Outcome, Refused, Step, incomplete
from shared.contracts.events import InformationRequested, TriageCompleted
from shared.desk.checks import QUESTION_OPEN, facts_changed, requestor_answers_by, text_does_not_fit, unaskable
from shared.desk.claims import LET_GO, claim_of, held_by, take, touched

NO_OFFICE = Refused("no_office", "No office is responsible yet. Forward the case to one first.")


def on_claim(state: State | None, command: Command[Claim], context: Context) -> Outcome[State]:
    """Take a case of an own office; twice renews. The office keeps it then, wherever newer facts place it.

    What is new to the officer later is told from the first claim on, if they have not said that they read the case.
    """
    officer = command.data.officer
    taken = _taken(state, officer, context)
    if isinstance(taken, Refused):
        return taken
    item, work = taken
    if command.data.taken:
        work["claim"]["taken"] = dict(command.data.taken)
    if look_of(context.work, officer.subject) is None:
        work |= looked(item, {**context.work, **work}, officer.subject, at=context.now, how=How.CLAIMED)
    return Step(state=item, work=work, answer={"claimed_until": work["claim"]["until"].isoformat()})


def on_release(state: State | None, command: Command[Release], context: Context) -> Outcome[State]:
    """Put a claimed case back, where newer facts have placed it; its holder stays among those who touched it."""
    officer = command.data.officer
    item = claimed_item(state, officer, context)
    if isinstance(item, Refused):
        return item
    had_it = {"touched": list(touched(context.work, officer.subject))}
    if office_now(item, context.work) == item.case.office:
        return Step(state=item, work={**LET_GO, **NO_DECISION, **had_it})
    moved = consideration.put_back(item, context.now)
    told = alert(item, moved, work=context.work, work_after={})
    emits = (Emit(assigned(moved, moved.case.office)), *told)
    return Step(state=moved, emits=emits, work={**leaves_the_desk(context.work), **had_it})


def on_forward(state: State | None, command: Command[Forward], context: Context) -> Outcome[State]:
    """Give a case without an office, or a misrouted one, to the right office. The clock goes on."""
    wish = command.data
    item = undecided_item(state, wish.officer, context)
    if isinstance(item, Refused):
        return item
    claim = claim_of(context.work)
    if claim is not None and claim.keeps_out(wish.officer.subject, context.now):
        return Refused("claimed_by_another", "Somebody else has claimed this case; ask them to forward it.")
    if wish.office not in set(context.policy.office_map.areas.values()):
        return Refused("office_unknown", f"The office map in force has no area of an office {wish.office}.")
    if wish.office == office_now(item, context.work):
        return Refused("office_unchanged", f"The case is with {wish.office} already.")
    forwarded = consideration.forwarded(item, wish.office, policy=context.policy, now=context.now)
    mismatch = seen_otherwise(item, wish.facts_seen, wish.box, f"assigned_{forwarded.revision}", needs_text=True)
    if mismatch is not None:
        return mismatch
    return Step(
        state=forwarded,
        emits=(
            Emit(assigned(forwarded, wish.office), sealed=tuple(wish.box)),
            *alert(item, forwarded, work=context.work, work_after={}),
        ),
        keep=wish.box,
        work={**leaves_the_desk(context.work), "touched": list(touched(context.work, wish.officer.subject))},
        answer={"office": wish.office, "revision": forwarded.revision},
    )


def on_decide(state: State | None, command: Command[Decide], context: Context) -> Outcome[State]:
    """The initial consideration, by the officer who holds the claim and has seen the newest facts."""
    wish = command.data
    claimed: Mapping[str, Any] = {}
    if wish.claim:
        taken = _taken(state, wish.officer, context)
        if isinstance(taken, Refused):
            return taken
        claimed = taken[1]
        context = replace(context, work={**context.work, **claimed})
    item = undecided_item(state, wish.officer, context)
    if isinstance(item, Refused):
        return item
    claim = held_by(context.work, wish.officer.subject)
    if isinstance(claim, Refused):
        return claim
    refused = _in_the_way(item, wish, context)
    if refused is not None:
        return refused
    effect = takes_effect_at(item, context.policy, context.now)
    decided = consideration.decided(item, wish.decision.granted, context.policy, effect or context.now, at=context.now)
    approval = resting_on(
        wish.decision,
        decided.presumption,
        context.work,
        who=wish.officer.subject,
        facts=item.case.amendment,
        policy=context.policy,
    )
    if isinstance(approval, Refused):
        return approval
    done = completed(
        item,
        wish.decision,
        presumption=decided.presumption,
        office=office_now(item, context.work),
        actor=wish.officer.subject,
        touched=everybody(context.work, wish.officer.subject),
        claimed_at=claim.at,
        approval=approval,
        context=context,
    )
    box = {**wish.box, **(approval.box if approval else {})}
    answer = {"outcome": wish.decision.outcome.value, "round": item.round}
    if effect is None:
        return in_effect(item, decided, done, box=box, work=context.work, answer=answer)
    waits = Waits(wish.officer.subject, context.now, effect, done.model_dump_json(), box)
    return Step(
        state=item,
        work={**claimed, "touched": list(touched(context.work, wish.officer.subject)), **kept(waits)},
        answer={**answer, "takes_effect_at": effect.isoformat()},
    )


def _in_the_way(item: UnderConsideration, wish: Decide, context: Context) -> Refused | None:
    """Why this decision cannot be given in a case that is in the officer's hands."""
    if office_now(item, context.work) is None:
        return NO_OFFICE
    mismatch = seen_otherwise(item, wish.facts_seen, wish.box, f"completed_{item.round}", needs_text=False)
    if mismatch is not None:
        return mismatch
    if wish.guidance_seen not in (None, context.policy.guidance):
        return Refused(
            "guidance_changed",
            f"You saw the case under {wish.guidance_seen}; {context.policy.guidance} is in force. Please look again.",
        )
    wrong = wrong_with(
        wish.decision,
        context.policy,
        asked=item.case.submission.relief_sought,
        granted_before=item.case.granted,
        has_text=bool(wish.box),
    )
    return incomplete(wrong) if wrong else None


def in_effect(
    item: UnderConsideration,
    decided: Considered,
    done: TriageCompleted,
    *,
    box: Mapping[str, bytes],
    work: Mapping[str, Any],
    answer: Mapping[str, Any],
) -> Step[State]:
    """A decision that takes effect: the case leaves the desk, and the others are told."""
    return Step(
        state=decided,
        emits=(Emit(done, sealed=tuple(box)), *alert(item, decided, work=work)),
        keep=box,
        work={**leaves_the_desk(work), "touched": list(touched(work, *(who for who in (done.decided_by,) if who)))},
        answer=answer,
    )


def on_ask(state: State | None, command: Command[Ask], context: Context) -> Outcome[State]:
    """Put one question to the requestor; the clock stands still until it is answered, if anybody hears of it."""
    wish = command.data
    item = claimed_item(state, wish.officer, context)
    if isinstance(item, Refused):
        return item
    if wish.facts_seen is not None and (changed := facts_changed(wish.facts_seen, item.case.amendment)):
        return changed
    if item.question is not None and item.question.is_open(context.now):
        return QUESTION_OPEN
    if refused := unaskable(wish.about, context.policy, erased=item.case.erased):
        return refused
    place = item.case.situation.place
    answer_by = requestor_answers_by(
        context.policy, context.now, state=place.state if place else None, county=place.county if place else None
    )
    asking = consideration.asked(item, command.id, answer_by, policy=context.policy, now=context.now)
    question = InformationRequested(question=command.id, about=wish.about, answer_by=answer_by)
    return Step(
        state=asking,
        emits=(
            Emit(question, sealed=tuple(wish.box)),
            Emit(assigned(asking, office_now(asking, context.work))),
        ),
        keep=wish.box,
        answer={
            "question": str(command.id),
            "answer_by": answer_by.isoformat(),
            "clock_stands_still": asking.question is not None,
        },
    )


def _taken(
    state: State | None, officer: Officer, context: Context
) -> tuple[UnderConsideration, dict[str, Any]] | Refused:
    """The case, and the changes to `work` by which the officer has it in hand."""
    item = undecided_item(state, officer, context)
    if isinstance(item, Refused):
        return item
    taken = take(context.work, officer.subject, now=context.now, lasts=context.policy.claim_lasts)
    if isinstance(taken, Refused):
        return taken
    taken["claim"]["office"] = office_now(item, context.work)
    return item, taken


def open_item(state: State | None, officer: Officer, context: Context) -> UnderConsideration | Refused:
    """The case before the office, if it is this officer's business."""
    if not isinstance(state, UnderConsideration):
        return Refused("not_under_consideration", "The case is not before a field office now.")
    if not officer.may_work(office_now(state, context.work)):
        return NOT_YOUR_OFFICE
    return state


def undecided_item(state: State | None, officer: Officer, context: Context) -> UnderConsideration | Refused:
    """The case, if it is before an office of the officer's, and no decision waits to take effect in it."""
    item = open_item(state, officer, context)
    if isinstance(item, Refused):
        return item
    if (given := waiting(context.work)) is not None:
        effect = given.takes_effect_at.isoformat()
        return Refused("decision_waits", f"A decision waits here, and takes effect at {effect}. Take it back first.")
    return item


def claimed_item(state: State | None, officer: Officer, context: Context) -> UnderConsideration | Refused:
    """The same, if the officer has it in hand, too."""
    item = undecided_item(state, officer, context)
    if isinstance(item, Refused):
        return item
    claim = held_by(context.work, officer.subject)
    return claim if isinstance(claim, Refused) else item


def seen_otherwise(
    item: UnderConsideration, facts_seen: int, box: Mapping[str, Any], name: str, *, needs_text: bool
) -> Refused | None:
    """Why what the officer saw, or typed, does not fit the case as it is now."""
    return facts_changed(facts_seen, item.case.amendment) or text_does_not_fit(
        box, name, erased=item.case.erased, needed=needs_text
    )
