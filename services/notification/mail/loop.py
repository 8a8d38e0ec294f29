"""The mail loop: find due letters, claim them for free connections, take them through, record what became of them.

Several instances may run it at once, and each may be killed at any point: at most one copy of each letter is handed to
the relay by the system, and what cannot be known becomes `uncertain`, visible to staff, never sent again by itself.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from services.notification.mail.claims import Taken
from services.notification.mail.finding import Finder
from services.notification.mail.knobs import Knobs
from services.notification.mail.ledger_store import Ledger
from services.notification.mail.pool import Pool
from services.notification.mail.preparing import Desk
from services.notification.mail.recording import Recorder
from services.notification.mail.relay import Connection, Unreachable
from services.notification.mail.wave import Outcome, Wave
from shared.errors import Outage
from shared.failpoints import Point, Reached, no_point
from shared.mongo.driver import PyMongoError

log = structlog.get_logger("secondlook.mail")

AWAY = (Outage, PyMongoError, Unreachable)
"""Store, key store or relay does not answer: nothing is wrong with any letter."""
TROUBLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Letters to claim, and as many connections that stand open for them."""

    letters: Sequence[Taken]
    connections: Sequence[Connection]


class MailLoop:
    """Works the mail ledger off, several groups at once. `connect` makes a new, closed connection to the relay."""

    def __init__(
        self,
        ledger: Ledger,
        desk: Desk,
        connect: Callable[[], Connection],
        *,
        knobs: Knobs | None = None,
        may_send: Callable[[], bool] = lambda: True,
        point: Point = no_point,
        real_now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`may_send` False freezes sending (after a restore) while outcomes are still recorded.

        `count` hears of each result that was recorded.
        """
        self._ledger = ledger
        self._knobs = knobs = knobs or Knobs()
        rng = rng or random.Random()
        self._recorder = Recorder(ledger, knobs=knobs, now=desk.now, real_now=real_now, rng=rng, count=count)
        self._finder = Finder(ledger, self._recorder, knobs=knobs, real_now=real_now, monotonic=monotonic, rng=rng)
        self._pool = Pool(connect, knobs.connections)
        self._wave = Wave(
            ledger, desk, self._pool.release, point, knobs.start_content_within, knobs.together, monotonic
        )
        self._may_send = may_send
        self._point = point
        self._real_now = real_now
        self._groups: set[asyncio.Task[int]] = set()
        self._troubled = False
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop` or cancellation. An outage costs a pause, and one group's failure nothing of the others.

        When cancelled, what is under way is taken to its end first, for at most `Knobs.drain`: a letter that is broken
        off after its content has gone out could only become uncertain.
        """
        dispatching = asyncio.create_task(self._dispatch())
        try:
            await asyncio.wait({dispatching})
        except asyncio.CancelledError:
            self.stop()
            raise
        finally:
            under_way = {dispatching, *self._groups}
            await asyncio.wait(under_way, timeout=self._knobs.drain.total_seconds())
            for task in under_way | self._groups:
                task.cancel()
            await asyncio.gather(*under_way, *self._groups, return_exceptions=True)
            await self._pool.close()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is under way has been recorded."""
        self._stop.set()

    async def once(self) -> int:
        """One round: what others left, then one group. Returns how many letters got an outcome.

        Raises an outage of store or key store, and `Unreachable` when letters are due and the relay is not there.
        """
        settled, group = await self._next_group()
        return settled + (await self._send(group) if group else 0)

    async def _dispatch(self) -> None:
        while not self._stop.is_set():
            await self._pause(await self._begin())
        if self._groups:
            await asyncio.wait(self._groups)

    async def _begin(self) -> float:
        """Begin one group, if there is anything to begin with; returns how many seconds to wait before the next."""
        few = self._knobs.gather.total_seconds()
        await self._pool.until_free(self._knobs.group, within=self._knobs.together.total_seconds())
        if self._stop.is_set():  # Meanwhile: what was to be finished has let go of its connections.
            return 0.0
        if self._troubled:
            self._troubled = False
            return TROUBLE_SECONDS * random.uniform(0.5, 1.0)
        if not self._pool.free or len(self._finder.in_hand) >= self._knobs.in_hand:
            return few
        try:
            settled, group = await self._next_group()
        except Exception as error:  # noqa: BLE001 - the loop must outlive a defect; leases clear up after it
            self._note(error)
            return 0.0
        if group is not None:
            task = asyncio.create_task(self._send(group))
            self._groups.add(task)
            task.add_done_callback(self._ended)
            return 0.0 if self._finder.more else few
        return few if settled else self._knobs.poll.total_seconds()

    def _ended(self, task: "asyncio.Task[int]") -> None:
        self._groups.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._note(error)

    def _note(self, error: BaseException) -> None:
        self._troubled = True
        if isinstance(error, AWAY):
            log.info("mail_waits", why=type(error).__name__)
        else:
            log.error("mail_round_failed", kind=type(error).__name__)  # Not its text: it may quote an address.

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    async def _next_group(self) -> tuple[int, Batch | None]:
        """How many letters were settled on the way, and the next group: its connections open, nothing claimed yet."""
        await self._recorder.retry()
        may_send = self._may_send()
        if not may_send:
            self._finder.forget()
        settled = 0 if self._finder.waiting else await self._finder.look()
        letters = self._finder.take(min(self._knobs.group, self._pool.free)) if may_send else []
        if not letters:
            return settled, None
        connections: Sequence[Connection] = ()
        try:
            connections = await self._pool.open(len(letters))
        finally:
            self._finder.put_back(letters[len(connections) :])
        return settled, Batch(letters[: len(connections)], connections)

    async def _send(self, group: Batch) -> int:
        """Claim, send, record. Returns how many letters got an outcome."""
        settled = 0

        async def tell(outcomes: Sequence[Outcome]) -> None:
            nonlocal settled
            settled += await self._record(outcomes)

        try:
            try:
                addressed = await self._wave.address(group.letters, group.connections, until=self._claimed_until())
            except (Outage, PyMongoError):
                self._recorder.nothing_sent(group.letters)
                raise
            if addressed.lost > len(group.letters) // 2:
                self._finder.forget()  # Another instance is ahead of us with what we found.
            await self._wave.send(addressed, tell)
            return settled
        finally:
            self._finder.done(group.letters)

    async def _record(self, outcomes: Sequence[Outcome]) -> int:
        try:
            await self._point(Reached.BEFORE_RECORD)
        except Exception:
            self._recorder.owe(outcomes)
            raise
        return await self._recorder.record(outcomes)

    def _claimed_until(self) -> datetime:
        return self._real_now() + self._knobs.lease


def real_age(now: Callable[[], datetime], speed: float = 1.0) -> Callable[[datetime], timedelta]:
    """How old a moment on the policy clock really is, for a clock that runs `speed` times as fast as real time."""
    return lambda moment: (now() - moment) / speed
