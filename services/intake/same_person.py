"""Which cases are about the same person, told by the blind index of the A-number. It warns; it keeps nobody out."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.intake.asking import CaseView
from services.intake.domain.case import Accepted, Open
from services.intake.registry import Doubles, Seen, Sighting

Look = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, CaseView]]]
"""Cases as they stand, asked for at once; unknown ones are left out."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another case about the same person."""

    case_id: UUID
    number: str
    state: Accepted


class SamePerson:
    """Notes who new cases are about, and finds the others about the same person. Raises `Outage`."""

    def __init__(self, doubles: Doubles, look: Look) -> None:
        self._doubles = doubles
        self._look = look

    async def note(self, sightings: Sequence[Sighting], names: Sequence[Sighting] = ()) -> dict[UUID, str]:
        """Note new cases; of each, the number of the oldest open one before it about the same person, if any.

        By `names` cases are only found (`looking_up.py`).
        """
        earlier = await self._doubles.note(sightings, names)
        views = await self._looked_at(seen for of_one in earlier.values() for seen in of_one)
        found = {case_id: _first_open(seen, views) for case_id, seen in earlier.items()}
        return {case_id: number for case_id, number in found.items() if number is not None}

    async def others(self, case_id: UUID) -> list[Other]:
        """Other cases about the same person, earlier and later ones, the oldest first."""
        seen = await self._doubles.others(case_id)
        views = await self._looked_at(seen)
        return [
            Other(each.case_id, each.number, view.state)
            for each in seen
            if (view := views.get(each.case_id)) is not None and isinstance(view.state, Accepted)
        ]

    async def _looked_at(self, seen: Iterable[Seen]) -> Mapping[UUID, CaseView]:
        ids = list({each.case_id for each in seen})
        return await self._look(ids) if ids else {}


def _first_open(earlier: Sequence[Seen], views: Mapping[UUID, CaseView]) -> str | None:
    for seen in earlier:
        view = views.get(seen.case_id)
        if view is None or isinstance(view.state, Open):  # None: it comes at this very moment.
            return seen.number
    return None
