"""Finding letters: one look at the store feeds several groups, and settles what a process that is gone has left."""

import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence, Set
from datetime import datetime
from uuid import UUID, uuid4

from services.notification.domain.ledger import IN_HAND, Entry, Phase, entries_in
from services.notification.mail.claims import Taken, give_back, look_later
from services.notification.mail.knobs import Knobs
from services.notification.mail.ledger_store import Ledger, Seen
from services.notification.mail.recording import Recorder
from services.notification.mail.wave import Settled
from shared.contracts.vocabulary import MailResult

MOST_DOUBLINGS = 10


class Finder:
    """The letters that were found due and are waiting here, never more than one look brings, and those in hand."""

    def __init__(
        self,
        ledger: Ledger,
        recorder: Recorder,
        *,
        knobs: Knobs,
        real_now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        rng: random.Random,
    ) -> None:
        self._ledger = ledger
        self._recorder = recorder
        self._knobs = knobs
        self._real_now = real_now
        self._rng = rng
        self._sightings = Sightings(knobs, monotonic=monotonic)
        self._waiting: deque[Taken] = deque()
        self._full = False
        self.in_hand: set[UUID] = set()
        """Letters of this process between their claim and their record."""

    @property
    def waiting(self) -> int:
        """How many letters can be taken without another look."""
        return len(self._waiting)

    @property
    def more(self) -> bool:
        """Whether letters are due, as far as is known: some wait here, or the last look brought all it may."""
        return bool(self._waiting) or self._full

    async def look(self) -> int:
        """Find due letters; returns how many others something was done for: left by others, or put behind these."""
        most = self._knobs.look + len(self.in_hand)  # Those in hand are still among the first.
        seen = await self._ledger.due(self._real_now(), most)
        self._full = len(seen) == most
        recovered = await self._recover(seen)
        # In an order of our own, by cases: another instance has found the same ones.
        for case in self._rng.sample(seen, len(seen)):
            self._waiting += self._due(case)
        if not self._waiting and self._full:
            await look_later(self._ledger, seen, at_least=self._real_now() + self._knobs.first_wait)
            return most
        return recovered

    def take(self, most: int) -> list[Taken]:
        """Up to so many letters, each with a new token; they are in hand until `done`."""
        token = uuid4().hex
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self.in_hand |= {letter.notification for letter in taken}
        return [Taken(letter.case_id, letter.notification, letter.entry, token) for letter in taken]

    def put_back(self, letters: Sequence[Taken]) -> None:
        """There was no connection for them: they wait on, before the others."""
        self.done(letters)
        self._waiting.extendleft(reversed(letters))

    def done(self, letters: Sequence[Taken]) -> None:
        """They are not in hand any more."""
        self.in_hand -= {letter.notification for letter in letters}

    def forget(self) -> None:
        """What was found may have changed: look again."""
        self._waiting.clear()

    async def _recover(self, seen: Sequence[Seen]) -> int:
        """Settle what a process that is gone has left: `claimed` is due again, `data` is uncertain."""
        back: list[Taken] = []
        outcomes: list[Settled] = []
        for taken in _letters(seen, IN_HAND):
            entry = taken.entry
            if taken.notification in self.in_hand or self._recorder.owes(taken.notification):
                continue
            if entry.outcome is not None:
                result, _, reply_class = entry.outcome.partition(":")
                outcomes.append(Settled(taken, MailResult(result), reply_class))
            elif self._sightings.over(taken.notification, entry):
                if entry.phase is Phase.CLAIMED:
                    back.append(taken)
                    self._sightings.given_back(taken.notification)
                else:
                    outcomes.append(Settled(taken, MailResult.UNCERTAIN, "SENDER_GONE"))
        self._sightings.forget_old()
        if back:
            await give_back(self._ledger, back)
        return len(back) + await self._recorder.record(outcomes)

    def _due(self, case: Seen) -> Iterator[Taken]:
        now = self._real_now()
        for taken in _letters([case], {Phase.DUE}):
            free = taken.notification not in self.in_hand and not self._recorder.owes(taken.notification)
            if free and (taken.entry.next_at is None or taken.entry.next_at <= now):
                yield taken


class Sightings:
    """How long this process has seen the same token in the same phase, on its own monotonic clock."""

    def __init__(self, knobs: Knobs, *, monotonic: Callable[[], float]) -> None:
        self._lease = knobs.lease.total_seconds()
        self._abandoned = knobs.abandoned.total_seconds()
        self._monotonic = monotonic
        self._first: dict[tuple[UUID, str | None, Phase], float] = {}
        self._given_back: dict[UUID, tuple[int, float]] = {}

    def over(self, notification: UUID, entry: Entry) -> bool:
        """Whether the lease of whoever holds this entry has run out, counted from when it was first seen here.

        A claim before its `data` mark is over sooner, but later each time: a slow relay must get through once.
        """
        now = self._monotonic()
        first = self._first.setdefault((notification, entry.token, entry.phase), now)
        lease = self._lease
        if entry.phase is Phase.CLAIMED:
            times, _ = self._given_back.get(notification, (0, now))
            lease = min(lease, self._abandoned * 2 ** min(times, MOST_DOUBLINGS))
        return now - first >= lease

    def given_back(self, notification: UUID) -> None:
        """Its claim was taken to be over."""
        times, _ = self._given_back.get(notification, (0, 0.0))
        self._given_back[notification] = times + 1, self._monotonic()

    def forget_old(self) -> None:
        """Drop what was seen long ago: it has been dealt with."""
        long_ago = self._monotonic() - 10 * self._lease
        self._first = {key: first for key, first in self._first.items() if first > long_ago}
        self._given_back = {key: (times, at) for key, (times, at) in self._given_back.items() if at > long_ago}


def _letters(seen: Sequence[Seen], phases: Set[Phase]) -> Iterator[Taken]:
    """Letters in these phases, one after the other: whoever needs a few reads no more than these."""
    for case in seen:
        for notification, entry in entries_in(case.work, phases):
            yield Taken(case.case_id, notification, entry, entry.token or "")
