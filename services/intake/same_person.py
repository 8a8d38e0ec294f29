"""Which cases are about the same person, told by the blind index of the A-number. It warns; it keeps nobody out."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.intake.asking import CaseView
from services.intake.domain.case import Accepted, Open
from services.intake.registry import Doubles, Seen, Sighting

MOST_LOOKED_AT: Final = 20
"""Of somebody with more cases than that, the oldest of these are looked at."""

Look = Callable[[UUID], Awaitable[CaseView | None]]


@dataclass(frozen=True, slots=True)
class Other:
    """Another case about the same person."""

    case_id: UUID
    number: str
    state: Accepted


class SamePerson:
    """Notes who new cases are about, and finds the others about the same person. Raises `Outage`."""

    def __init__(self, doubles: Doubles, look: Look) -> None:
        """`look` gives a case as it stands."""
        self._doubles = doubles
        self._look = look

    async def note(self, sightings: Sequence[Sighting]) -> dict[UUID, str]:
        """Note new cases; of each, the number of the oldest open one before it about the same person, if any."""
        earlier = await self._doubles.note(sightings)
        found = {case_id: await self._first_open(seen) for case_id, seen in earlier.items()}
        return {case_id: number for case_id, number in found.items() if number is not None}

    async def others(self, case_id: UUID) -> list[Other]:
        """All other cases about the same person, earlier and later ones, the oldest first."""
        seen = (await self._doubles.others(case_id))[:MOST_LOOKED_AT]
        views = [(each, await self._look(each.case_id)) for each in seen]
        return [
            Other(each.case_id, each.number, view.state)
            for each, view in views
            if view is not None and isinstance(view.state, Accepted)
        ]

    async def _first_open(self, earlier: Sequence[Seen]) -> str | None:
        for seen in earlier[:MOST_LOOKED_AT]:
            view = await self._look(seen.case_id)
            if view is None or isinstance(view.state, Open):  # None: it comes at this very moment.
                return seen.number
        return None
