"""What waits at a moment, and how long until nine tenths of it are done: records, unpublished events, letters."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from shared.contracts.topics import consumed_by
from shared.contracts.vocabulary import EventType, Service
from tests.chaos.policy_clock import PolicyClock
from tests.chaos.stack import KAFKA, Stack
from tests.chaos.watch import Watch

Place = tuple[str, str, int]
"""Group, topic, partition."""
ARRIVALS: Final = "intake.arrivals"
GROUPS: Final[dict[str, frozenset[EventType]]] = {service.value: consumed_by(service) for service in Service} | {
    "intake": consumed_by(Service.INTAKE) - {EventType.REQUEST_RECEIVED},
    ARRIVALS: frozenset({EventType.REQUEST_RECEIVED}),
}
NOT_BEGUN: Final = ("due", "claimed")
LOOK_EVERY_SECONDS: Final = 0.5
SHARE_LEFT: Final = 0.1
ASK_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Records from, up to; pending cases with the number of events that had been made; letters by their phase.

    No deadlines: when work goes on after a fault, they wait for the policy's grace from when nothing is unread.
    """

    records: Mapping[Place, tuple[int, int]]
    pending: Mapping[tuple[Service, Any], int]
    letters: Mapping[str, str]

    @property
    def size(self) -> int:
        return sum(to - begin for begin, to in self.records.values()) + len(self.pending) + len(self.letters)

    def left_of(self, before: "Waiting") -> int:
        """How much of what waited then waits still."""
        records = 0
        for place, (_, to) in before.records.items():
            begin = self.records.get(place, (to, to))[0]
            records += max(0, to - begin)
        pending = sum(key in self.pending for key in before.pending)
        return records + pending + sum(key in self.letters for key in before.letters)


class Look:
    """Looks at Kafka's offsets, at its files and at the stores, as nobody of the system does."""

    def __init__(self, stack: Stack, watch: Watch) -> None:
        self._stack, self._watch = stack, watch
        self._mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            stack.mongodb,
            uuidRepresentation="standard",
            tz_aware=True,
            serverSelectionTimeoutMS=3000,
            socketTimeoutMS=5000,
        )
        self._admin: Any = None
        self._known: set[Place] = set()

    async def close(self) -> None:
        await self._forget()
        await self._mongo.close()

    async def committed(self) -> dict[Place, int]:
        """Group, topic, partition -> the offset from which the group goes on. Raises `KafkaError`, `TimeoutError`."""
        if self._admin is None:
            self._admin = AIOKafkaAdminClient(bootstrap_servers=self._stack.members[KAFKA].server.url)
            await self._admin.start()
        found: dict[Place, int] = {}
        for group in GROUPS:
            for at, offset in (await self._admin.list_consumer_group_offsets(group)).items():
                found[group, at.topic, at.partition] = offset.offset
        return found

    async def waiting(self, *, at_rest: bool = False) -> Waiting | None:
        """What waits now; None where a server does not answer."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self._waiting(at_rest=at_rest)
        except (KafkaError, OSError, PyMongoError, TimeoutError):
            await self._forget()
            return None

    async def _waiting(self, *, at_rest: bool) -> Waiting:
        ends, committed = self._watch.ends(), await self.committed()
        if self._known - committed.keys():  # a broker that has just started does not know all its groups yet
            raise TimeoutError
        self._known |= committed.keys()
        records = {}
        for group, topics in GROUPS.items():
            for (topic, partition), end in ends.items():
                begin = committed.get((group, topic, partition), 0)
                if topic in topics and begin < end:
                    records[group, topic, partition] = (begin, end)
        pending = {}
        for service in Service:
            cases = self._mongo[f"secondlook_{service}"]["cases"]
            async for each in cases.find({"pending_since": {"$exists": True}}, {"emitted": 1}):
                pending[service, each["_id"]] = each["emitted"]
        return Waiting(records, pending, await self._letters(at_rest=at_rest))

    async def deadlines(self, within: float) -> int:
        """How many deadlines come in the next so many seconds, or have come and were not carried out."""
        clock = PolicyClock.of(self._stack.folder)
        due = {"due_at": {"$lt": clock.now() + timedelta(seconds=within * clock.speed)}}
        found = [self._mongo[f"secondlook_{each}"]["cases"].count_documents(due) for each in Service]
        return sum(await asyncio.gather(*found))

    async def _letters(self, *, at_rest: bool) -> dict[str, str]:
        """Open letters, without those that the relay has put off until later, and those of whose fate a parked case
        cannot be told.
        """
        phases = (*NOT_BEGUN, "data") if at_rest else NOT_BEGUN
        found, now = {}, datetime.now(UTC)
        async for case in self._mongo["secondlook_notification"]["cases"].find({}, {"work.mail": 1}):
            for key, letter in (case.get("work", {}).get("mail") or {}).items():
                put_off = letter.get("tries") and letter.get("next_at") and letter["next_at"] > now
                if letter["phase"] in phases and not put_off and not letter.get("outcome"):
                    found[key] = letter["phase"]
        return found

    async def _forget(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            with suppress(Exception):
                await asyncio.wait_for(admin.close(), 3.0)

    async def nine_tenths(self, limit: float, *, began: float) -> tuple[int, float | None]:
        """How much waits now, and the seconds from `began`, on the monotonic clock, until a tenth of it is left.

        None when that took longer than `limit`.
        """
        before = None
        while time.monotonic() - began < limit:
            if before is None:
                before = await self.waiting()
            elif (now := await self.waiting()) is not None and now.left_of(before) <= before.size * SHARE_LEFT:
                return before.size, time.monotonic() - began
            if before is not None and not before.size:
                return 0, 0.0
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        return (before.size if before else 0), None
