"""The table of who is told what: whole, without contradictions, and ready for further roles."""

from collections import Counter, defaultdict

import pytest

from services.notification import wording
from services.notification.domain.letters import (
    ALWAYS,
    CONDITIONS,
    MEANING,
    NO_LETTER,
    OFFICE,
    RULES,
    Because,
    Rule,
    When,
    made_by,
)
from services.notification.mail.addressing import PLACES
from services.notification.office_letters import SAYS
from services.notification.reactions import BEHAVIOUR
from shared.contracts.vocabulary import EventType, Letter, Recipient
from tests.unit.one_case import CASE_ID


def test_each_event_that_is_followed_makes_letters_or_says_why_not() -> None:
    followed = {kind for kind in EventType if kind in BEHAVIOUR.reactions}
    tells = {rule.on for rule in RULES}
    assert followed == tells | NO_LETTER.keys()
    assert not tells & NO_LETTER.keys()


def test_each_letter_is_made_by_something_and_has_words() -> None:
    assert {rule.letter for rule in RULES} == set(Letter) == wording.WORDINGS.keys() | SAYS.keys()
    assert {rule.letter for rule in RULES if rule.roles == OFFICE} == SAYS.keys()


def test_each_reason_and_condition_is_explained() -> None:
    assert set(MEANING) == set(Because)
    assert set(CONDITIONS) == set(When)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.on}-{rule.letter}")
def test_a_role_that_is_told_has_a_place_where_its_address_stands(rule: Rule) -> None:
    assert rule.roles <= PLACES.keys() or rule.roles == OFFICE  # duty mailboxes are the office map's


def test_a_resolution_overtakes_a_letter_whatever_made_it() -> None:
    overtaken = defaultdict(set)
    for rule in RULES:
        overtaken[rule.letter].add(Because.ALREADY_RESOLVED in rule.suppressed)
    assert all(len(said) == 1 for said in overtaken.values())
    assert not any(rule.suppressed & ALWAYS for rule in RULES)


def test_no_event_makes_the_same_letter_twice_for_one_role() -> None:
    for event in EventType:
        for named in (None, *Recipient):
            made = made_by(
                event,
                case_id=CASE_ID,
                cause=CASE_ID,
                alone=False,
                true_of_it=frozenset(When),
                named=named,
            )
            assert all(count == 1 for count in Counter(one.id for one in made).values())
