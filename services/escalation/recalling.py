"""After the store was restored: what officials did, and how a case has ended, is read from what was published."""

from dataclasses import replace

from services.escalation.admission import Conflict, recused
from services.escalation.domain import arbitration
from services.escalation.domain.file import Addressee, Asked, with_question
from services.escalation.domain.states import Following, InQueue, Resolved, State, file_of
from services.escalation.translate import resolution_of
from shared.casework.reaction import Context, Outcome, Reactions, Step, Wait
from shared.contracts.envelope import Event
from shared.contracts.events import (
    InformationRequested,
    OfficeAsked,
    ResolutionIssued,
    ReviewRecused,
    ReviewRemanded,
)
from shared.contracts.vocabulary import EventType
from shared.desk.drafts import off_the_desk

NOT_KNOWN = "not known"


def on_resolution_issued(state: State | None, event: Event[ResolutionIssued], context: Context) -> Outcome[State]:
    """It has ended, and nobody decides it again. What is known of the case besides stays."""
    ended = Resolved(file_of(state), resolution_of(event.data), context.now)
    return Step(state=ended, keep=event.data.sealed, work=off_the_desk(context.work))


def on_review_recused(state: State | None, event: Event[ReviewRecused], context: Context) -> Outcome[State]:
    """Somebody keeps out for good; why was told to nobody, and is lost."""
    known = state or Following(file_of(state))
    return Step(state=known, work=recused(context.work, event.data.who, context.now, Conflict.OTHER))


def on_review_remanded(state: State | None, event: Event[ReviewRemanded], context: Context) -> Outcome[State]:
    """It was sent back to the field office; by whom is not told."""
    said = event.data
    if not isinstance(state, InQueue) or state.round + 1 != said.round:
        return Wait("the review that this ends")
    back = arbitration.remand(state, NOT_KNOWN, said.reasons, context.now)
    return Step(state=back, keep=said.sealed, work=off_the_desk(context.work))


def on_information_requested(
    state: State | None, event: Event[InformationRequested], context: Context
) -> Outcome[State]:
    """The requestor was asked; by whom is not told."""
    if not isinstance(state, InQueue):
        return Wait("the review in which this was asked")
    said = event.data
    asked = _asked(said, state, context)
    filed = replace(state, file=with_question(state.file, asked))
    asking = arbitration.ask(filed, said.question, said.answer_by, policy=context.policy, now=context.now)
    return Step(state=asking, keep=said.sealed)


def on_office_asked(state: State | None, event: Event[OfficeAsked], context: Context) -> Outcome[State]:
    """The field office was asked; by whom is not told."""
    said = event.data
    if not isinstance(state, InQueue) or state.round != said.round:
        return Wait("the review in which this was asked")
    asked = _asked(said, state, context, office=said.office)
    return Step(state=replace(state, file=with_question(state.file, asked)), keep=said.sealed)


def _asked(
    said: InformationRequested | OfficeAsked, state: InQueue, context: Context, *, office: str | None = None
) -> Asked:
    addressee = Addressee.REQUESTOR if office is None else Addressee.FIELD_OFFICE
    return Asked(said.question, addressee, said.about, NOT_KNOWN, context.now, said.answer_by, state.round, office)


RECALLS: Reactions[State] = {
    EventType.RESOLUTION_ISSUED: on_resolution_issued,
    EventType.REVIEW_RECUSED: on_review_recused,
    EventType.REVIEW_REMANDED: on_review_remanded,
    EventType.INFORMATION_REQUESTED: on_information_requested,
    EventType.OFFICE_ASKED: on_office_asked,
}
