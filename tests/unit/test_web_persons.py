"""Whose cases are whose business, as a sign-in says it."""

import pytest

from shared.casework.admission import Person
from shared.web.persons import person_of
from shared.web.sign_in import Role, Staff

HELD_FOR_AN_OFFICE = [Role.OFFICER, Role.FIELD_OFFICE_DIRECTOR, Role.SPECIAL_AGENT_IN_CHARGE]


@pytest.mark.parametrize("role", list(Role))
def test_offices_count_with_a_role_that_is_held_for_an_office(role: Role) -> None:
    person = person_of(Staff("ana", frozenset({role}), frozenset({"BAL"})))
    offices = frozenset({"BAL"}) if role in HELD_FOR_AN_OFFICE else frozenset()
    assert person == Person("ana", offices, assigns=False, reviews=role is Role.SRO)


@pytest.mark.parametrize("queue", ["HQ", "TO_BE_ASSIGNED"])
@pytest.mark.parametrize("role", list(Role))
def test_only_an_officer_assigns_cases_that_no_office_has(role: Role, queue: str) -> None:
    assert person_of(Staff("ana", frozenset({role}), frozenset({queue}))).assigns == (role is Role.OFFICER)
