"""A sample of `make faults-points`: a fault at each point of a running stack; nothing is lost, doubled or left over."""

from pathlib import Path

import pytest

from shared.failpoints import OF_MAIL, Reached
from tests.conftest import Servers
from tests.faults.faulty import LOST, POINTS, Kind
from tests.faults.lane import Lane
from tests.faults.letters import LetterRun, letter_lanes
from tests.faults.matrix import Cell, play, table

pytestmark = pytest.mark.real

KILLED = (
    Reached.WRITE_APPLIED,
    Reached.WRITTEN,
    Reached.PUBLISHED,
    Reached.SETTLED,
    Reached.COMMANDED,
    Reached.PUBLISHING_LATER,
)
CANCELLED = (Reached.WRITE_APPLIED, Reached.SENT, Reached.REVOKED, Reached.DRAINING)
LANES = 4
LETTER_LANES = 3


async def test_faults_at_every_point_lose_double_and_leave_nothing(servers: Servers, tmp_path: Path) -> None:
    slow_first = (Reached.STALE_FOUND, Reached.SWEPT)
    cells = [
        *(Cell(point, Kind.EXCEPTION) for point in slow_first),
        *(Cell(point, Kind.KILL) for point in KILLED),
        *(Cell(point, Kind.CANCELLATION) for point in CANCELLED),
        *(Cell(point, Kind.LOST_REPLY) for point in LOST if point in POINTS),
        *(Cell(point, Kind.EXCEPTION) for point in POINTS if point not in (*slow_first, *LOST)),
    ]
    async with Lane.several(servers, tmp_path, LANES) as lanes:
        rows = await play(lanes, [(cell, seed) for seed, cell in enumerate(cells)])
    assert not any(row.violations for row in rows.values()), f"\n{table(rows)}"
    assert {cell.point for cell in rows} == set(POINTS)


async def test_faults_in_the_mail_loop_send_no_letter_twice_and_doubt_only_what_they_hit(
    servers: Servers, tmp_path: Path
) -> None:
    cells = [
        *(Cell(point, Kind.KILL) for point in OF_MAIL),
        Cell(Reached.AFTER_CONTENT, Kind.LOST_REPLY),
        Cell(Reached.BEFORE_RECORD, Kind.EXCEPTION),
    ]
    async with letter_lanes(servers, tmp_path, LETTER_LANES) as lanes:
        rows = await play(lanes, [(cell, seed) for seed, cell in enumerate(cells)], run=LetterRun)
    assert not any(row.violations for row in rows.values()), f"\n{table(rows)}"
    assert {cell.point for cell in rows} == set(OF_MAIL)
