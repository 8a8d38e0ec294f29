"""Two instances, lost replies, lost acknowledgements, lost marks, exceptions and cancellations at every point.

Whatever happens: each input is handled once, each event id has one content, the one that is stored, and the events of a
case come first in their order.
"""

import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4, uuid5

import pytest

from shared.casework.document import arrive
from shared.casework.engine import Engine
from shared.casework.outbox import Outbox
from shared.casework.reaction import Command, Context, Emit, Step
from shared.casework.sweeping import Sweeper
from shared.contracts.envelope import splice
from shared.contracts.events import RequestWithdrawn, ReviewLapsed
from shared.contracts.vocabulary import EventType, Recipient
from shared.errors import CommandFailed, Outage
from shared.messaging.records import Outgoing, Receipt
from shared.mongo.driver import Collection, MongoClient, PyMongoError
from tests.conftest import Servers
from tests.integration.toy import NOW, TOY, Tally, engine, record

pytestmark = pytest.mark.real


def sealed_anew(state: Tally, number: int) -> Step[Tally]:
    """A step whose blob is other bytes each time it is made, as sealing is."""
    name = f"note_{number}"
    emit = Emit(RequestWithdrawn(by=Recipient.REQUESTOR), sealed=(name,))
    return Step(replace(state, lapses=number), emits=(emit,), keep={name: os.urandom(8)})


def on_lapsed(state: Tally | None, _event: Any, _: Context) -> Step[Tally]:
    return sealed_anew(state or Tally(), (state.lapses if state else 0) + 1)


def on_add(state: Tally | None, _: Command[int], __: Context) -> Step[Tally]:
    return on_lapsed(state, None, cast("Context", None))


RACING = replace(TOY, reactions={**TOY.reactions, EventType.REVIEW_LAPSED: on_lapsed, "add": on_add})


@dataclass
class Wire:
    """A broker that sometimes delivers without acknowledging, and sometimes does neither."""

    dice: random.Random
    trouble: float = 0.0
    delivered: list[Outgoing] = field(default_factory=list)

    async def send(self, records: Sequence[Outgoing]) -> Sequence[Receipt]:
        lost, unacknowledged = self.dice.random() < self.trouble, self.dice.random() < self.trouble
        await asyncio.sleep(self.dice.random() * 0.002)
        if not lost:
            self.delivered += records
        await asyncio.sleep(self.dice.random() * 0.002)
        return [Receipt.LATE if lost or unacknowledged else Receipt.TAKEN] * len(records)


class Unsteady:
    """A collection that sometimes carries a bulk write out and then says that the server is gone."""

    def __init__(self, collection: Collection, wire: Wire) -> None:
        self._collection, self._wire = collection, wire

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    async def bulk_write(self, requests: Sequence[Any], *, ordered: bool = True) -> Any:
        done = await self._collection.bulk_write(requests, ordered=ordered)
        if self._wire.dice.random() < self._wire.trouble:
            raise PyMongoError("the reply was lost")
        return done


@dataclass
class Bench:
    """Two instances of one service."""

    instances: list[Engine[Tally]]
    wire: Wire
    clients: list[MongoClient]

    async def again_until_settled(self, instance: Engine[Tally], batch: Sequence[tuple[UUID, bytes]]) -> None:
        """What a reader does: the same records come again until they are settled."""
        while True:
            try:
                await instance.handle([arrive(case_id, "review.lapsed", value) for case_id, value in batch])
                return
            except (Outage, asyncio.CancelledError):
                continue

    async def ask_until_answered(self, instance: Engine[Tally], command: Command[int]) -> None:
        """What a client does: the same request until it is answered."""
        while True:
            try:
                await instance.command(command)
                return
            except (CommandFailed, Outage, asyncio.CancelledError):
                continue

    async def heal(self) -> None:
        """No more trouble: what crashes left is swept."""
        self.wire.trouble = 0.0
        for instance in self.instances:
            await instance.drain(5)
            instance.outbox.breaker.worked()
            await Sweeper(instance, stale_seconds=0.0).sweep()
            await instance.outbox.flush_marks()


@pytest.fixture(name="bench", params=range(4))
async def _bench(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    prefix = f"c{uuid4().hex[:8]}_"
    wire = Wire(random.Random(request.param), trouble=0.15)

    async def point(_: str) -> None:
        if wire.dice.random() < wire.trouble / 3:
            raise Outage("a fault")
        if wire.dice.random() < wire.trouble / 3:
            raise asyncio.CancelledError

    made = [engine(servers.mongodb, servers.kafka, prefix, behaviour=RACING, point=point) for _ in range(2)]
    instances = []
    for instance, _, _ in made:
        instance.outbox = Outbox(instance.store, wire, instance.outbox.breaker)
        await instance.store.prepare()
        instance.store.collection = cast("Collection", Unsteady(instance.store.collection, wire))
        instances.append(instance)
    yield Bench(instances, wire, [client for _, client, _ in made])
    for _, client, _ in made:
        await client.close()


async def test_nothing_is_lost_doubled_changed_or_turned_round_by_any_fault(bench: Bench) -> None:
    case_ids = [uuid4() for _ in range(6)]
    lapses = [
        (case_id, record(case_id, seq, ReviewLapsed(at=NOW, waived=False))) for seq in (1, 2, 3) for case_id in case_ids
    ]
    asked = [Command("add", uuid5(case_id, f"{n}"), case_id, NOW, 1) for n in range(3) for case_id in case_ids]
    late = [replace(command, at=NOW + timedelta(minutes=1)) for command in asked]
    one, two = bench.instances
    await asyncio.gather(
        *(bench.again_until_settled(instance, lapses[at : at + 6]) for instance in (one, two) for at in (0, 6, 12)),
        *(bench.ask_until_answered(one, command) for command in asked),
        *(bench.ask_until_answered(two, command) for command in late),
    )
    await bench.heal()
    for case_id in case_ids:
        await assert_sound(bench, case_id, inputs=6)
    assert await one.store.pending(100) == []


async def assert_sound(bench: Bench, case_id: UUID, *, inputs: int) -> None:
    view = await bench.instances[0].case(case_id)
    assert view is not None
    assert view.state.lapses == inputs
    stored = await bench.instances[0].events(case_id)
    sealed = await bench.instances[0].sealed(case_id)
    contents = {event.id: splice(event.body, {name: sealed[name] for name in event.blobs}) for event in stored}
    assert [event.seq for event in stored] == list(range(1, inputs + 1))
    delivered = [sent for sent in bench.wire.delivered if sent.case_id == case_id]
    assert {(sent.event_id, _hash(sent.value)) for sent in delivered} == {
        (event, _hash(content)) for event, content in contents.items()
    }
    firsts = list(dict.fromkeys(sent.event_id for sent in delivered))
    assert firsts == list(contents)


def _hash(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()
