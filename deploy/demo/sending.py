"""Sending the lines: over HTTP and through Kafka, some at once, each written down as soon as it is answered."""

import asyncio
from collections.abc import Sequence

from deploy.demo.lines import Line
from deploy.demo.oracle import place_of
from deploy.demo.seen import Seen
from shared.calling import requests
from shared.calling.instances import Instances, Unreachable
from shared.calling.sent import Answer, Ledger, Sent
from shared.contracts.vocabulary import EventType
from shared.messaging.submitting import NotTaken, SubmissionSender

AT_ONCE = 12
KAFKA_TRIES = 5


class Sending:
    """Sends every line once. A line that comes back to an earlier one waits until that has become something."""

    def __init__(self, ledger: Ledger, intake: Instances, kafka: SubmissionSender, seen: Seen) -> None:
        self._ledger = ledger
        self._intake = intake
        self._kafka = kafka
        self._seen = seen
        self._places = asyncio.Semaphore(AT_ONCE)
        self._answered: dict[int, asyncio.Future[Sent]] = {}
        self._lines = asyncio.Event()

    async def all(self, lines: Sequence[Line]) -> None:
        """Send all lines: first those that must wait longest afterwards, else in their order."""
        loop = asyncio.get_running_loop()
        self._answered = {line.number: loop.create_future() for line in lines}
        self._lines.set()
        by_number = {line.number: line for line in lines}
        async with asyncio.TaskGroup() as group:
            for line in longest_first(lines):
                earlier = by_number.get(line.comes_back_to or 0)
                group.create_task(self._one(line, earlier))

    async def answered(self, line: Line) -> Sent:
        """What the line was answered; waits until it is."""
        await self._lines.wait()
        return await asyncio.shield(self._answered[line.number])

    @property
    def done(self) -> int:
        """How many lines have been answered."""
        return sum(answer.done() for answer in self._answered.values())

    async def some(self, share: float) -> None:
        """Wait until this share of the lines has been answered."""
        await self._lines.wait()
        left = set(self._answered.values())
        while self.done < share * len(self._answered):
            _, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)

    async def _one(self, line: Line, earlier: Line | None) -> None:
        """One line; when nobody answers it, whoever waits for its answer is told, and it shows at the end as lost."""
        answered = self._answered[line.number]
        try:
            if earlier is not None:
                await self.answered(earlier)
                await self._seen.first(earlier.case_id, EventType.REQUEST_SUBMITTED, EventType.REQUEST_REJECTED)
            async with self._places:
                sent = await (self._by_http(line, earlier) if line.channel == "http" else self._by_kafka(line))
                await asyncio.to_thread(self._ledger.note, sent)
            answered.set_result(sent)
        except (Unreachable, NotTaken) as error:
            answered.set_exception(error)
            answered.exception()  # Seen, also when nobody waits for it.

    async def _by_http(self, line: Line, earlier: Line | None) -> Sent:
        value, mends = line.value, None
        if earlier is not None and "resubmits_line" in line.plan:
            rejected = await self.answered(earlier)
            value, mends = line.mending(rejected.number or ""), rejected.link
        return await requests.submit(self._intake, value, line=line.number, key=line.key or "", mends=mends)

    async def _by_kafka(self, line: Line) -> Sent:
        for attempt in range(KAFKA_TRIES):
            try:
                place = await self._kafka.send(line.value, line.headers)
                return Sent(line=line.number, key=line.key, answer=Answer.SENT, place=place_of(place))
            except NotTaken:
                if attempt == KAFKA_TRIES - 1:
                    raise
        raise AssertionError("the last attempt either returns or raises")


def longest_first(lines: Sequence[Line]) -> list[Line]:
    """Lines whose case waits for a window or a silence to end, and the lines that these come back to; then the rest."""
    waiting = {line.number for line in lines if {"lapse", "silence"} & set(line.steps)}
    waiting |= {line.comes_back_to for line in lines if line.number in waiting and line.comes_back_to is not None}
    return sorted(lines, key=lambda line: line.number not in waiting)
