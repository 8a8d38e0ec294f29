"""Reactions to what people ask: accept or reject a request, review, waive, amend, correct, erase."""

from dataclasses import replace
from datetime import datetime

from services.intake import translate
from services.intake.admission import hand_of
from services.intake.amending import (
    CONSENT_REFUSED,
    CONTACT,
    FACTS_CHANGED,
    NO_REVIEW_NOW,
    NOT_BY_THIS_LINK,
    NOT_OPEN,
    WISH_WAITS,
    amend,
)
from services.intake.commands import (
    REFERENCE,
    Amend,
    Boxes,
    CorrectFacts,
    Erase,
    Submit,
    Waive,
)
from services.intake.domain.asserted import merged, without_officers_word
from services.intake.domain.case import (
    Accepted,
    Erased,
    GivesUp,
    Rejected,
    ReviewLapsed,
    State,
    UnderConsideration,
    WindowOpen,
    WithdrawalWish,
    after_the_window,
    link_generation,
    number_shown,
    with_filing,
)
from services.intake.domain.completeness import NotAccepted, assess
from services.intake.domain.consent import May, Thing, may
from services.intake.domain.facts import is_urgent
from services.intake.domain.filing import HOUR, Change, Filing, without_answer
from shared.casework.reaction import Command, Context, Emit, Refused, Step
from shared.contracts import events

REVIEW_GIVEN_UP = "waiver_asked"
"""What `request.amended` says in `changed` of a wish to do without review."""
KEY_REUSED = Refused("idempotency_key_reused", "This idempotency key was used before, with another content.")


def on_submit(state: State | None, command: Command[Submit], context: Context) -> Step[State] | Refused:
    """Accept a request as a case, or reject it with all that is to be mended. The same again is the same answer."""
    filing = command.data.filing
    if state is not None:
        same = not isinstance(state, Erased) and _fingerprint(state) == filing.fingerprint
        return Step(state=state, answer=_receipt(state, command.data)) if same else KEY_REUSED
    policy = context.policy
    urgent = is_urgent(filing.custody, filing.removal, context.now, policy.imminent_within)
    verdict = assess(command.data.missing, required=policy.required, urgent=urgent)
    if isinstance(verdict, NotAccepted):
        turned_away = _turned_away(filing, verdict)
        return Step(
            state=turned_away,
            emits=(Emit(translate.rejected(turned_away), sealed=("contact",)),),
            keep=_kept(command.data.boxes, "contact"),
            answer=_receipt(turned_away, command.data),
        )
    box = command.data.boxes["submitted"]
    hours = policy.imminent_within // HOUR
    accepted = UnderConsideration(
        replace(filing, incomplete=verdict.incomplete, sealed_bytes=len(box), imminent_hours=hours)
    )
    return Step(
        state=accepted,
        emits=(Emit(translate.submitted(accepted.filing), sealed=("submitted",)),),
        keep=_kept(command.data.boxes, "submitted"),
        answer=_receipt(accepted, command.data),
    )


def on_waive(state: State | None, command: Command[Waive], context: Context) -> Step[State] | Refused:
    """Do without review, so that the field office's answer becomes final now.

    Where the requestor's word alone is not enough it becomes a wish, and the window stays open as long as before.
    """
    if not isinstance(state, WindowOpen):
        return NO_REVIEW_NOW
    filing, by = state.filing, command.data.by
    answer = may(filing.reader(by), Thing.WAIVE)
    if answer is May.NO:
        return CONSENT_REFUSED
    if answer is May.WAITS:
        if state.wish is not None or state.asks is not None:
            return WISH_WAITS
        wish = WithdrawalWish(by, context.now, GivesUp.REVIEW)
        return amend(replace(state, wish=wish), Change(names=(REVIEW_GIVEN_UP,), wished_by=by), {})
    lapsed = ReviewLapsed(filing, context.now, waived=True, wish=after_the_window(state.wish))
    return Step(state=lapsed, emits=(Emit(events.ReviewLapsed(at=context.now, waived=True, by=by)),))


def on_amend(state: State | None, command: Command[Amend], _: Context) -> Step[State] | Refused:
    """Add information, or change how to reach people; the amendment's number becomes the version of the facts.

    Words of somebody who may not answer a question are kept as information, and the question stays.
    """
    asked = command.data
    if not isinstance(state, Accepted):
        return NOT_OPEN
    reader = state.filing.reader(asked.by)
    change = asked.change if may(reader, Thing.ANSWER) is May.YES else without_answer(asked.change)
    if may(reader, Thing.AMEND) is May.NO:
        return CONSENT_REFUSED
    if may(reader, Thing.CONTACT) is May.NO and not CONTACT.isdisjoint(asked.change.names):
        return NOT_BY_THIS_LINK
    if asked.amendment != state.filing.amendment + 1:
        return FACTS_CHANGED
    answers = change.answers
    if answers and (answers in state.filing.answered or answers not in {q.id for q in state.filing.heard.questions}):
        return Refused("no_such_question", "This question has been answered already, or was never asked.")
    return amend(state, change, asked.boxes)


def on_facts(state: State | None, command: Command[CorrectFacts], _: Context) -> Step[State] | Refused:
    """Staff correct facts, or take an own word back, having seen the present ones."""
    if not isinstance(state, Accepted):
        return NOT_OPEN
    asked = command.data
    by = hand_of(state, asked.by)
    if isinstance(by, Refused):
        return by
    if asked.facts_seen != state.filing.amendment:
        return FACTS_CHANGED
    kept = without_officers_word(state.filing.facts, asked.takes_back)
    if merged(kept, asked.facts) == state.filing.facts and not asked.boxes:
        return Refused("nothing_changed", "This is what the case says already, or you have said none of it.")
    before = with_filing(state, replace(state.filing, facts=kept))
    return amend(before, Change(names=("facts",), facts=asked.facts), asked.boxes, by=by)


def on_erase(state: State | None, command: Command[Erase], context: Context) -> Step[State] | Refused:
    """The key is gone; keep nothing but the number. Said once, however often it is asked."""
    if state is None:
        return NOT_OPEN
    answer = {"number": number_shown(state)}
    if isinstance(state, Erased):
        return Step(state=state, answer=answer)
    erased = Erased(number_shown(state), context.now, link_generation(state))
    said = events.CaseErased(ordered_by=command.data.ordered_by, reference=command.data.reference)
    return Step(state=erased, emits=(Emit(said),), answer=answer)


def _kept(boxes: Boxes, name: str) -> Boxes:
    """What a submission leaves sealed: what it says, and how its client calls it."""
    return {each: boxes[each] for each in (name, REFERENCE) if each in boxes}


def _turned_away(filing: Filing, verdict: NotAccepted) -> Rejected:
    return Rejected(
        number=filing.number,
        received_at=filing.received_at,
        channel=filing.channel,
        received_id=filing.received_id,
        fingerprint=filing.fingerprint,
        language=filing.language,
        codes=verdict.codes,
        requestor_type=filing.requestor_type,
        sent_again_at=filing.sent_again_at,
        client=filing.client,
        client_reference=filing.client_reference,
    )


def _receipt(state: State, submitted: Submit) -> dict[str, object]:
    """`missing`: all that is not there; of a request that is sent back, besides the `codes` for which it is."""
    codes = state.codes if isinstance(state, Rejected) else ()
    receipt: dict[str, object] = {
        "number": number_shown(state),
        "codes": [str(code) for code in codes],
        "missing": [str(code) for code in submitted.missing if code not in codes],
    }
    if not isinstance(state, Erased):
        receipt["received_at"] = _received_at(state).isoformat(timespec="milliseconds")
        receipt["language"] = str(state.language if isinstance(state, Rejected) else state.filing.language)
    return receipt


def _received_at(state: Rejected | Accepted) -> datetime:
    return state.received_at if isinstance(state, Rejected) else state.filing.received_at


def _fingerprint(state: Rejected | Accepted) -> str:
    return state.fingerprint if isinstance(state, Rejected) else state.filing.fingerprint
