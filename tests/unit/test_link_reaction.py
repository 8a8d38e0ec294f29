"""A lost link: asked for again by an event, unchanged, and not so often that it pesters."""

from datetime import timedelta

import pytest

from services.intake.commands import Ask, Erase, SendLink
from services.intake.domain.case import Accepted, Rejected, link_generation
from services.intake.domain.link import may_be_sent, noted
from shared.casework.commands import Answered
from shared.contracts.events import LinkRequested
from shared.contracts.vocabulary import Recipient, RejectCode, RequestorType
from shared.errors import CommandRefused
from tests.unit.intake_world import MONDAY, World, resolved

MINUTE = timedelta(minutes=1)
REQUESTOR = SendLink(Recipient.REQUESTOR)


@pytest.mark.parametrize(
    ("before", "may"),
    [
        ((), True),
        ((14,), False),
        ((15,), True),
        ((15, 60, 120), False),
        ((15, 60, 24 * 60), True),
        ((-5,), False),  # a moment ahead: a clock was set back
    ],
)
def test_the_link_is_sent_again_after_fifteen_minutes_and_three_times_a_day(before: tuple[int, ...], may: bool) -> None:
    assert may_be_sent([MONDAY - minutes * MINUTE for minutes in before], MONDAY) is may


def test_no_more_is_remembered_than_the_last_day() -> None:
    assert noted([MONDAY - 24 * 60 * MINUTE, MONDAY - MINUTE], MONDAY) == (MONDAY - MINUTE, MONDAY)


def test_a_lost_link_is_an_event_that_changes_neither_link_nor_facts() -> None:
    world = World()
    world.submit()
    assert isinstance(world.ask(Ask.SEND_LINK, SendLink(Recipient.NONCITIZEN)), Answered)
    assert world.said[-1] == LinkRequested(to=Recipient.NONCITIZEN)
    assert isinstance(world.state, Accepted)
    assert link_generation(world.state) == 1
    assert world.state.filing.amendment == 0


def test_a_noncitizen_who_asked_alone_gets_the_requestors_copy() -> None:
    world = World()
    world.submit(requestor_type=RequestorType.NONCITIZEN)
    world.ask(Ask.SEND_LINK, SendLink(Recipient.NONCITIZEN))
    assert world.said[-1] == LinkRequested(to=Recipient.REQUESTOR)


def test_the_same_form_sent_twice_is_one_event_and_another_one_is_refused_for_a_while() -> None:
    world = World()
    world.submit()
    first = world.ask(Ask.SEND_LINK, REQUESTOR, key="form-1")
    again = world.ask(Ask.SEND_LINK, REQUESTOR, key="form-1")
    refused = world.ask(Ask.SEND_LINK, REQUESTOR, MONDAY + MINUTE)
    assert isinstance(first, Answered)
    assert isinstance(again, Answered)
    assert isinstance(refused, CommandRefused)
    assert refused.code == "asked_lately"
    assert isinstance(world.ask(Ask.SEND_LINK, REQUESTOR, MONDAY + 15 * MINUTE), Answered)
    assert sum(isinstance(said, LinkRequested) for said in world.said) == 2


def test_also_of_a_rejected_and_of_a_resolved_request_and_never_of_an_erased_one() -> None:
    rejected = World()
    rejected.submit(missing=(RejectCode.NO_NAME,))
    assert isinstance(rejected.ask(Ask.SEND_LINK, REQUESTOR), Answered)
    assert isinstance(rejected.state, Rejected)
    assert rejected.state.link_asked == (MONDAY,)
    world = World()
    world.submit()
    world.hear(resolved())
    assert isinstance(world.ask(Ask.SEND_LINK, REQUESTOR), Answered)
    world.ask(Ask.ERASE, Erase("privacy-1", "order/1"))
    refused = world.ask(Ask.SEND_LINK, REQUESTOR, MONDAY + 60 * MINUTE)
    assert isinstance(refused, CommandRefused)
    assert refused.code == "not_open"
