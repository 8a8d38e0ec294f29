"""Calls that come while others are being worked on are worked on together: round trips for many instead of for each.

Nobody waits for a timer: an idle service takes the first call at once, by itself, and a busy one larger groups.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.errors import Outage

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Call(Generic[T, R]):
    """One caller, who may have gone before the result is there."""

    item: T
    result: "asyncio.Future[R]"

    def answer(self, result: R) -> None:
        if not self.result.done():
            self.result.set_result(result)

    def fail(self, error: Exception) -> None:
        if not self.result.done():
            self.result.set_exception(error)


class Together(Generic[T, R]):
    """Work that can be done for several callers at once."""

    def __init__(
        self,
        work: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        at_once: int,
        groups: int,
        for_all: tuple[type[Exception], ...] = (),
    ) -> None:
        """`work` gives one result for each item, in their order. At most `at_once` items go into a group, and at most
        `groups` are under way at a time. Errors `for_all` (an outage) are everybody's; after any other one each item is
        tried by itself, so that one cannot harm the others: `work` must bear to be done again."""
        self._work = work
        self._at_once = at_once
        self._groups = groups
        self._for_all = for_all
        self._waiting: deque[_Call[T, R]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def do(self, item: T) -> R:
        """The item's result, or what `work` raised for it."""
        call: _Call[T, R] = _Call(item, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if len(self._running) < self._groups:
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await call.result

    async def _run(self) -> None:
        group: list[_Call[T, R]] = []
        try:
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._at_once))]
                await self._work_on(group)
        except BaseException:
            # Nobody else answers them: a caller that waits for ever also keeps the service from ending.
            for call in (*group, *self._waiting):
                call.fail(Outage("This was broken off. Send it again: what was done is not done twice."))
            self._waiting.clear()
            raise

    async def _work_on(self, group: Sequence[_Call[T, R]]) -> None:
        try:
            results = await self._work([call.item for call in group])
        except Exception as error:  # noqa: BLE001 - handed to whoever called
            if len(group) > 1 and not isinstance(error, self._for_all):
                await asyncio.gather(*(self._work_on([call]) for call in group))
                return
            for call in group:
                call.fail(error)
            return
        for call, result in zip(group, results, strict=True):
            call.answer(result)
