"""The table of notification: which input makes which letters. Nothing here sends: the mail loop works the ledger."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.notification.commands import Mail
from services.notification.domain import ledger
from services.notification.domain.following import (
    Followed,
    NotAccepted,
    State,
    amend,
    assign,
    erase,
)
from services.notification.domain.ledger import Entry, Phase
from services.notification.domain.letters import OWED, Because, Notification, When
from services.notification.domain.telling import anybody_to_tell
from services.notification.making import with_letters
from services.notification.recalling import on_recorded
from services.notification.settling import on_bounced, on_defer, on_delivered, on_log_read, on_record, on_resend
from services.notification.upcasting import with_who_filed
from shared.casework.reaction import Behaviour, Context, Reactions, Step, Wait
from shared.contracts.envelope import Event
from shared.contracts.events import (
    CaseErased,
    InformationRequested,
    LinkRequested,
    RequestAmended,
    RequestRejected,
    RequestSubmitted,
    RequestWithdrawn,
    ResolutionIssued,
    ResolutionOverdue,
    ReviewEscalated,
    ReviewLapsed,
    ReviewOverdue,
    TriageAssigned,
    TriageCompleted,
)
from shared.contracts.vocabulary import (
    EventType,
    Recipient,
    ResolutionOutcome,
    Service,
    TriageOutcome,
    Urgency,
    leaves_nothing_to_challenge,
)
from shared.policy.model import HEADQUARTERS

Outcome = Step[State] | Wait

FIRST = Wait(EventType.REQUEST_SUBMITTED)
"""Everything about an accepted request comes after its submission, which must still come on its own topic."""

CONTACT_CHANGES = frozenset({"contact", "representative", "requestor", "noncitizen"})
"""What `request.amended` says in `changed` when its sealed blob may hold how to reach somebody."""

TOLD_OF_CHANGES = frozenset({"contact", "requestor"})
"""Of these, what may change how the requestor is reached: then the address from before is told, too."""


NOT_AGREED = frozenset(f"{what}_not_confirmed" for what in ("withdrawal", "waiver", "hand_over", "review"))
"""And of a wish of which staff have said no."""


def on_submitted(state: State | None, event: Event[RequestSubmitted], context: Context) -> Outcome:
    """Follow the case from here on; the acknowledgement is the first letter."""
    if state is not None:
        return Step(state=state)
    said = event.data
    followed = Followed(
        said.number, said.requestor_type, said.language, said.consent.status, filed_by=said.requestor_type
    )
    return with_letters(followed, event, context, keep=_kept(event, "submitted"))


def on_rejected(state: State | None, event: Event[RequestRejected], context: Context) -> Outcome:
    """Say that the request was not accepted; the page behind the link says what to mend."""
    if state is not None:
        return Step(state=state)
    rejected = NotAccepted(event.data.number, event.data.language)
    return with_letters(rejected, event, context, keep=_kept(event, "contact"))


def on_amended(state: State | None, event: Event[RequestAmended], context: Context) -> Outcome:
    """Remember what changes how letters are addressed: contact, language, consent, link; tell of contact and link.

    The address from before is told in the language that its reader had.
    """
    if not isinstance(state, Followed):
        return _unchanged(state)
    said = event.data
    blob = f"amended_{said.amendment}"
    touches_contact = blob in said.sealed and not CONTACT_CHANGES.isdisjoint(said.changed)
    amended = amend(
        state,
        amendment=said.amendment,
        touches_contact=touches_contact,
        language=said.language,
        consent=said.consent.status if said.consent else None,
        requestor_type=said.requestor_type,
        link_generation=said.link_generation,
    )
    return with_letters(
        amended,
        event,
        context,
        true_of_it=_true_of(state, said, touches_contact),
        keep=_kept(event, blob) if touches_contact else {},
        before=(said.amendment, state.language),
        late=_owed(state, amended, context),
    )


def _true_of(before: Followed, said: RequestAmended, touches_contact: bool) -> frozenset[When]:
    """What is true of an amendment. A noncitizen who was the requestor hears of the hand-over at that address."""
    changed = set(said.changed)
    handed_over = touches_contact and "representative" in changed
    contact_changed = touches_contact and not TOLD_OF_CHANGES.isdisjoint(changed)
    conditions = (
        (When.CONTACT_CHANGED, contact_changed),
        (When.ANOTHER_READER, (contact_changed or handed_over) and not before.requestor_is_noncitizen),
        (When.HANDED_OVER, handed_over),
        (When.LINK_CHANGED, "link" in changed),
        (When.LINK_ENDED, handed_over or "link" in changed),
        (When.WITHDRAWAL_ASKED, not changed.isdisjoint({"withdrawal_asked", "waiver_asked", "hand_over_asked"})),
        (When.NOT_AGREED, not changed.isdisjoint(NOT_AGREED)),
    )
    return frozenset(when for when, is_true in conditions if is_true)


def _owed(before: Followed, after: Followed, context: Context) -> dict[Notification, Because | None]:
    """The noncitizen's copies of what came first, each with why it is not sent.

    Who filed alone, and then handed over, is owed them as if the hand-over had come first. What they have had as the
    requestor they do not get twice.
    """
    if not before.alone or after.alone:
        return {}
    return {
        Notification(context.case_id, made.letter, UUID(made.cause), Recipient.NONCITIZEN): _had(made)
        for made in ledger.entries(context.work).values()
        if made.role is Recipient.REQUESTOR and made.letter in OWED
    }


def _had(requestors: Entry) -> Because | None:
    """Why a noncitizen needs no copy beside this one, which was made while they were the requestor."""
    if requestors.phase is Phase.SENT or requestors.told is not None:
        return Because.ONE_COPY
    return Because.ANOTHER_LETTER_FOLLOWS if requestors.reason == Because.ANOTHER_LETTER_FOLLOWS else None


def on_link_requested(state: State | None, event: Event[LinkRequested], context: Context) -> Outcome:
    """Send the private link again, as it is, to the role whose known address was named."""
    if state is None:
        return FIRST
    return with_letters(state, event, context, named=event.data.to)


def on_assigned(state: State | None, event: Event[TriageAssigned], context: Context) -> Outcome:
    """The first assignment that names an office tells the requestor; imminent and overdue ones tell the office."""
    if not isinstance(state, Followed):
        return _unchanged(state)
    newest, true_of_it, whose = assign(
        state,
        office=event.data.office,
        imminent=event.data.urgency is Urgency.REMOVAL_IMMINENT,
        overdue=event.data.overdue,
    )
    return with_letters(newest, event, context, true_of_it=true_of_it, office=whose)


def on_question(state: State | None, event: Event[InformationRequested], context: Context) -> Outcome:
    """Each question is its own letter."""
    return _unchanged(state) if not isinstance(state, Followed) else with_letters(state, event, context)


def on_considered(state: State | None, event: Event[TriageCompleted], context: Context) -> Outcome:
    """The field office has considered it; where a resolution follows at once, that letter says it."""
    if not isinstance(state, Followed):
        return _unchanged(state)
    said = event.data
    unanswered = said.outcome is TriageOutcome.NO_ANSWER  # The letter about headquarters says so.
    told_at_once = unanswered or leaves_nothing_to_challenge(said.outcome, said.declined, said.moot)
    follows = Because.ANOTHER_LETTER_FOLLOWS if told_at_once else None
    return with_letters(state, event, context, suppressed=follows)


def on_escalated(state: State | None, event: Event[ReviewEscalated], context: Context) -> Outcome:
    """Headquarters has the case, for the first time or again after a remand."""
    return _unchanged(state) if not isinstance(state, Followed) else with_letters(state, event, context)


def on_review_overdue(state: State | None, event: Event[ReviewOverdue], context: Context) -> Outcome:
    """Headquarters should have answered by now: its duty mailbox is told, and nobody outside."""
    if not isinstance(state, Followed):
        return _unchanged(state)
    return with_letters(state, event, context, office=HEADQUARTERS)


def on_resolved(state: State | None, event: Event[ResolutionIssued], context: Context) -> Outcome:
    """The ultimate resolution: every letter that it overtakes is pointless from now on."""
    if not isinstance(state, Followed) or state.resolved:
        return _unchanged(state)
    overridden = {When.OVERRIDDEN} if event.data.outcome is ResolutionOutcome.OVERRIDDEN else frozenset[When]()
    return with_letters(replace(state, resolution=event.id), event, context, true_of_it=overridden)


def on_not_carried_out(state: State | None, event: Event[ResolutionOverdue], context: Context) -> Outcome:
    """Nobody has said that a resolution was carried out: the office that has the person now is told."""
    if not isinstance(state, Followed):
        return _unchanged(state)
    return with_letters(state, event, context, office=event.data.office or HEADQUARTERS)


def on_withdrawn(state: State | None, event: Event[RequestWithdrawn], context: Context) -> Outcome:
    """The request was taken back: whoever did it, both hear of it."""
    return _unchanged(state) if not isinstance(state, Followed) else with_letters(state, event, context)


def on_lapsed(state: State | None, event: Event[ReviewLapsed], context: Context) -> Outcome:
    """The review was given up: both hear of it. Where nobody asked in time, the resolution that follows is told."""
    if not isinstance(state, Followed):
        return _unchanged(state)
    waived = {When.WAIVED} if event.data.waived else frozenset[When]()
    return with_letters(state, event, context, true_of_it=waived)


def on_erased(state: State | None, _event: Event[CaseErased], _: Context) -> Outcome:
    """Nothing more is sent; letters that are due are suppressed when they are claimed."""
    return FIRST if state is None else Step(state=erase(state))


def on_no_letter(state: State | None, _event: Event[Any], _: Context) -> Outcome:
    """An event that is followed but makes no letter."""
    return _unchanged(state)


REACTIONS: Reactions[State] = {
    EventType.REQUEST_SUBMITTED: on_submitted,
    EventType.REQUEST_REJECTED: on_rejected,
    EventType.REQUEST_AMENDED: on_amended,
    EventType.REQUEST_WITHDRAWN: on_withdrawn,
    EventType.LINK_REQUESTED: on_link_requested,
    EventType.TRIAGE_ASSIGNED: on_assigned,
    EventType.INFORMATION_REQUESTED: on_question,
    EventType.TRIAGE_COMPLETED: on_considered,
    EventType.REVIEW_REQUESTED: on_no_letter,
    EventType.REVIEW_LAPSED: on_lapsed,
    EventType.REVIEW_ESCALATED: on_escalated,
    EventType.REVIEW_OVERDUE: on_review_overdue,
    EventType.REVIEW_REMANDED: on_no_letter,
    EventType.RESOLUTION_ISSUED: on_resolved,
    EventType.RESOLUTION_OVERDUE: on_not_carried_out,
    EventType.CASE_ERASED: on_erased,
    Mail.RECORD: on_record,
    Mail.DEFER: on_defer,
    Mail.RESEND: on_resend,
    Mail.DELIVERED: on_delivered,
    Mail.SETTLE: on_log_read,
    Mail.BOUNCED: on_bounced,
}


FOR_A_PERSON = frozenset({Phase.UNCERTAIN, Phase.FAILED})


def queue(state: State, work: Mapping[str, Any]) -> Mapping[str, Any]:
    """How cases are found: letters to send (`mail_at`, real time), and what a person has to look at.

    `no_address`: somebody has to be told by phone or post, for whatever reason; stored cases have it by this name.
    """
    stored = work.get("mail", {}).values()  # Not read entry by entry: this runs at each write of each case.
    days = sorted({each["address_day"] for each in stored if "address_day" in each})
    return {
        "mail_at": ledger.look_again_at(work),
        "uncertain": any(each["phase"] in FOR_A_PERSON for each in stored) or None,
        "no_address": anybody_to_tell(state, work) or None,
        "address_day": days[0] if days else None,
    }


RECALLS: Reactions[State] = {EventType.NOTIFICATION_RECORDED: on_recorded}

BEHAVIOUR: Behaviour[State] = Behaviour(
    service=Service.NOTIFICATION,
    state=State,
    reactions=REACTIONS,
    recalls=RECALLS,
    queue=queue,
    queue_indexes=("mail_at", "uncertain", "no_address", "address_day"),
    schema=2,
    upcasters={1: with_who_filed},
)


def _kept(event: Event[Any], blob: str) -> dict[str, bytes]:
    return {blob: event.data.sealed[blob]} if blob in event.data.sealed else {}


def _unchanged(state: State | None) -> Outcome:
    return FIRST if state is None else Step(state=state)
