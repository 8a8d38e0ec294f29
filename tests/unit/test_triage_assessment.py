"""Which requests are urgent, and whose they are. Sources: announcement of 5 March 2021; form I-246 for the place."""

from datetime import date, datetime, timedelta

import pytest

from services.triage.domain.case import Case, Submission, assess
from services.triage.domain.situation import Custody, Place, Removal, Situation, imminent_from
from shared.contracts.vocabulary import (
    Belief,
    CustodyStatus,
    DecisionUnderReview,
    ReliefSought,
    RequestorType,
    Urgency,
)
from tests.unit.one_case import POLICY, T0

FREE = Custody(CustodyStatus.NOT_DETAINED)
HELD = Custody(CustodyStatus.DETAINED, "TX", "Webb")
SUBMISSION = Submission(
    number="ICR-1",
    received_at=T0,
    requestor_type=RequestorType.FAMILY,
    decision_under_review=(DecisionUnderReview.CUSTODY,),
    relief_sought=(ReliefSought.RELEASE,),
)


def assessed(situation: Situation, at: datetime = T0) -> Case:
    return assess(SUBMISSION, situation, POLICY, at=at, erased=False)


@pytest.mark.parametrize(
    ("scheduled_for", "urgency"),
    [
        (None, Urgency.ROUTINE),
        (date(2021, 3, 23), Urgency.ROUTINE),  # 14 days before its midnight is 9 March, tomorrow
        (date(2021, 3, 22), Urgency.REMOVAL_IMMINENT),  # 14 days before its midnight was last midnight
        (date(2021, 3, 8), Urgency.REMOVAL_IMMINENT),  # today
        (date(2020, 12, 24), Urgency.REMOVAL_IMMINENT),  # past: imminent until somebody says otherwise
        (date(1, 1, 1), Urgency.REMOVAL_IMMINENT),
        (date(9999, 12, 31), Urgency.ROUTINE),
    ],
)
def test_a_removal_within_the_policys_time_is_imminent(scheduled_for: date | None, urgency: Urgency) -> None:
    case = assessed(Situation(FREE, Removal(scheduled_for), Place("MD")))
    assert case.urgency_at(T0) is urgency


def test_removal_becomes_imminent_at_the_very_moment_that_policy_names() -> None:
    situation = Situation(FREE, Removal(date(2021, 4, 30)), Place("MD"))
    moment = imminent_from(situation.removal, POLICY.imminent_within)
    assert moment is not None
    case = assessed(situation)
    assert case.urgency_at(moment - timedelta(milliseconds=1)) is Urgency.ROUTINE
    assert case.urgency_at(moment) is Urgency.REMOVAL_IMMINENT


@pytest.mark.parametrize(
    ("custody", "believed", "urgency"),
    [
        (FREE, Belief.UNKNOWN, Urgency.ROUTINE),
        (FREE, Belief.NO, Urgency.ROUTINE),
        (FREE, Belief.YES, Urgency.REMOVAL_IMMINENT),
        (HELD, Belief.NO, Urgency.DETAINED),
        (HELD, Belief.YES, Urgency.REMOVAL_IMMINENT),
        (Custody(CustodyStatus.UNKNOWN), Belief.NO, Urgency.DETAINED),  # unknown is never a silent no
    ],
)
def test_belief_in_imminence_outranks_custody_and_unknown_custody_counts_as_detained(
    custody: Custody, believed: Belief, urgency: Urgency
) -> None:
    assert assessed(Situation(custody, Removal(None, believed), Place("MD"))).urgency_at(T0) is urgency


@pytest.mark.parametrize(
    ("custody", "place", "office"),
    [
        (FREE, Place("MD"), "BAL"),
        (FREE, Place("NY", "Kings"), "NYC"),
        (FREE, Place("NY", "Erie"), "BUF"),
        (FREE, Place("NY"), None),  # a divided state without a county: never a guess
        (FREE, Place("TX", "Nowhere"), None),
        (FREE, None, None),
        (HELD, Place("MD"), "SNA"),  # detained: the facility's place, and Laredo was San Antonio's in March 2021
        (Custody(CustodyStatus.DETAINED), Place("MD"), None),  # detained who knows where: not the residence's office
        (Custody(CustodyStatus.UNKNOWN), Place("MD"), "BAL"),
    ],
)
def test_the_facilitys_office_for_detained_people_and_the_residences_for_others(
    custody: Custody, place: Place | None, office: str | None
) -> None:
    assert assessed(Situation(custody, Removal(), place)).office == office
