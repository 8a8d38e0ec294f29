"""Where the letters of a group wait for each other, so that one write serves them all."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from services.notification.mail.claims import Taken

Mark = Callable[[Sequence[Taken]], Awaitable[Sequence[Taken]]]


class Gate:
    """Opens when all who are expected have come, or some time after the first: who is slow passes later, by itself."""

    def __init__(self, mark: Mark, *, expected: int, patience: float) -> None:
        """`mark` is the write: it returns the letters that it took effect for. `patience` in seconds."""
        self._mark = mark
        self._expected = expected
        self._patience = patience
        self._waiting: list[tuple[Taken, asyncio.Future[Taken | None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Task[None]] = set()

    async def passed(self, letter: Taken) -> Taken | None:
        """The letter as it was written; None when the write did not take effect for it. Raises what the write did."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Taken | None] = loop.create_future()
        self._waiting.append((letter, answer))
        if self._timer is None:
            self._timer = loop.call_later(self._patience, self._open)
        self._open_if_complete()
        return await answer

    def not_coming(self) -> None:
        """One of those expected has ended before the gate."""
        self._expected -= 1
        self._open_if_complete()

    def _open_if_complete(self) -> None:
        if self._waiting and len(self._waiting) >= self._expected:
            self._open()

    def _open(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        waiting, self._waiting = self._waiting, []
        self._expected -= len(waiting)
        writing = asyncio.create_task(self._write([(one, answer) for one, answer in waiting if not answer.done()]))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    async def _write(self, waiting: Sequence[tuple[Taken, "asyncio.Future[Taken | None]"]]) -> None:
        """Nobody waits for this task itself: what becomes of the write is told to those at the gate."""
        passed: dict[UUID, Taken] = {}
        failure: BaseException | None = None
        try:
            passed = {letter.notification: letter for letter in await self._mark([letter for letter, _ in waiting])}
        except Exception as error:  # noqa: BLE001 - raised again at each of those who wait
            failure = error
        except BaseException:  # a cancellation: who waits would wait for ever
            for _, answer in waiting:
                answer.cancel()
            raise
        for letter, answer in waiting:
            if answer.done():  # Cancelled meanwhile.
                continue
            if failure is not None:
                answer.set_exception(failure)
            else:
                answer.set_result(passed.get(letter.notification))
