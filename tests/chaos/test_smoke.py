"""A minute of `make chaos`: some faults of each sort against a whole platform, and the same judgement at the end.

How soon work goes on after a fault is a measure of the machine, which the campaign has to itself, and this has not.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import campaign
from tests.chaos.campaign import Wish
from tests.chaos.nemesis import KILL, STOP
from tests.chaos.stack import KAFKA

pytestmark = pytest.mark.real

FAULTS = ((KILL, "intake-1"), (STOP, "triage-1"), (KILL, KAFKA), (KILL, "escalation-2"))
TIMED = "I14 back in time"


@pytest.fixture(name="_silent_clients")
def _silence() -> Iterator[None]:
    """The clients tell each time when a server is away."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("_silent_clients")
async def test_a_minute_of_faults_loses_doubles_and_leaves_nothing(tmp_path: Path) -> None:
    wish = Wish(seed=7, seconds=20.0, people_seconds=12.0, faults=FAULTS, moods=False)
    outcome, evidence = await campaign.run(wish, tmp_path)
    assert {each.name: rows[:5] for each, rows in outcome.broken.items() if each.name != TIMED} == {}
    assert outcome.quiet_after is not None
    assert set(outcome.faults) == set(FAULTS)
    acknowledged, resolved, kept = evidence.db.execute(
        """SELECT (SELECT COUNT(DISTINCT case_id) FROM asked WHERE op = 'ok'),
                  (SELECT COUNT(DISTINCT subject) FROM records WHERE topic = 'resolution.issued' AND mark IS NULL),
                  (SELECT COUNT(*) FROM poison)"""
    ).fetchone()
    assert acknowledged > 10
    assert resolved > 3
    assert kept > 3
