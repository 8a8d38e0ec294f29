"""From a sign-in to the officer or approver that triage's orders are about, and to the queues that are theirs."""

from collections.abc import Set
from typing import Final

from services.triage.orders import Officer
from shared.contracts.vocabulary import ApproverRole
from shared.policy.model import TO_BE_ASSIGNED
from shared.web.persons import person_of
from shared.web.problems import Problem
from shared.web.sign_in import Role, Staff

APPROVERS: Final = {
    ApproverRole.FIELD_OFFICE_DIRECTOR: Role.FIELD_OFFICE_DIRECTOR,
    ApproverRole.SPECIAL_AGENT_IN_CHARGE: Role.SPECIAL_AGENT_IN_CHARGE,
}
"""The roles of a token that may approve in advance."""


def officer_of(staff: Staff) -> Officer:
    """Whose cases a token lets somebody read, work on, or approve in advance, as its roles let them in.

    Cases without an office: officers' tokens that name HQ or that queue.
    """
    person = person_of(staff)
    return Officer(person.subject, person.offices, assigns=person.assigns)


def approver_role(staff: Staff, wanted: ApproverRole | None) -> ApproverRole:
    """In which capacity somebody approves: the one that they name, or the only one that their token has."""
    held = [role for role in ApproverRole if APPROVERS[role] in staff.roles]
    if wanted is not None and wanted not in held:
        raise Problem(403, "not_your_role", "This is not allowed.", "Your sign-in does not name this role.")
    return wanted or held[0]


def queues_of(officer: Officer, office: str | None) -> list[str]:
    """The queues in which an officer works: of one office, or of all that are theirs."""
    return named(office, officer.offices | ({TO_BE_ASSIGNED} if officer.assigns else set()))


def named(office: str | None, theirs: Set[str]) -> list[str]:
    """The office that is asked for, or all of theirs; 403 for one that is none of them."""
    if office is not None and office not in theirs:
        raise Problem(403, "not_your_office", "This is not allowed.", "Your sign-in does not name this office.")
    return [office] if office else sorted(theirs)
