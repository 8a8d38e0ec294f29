"""The campaign from a fresh platform to the last invariant."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from deploy.demo.letters import letters_of
from shared.contracts.vocabulary import EventType
from tests.chaos import relay, stack
from tests.chaos.evidence import Evidence, haystacks, hits
from tests.chaos.invariants import ALL, Invariant
from tests.chaos.ledger import Ledger
from tests.chaos.load import CANARIES, Counts, Load
from tests.chaos.nemesis import STOP_SECONDS, Nemesis
from tests.chaos.poison import Poison
from tests.chaos.policy_clock import PolicyClock
from tests.chaos.segments import Segments
from tests.chaos.stack import Stack
from tests.chaos.waiting import Look
from tests.chaos.watch import Watch

QUIET_SECONDS: Final = 240.0
"""Longer than a lease of a letter that was in somebody's hands, and two of the relay's put-offs."""
STILL_SECONDS: Final = 20.0
"""So long nothing may be about to come when the evidence is gathered: it is read from one place after the other."""
A_NUMBERS: Final = 60
COMMITTED_TRIES: Final = 10


@dataclass(frozen=True, slots=True)
class Wish:
    """What to run."""

    seed: int
    seconds: float
    a_second: float = 1.0
    people_seconds: float = 90.0
    faults: tuple[tuple[str, str], ...] = ()
    """These and no others, once; else all of them in a random order, again and again."""
    moods: bool = True
    """Whether the relay has any."""
    without: str = ""


@dataclass(slots=True)
class Outcome:
    """What came of it. `broken`: the rows of each invariant that does not hold."""

    counts: Counts = field(default_factory=Counts)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: dict[Invariant, list[tuple[object, ...]]] = field(default_factory=dict)
    memory: tuple[Mapping[str, int], Mapping[str, int]] = ({}, {})
    quiet_after: float | None = None
    unreached: list[str] = field(default_factory=list)
    """Faults for which there was no time."""
    unpoisoned: list[tuple[EventType, str]] = field(default_factory=list)
    """Topics and kinds of poison of which nothing was written."""


async def run(wish: Wish, folder: Path) -> tuple[Outcome, Evidence]:
    """Start, break, heal, wait, gather, judge; everything that was started is ended."""
    with stack.running(folder, wish.seed) as platform:
        campaign = _Campaign(wish, platform)
        try:
            await campaign.play()
            return await campaign.judged()
        finally:
            await campaign.close()


class _Campaign:
    def __init__(self, wish: Wish, platform: Stack) -> None:
        self._wish, self._platform = wish, platform
        folder = platform.folder
        self._dice = random.Random(wish.seed)
        self._watch = Watch(Segments(platform.logs, tuple(EventType)))
        self._asked = Ledger(folder / "asked.jsonl")
        self._poisoned = Ledger(folder / "poison.jsonl")
        self._faults = Ledger(folder / "faults.jsonl")
        self._look = Look(platform, self._watch)
        self._load = Load(platform, self._watch, self._asked, random.Random(self._dice.random()))
        dice = random.Random(self._dice.random())
        self._poison = Poison(platform.kafka_port, self._watch, self._poisoned, dice, wish.without)
        dice = random.Random(self._dice.random())
        self._nemesis = Nemesis(platform, self._look, self._faults, self._poison, dice, wish.faults, moods=wish.moods)
        self._following = asyncio.create_task(self._watch.follow_log())
        self._outcome = Outcome(counts=self._load.counts, faults=self._nemesis.done)

    async def play(self) -> None:
        """Load and faults side by side; then people end what they have begun; then all gets quiet."""
        before = self._platform.memory()
        async with asyncio.TaskGroup() as group:
            over = asyncio.Event()
            group.create_task(self._load.run(self._wish.seconds, self._wish.a_second, over))
            breaking = group.create_task(self._nemesis.run(self._wish.seconds))
            breaking.add_done_callback(lambda _: over.set())
        if self._following.done():
            self._following.result()
        await self._load.finished(self._wish.people_seconds)
        await self._load.close()
        self._outcome.quiet_after = await self._quiet()
        self._outcome.unreached = self._nemesis.unreached()
        self._outcome.unpoisoned = self._poison.unreached()
        self._outcome.memory = (before, self._platform.memory())

    async def _quiet(self) -> float | None:
        """How long until nothing waited any more, and no deadline is about to come; None when it does still."""
        began = time.monotonic()
        while time.monotonic() - began < QUIET_SECONDS:
            waiting = await self._look.waiting(at_rest=True)
            if waiting is not None and not waiting.size and not await self._look.deadlines(STILL_SECONDS):
                return time.monotonic() - began
            await asyncio.sleep(1.0)
        return None

    async def judged(self) -> tuple[Outcome, Evidence]:
        """All evidence in one file, and what it breaks. The services are stopped first: what still moved, as a deadline
        that comes, would be in one place already and not yet in another."""
        folder = self._platform.folder
        evidence = Evidence(folder / "evidence.sqlite")
        evidence.put("unready", ((name,) for name in self._platform.unready()))
        as_of = datetime.now(UTC)
        left = await asyncio.to_thread(self._platform.stop_services, within=STOP_SECONDS)
        evidence.put("unstopped", ((name, time.time()) for name in left))
        await self._watch.look()
        evidence.records(self._watch.records)
        evidence.stores(self._platform.mongodb, PolicyClock.of(folder), as_of)
        evidence.relay(folder / "mail")
        for (group, topic, partition), offset in (await self._committed()).items():
            evidence.put("committed", [(group, topic, partition, offset)])
        evidence.asked(folder / "asked.jsonl")
        evidence.poison(folder / "poison.jsonl")
        evidence.faults(folder / "faults.jsonl")
        for case_id, events in self._watch.events.items():
            evidence.put("due", ((letter, case_id) for letter in letters_of(case_id, events)))
        evidence.put("canaries", await asyncio.to_thread(self._hits))
        self._outcome.broken = {each: rows for each in ALL if (rows := each.broken_by(evidence.db))}
        return self._outcome, evidence

    async def _committed(self) -> Mapping[tuple[str, str, int], int]:
        for _ in range(COMMITTED_TRIES):
            try:
                return await self._look.committed()
            except Exception:  # noqa: BLE001 - what cannot be read counts as unread, which is a finding
                await asyncio.sleep(1.0)
        return {}

    def _hits(self) -> list[tuple[str, str]]:
        """Where words of the requests stand in clear; of the A-numbers a sample is sought."""
        numbers = self._load.a_numbers
        words = [*CANARIES, *random.Random(self._wish.seed).sample(numbers, min(A_NUMBERS, len(numbers)))]
        return hits(haystacks(self._platform.folder, self._platform.mongodb, self._watch.records), words)

    async def close(self) -> None:
        """End what still goes on."""
        relay.set_mood(self._platform.folder / "mail", relay.Mood.GOOD)
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        await self._load.close()
        await self._look.close()
        for each in (self._asked, self._poisoned, self._faults):
            each.close()
