"""Questions, which the demo's people never ask: an officer's to the requestor, headquarters' to the field office."""

import asyncio
from typing import Any, Final
from uuid import UUID

from deploy.demo.people import Staff
from deploy.demo.seen import Seen
from shared.calling.instances import Refusal
from shared.calling.staff import Desk
from shared.contracts.vocabulary import EventType

ABOUT: Final = {"about": ["custody"], "text": "Where is this person held?"}
TRIES: Final = 40
PAUSE_SECONDS: Final = 0.3


async def to_the_requestor(staff: Staff, case_id: UUID, office: str) -> None:
    """Nobody answers it: the case goes back to the queue when its time is over, and waits there."""
    board = staff.office(office)
    await board.listed(case_id)
    await _insist(board.desk, case_id, "claim", {})
    await _insist(board.desk, case_id, "ask", ABOUT)


async def to_the_office(staff: Staff, seen: Seen, case_id: UUID) -> None:
    """While the SRO's own script goes on. The office answers as soon as it hears of it."""
    await seen.first(case_id, EventType.REVIEW_ESCALATED)
    await _insist(staff.headquarters.desk, case_id, "ask", ABOUT | {"addressee": "field_office"}, claim=True)
    asked = (await seen.first(case_id, EventType.OFFICE_ASKED)).data
    said = {"question": str(asked.question), "text": "In the county's own jail, since Monday."}
    await _insist(staff.office(asked.office).desk, case_id, "answer", said)


async def _insist(desk: Desk, case_id: UUID, what: str, said: dict[str, Any], *, claim: bool = False) -> None:
    """The event may not be there yet, or the claim be lost again. Raises the last `Refusal`."""
    for attempt in range(TRIES):
        try:
            if claim:
                await desk.do(case_id, "claim", {})
            await desk.do(case_id, what, said)
            return
        except Refusal:
            if attempt == TRIES - 1:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
