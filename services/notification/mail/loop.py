"""The mail loop: find due letters, claim them for free connections, take them through, record what became of them.

Several instances may run it at once, and each may be killed at any point: at most one copy of each letter is handed to
the relay by the system, and what cannot be known becomes `uncertain`, visible to staff, never sent again by itself.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence, Set
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID, uuid4

import structlog

from services.notification.domain.following import State
from services.notification.domain.ledger import IN_HAND, Entry, Phase, entries_in
from services.notification.mail.claims import Ledger, Sightings, Taken, claim, give_back, look_later, to_look_at
from services.notification.mail.knobs import Knobs
from services.notification.mail.preparing import Desk
from services.notification.mail.recording import Recorder
from services.notification.mail.relay import Connection, Unreachable
from services.notification.mail.wave import Settled, Wave
from shared.casework.engine import CaseView
from shared.casework.errors import Outage
from shared.casework.points import Point, Reached, no_point
from shared.contracts.vocabulary import MailResult
from shared.mongo.driver import PyMongoError

log = structlog.get_logger("secondlook.mail")

LOOK_AT = 4
"""Times the group: so many cases are looked at, for some of the first may be in other hands."""


class MailLoop:
    """Works the mail ledger off. `connect` makes a new, closed connection to the relay."""

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
    ) -> None:
        """`may_send` False freezes sending (after a restore) while outcomes are still recorded."""
        self._ledger = ledger
        self._knobs = knobs = knobs or Knobs()
        self._wave = Wave(ledger, desk, point, knobs.start_content_within, monotonic)
        self._recorder = Recorder(ledger, knobs=knobs, now=desk.now, real_now=real_now, rng=rng or random.Random())
        self._sightings = Sightings(knobs.lease, monotonic=monotonic)
        self._connect = connect
        self._may_send = may_send
        self._point = point
        self._real_now = real_now
        self._free = [connect() for _ in range(knobs.group * knobs.lanes)]
        self._ours: set[UUID] = set()
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop` or cancellation. An outage ends a round, never the loop.

        When cancelled, what is under way is taken to its end first, for at most `Knobs.drain`: a letter that is broken
        off after its content has gone out could only become uncertain.
        """
        lanes = [asyncio.create_task(self._lane()) for _ in range(self._knobs.lanes)]
        try:
            await asyncio.wait(lanes)
        except asyncio.CancelledError:
            self.stop()
            await asyncio.wait(lanes, timeout=self._knobs.drain.total_seconds())
            raise
        finally:
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)
            await asyncio.gather(*(connection.quit() for connection in self._free))

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is under way has been recorded."""
        self._stop.set()

    async def once(self) -> int:
        """One round: what others left, then one group. Returns how many letters got an outcome.

        Raises an outage of store or key store, and `Unreachable` when letters are due and the relay is not there.
        """
        await self._recorder.retry()
        most = LOOK_AT * self._knobs.group
        views = await to_look_at(self._ledger, self._real_now(), most)
        recovered = await self._recover(views)
        due = self._due(views)
        if not due and len(views) == most:
            await look_later(self._ledger, views, at_least=self._real_now() + self._knobs.first_wait)
            return most
        if not due or not self._may_send():
            return recovered
        connections = await self._open(len(due))
        try:
            return recovered + await self._send(due[: len(connections)], connections)
        finally:
            self._free += connections

    async def _lane(self) -> None:
        while not self._stop.is_set():
            pause = self._knobs.poll.total_seconds()
            try:
                if await self.once():
                    continue
            except (Outage, PyMongoError, Unreachable) as error:
                log.info("mail_waits", why=type(error).__name__)
                pause = 2.0 * random.uniform(0.5, 1.0)
            except Exception as error:  # noqa: BLE001 - the loop must outlive a defect; leases clear up after it
                log.error("mail_round_failed", kind=type(error).__name__)  # noqa: TRY400 - its text may quote an address
                pause = 2.0
            await self._pause(pause)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    async def _recover(self, views: Sequence[CaseView[State]]) -> int:
        """Settle what a process that is gone has left: `claimed` is due again, `data` is uncertain."""
        back: list[Taken] = []
        outcomes: list[Settled] = []
        for taken in _letters(views, IN_HAND):
            entry = taken.entry
            if taken.notification in self._ours or self._recorder.owes(taken.notification):
                continue
            if entry.outcome is not None:
                result, _, reply_class = entry.outcome.partition(":")
                outcomes.append(Settled(taken, MailResult(result), reply_class))
            elif self._sightings.over(taken.notification, entry):
                if entry.phase is Phase.CLAIMED:
                    back.append(taken)
                else:
                    outcomes.append(Settled(taken, MailResult.UNCERTAIN, "SENDER_GONE"))
        self._sightings.forget_old()
        if back:
            await give_back(self._ledger, back)
        return len(back) + await self._recorder.record(outcomes)

    def _due(self, views: Sequence[CaseView[State]]) -> list[Taken]:
        now, token = self._real_now(), uuid4().hex
        due = (
            Taken(taken.case_id, taken.notification, taken.entry, taken.state, token)
            for taken in _letters(views, {Phase.DUE})
            if taken.notification not in self._ours and _is_due(taken.entry, now)
        )
        return list(islice(due, self._knobs.group))

    async def _open(self, wanted: int) -> list[Connection]:
        """Open connections first: letters are claimed only for those that stand. `Unreachable` when none does."""
        connections, self._free = self._free[:wanted], self._free[wanted:]
        results = await asyncio.gather(*(each.ensure_open() for each in connections), return_exceptions=True)
        standing = [each for each, result in zip(connections, results, strict=True) if result is None]
        self._free += [each for each, result in zip(connections, results, strict=True) if result is not None]
        if connections and not standing:
            raise Unreachable("no connection to the relay")
        return standing

    async def _send(self, due: Sequence[Taken], connections: Sequence[Connection]) -> int:
        ids = {letter.notification for letter in due}
        self._ours |= ids
        try:
            await self._point(Reached.BEFORE_CLAIM)
            claimed = await claim(self._ledger, due, until=self._real_now() + self._knobs.lease)
            await self._point(Reached.AFTER_CLAIM)
            try:
                outcomes = await self._wave.run(claimed, connections)
            except (Outage, PyMongoError):
                self._recorder.nothing_sent(claimed)
                raise
            try:
                await self._point(Reached.BEFORE_RECORD)
            except Exception:
                self._recorder.owe(outcomes)
                raise
            return await self._recorder.record(outcomes)
        finally:
            self._ours -= ids


def _letters(views: Sequence[CaseView[State]], phases: Set[Phase]) -> Iterator[Taken]:
    """Letters in these phases, one after the other: whoever needs a few reads no more than these."""
    for view in views:
        for notification, entry in entries_in(view.work, phases):
            yield Taken(view.case_id, notification, entry, view.state, entry.token or "")


def _is_due(entry: Entry, now: datetime) -> bool:
    return entry.phase is Phase.DUE and (entry.next_at is None or entry.next_at <= now)


def real_age(now: Callable[[], datetime], speed: float = 1.0) -> Callable[[datetime], timedelta]:
    """How old a moment on the policy clock really is, for a clock that runs `speed` times as fast as real time."""
    return lambda moment: (now() - moment) / speed
