"""The reaction to a lost link: send it again, unchanged, to an address that the case already knows."""

from dataclasses import replace
from datetime import datetime

from services.intake.commands import SendLink
from services.intake.domain.case import Accepted, Erased, Rejected, State, with_filing
from services.intake.domain.link import may_be_sent, noted
from shared.casework.reaction import Command, Context, Emit, Refused, Step
from shared.contracts.events import LinkRequested
from shared.contracts.vocabulary import Recipient, RequestorType

GONE = Refused("not_open", "There is no page of this case that a link could open.")
LATELY = Refused("asked_lately", "The link was sent a short while ago, or too often today.")


def on_send_link(state: State | None, command: Command[SendLink], context: Context) -> Step[State] | Refused:
    """Say that the link is wanted; notification sends it. Not again within minutes, and not often on one day.

    A noncitizen who is the requestor has the requestor's copy.
    """
    match state:
        case None | Erased():
            return GONE
        case Rejected():
            asked = state.link_asked
            after: State = replace(state, link_asked=noted(asked, context.now))
        case _:
            asked = state.filing.link_asked
            after = asked_for(state, context.now)
    if not may_be_sent(asked, context.now):
        return LATELY
    alone = isinstance(state, Accepted) and state.filing.requestor_type is RequestorType.NONCITIZEN
    to = Recipient.REQUESTOR if alone else command.data.to
    return Step(state=after, emits=(Emit(LinkRequested(to=to)),))


def asked_for(state: Accepted, at: datetime) -> Accepted:
    """The case, whose link somebody has asked for."""
    return with_filing(state, replace(state.filing, link_asked=noted(state.filing.link_asked, at)))
