"""Faults at the named points of a running service, and counters of the points that outlive the process."""

import asyncio
import mmap
import os
import signal
import struct
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from aiokafka.errors import KafkaError

from services.notification.mail.conversation import Dropped
from shared.contracts.vocabulary import Service
from shared.errors import Outage
from shared.failpoints import OF_MAIL, Point, Reached
from shared.mongo.driver import PyMongoError


class Kind(StrEnum):
    """What happens at a point."""

    KILL = "kill"
    EXCEPTION = "exception"
    CANCELLATION = "cancellation"
    LOST_REPLY = "lost reply"
    """What has just been done was applied, and is reported as an error of the client."""
    STOP = "stop"
    """The process stands still until somebody lets it go on."""
    OUTAGE = "outage"
    """Not of the matrix: makes work for the sweeper."""


class Way(StrEnum):
    """How the service came to the point."""

    RECORDS = "records"
    ELSE = "commands, deadlines and what runs beside"


class Broken(Exception):
    """A defect that was planted."""


LOST: Final[dict[Reached, type[Exception]]] = {
    Reached.WRITE_APPLIED: PyMongoError,
    Reached.MARK_APPLIED: PyMongoError,
    Reached.DEAD_LETTERS_KEPT: PyMongoError,
    Reached.SENT: Outage,
    Reached.COMMIT_APPLIED: KafkaError,
    Reached.AFTER_CONTENT: Dropped,
}
"""What the client library raises when the reply is lost at this point."""

SERVICES: Final = (Service.INTAKE, Service.TRIAGE, Service.ESCALATION)
POINTS: Final = tuple(point for point in Reached if point not in OF_MAIL)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that happens when a service reaches a point on a way for the `first` time from now, `times` in all."""

    service: Service
    point: Reached
    kind: Kind
    way: Way
    first: int = 1
    times: int = 1


_way: ContextVar[Way] = ContextVar("way", default=Way.ELSE)


class Counters:
    """How often each service has reached each point on each way, and how many faults have happened: in a file."""

    SIZE = 8
    PLACES = tuple((service, point, way) for service in Service for point in Reached for way in Way)

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(self.SIZE * (len(self.PLACES) + 1)))
        with file.open("r+b") as opened:
            self._memory = mmap.mmap(opened.fileno(), 0)

    def hits(self, service: Service, point: Reached, way: Way) -> int:
        """How often the point was reached since the file was made."""
        return self._get(1 + self.PLACES.index((service, point, way)))

    def hit(self, service: Service, point: Reached, way: Way) -> None:
        """It was reached once more."""
        place = 1 + self.PLACES.index((service, point, way))
        self._put(place, self._get(place) + 1)

    @property
    def happened(self) -> int:
        """How many faults have happened."""
        return self._get(0)

    def happens(self) -> None:
        """One is about to happen."""
        self._put(0, self.happened + 1)

    def _get(self, place: int) -> int:
        return int(struct.unpack_from("<q", self._memory, place * self.SIZE)[0])

    def _put(self, place: int, value: int) -> None:
        struct.pack_into("<q", self._memory, place * self.SIZE, value)


class Faults:
    """The faults of one process. `install` replaces those that are left of earlier ones."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._left: list[tuple[Fault, int]] = []

    def install(self, *faults: Fault) -> None:
        """From now on, instead of all earlier ones."""
        self._left = [(fault, 0) for fault in faults]

    def point_of(self, service: Service) -> Point:
        """What a service is given as its `point`."""

        async def point(name: str) -> None:
            reached = Reached(name)
            if reached is Reached.POLLED:
                _way.set(Way.RECORDS)  # a reader's task does nothing else
            way = _way.get()
            self._counters.hit(service, reached, way)
            for place, (fault, seen) in enumerate(self._left):
                if (fault.service, fault.point, fault.way) == (service, reached, way):
                    self._left[place] = (fault, seen + 1)
                    if fault.first <= seen + 1 < fault.first + fault.times:
                        await self._happen(fault)

        return point

    async def _happen(self, fault: Fault) -> None:
        if fault.kind is not Kind.OUTAGE:
            self._counters.happens()
        match fault.kind:
            case Kind.KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            case Kind.STOP:
                os.kill(os.getpid(), signal.SIGSTOP)
            case Kind.EXCEPTION:
                raise Broken
            case Kind.CANCELLATION:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                await asyncio.sleep(0)
            case Kind.LOST_REPLY:
                raise LOST[fault.point]("the reply was lost")
            case Kind.OUTAGE:
                raise Outage("a fault")
