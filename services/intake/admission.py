"""Who of staff may have a case in hand at intake: the rule of all services, asked with what intake knows."""

from services.intake.commands import Hand
from services.intake.domain.case import Accepted, GivesUp, UnderConsideration, WindowOpen, Withdrawable
from shared.casework.admission import Person, Standing, for_office, turned_away
from shared.casework.reaction import Refused


def standing_of(state: Accepted) -> Standing:
    """The case as the rule sees it.

    Headquarters has it from the first escalation on, and while a wish for its review, or to do without it, waits.
    """
    filing, heard = state.filing, state.filing.heard
    waits = isinstance(state, Withdrawable) and state.wish is not None and state.wish.of is GivesUp.REVIEW
    waits = waits or (isinstance(state, UnderConsideration | WindowOpen) and state.asks is not None)
    return Standing(filing.office, bool(heard.escalations) or waits, set(heard.touched_by), set(heard.recused))


def hand_of(state: Accepted, person: Person) -> Hand | Refused:
    """In whose hand the case is when this person does something with it, or why it may not be in theirs."""
    refused = turned_away(person, standing_of(state))
    return refused or Hand(person.subject, for_office=for_office(person, state.filing.office))
