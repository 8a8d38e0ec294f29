"""The engine: one handled input is one atomic write of one document; what it emits is published from the store.

Every way in (records, commands, deadlines) goes through `_settle`: load, offer, write by version, decide again where
somebody else was first, then publish. Own bytes are published only where the stored `writer` is ours; otherwise only
stored bytes.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import UUID

from shared.casework import behind, offering
from shared.casework.case import Arrived, Case, Emitted
from shared.casework.commands import Answered
from shared.casework.moves import Move, move
from shared.casework.offering import Rules, Verdict
from shared.casework.outbox import Outbox, Publication
from shared.casework.reaction import Command
from shared.casework.store import Saved, Store
from shared.ending import ended
from shared.errors import CaseUnknown, CommandBroken, CommandFailed, Outage, TooBusy
from shared.failpoints import Point, Reached, no_point

S = TypeVar("S")

ATTEMPTS = 8
"""How often a lost race is decided again before the caller is told; each loss means that somebody else got on."""
PAUSE_SECONDS = 0.002
"""After a first loss, at most; twice as long after each further one. Otherwise losers meet again at once."""

Result = Verdict | Answered | CommandFailed

Observe = Callable[[str, str, str], None]
"""Hears of an input that was settled: its kind (record, command, deadline), its name, and what became of it."""


@dataclass(frozen=True, slots=True)
class Offered(Generic[S]):
    """One input for a case: what it makes of the case, and what is done when the store refuses that for good."""

    case_id: UUID
    offer: Callable[[Case[S]], Result]
    refused: Callable[[Case[S]], Result]


@dataclass(frozen=True, slots=True)
class CaseView(Generic[S]):
    """A case to look at: nothing that is done to it changes the store. `shown_at`: see `Behaviour.shown`."""

    case_id: UUID
    state: S
    work: Mapping[str, Any]
    v: int
    parked: bool
    shown_at: datetime | None = None


class Engine(Generic[S]):
    """Runs one service's behaviour on its store and its outbox."""

    def __init__(
        self,
        rules: Rules[S],
        store: Store[S],
        outbox: Outbox,
        *,
        real_now: Callable[[], datetime] = lambda: datetime.now(UTC),
        policy_now: Callable[[], datetime] = lambda: datetime.now(UTC),
        point: Point = no_point,
        require: Callable[[], None] = lambda: None,
        observe: Observe = lambda *_: None,
    ) -> None:
        """`require` raises an `Outage` while nothing may be decided on this store; `observe` hears of each input."""
        self.rules = rules
        self.store = store
        self.outbox = outbox
        self._real_now = real_now
        self._policy_now = policy_now
        self._point = point
        self._require = require
        self._observe = observe
        self._background: set[asyncio.Task[None]] = set()

    async def handle(self, batch: Sequence[Arrived]) -> list[Arrived]:
        """Settle a batch of records: each is applied, dropped as a duplicate, or held. Raises only `Outage`.

        Returns those that the store would not even hold in their cases, whose documents it refuses.
        """
        now = self._policy_now()
        offers = [
            Offered(
                arrived.case_id,
                partial(behind.offer, arrived=arrived, rules=self.rules, now=now),
                partial(offering.set_aside, arrived=arrived, rules=self.rules, now=now),
            )
            for arrived in batch
        ]
        results = await self._settle(offers, wait=True)
        for arrived, result in zip(batch, results, strict=True):
            self._observe("record", arrived.topic, outcome(result))
        return [arrived for arrived, result in zip(batch, results, strict=True) if result is Verdict.REFUSED]

    async def command(self, command: Command[Any]) -> Answered:
        """Carry out one command: written, then answered, then published in the background (Kafka down is not us down).

        Raises `CommandFailed` of some kind (nothing was saved), or `Outage`.
        """
        (result,) = await self.commands([command], wait=False)
        if isinstance(result, CommandFailed):
            raise result
        return result

    async def commands(self, commands: Sequence[Command[Any]], *, wait: bool = True) -> list[Answered | CommandFailed]:
        """Carry out several commands in one write per case; `wait` for the acknowledgement of what they emitted."""
        refused = CommandBroken(offering.REFUSED_BY_THE_STORE)
        offers = [
            Offered(asked.case_id, partial(offering.command, asked=asked, rules=self.rules), lambda _: refused)
            for asked in commands
        ]
        results = await self._settle(offers, wait=wait)
        await self._point(Reached.COMMANDED)
        for asked, result in zip(commands, results, strict=True):
            self._observe("command", asked.name, outcome(result))
        return [result for result in results if isinstance(result, Answered | CommandFailed)]

    async def deadlines(
        self, limit: int = 200, *, until: datetime | None = None, spare: Callable[[UUID], bool] = lambda _: False
    ) -> int:
        """Carry out the deadlines that had come at `until` (now, if None); returns how many cases were looked at.

        Those of cases of which `spare` is true wait.
        """
        now = until or self._policy_now()
        due = await self._due(now, limit, spare)
        offers = [
            Offered(
                case_id,
                partial(offering.deadline, rules=self.rules, policy_now=now),
                partial(offering.deadline_refused, rules=self.rules, now=now),
            )
            for case_id in due
        ]
        if due:
            await self._point(Reached.DEADLINES_FOUND)
            for result in await self._settle(offers, wait=False):
                self._observe("deadline", "", outcome(result))
            await self._point(Reached.DEADLINES_DONE)
        return len(due)

    async def _due(self, now: datetime, limit: int, spare: Callable[[UUID], bool]) -> list[UUID]:
        found: list[UUID] = []
        looked_at = 0
        while len(found) < limit:
            page = await self.store.due(now, limit, skip=looked_at)
            found += [case_id for case_id in page if not spare(case_id)]
            looked_at += len(page)
            if len(page) < limit:
                break
        return found[:limit]

    async def offer(self, offers: Sequence[Offered[S]]) -> list[Result]:
        """Settle inputs of other kinds (held ones, offered again); what they emit is published in the background."""
        return await self._settle(offers, wait=False)

    async def case(self, case_id: UUID) -> CaseView[S] | None:
        """One case as it stands; None when this service does not know it (or holds only inputs that wait)."""
        case = (await self.store.load([case_id]))[case_id]
        return _view(case)

    async def listing(
        self,
        query: Mapping[str, Any],
        *,
        sort: Sequence[tuple[str, int]] = (),
        skip: int = 0,
        limit: int = 50,
        whole: bool = False,
    ) -> list[CaseView[S]]:
        """Cases by their queue fields (`queue.<name>`). Those that this build cannot read are left out; with `whole`
        that is an `Outage`, for whoever takes the listing as all there is."""
        cases = await self.store.find(query, sort=sort, skip=skip, limit=limit)
        views = [view for case in cases if (view := _view(case)) is not None]
        if whole and len(views) < len(cases):
            raise Outage("One of these cases can only be read by another build.")
        return views

    async def boxes(self, case_ids: Sequence[UUID], name: str) -> dict[UUID, bytes]:
        """One sealed blob of each of these cases that has it."""
        return await self.store.boxes(case_ids, name)

    async def events(self, case_id: UUID) -> list[Emitted]:
        """All events that this service has emitted for a case, in order. Raises `CaseUnknown`."""
        return (await self._history(case_id))[0]

    async def sealed(self, case_id: UUID) -> dict[str, bytes]:
        """All sealed blobs that this service keeps of a case. Raises `CaseUnknown`."""
        return (await self._history(case_id))[1]

    async def cases(self, case_ids: Sequence[UUID]) -> dict[UUID, CaseView[S]]:
        """Several cases as they stand; unknown ones are left out."""
        found = await self.store.load(case_ids)
        return {case_id: view for case_id, case in found.items() if (view := _view(case)) is not None}

    async def move(self, moves: Sequence[Move]) -> bool:
        """Move single work entries without a new version of the case. True when every move matched."""
        return await move(self.store.collection, moves)

    async def drain(self, seconds: float) -> None:
        """Wait, bounded, for what is being published in the background, and write the marks.

        What is late is given up: it is in the store, and another instance's sweeper publishes it.
        """
        await self._point(Reached.DRAINING)
        if self._background:
            _, late = await asyncio.wait(self._background, timeout=seconds)
            await ended(*late)
        await self.outbox.flush_marks()

    async def _history(self, case_id: UUID) -> tuple[list[Emitted], dict[str, bytes]]:
        history = await self.store.history(case_id)
        if history is None:
            raise CaseUnknown
        return history

    async def _settle(self, offers: Sequence[Offered[S]], *, wait: bool) -> list[Result]:
        self._require()
        results: dict[int, Result] = {}
        left = list(range(len(offers)))
        refused: set[UUID] = set()
        for attempt in range(ATTEMPTS):
            if not left:
                break
            if attempt:
                await asyncio.sleep(random.random() * PAUSE_SECONDS * 2**attempt)
            cases = await self._load({offers[index].case_id for index in left})
            for index in left:
                case = cases[offers[index].case_id]
                results[index] = (offers[index].refused if case.id in refused else offers[index].offer)(case)
            saved = await self._save_and_send(cases, wait=wait)
            hopeless = saved.refused & refused
            for index in left:
                if offers[index].case_id in hopeless and results[index] is Verdict.HELD:
                    results[index] = Verdict.REFUSED
            refused |= saved.refused
            again = saved.lost | (saved.refused - hopeless)
            left = [index for index in left if offers[index].case_id in again]
        for index in left:
            results[index] = TooBusy()
        if left and wait:
            raise Outage("Others keep changing the same cases.")
        return [results[index] for index in range(len(offers))]

    async def _load(self, case_ids: Iterable[UUID]) -> dict[UUID, Case[S]]:
        await self._point(Reached.LOADING)
        cases = await self.store.load(case_ids)
        await self._point(Reached.LOADED)
        return cases

    async def _save_and_send(self, cases: Mapping[UUID, Case[S]], *, wait: bool) -> Saved:
        publications, stored = self._to_publish(cases.values())
        await self._point(Reached.WRITING)
        acknowledged = self.outbox.acknowledged(cases)
        saved = await self.store.save(
            list(cases.values()), now=self._real_now(), policy_now=self._policy_now(), published=acknowledged
        )
        await self._point(Reached.WRITTEN)
        unsaved = saved.lost | saved.refused
        mine = [publication for publication in publications if publication.case_id not in unsaved]
        await self._send(mine, stored - unsaved, wait=wait)
        return saved

    def _to_publish(self, cases: Iterable[Case[S]]) -> tuple[list[Publication], set[UUID]]:
        """Own new events where all is at hand; the ids of cases of which stored events have to be read first."""
        publications: list[Publication] = []
        stored: set[UUID] = set()
        for case in cases:
            events, blobs = case.changes.events, case.changes.blobs
            first_new = case.emitted - len(events)
            if self.outbox.covered(case.id, case.published) < first_new:
                stored.add(case.id)
            elif events and all(name in blobs for event in events for name in event.blobs):
                publications.append(Publication(case.id, case.published, list(events), dict(blobs)))
            elif events:
                stored.add(case.id)
        return publications, stored

    async def _send(self, publications: Sequence[Publication], stored: set[UUID], *, wait: bool) -> None:
        if not publications and not stored:
            return
        if wait:
            await self._publish(publications, stored)
            return
        task = asyncio.create_task(self._publish_later(publications, stored))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _publish(self, publications: Sequence[Publication], stored: set[UUID]) -> None:
        await self.outbox.publish(publications)
        if stored:
            await self.outbox.publish_stored(stored)
        await self._point(Reached.PUBLISHED)

    async def _publish_later(self, publications: Sequence[Publication], stored: set[UUID]) -> None:
        """What cannot be sent now is in the store: the sweeper sends it as soon as the broker is back."""
        cases = stored | {publication.case_id for publication in publications}
        if self.outbox.breaker.open:
            self.outbox.owe(cases)
            return
        try:
            await self._point(Reached.PUBLISHING_LATER)
            await self._publish(publications, stored)
        except Outage:
            self.outbox.owe(cases)


def outcome(result: Result) -> str:
    """What became of an input, in a word."""
    match result:
        case Verdict():
            return result.name.lower()
        case Answered():
            return "repeated" if result.replayed else "answered"
        case CommandFailed():
            return type(result).__name__


def _view(case: Case[S]) -> CaseView[S] | None:
    if case.state is None:
        return None
    return CaseView(case.id, case.state, case.work, case.v, case.parked, case.shown_at)
