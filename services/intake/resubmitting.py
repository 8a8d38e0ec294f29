"""Requests that mend a rejected one: whoever holds its private link keeps its place, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.asking import CaseView
from services.intake.domain.case import Rejected, link_generation
from services.intake.domain.case_number import read_number
from services.intake.registry import Mendings
from services.intake.same_person import Look
from shared.privacy.links import Links


@dataclass(frozen=True, slots=True)
class Claim:
    """A new request that says which one it mends. `token`: of the rejected one's link; `number`: as it was written."""

    case_id: UUID
    token: str
    number: str | None


@dataclass(frozen=True, slots=True)
class Mended:
    """The rejected request that a new one mends, as its link proves. `since`: that one's day, if its place is kept."""

    number: str
    since: datetime | None


class Resubmissions:
    """Tells proven claims from others. Raises `Outage`."""

    def __init__(self, mendings: Mendings, links: Links, look: Look) -> None:
        self._mendings = mendings
        self._links = links
        self._look = look

    async def proven(self, claims: Sequence[Claim]) -> dict[UUID, Mended]:
        """The claims whose link opens a rejected request (of that number, if one was given).

        The first one keeps that request's place, however often it is sent; any further one only names it.
        """
        meant = {earlier for claim in claims if (earlier := self._links.case_of(claim.token)) is not None}
        views = await self._look(list(meant)) if meant else {}
        rejected = {claim.case_id: found for claim in claims if (found := self._rejected(claim, views)) is not None}
        first = await self._mendings.first([(earlier, case_id) for case_id, (earlier, _) in rejected.items()])
        return {
            case_id: Mended(state.number, state.received_at if first[earlier] == case_id else None)
            for case_id, (earlier, state) in rejected.items()
        }

    def _rejected(self, claim: Claim, views: Mapping[UUID, CaseView]) -> tuple[UUID, Rejected] | None:
        earlier = self._links.case_of(claim.token)
        view = views.get(earlier) if earlier is not None and earlier != claim.case_id else None
        known = view.state if view is not None and isinstance(view.state, Rejected) else None
        whose = self._links.role_of(claim.token, link_generation(known) if known else None)
        if earlier is None or known is None or whose is None:
            return None
        named = read_number(claim.number or "")
        return (earlier, known) if named in (None, known.number) else None
