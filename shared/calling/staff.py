"""The staff endpoints of triage, escalation and intake, as an officer's or an official's program calls them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from shared.calling.instances import Instances

PAGE = 100
"""Cases that are listed, or decided, in one request."""


class Desk:
    """One service's staff endpoints with one person's token. All raise `Refusal` and `Unreachable`."""

    def __init__(self, service: Instances, token: str) -> None:
        self._service = service
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    async def queue(self, *, limit: int = PAGE, **filters: Any) -> list[dict[str, Any]]:
        """The whole queue, in the order in which it should be worked."""
        return await self._pages("/queue", "cases", limit=limit, **filters)

    async def questions(self, *, limit: int = PAGE, **filters: Any) -> list[dict[str, Any]]:
        """What headquarters asks the field office (triage only), the most urgent cases first."""
        return await self._pages("/questions", "questions", limit=limit, **filters)

    async def to_carry_out(self, *, limit: int = PAGE, **filters: Any) -> list[dict[str, Any]]:
        """What the field office has to carry out (triage only), what is due first first."""
        return await self._pages("/to-carry-out", "to_carry_out", limit=limit, **filters)

    async def case(self, case_id: UUID | str) -> dict[str, Any]:
        """The case with what staff need to decide; opening it leaves an access record."""
        found: dict[str, Any] = await self._get(f"/cases/{case_id}")
        return found

    async def history(self, case_id: UUID | str) -> dict[str, Any]:
        """`{history, missing}`: the case as all services tell it, and who did not answer (triage only)."""
        found: dict[str, Any] = await self._get(f"/cases/{case_id}/history")
        return found

    async def events(self, case_id: UUID | str) -> list[dict[str, Any]]:
        """The service's own events of a case, oldest first, without their sealed blobs."""
        found: list[dict[str, Any]] = await self._get(f"/cases/{case_id}/events")
        return found

    async def personal(self, case_id: UUID | str, why: str) -> dict[str, Any]:
        """The case with whom it is about and what was added (intake only), which leaves an access record."""
        found: dict[str, Any] = await self._get(f"/cases/{case_id}", why=why)
        return found

    async def of_number(self, number: str) -> dict[str, Any]:
        """The case of a number, as somebody may have read it out (intake only)."""
        found: dict[str, Any] = await self._get("/cases", number=number)
        return found

    async def find(self, by: str, said: str) -> dict[str, Any]:
        """The cases that fit what a caller said (intake only): in the body, where no log sees it."""
        answer = await self._service.post(
            "/cases/find", key=str(uuid4()), headers=self._headers, json={"by": by, "said": said}
        )
        found: dict[str, Any] = answer.json()
        return found

    async def withdrawals(self, *, limit: int = PAGE) -> list[dict[str, Any]]:
        """The withdrawals that wait for a word of staff, the oldest first (intake only)."""
        return await self._all("/withdrawals", "withdrawals", limit)

    async def hand_overs(self, *, limit: int = PAGE) -> list[dict[str, Any]]:
        """The hand-overs to other requestors that wait for a second person, the oldest first (intake only)."""
        return await self._all("/hand-overs", "hand_overs", limit)

    async def _all(self, path: str, name: str, limit: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        skip = 0
        while True:
            page = await self._get(path, skip=skip, limit=limit)
            found += page[name]
            skip += limit  # Others' cases count, though they are not shown.
            if not page["more"]:
                return found

    async def doubles(self, case_id: UUID | str) -> list[dict[str, Any]]:
        """The other cases about the same person, the oldest first (intake only)."""
        found: list[dict[str, Any]] = await self._get(f"/cases/{case_id}/doubles")
        return found

    async def do(self, case_id: UUID | str, what: str, said: Mapping[str, Any], *, key: str | None = None) -> Any:
        """`claim`, `release`, `decide`, `ask`, `forward` or `remand`; the same key again is the same act."""
        path = f"/cases/{case_id}/{what}"
        answer = await self._service.post(path, key=key or str(uuid4()), headers=self._headers, json=dict(said))
        return answer.json()

    async def take_next(self, office: str | None = None, *, key: str | None = None) -> dict[str, Any]:
        """Take the next case of an office in hand (triage only); the same key again gets the same case."""
        said = without_nothing({"office": office})
        answer = await self._service.post("/claims/next", key=key or str(uuid4()), headers=self._headers, json=said)
        taken: dict[str, Any] = answer.json()
        return taken

    async def decide(
        self, decisions: Sequence[Mapping[str, Any]], *, claim: bool = False, dry_run: bool = False
    ) -> list[dict[str, Any]]:
        """What became of each decision, in their order; with `claim` each takes its case in hand itself."""
        results: list[dict[str, Any]] = []
        for first in range(0, len(decisions), PAGE):
            body = {"claim": claim, "dry_run": dry_run, "decisions": list(decisions[first : first + PAGE])}
            answer = await self._service.post("/decisions", key=str(uuid4()), headers=self._headers, json=body)
            results += answer.json()["results"]
        return results

    async def _pages(self, path: str, member: str, *, limit: int, **filters: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = await self._get(path, skip=len(found), limit=limit, **filters)
            found += page[member]
            if not page["more"]:
                return found

    async def _get(self, path: str, **query: Any) -> Any:
        return (await self._service.get(path, headers=self._headers, **query)).json()


def without_nothing(said: Mapping[str, Any]) -> dict[str, Any]:
    """Without the members that say nothing."""
    return {name: value for name, value in said.items() if value not in (None, "", (), [])}


def names(given: Sequence[str] | None) -> list[str]:
    """Codes as they are written in events: upper case, each once."""
    return list(dict.fromkeys(code.strip().upper() for code in given or ()))
