"""An imminent removal is an event that another system can read: once for an office, while the case is under review."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.casework.offering import Verdict
from shared.contracts import events
from shared.contracts.vocabulary import Belief, EventType
from tests.unit.one_case import after
from tests.unit.triage_story import (
    ANA,
    BELIEVED,
    ERASED,
    RESOLVED,
    WITHDRAWN,
    Triage,
    amended,
    escalated,
    now_detained,
    remanded,
    submitted,
)

ON_THE_28TH = events.Removal(scheduled_for=date(2021, 3, 28))
FROM_THE_14TH = datetime(2021, 3, 14, 4, tzinfo=UTC)
"""Fourteen days before the 28th begins, in Baltimore."""


def alerts(case: Triage) -> list[dict[str, Any]]:
    return case.told(EventType.REMOVAL_IMMINENT)


def test_it_says_whose_case_it_is_and_what_is_known_of_the_removal() -> None:
    case = Triage().submit(submitted(removal=events.Removal(scheduled_for=date(2021, 3, 10))))
    assert alerts(case) == [
        {
            "office": "BAL",
            "scheduled_for": "2021-03-10",
            "believed_imminent": "unknown",
            "with_headquarters": False,
            "number": "ICR-1",
        }
    ]


def test_an_office_is_told_once_and_again_when_it_had_stopped_being_so() -> None:
    case = Triage().submit()
    assert alerts(case) == []
    for amendment, believed in enumerate([Belief.YES, Belief.YES, Belief.NO, Belief.YES], start=1):
        case.hear(
            "intake", amended(amendment, removal=events.Removal(believed_imminent=believed)), after(hours=amendment)
        )
    assert len(alerts(case)) == 2


def test_another_office_is_told_when_the_case_comes_there() -> None:
    case = Triage().submit(submitted(removal=BELIEVED))
    case.hear("intake", now_detained(1), after(hours=1))
    assert [each["office"] for each in alerts(case)] == ["BAL", "PHI"]


@pytest.mark.parametrize("where", ["under consideration", "considered", "with headquarters", "sent back"])
def test_it_is_told_wherever_the_case_is_under_review(where: str) -> None:
    case = Triage().submit()
    if where == "considered":
        case.claim(ANA)
        assert case.decide() is None
    if where in {"with headquarters", "sent back"}:
        case.hear("escalation", escalated(), after(days=1))
    if where == "sent back":
        case.hear("escalation", remanded(), after(days=2))
    case.hear("intake", amended(1, removal=BELIEVED), after(days=3))
    (told,) = alerts(case)
    assert told["with_headquarters"] is (where == "with headquarters")


@pytest.mark.parametrize("where", ["under consideration", "considered", "with headquarters"])
def test_a_removal_that_the_calendar_alone_brings_near_is_told_too(where: str) -> None:
    case = Triage().submit(submitted(removal=ON_THE_28TH))
    if where == "considered":
        case.claim(ANA)
        assert case.decide() is None
    if where == "with headquarters":
        case.hear("escalation", escalated(), after(days=1))
    assert alerts(case) == []
    assert case.clock_reaches(FROM_THE_14TH) is Verdict.APPLIED
    assert [each["scheduled_for"] for each in alerts(case)] == ["2021-03-28"]
    case.clock_reaches(after(days=300))
    assert len(alerts(case)) == 1


def test_a_case_that_comes_back_from_headquarters_alarms_its_office_only_once() -> None:
    case = Triage().submit(submitted(removal=BELIEVED))
    case.hear("escalation", escalated(), after(days=1))
    case.hear("escalation", remanded(), after(days=2))
    assert len(alerts(case)) == 1


@pytest.mark.parametrize("ended", [WITHDRAWN, RESOLVED])
def test_a_case_that_is_over_alarms_nobody(ended: Any) -> None:
    case = Triage().submit()
    case.hear("intake" if ended is WITHDRAWN else "escalation", ended)
    case.hear("intake", amended(1, removal=BELIEVED), after(days=1))
    assert alerts(case) == []


def test_of_an_erased_case_it_is_told_as_of_every_other() -> None:
    case = Triage().submit()
    case.hear("intake", ERASED)
    case.hear("intake", amended(1, removal=BELIEVED), after(days=1))
    assert len(alerts(case)) == 1
