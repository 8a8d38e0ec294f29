"""How a service stops: nothing that was stopped is started again, and nothing is left that goes on by itself."""

import asyncio
from pathlib import Path
from typing import Any, cast

from services.escalation.reactions import BEHAVIOUR
from services.escalation.settings import EscalationSettings
from shared.casework.standing import Standing
from shared.errors import Outage
from shared.messaging.reader import Reader
from shared.runtime import starting
from shared.runtime.foundation import Foundation
from shared.runtime.restored import Restored
from tests.wiring.apps import settings


class Newest:
    """A store that is known to be the newest."""

    async def look(self, **_: Any) -> bool:
        return True

    def require(self) -> None:
        return


class Unreachable:
    """A reader whose broker is away, and which takes its time to stop."""

    group = "unreachable"

    def __init__(self, said: list[str], name: str, *, stops_in: float) -> None:
        self._said, self._name, self._stops_in = said, name, stops_in
        self.asked = asyncio.Event()

    async def start(self) -> None:
        self._said.append(f"start {self._name}")
        self.asked.set()
        raise Outage("Kafka does not answer.")

    def settled(self) -> dict[Any, int]:
        return {}

    async def stop(self) -> None:
        self._said.append(f"stop {self._name}")
        await asyncio.sleep(self._stops_in)


async def no_store_needed() -> None:
    return


async def test_no_reader_is_started_again_while_others_are_still_stopping(tmp_path: Path) -> None:
    base = Foundation(BEHAVIOUR, EscalationSettings(**settings(tmp_path)))
    said: list[str] = []
    slow = starting.RETRY_SECONDS * 1.5
    readers = [Unreachable(said, "first", stops_in=0), Unreachable(said, "second", stops_in=slow)]
    base.readers = cast("list[Reader]", readers)
    base.restored = Restored(cast("Standing", Newest()), base.clock, base.readers, bootstrap="")
    base._prepare = base.keys.look = no_store_needed  # type: ignore[method-assign]
    before = asyncio.all_tasks()
    async with base.running():
        await readers[0].asked.wait()
    assert said == ["start first", "stop first", "stop second"]
    assert asyncio.all_tasks() <= before  # what other tests left may end meanwhile


async def test_what_is_published_too_slowly_is_given_up_at_the_end(tmp_path: Path) -> None:
    base = Foundation(BEHAVIOUR, EscalationSettings(**settings(tmp_path)))

    class Silent:
        async def publish(self, _: Any) -> None:
            await asyncio.Event().wait()

        async def flush_marks(self) -> None:
            return

        breaker = base.engine.outbox.breaker

    base.engine.outbox = cast("Any", Silent())
    await base.engine._send(cast("Any", ["an event"]), set(), wait=False)
    await base.engine.drain(0.01)
    assert not base.engine._background
