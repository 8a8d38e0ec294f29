"""Cases on their way: submitted through Kafka, so many at once, decided as they are assigned, counted at the end."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

from aiokafka import AIOKafkaProducer

from bench.cases import CHANNEL_NAMESPACE, Request
from bench.figures import Seen
from bench.officer import Officer
from shared.contracts.vocabulary import EventType
from shared.messaging.records import Record
from shared.messaging.tap import Tap
from shared.privacy.case_ids import CaseIds

TOPICS: Final = (EventType.TRIAGE_ASSIGNED, EventType.RESOLUTION_ISSUED, EventType.NOTIFICATION_RECORDED)
TOGETHER = 100
"""Records that are sent before their acknowledgements are waited for."""
DESKS = 4
"""Officers' requests under way at once."""


class Pump:
    """Keeps `most` cases on their way. One is finished when it is resolved and, with letters, when all are settled."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        tap: Tap,
        officer: Officer,
        requests: Iterator[Request],
        case_ids: CaseIds,
    ) -> None:
        self._producer = producer
        self._tap = tap
        self._officer = officer
        self._requests = requests
        self._case_ids = case_ids
        self._with_letters = False
        self._open: dict[UUID, int] = {}
        self._changed = asyncio.Event()
        self.finished = 0
        self.resolved = 0
        self.timeline: list[Seen] = []

    @asynccontextmanager
    async def running(self, *, most: int, with_letters: bool) -> AsyncIterator[None]:
        """Keep cases coming inside the block; at its end no new ones come, and the open ones are finished."""
        self._with_letters = with_letters
        self.timeline = [Seen(asyncio.get_running_loop().time(), self.finished)]
        async with asyncio.TaskGroup() as group:
            followers = [group.create_task(self._follow())]
            followers += [group.create_task(self._officer.work()) for _ in range(DESKS)]
            sending = group.create_task(self._send(most))
            yield
            sending.cancel()
            await self._until(lambda: not self._open)
            for task in followers:
                task.cancel()

    async def finish(self, count: int) -> None:
        """Wait until so many more have been finished."""
        enough = self.finished + count
        await self._until(lambda: self.finished >= enough)

    async def _until(self, holds: Any) -> None:
        while not holds():
            self._changed.clear()
            await self._changed.wait()

    async def _send(self, most: int) -> None:
        while True:
            await self._until(lambda: len(self._open) <= most - TOGETHER)
            batch = list(itertools.islice(self._requests, TOGETHER))
            for request in batch:
                case_id = self._case_ids.case_id(CHANNEL_NAMESPACE, request.key)
                self._open[case_id] = request.letters + 1 if self._with_letters else 1
            sent = [await self._producer.send(EventType.REQUEST_RECEIVED, request.record) for request in batch]
            await asyncio.gather(*sent)

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            for record in await self._tap.more(within=0.2):
                self._note(record)
            self.timeline.append(Seen(loop.time(), self.finished))
            self._changed.set()

    def _note(self, record: Record) -> None:
        case_id = UUID((record.key or b"").decode())
        if record.topic == EventType.TRIAGE_ASSIGNED:
            if case_id in self._open:
                self._officer.assigned(case_id)
            return
        self.resolved += record.topic == EventType.RESOLUTION_ISSUED
        left = self._open.get(case_id, 0) - 1
        if record.topic == EventType.NOTIFICATION_RECORDED and not self._with_letters:
            return
        if left > 0:
            self._open[case_id] = left
        elif left == 0:
            del self._open[case_id]
            self.finished += 1


def producer(bootstrap: str) -> AIOKafkaProducer:
    """A producer as outside systems would configure one."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id="bench",
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        compression_type="zstd",
    )
