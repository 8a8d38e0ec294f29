"""The outbox between tasks: another one's send fails, marks are written meanwhile, a publication is broken."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from shared.casework.breaker import Breaker
from shared.casework.case import Emitted
from shared.casework.outbox import Outbox, Publication
from shared.casework.store import Store, Stored
from shared.contracts.vocabulary import EventType
from shared.errors import Outage
from shared.messaging.records import Outgoing, Receipt

CASE = UUID("0b9b2c86-0d52-5c35-9d0e-0a2f0f5f7c11")


def emitted(index: int, *blobs: str) -> Emitted:
    return Emitted(index, UUID(int=index), EventType.REQUEST_WITHDRAWN, index + 1, b'{"data":{}}', blobs)


@dataclass
class Kept:
    """A store that holds one case's events and its mark."""

    events: list[Emitted]
    published: int = 0

    async def unpublished(self, case_ids: Iterable[UUID]) -> list[Stored]:
        left = tuple(self.events[self.published :])
        return [Stored(case_id, self.published, len(self.events), left, {}) for case_id in case_ids]

    async def mark(self, marks: Mapping[UUID, int]) -> None:
        for published in marks.values():
            if published == len(self.events):
                self.published = published


@dataclass
class Wire:
    """A broker: each send waits to be told how it ends; `arrived` are event numbers as they were acknowledged."""

    arrived: list[int] = field(default_factory=list)
    under_way: "asyncio.Queue[asyncio.Future[bool]]" = field(default_factory=asyncio.Queue)

    async def send(self, records: Sequence[Outgoing]) -> Sequence[Receipt]:
        ending: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.under_way.put_nowait(ending)
        if await ending:
            self.arrived += [record.event_id.int for record in records]
        return [Receipt.TAKEN if ending.result() else Receipt.LATE] * len(records)

    async def ends(self, *, well: bool) -> None:
        """Let the send that is under way end."""
        (await self.under_way.get()).set_result(well)


def outbox(store: Kept, wire: Wire) -> Outbox:
    return Outbox(cast("Store[Any]", store), wire, Breaker(lambda: 0.0))


def one(index: int, published: int = 0) -> list[Publication]:
    return [Publication(CASE, published, [emitted(index)], {})]


async def test_a_later_event_waits_for_an_earlier_one_and_goes_after_it_when_that_failed() -> None:
    wire = Wire()
    box = outbox(Kept([emitted(0), emitted(1)]), wire)
    first = asyncio.create_task(box.publish(one(0)))
    sending = await wire.under_way.get()
    assert box.covered(CASE, 0) == 1
    second = asyncio.create_task(box.publish(one(1)))
    await asyncio.sleep(0)
    sending.set_result(False)
    with pytest.raises(Outage):
        await first
    await wire.ends(well=True)
    await second
    assert wire.arrived == [0, 1]


async def test_a_mark_is_not_lost_when_marks_are_written_between_load_and_publish() -> None:
    """The case was loaded with mark 0; before its second event was published, the first one's mark was written."""
    wire, store = Wire(), Kept([emitted(0)])
    box = outbox(store, wire)
    sending = asyncio.create_task(box.publish(one(0)))
    await wire.ends(well=True)
    await sending
    store.events.append(emitted(1))
    await box.flush_marks()
    sending = asyncio.create_task(box.publish(one(1)))
    await wire.ends(well=True)
    await sending
    await box.flush_marks()
    assert (wire.arrived, store.published) == ([0, 1], 2)


async def test_a_publication_that_cannot_be_made_leaves_nothing_in_flight() -> None:
    wire = Wire()
    store = Kept([emitted(0)])
    box = outbox(store, wire)
    broken = Publication(uuid4(), 0, [emitted(0, "no-such-blob")], {})
    with pytest.raises(KeyError):
        await box.publish([*one(0), broken])
    assert box.covered(CASE, 0) == 0
    sending = asyncio.create_task(box.publish_stored([CASE]))
    await wire.ends(well=True)
    await sending
    assert wire.arrived == [0]


async def test_nothing_is_remembered_of_cases_whose_events_are_marked() -> None:
    wire, store = Wire(), Kept([emitted(0)])
    box = outbox(store, wire)
    sending = asyncio.create_task(box.publish(one(0)))
    await wire.ends(well=True)
    await sending
    await box.flush_marks()
    await box.flush_marks()
    assert (box._progress, box._unmarked, box._marked) == ({}, {}, set())


async def test_a_shortfall_is_an_outage_and_only_silence_opens_the_breaker() -> None:
    class Half:
        async def send(self, records: Sequence[Outgoing]) -> Sequence[Receipt]:
            return [Receipt.LATE if record.event_id.int else Receipt.TAKEN for record in records]

    box = Outbox(cast("Store[Any]", Kept([emitted(0)])), Half(), Breaker(lambda: 0.0))
    with pytest.raises(Outage):
        await box.publish([Publication(CASE, 0, [emitted(0), emitted(1)], {})])
    assert box.breaker.healthy
    assert box.acknowledged([CASE]) == {CASE: 1}
    with pytest.raises(Outage):
        await box.publish(one(1, published=1))
    assert not box.breaker.healthy


async def test_what_the_broker_refuses_waits_in_its_case_and_is_no_outage() -> None:
    class Refusing:
        async def send(self, records: Sequence[Outgoing]) -> Sequence[Receipt]:
            return [Receipt.TAKEN if record.event_id.int == 0 else Receipt.REFUSED for record in records]

    kept = Kept([emitted(0), emitted(1), emitted(2)])
    box = Outbox(cast("Store[Any]", kept), Refusing(), Breaker(lambda: 0.0))
    await box.publish([Publication(CASE, 0, kept.events[:2], {})])
    assert box.acknowledged([CASE]) == {CASE: 1}
    await box.publish(one(2, published=1))
    assert box.breaker.healthy
    assert box.covered(CASE, 1) == 1
