"""From a sign-in to the person whom the rule of admission asks about."""

from typing import Final

from shared.casework.admission import Person
from shared.policy.model import HEADQUARTERS, TO_BE_ASSIGNED
from shared.web.sign_in import Role, Staff

FOR_AN_OFFICE: Final = frozenset({Role.OFFICER, Role.FIELD_OFFICE_DIRECTOR, Role.SPECIAL_AGENT_IN_CHARGE})
"""The roles that somebody holds for the offices that their token names."""

_ASSIGNING: Final = frozenset({HEADQUARTERS, TO_BE_ASSIGNED})
"""What an officer's token names instead of an office when they assign cases that have none."""


def person_of(staff: Staff) -> Person:
    """Whose cases are a person's business. Offices count with a role that is held for an office; officers assign."""
    offices = frozenset() if staff.roles.isdisjoint(FOR_AN_OFFICE) else staff.offices
    assigns = Role.OFFICER in staff.roles and not offices.isdisjoint(_ASSIGNING)
    return Person(staff.subject, offices, assigns=assigns, reviews=staff.is_hq)
