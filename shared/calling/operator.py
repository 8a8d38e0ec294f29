"""The operator's endpoints, which every service has: what is held, and how it is offered again."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

from shared.calling.instances import Instances, Refusal

PAGE = 100


class OperatorDesk:
    """One service's endpoints for operators, with one person's token. All raise `Refusal` and `Unreachable`."""

    def __init__(self, service: Instances, token: str) -> None:
        self._service = service
        self.name = service.service
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    async def held(self, *, waiting: bool = False) -> list[dict[str, Any]]:
        """All parked cases; with `waiting` also those that only wait for an event to come."""
        found: list[dict[str, Any]] = []
        while True:
            page = await self.get("/held", waiting="true" if waiting else None, skip=len(found), limit=PAGE)
            found += page["cases"]
            if not page["more"] or not page["cases"]:
                return found

    async def count_parked(self) -> int:
        """How many cases are parked."""
        return int((await self.get("/held", limit=1))["count"])

    async def held_of(self, case_id: UUID | str) -> dict[str, Any] | None:
        """What a case holds; None when this service holds nothing of it."""
        try:
            found: dict[str, Any] = await self.get(f"/held/{case_id}")
        except Refusal as refusal:
            if refusal.code == "nothing_held":
                return None
            raise
        return found

    async def redrive(self, case_id: UUID | str, *, dry_run: bool, as_it_stands: bool = False) -> dict[str, Any]:
        """Offer what one case holds again, or say what would come of it."""
        told: dict[str, Any] = await self.post(f"/held/{case_id}/redrive", dry_run=dry_run, as_it_stands=as_it_stands)
        return told

    async def discard(self, case_id: UUID | str, *, why: str) -> dict[str, Any] | None:
        """Dismiss what a case holds; None when this service holds nothing of it."""
        try:
            told: dict[str, Any] = await self.post(f"/held/{case_id}/discard", why=why)
        except Refusal as refusal:
            if refusal.code == "nothing_held":
                return None
            raise
        return told

    async def redrive_all(self, *, dry_run: bool, per_second: float) -> AsyncIterator[dict[str, Any]]:
        """Offer what all parked cases hold again: one answer after the other. A reason that was left stays left."""
        after: str | None = None
        leave: list[dict[str, Any]] = []
        while True:
            asked = {"dry_run": dry_run, "per_second": per_second, "after": after, "leave": leave}
            told = await self.post("/held/redrive", **asked)
            yield told
            if not told["more"]:
                return
            after = told["after"]
            leave += [each["why"] for each in told["left"] if each["why"] not in leave]

    async def dead_letters(self, limit: int) -> list[dict[str, Any]]:
        """The newest records that belong to no case."""
        found: list[dict[str, Any]] = (await self.get("/dead-letters", limit=limit))["dead_letters"]
        return found

    async def count_dead_letters(self) -> int:
        """How many records belong to no case."""
        return int((await self.get("/dead-letters", limit=1))["count"])

    async def redrive_letter(self, letter_id: str) -> dict[str, Any]:
        """Offer one of them again."""
        told: dict[str, Any] = await self.post(f"/dead-letters/{letter_id}/redrive")
        return told

    async def redrive_letters(self) -> AsyncIterator[dict[str, Any]]:
        """Offer all of them again: what became of each."""
        after = ""
        while told := (await self.post("/dead-letters/redrive", after=after))["results"]:
            for each in told:
                yield each
            after = told[-1]["id"]

    async def corrupt_batches(self) -> list[dict[str, Any]]:
        """Batches that this service cannot read, and stands at."""
        found: list[dict[str, Any]] = (await self.get("/corrupt-batches"))["corrupt_batches"]
        return found

    async def skip(self, topic: str, partition: int, offset: int, *, to: int | None, why: str) -> int:
        """Have one of them passed unread; where the partition goes on."""
        told = await self.post(f"/corrupt-batches/{topic}/{partition}/{offset}/skip", to=to, why=why)
        return int(told["to"])

    async def keys_gone(self) -> list[str]:
        """Cases of this service that have no key any more, and were not erased."""
        found: list[str] = []
        after: str | None = None
        while True:
            page = await self.get("/keys/gone", after=after)
            found += page["cases"]
            if (after := page["after"]) is None:
                return found

    async def get(self, path: str, **query: Any) -> Any:
        """Ask."""
        return (await self._service.get(path, headers=self._headers, **query)).json()

    async def post(self, path: str, **said: Any) -> Any:
        """Have something done. All that operators ask for is safe to ask again."""
        return (await self._service.post(path, key=str(uuid4()), headers=self._headers, json=said)).json()
