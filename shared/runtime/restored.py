"""What a service does when its store was put back from a backup: it stands still until the store was compared.

No reader reads, no deadline comes, no command is taken, no letter goes out. When the comparison is over, the readers go
back to where the copy was made.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence

from shared.casework.standing import LOOK_SECONDS, Standing, place
from shared.contracts.vocabulary import EventType
from shared.errors import Outage
from shared.messaging.reader import Reader
from shared.messaging.store_mark import StoreMark, put_back
from shared.mongo.driver import Collection
from shared.runtime.clock import Clock
from shared.runtime.settings import ServiceSettings

ANY_TOPIC = EventType.CASE_ERASED
"""A commit names a topic that exists; its records mean nothing here."""
LEAVE_SECONDS = 60.0
"""So long the readers of other instances may take to leave."""


def standing_of(service: str, settings: ServiceSettings, collection: Collection) -> tuple[Standing, StoreMark]:
    """What is known of a service's store, and what Kafka keeps of it, which has to be closed."""
    mark = mark_of(f"{service}.store", settings)
    return Standing(collection, mark), mark


def mark_of(group: str, settings: ServiceSettings) -> StoreMark:
    """What Kafka keeps of a store, as an offset of this group."""
    prefix = settings.secondlook_prefix
    return StoreMark(settings.kafka_bootstrap, group=f"{prefix}{group}", topic=f"{prefix}{ANY_TOPIC}")


class Restored:
    """Watches one service's store, and takes it back into use. `readers` may grow until it starts."""

    def __init__(self, standing: Standing, clock: Clock, readers: Sequence[Reader], *, bootstrap: str) -> None:
        self.standing = standing
        self._clock = clock
        self._readers = readers
        self._bootstrap = bootstrap
        self._running: list[Reader] = []
        self._started = False

    @property
    def stands_still(self) -> bool:
        """Whether the store still has to be compared."""
        return self.standing.restored

    async def is_well(self) -> bool:
        """Whether the store is not known to be an older copy."""
        return not self.standing.restored

    async def start(self) -> None:
        """Start the readers once the store is known to be the newest. Raises `Outage` until then."""
        await self._look()
        self.standing.require()
        for reader in self._readers:
            if reader not in self._running:
                await reader.start()
                self._running.append(reader)
        self._started = True

    async def look(self) -> None:
        """One round, once it has started: an older store stops the readers, a compared one starts them again."""
        if not self._started:
            return
        if await self._look():
            await self.start()
            return
        stopping, self._running = self._running, []
        await asyncio.gather(*(reader.stop() for reader in stopping), return_exceptions=True)

    async def begin(self) -> None:
        """Have all instances stand still; returns when they do."""
        if not self.standing.restored:
            await self.standing.mark_restored(self._clock.now())
            await asyncio.sleep(2 * LOOK_SECONDS)

    async def end(self) -> None:
        """The store was compared: the readers go back to where the copy was made, and all instances go on."""
        noted = await self.standing.noted()
        for reader in self._readers:
            await self._put_back(reader, noted)
        await self.standing.mark_compared()

    async def _put_back(self, reader: Reader, noted: Mapping[str, int]) -> None:
        """Put a reader's group back; raises the last `Outage` when an instance does not leave it."""
        until = time.monotonic() + LEAVE_SECONDS
        while True:
            try:
                await put_back(self._bootstrap, reader.group, reader.topics, lambda *at: noted.get(place(*at), 0))
            except Outage:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(1.0)
            else:
                return

    async def _look(self) -> bool:
        settled = {where: offset for reader in self._readers for where, offset in reader.settled().items()}
        return await self.standing.look(policy_now=self._clock.now(), offsets=settled)
