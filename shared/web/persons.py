"""From a sign-in to the person whom the rule of admission asks about."""

from typing import Final

from shared.casework.admission import Person
from shared.policy.model import HEADQUARTERS, TO_BE_ASSIGNED
from shared.web.sign_in import Role, Staff

_ASSIGNING: Final = frozenset({HEADQUARTERS, TO_BE_ASSIGNED})
"""What an officer's token names instead of an office when they assign cases that have none."""


def person_of(staff: Staff) -> Person:
    """Whose cases a token lets somebody have in hand. Offices count with the role of an officer only."""
    offices = staff.offices if Role.OFFICER in staff.roles else frozenset()
    return Person(staff.subject, offices, assigns=bool(offices & _ASSIGNING), reviews=staff.is_hq)
