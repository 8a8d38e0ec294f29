"""Who of staff may have a case in hand: one rule, which each service asks with what it knows of the case. Pure."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Final

from shared.casework.reaction import Refused

TOUCHED: Final = Refused(
    "touched_before", "You had this case in hand at the field office. Somebody else must review it."
)
RECUSED: Final = Refused("recused", "You declared a conflict in this case. Somebody else must review it.")
NOT_YOUR_OFFICE: Final = Refused(
    "not_your_office", "The case is with another office, or waits to be assigned by headquarters."
)
NOT_ESCALATED: Final = Refused(
    "not_your_office", "The case is with its field office: headquarters has it from the day on which it is escalated."
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, by their token: an officer of these offices, one who assigns cases, an official of headquarters."""

    subject: str
    offices: frozenset[str] = frozenset()
    assigns: bool = False
    reviews: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A case as the rule sees it. `before_headquarters`: something in it is, or was, headquarters' to decide."""

    office: str | None
    before_headquarters: bool
    touched_by: Set[str]
    recused: Set[str]


def works_for(offices: Set[str], office: str | None, *, assigns: bool) -> bool:
    """Whether a case of this office is an officer's business; one of no office yet is theirs who assign."""
    return assigns if office is None else office in offices


def barred(subject: str, *, touched_by: Set[str], recused: Set[str]) -> Refused | None:
    """Why somebody may never review this case; None when they may.

    For good: having had it in hand at the field office, in any round; having answered, ruled or corrected for that
    office; having declared a conflict. None of these is ever undone.
    """
    if subject in touched_by:
        return TOUCHED
    return RECUSED if subject in recused else None


def turned_away(person: Person, case: Standing) -> Refused | None:
    """Why somebody may not have this case in hand, for a field office or for headquarters; None when they may."""
    if person.subject in case.recused:
        return RECUSED
    if for_office(person, case.office):
        return None
    if not person.reviews:
        return NOT_YOUR_OFFICE
    if case.office is not None and not case.before_headquarters:
        return NOT_ESCALATED
    return barred(person.subject, touched_by=case.touched_by, recused=case.recused)


def for_office(person: Person, office: str | None) -> bool:
    """Whether they have a case of this office in hand as an officer, and not for headquarters."""
    return works_for(person.offices, office, assigns=person.assigns)
