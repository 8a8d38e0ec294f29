"""Parking the cases that are behind their topics, after a store was restored from a backup."""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog

from shared.casework import behind
from shared.casework.case import Arrived, Case
from shared.casework.offering import Rules
from shared.casework.store import Store
from shared.errors import Outage

S = TypeVar("S")

AT_ONCE = 200

log = structlog.get_logger()


class Parking(Generic[S]):
    """Parks cases of one service, as long as nothing else of it decides anything."""

    def __init__(
        self,
        store: Store[S],
        rules: Rules[S],
        begin: Callable[[], Awaitable[None]],
        *,
        real_now: Callable[[], datetime],
        policy_now: Callable[[], datetime],
    ) -> None:
        """`begin` has everything that decides stand still."""
        self.begin = begin
        self._store = store
        self._rules = rules
        self._real_now = real_now
        self._policy_now = policy_now
        self.parked: dict[UUID, None] = {}

    async def park(self, strangers: Sequence[Arrived], *, contested: bool = False) -> None:
        """Take events that only the topics know into their cases, which may not be known here at all."""
        now = self._policy_now()
        of_case: dict[UUID, list[Arrived]] = defaultdict(list)
        for stranger in strangers:
            of_case[stranger.case_id].append(stranger)
        for chosen in _in_chunks(of_case):
            cases = await self._store.load(chosen)
            whole = [case.id for case in cases.values() if case.published == case.emitted]
            for case in cases.values():
                behind.park(case, of_case[case.id], self._rules, now=now, contested=contested)
            # What the topic has is published. Where earlier ones may not be, all are sent again: doubles are dropped.
            await self._save(cases, {case_id: cases[case_id].emitted for case_id in whole})
            self.parked |= dict.fromkeys(chosen)

    async def bring_forward(self) -> int:
        """Once all that the topics know is taken in: cases that can go on do. Returns how many stay behind."""
        left = 0
        async for cases in self._parked():
            caught_up = [behind.catch_up(case, self._rules, now=self._policy_now()) for case in cases.values()]
            left += caught_up.count(False)
            await self._save(cases, {})
        log.info("brought_forward", cases=len(self.parked), count=left)
        return left

    async def _parked(self) -> AsyncIterator[dict[UUID, Case[S]]]:
        """All cases that are behind, also those that an earlier comparison parked which did not come to its end."""
        query: dict[str, Any] = {"parked_since": {"$exists": True}}
        while found := await self._store.find(query, sort=[("_id", 1)], skip=0, limit=AT_ONCE):
            yield {case.id: case for case in found if not case.newer and behind.ahead(case, self._rules)}
            query["_id"] = {"$gt": found[-1].id}

    async def _save(self, cases: dict[UUID, Case[S]], published: dict[UUID, int]) -> None:
        saved = await self._store.save(
            list(cases.values()), now=self._real_now(), policy_now=self._policy_now(), published=published
        )
        if saved.lost or saved.refused:
            raise Outage("Somebody else is writing these cases, or the store refuses them.")


def _in_chunks(case_ids: Iterable[UUID]) -> Iterable[list[UUID]]:
    listed = list(case_ids)
    return (listed[first : first + AT_ONCE] for first in range(0, len(listed), AT_ONCE))
