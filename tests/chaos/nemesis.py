"""The faults: which, when, for how long. Seeded; each is written down, with its times, before it is carried out."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from deploy.local import processes
from tests.chaos import links, relay
from tests.chaos.ledger import Ledger
from tests.chaos.links import Mode
from tests.chaos.poison import Poison
from tests.chaos.relay import Mood
from tests.chaos.stack import DOCUMENTS, KAFKA, LINKS, RELAY, SESSION_SECONDS, Member, Stack
from tests.chaos.waiting import Look

SERVER_SECONDS: Final = 60.0
SERVICE_SECONDS: Final = 15.0
READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
"""So long a service may take to end when it is asked to: twice what notification gives its letters under way."""
POISON_EVERY: Final = 2.5
MOOD_EVERY: Final = 9.0
APART: Final = 1.5
ALL_SERVICES: Final = "all services"
LINK: Final = "link of"
SERVERS: Final = frozenset({KAFKA, DOCUMENTS})
KILL, STOP, ROLL, RESTART = "SIGKILL", "SIGSTOP", "rolling restart", "clean restart"
LONG_STOP, LONG_STOP_SECONDS = "SIGSTOP for 30 s", 30.0
"""Of one service process in each round, in place of a shorter one."""
BAD_LINKS, AMONG_THE_OTHERS = 12, 4
"""Of the links, by chance, in each round; some among the faults of processes, the rest after them."""
LONGER: Final = 1.25
"""So many times its time it goes on where there is a fault of a process still to come."""
BAD_LINK_SECONDS: Final = (3.0, 12.0)


class Nemesis:
    """Breaks one process after the other, beside a relay of changing moods and poison."""

    def __init__(
        self,
        stack: Stack,
        look: Look,
        ledger: Ledger,
        poison: Poison,
        dice: random.Random,
        only: Sequence[tuple[str, str]] = (),
        *,
        moods: bool = True,
    ) -> None:
        self._stack, self._look, self._ledger, self._poison, self._dice = stack, look, ledger, poison, dice
        self._only, self._has_moods = only, moods
        self._at_work: set[str] = set()
        self.done: Counter[tuple[str, str]] = Counter()

    async def run(self, seconds: float) -> None:
        """All faults, until the time is over and each has come once; what is broken then is healed first."""
        beside = [asyncio.create_task(each) for each in (self._moods(), self._poisons(), self._raise_the_dead())]
        try:
            began = time.monotonic()
            while not (self._only and self.done) and not self._over(began, seconds):
                for kind, target in self._round():
                    if not self._only and self._over(began, seconds):
                        break
                    _raise_if_failed(beside)
                    await self._process(kind, target)
                    await asyncio.sleep(APART)
        finally:
            for task in beside[:2]:
                task.cancel()
            await asyncio.gather(*beside[:2], return_exceptions=True)
            relay.set_mood(self._stack.folder / "mail", Mood.GOOD)
            await asyncio.sleep(1.0)  # a relay that died of its last mood is up again
            beside[2].cancel()
            await asyncio.gather(beside[2], return_exceptions=True)

    def _round(self) -> Iterator[tuple[str, str]]:
        if self._only:
            yield from self._only
            return
        every = [(mode, f"{LINK} {name}") for mode in Mode if mode is not Mode.WELL for name in self._stack.links]
        bad = self._dice.sample(every, BAD_LINKS)
        long = (STOP, self._dice.choice(self._stack.service_names))
        of_processes = [(LONG_STOP, each[1]) if each == long else each for each in self._of_processes()]
        faults = of_processes + bad[:AMONG_THE_OTHERS]
        self._dice.shuffle(faults)
        yield from faults
        yield from bad[AMONG_THE_OTHERS:]

    def _of_processes(self) -> list[tuple[str, str]]:
        targets = [name for name in self._stack.members if name != LINKS]
        of_each = [(kind, target) for kind in (KILL, STOP) for target in targets]
        return [*of_each, *((RESTART, server) for server in sorted(SERVERS)), (ROLL, ALL_SERVICES)]

    def _over(self, began: float, seconds: float) -> bool:
        gone = time.monotonic() - began
        return gone >= seconds and (not self.unreached() or gone >= seconds * LONGER)

    def unreached(self) -> list[str]:
        """Faults of processes for which there was no time."""
        done = self.done | Counter({(STOP, name): n for (kind, name), n in self.done.items() if kind == LONG_STOP})
        return [f"{kind} of {target}" for kind, target in self._of_processes() if not done[kind, target]]

    async def _process(self, kind: str, target: str) -> None:
        at_work = self._stack.service_names if kind == ROLL else [target]
        self._at_work.update(at_work)
        number = sum(self.done.values())
        self._ledger.note(op="begin", number=number, kind=kind, target=target)
        if kind == ROLL:
            await self._roll()
        elif kind == KILL:
            self._stack.send(target, signal.SIGKILL)
            await asyncio.sleep(self._dice.uniform(0.5, 4.0))
            self._stack.launch(target)
        elif kind == RESTART:
            await self._stopped(target)
            self._stack.launch(target)
        elif target.startswith(LINK):
            modes = {target.removeprefix(f"{LINK} "): Mode(kind)}
            links.set_modes(self._stack.folder / "links", modes)
            await asyncio.sleep(self._dice.uniform(*BAD_LINK_SECONDS))
            links.set_modes(self._stack.folder / "links", {})
        else:
            self._stack.send(target, signal.SIGSTOP)
            long = kind == LONG_STOP
            await asyncio.sleep(LONG_STOP_SECONDS if long else self._dice.uniform(0.5, 3.0) * SESSION_SECONDS)
            self._stack.send(target, signal.SIGCONT)
        self.done[kind, target] += 1
        again = time.monotonic()
        if target in {*SERVERS, RELAY}:  # Nobody looks before it answers; the time until then counts.
            await self._answers(target)
        self._at_work.difference_update(at_work)
        self._ledger.note(op="healed", number=number, kind=kind, target=target)
        of_server = target in SERVERS or target == f"{LINK} {KAFKA}"
        limit = SERVER_SECONDS if of_server else SERVICE_SECONDS
        waited, took = await self._look.nine_tenths(limit * 2, began=again)
        self._ledger.note(
            op="measured", number=number, kind=kind, target=target, limit=limit, waited=waited, seconds=took
        )
        if target not in {*SERVERS, RELAY} and not target.startswith(LINK):
            await self._answers(*(self._stack.service_names if kind == ROLL else [target]))

    async def _roll(self) -> None:
        """Each service process is stopped as an operator does it, and started again before the next."""
        for name in self._stack.service_names:
            await self._stopped(name)
            self._stack.launch(name)
            await self._answers(name)

    async def _stopped(self, name: str) -> None:
        """Asked to end, and killed where it has not. That a service does not end is a finding; a server is not ours."""
        ours = name in self._stack.service_names

        def ended() -> bool:
            return not self._stack.members[name].alive

        self._stack.send(name, signal.SIGTERM)
        if not await asyncio.to_thread(processes.wait_until, ended, within=STOP_SECONDS if ours else READY_SECONDS):
            if ours:
                self._ledger.note(op="did not stop", target=name)
            self._stack.send(name, signal.SIGKILL)

    async def _answers(self, *names: str) -> None:
        """Wait until they do, but not for ever: that they do not is a finding."""
        for name in names:
            member = self._stack.members[name]

            def answers(each: Member = member) -> bool:
                return not each.alive or each.server.ready()

            if not await asyncio.to_thread(processes.wait_until, answers, within=READY_SECONDS):
                self._ledger.note(op="did not answer", target=name)

    async def _moods(self) -> None:
        moods = [mood for mood in Mood if mood is not Mood.GOOD]
        while self._has_moods:
            self._dice.shuffle(moods)
            for mood in moods:
                await asyncio.sleep(self._dice.uniform(0.3, 1.0) * MOOD_EVERY)
                self._ledger.note(op="mood", mood=mood)
                relay.set_mood(self._stack.folder / "mail", mood, share=0.3)
                await asyncio.sleep(self._dice.uniform(0.3, 1.0) * MOOD_EVERY)
                relay.set_mood(self._stack.folder / "mail", Mood.GOOD)

    async def _poisons(self) -> None:
        while True:
            await asyncio.sleep(self._dice.uniform(0.5, 1.5) * POISON_EVERY)
            await self._poison.one()

    async def _raise_the_dead(self) -> None:
        """The relay dies of its moods. Whoever else ends by itself is a finding, and is started again."""
        while True:
            for name, member in self._stack.members.items():
                if name not in self._at_work and not member.alive:
                    if name != RELAY:
                        self._ledger.note(op="died", target=name)
                    self._stack.launch(name)
            await asyncio.sleep(0.5)


def _raise_if_failed(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done():
            task.result()
