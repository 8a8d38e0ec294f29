"""The engine's main path on real servers: order, duplicates, waiting, versions, publishing, both drivers."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer

from shared.casework.commands import command_id
from shared.casework.document import arrive
from shared.casework.engine import Engine
from shared.casework.reaction import Command
from shared.contracts.events import ReviewLapsed, ReviewRemanded
from shared.contracts.parsing import parse
from shared.contracts.vocabulary import EventType
from shared.errors import CaseParked, CaseUnknown, CommandRefused
from shared.mongo.driver import Driver
from tests.conftest import Servers
from tests.integration.toy import NOW, Tally, engine, make_topics, record

pytestmark = pytest.mark.real

LAPSED = ReviewLapsed(at=NOW, waived=False)
REMANDED = ReviewRemanded(round=2, reasons=("X",))


@dataclass
class Bench:
    """One engine of the toy service and what its topic got."""

    engine: Engine[Tally]
    kafka: str
    prefix: str

    async def published(self) -> list[Any]:
        """All events in the topic of what the toy emits, from the beginning to its present end."""
        consumer = AIOKafkaConsumer(
            f"{self.prefix}request.withdrawn", bootstrap_servers=self.kafka, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            found: list[Any] = []
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += [parse(each.value, EventType.REQUEST_WITHDRAWN) for each in records]
            return found
        finally:
            await consumer.stop()

    async def handle(self, case_id: UUID, *records: tuple[str, bytes]) -> None:
        await self.engine.handle([arrive(case_id, topic, value) for topic, value in records])

    async def state(self, case_id: UUID) -> Tally:
        view = await self.engine.case(case_id)
        assert view is not None
        return view.state


@pytest.fixture(params=list(Driver))
async def bench(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    prefix = f"t{uuid4().hex[:8]}."
    await make_topics(servers.kafka, prefix)
    made, client, sender = engine(servers.mongodb, servers.kafka, prefix.replace(".", "_"), driver=request.param)
    sender._prefix = prefix
    await made.store.prepare()
    yield Bench(made, servers.kafka, prefix)
    await made.drain(5)
    await sender.discard()
    await client.close()


def lapse(case_id: UUID, seq: int) -> tuple[str, bytes]:
    return ("review.lapsed", record(case_id, seq, LAPSED))


async def test_what_is_handled_is_written_once_and_published_once_with_its_blob(bench: Bench) -> None:
    case_id = uuid4()
    noted = ("review.lapsed", record(case_id, 1, LAPSED.model_copy(update={"sealed": {"note": b"box"}})))
    remanded = ("review.remanded", record(case_id, 1, REMANDED))
    await bench.handle(case_id, noted, noted, remanded)
    await bench.handle(case_id, remanded, noted)
    state = await bench.state(case_id)
    assert (state.lapses, state.remands) == (1, 1)
    (event,) = await bench.published()
    assert (event.subject, event.seq, event.source, event.data.sealed) == (case_id, 1, "toy", {"note": b"box"})


async def test_an_event_that_names_a_blob_never_kept_parks_its_case(bench: Bench) -> None:
    case_id = uuid4()
    await bench.handle(case_id, lapse(case_id, 1), ("review.remanded", record(case_id, 1, REMANDED)))
    case = (await bench.engine.store.load([case_id]))[case_id]
    assert [held.error for held in case.held] == ["request.withdrawn names sealed blobs that were never kept: note."]
    assert await bench.published() == []


async def test_gaps_and_waits_are_held_and_released_in_order(bench: Bench) -> None:
    case_id = uuid4()
    one = ("review.lapsed", record(case_id, 1, LAPSED.model_copy(update={"sealed": {"note": b"box"}})))
    two, three = lapse(case_id, 2), lapse(case_id, 3)
    remand = ("review.remanded", record(case_id, 1, REMANDED))
    await bench.handle(case_id, remand, three, two)
    assert await bench.engine.case(case_id) is None
    await bench.handle(case_id, two, three, remand)
    await bench.handle(case_id, one)
    state = await bench.state(case_id)
    assert (state.lapses, state.remands) == (3, 1)
    assert (await bench.engine.store.load([case_id]))[case_id].held == []


async def test_two_at_once_lose_no_update_and_double_none(bench: Bench) -> None:
    case_ids = [uuid4() for _ in range(20)]
    records = [(case_id, lapse(case_id, seq)) for seq in (1, 2, 3) for case_id in case_ids]
    batch = [arrive(case_id, *value) for case_id, value in records]
    commands = [Command("add", uuid4(), case_id, NOW, 1) for case_id in case_ids]
    await asyncio.gather(
        bench.engine.handle(batch),
        bench.engine.handle(batch),
        bench.engine.commands(commands),
        *(bench.engine.command(command) for command in commands),
    )
    assert {(await bench.state(case_id)).lapses for case_id in case_ids} == {4}
    events = await bench.published()
    assert len({event.id for event in events}) == len(case_ids)


async def test_a_repeated_command_gets_its_first_answer(bench: Bench) -> None:
    case_id = uuid4()
    asked = Command("add", command_id("toy", "me", "add", case_id, "k"), case_id, NOW, 2)
    first, again = await bench.engine.command(asked), await bench.engine.command(asked)
    assert (first.answer, first.replayed, again.answer, again.replayed) == ({"lapses": 0}, False, {"lapses": 0}, True)
    with pytest.raises(CommandRefused, match="At most five"):
        await bench.engine.command(Command("add", uuid4(), case_id, NOW, 6))
    assert (await bench.state(case_id)).lapses == 2
    await bench.engine.drain(5)
    assert [event.seq for event in sorted(await bench.published(), key=lambda e: e.seq)] == [1, 2]


async def test_an_unknown_case_takes_no_command(bench: Bench) -> None:
    with pytest.raises(CaseUnknown):
        await bench.engine.command(Command("alarm", uuid4(), uuid4(), NOW, None))


async def test_a_failing_event_parks_its_case_and_no_other(bench: Bench) -> None:
    bad, good = uuid4(), uuid4()
    broken = arrive(bad, "review.lapsed", record(bad, 1, ReviewLapsed(at=NOW, waived=True)))
    follower = arrive(bad, *lapse(bad, 2))
    await bench.engine.handle([broken, follower, arrive(good, *lapse(good, 1))])
    assert (await bench.state(good)).lapses == 1
    parked = (await bench.engine.store.load([bad]))[bad]
    assert parked.parked
    assert str(parked.held[0].error).startswith("ZeroDivisionError at on_lapsed:")
    assert parked.held[1].error is None
    with pytest.raises(CaseParked):
        await bench.engine.command(Command("add", uuid4(), bad, NOW, 1))


async def test_a_deadline_comes_once_and_only_when_due(bench: Bench) -> None:
    case_id = uuid4()
    await bench.handle(case_id, lapse(case_id, 1))
    assert (await bench.state(case_id)).alarm is not None
    await asyncio.gather(bench.engine.deadlines(), bench.engine.deadlines())
    assert (await bench.state(case_id)).alarm is None
    await bench.engine.drain(5)
    assert len([event for event in await bench.published() if event.subject == case_id]) == 1


async def test_marks_are_written_and_nothing_stays_pending(bench: Bench) -> None:
    case_id = uuid4()
    await bench.engine.commands([Command("add", uuid4(), case_id, NOW, 3)])
    assert [found for found, _ in await bench.engine.store.pending(100)] == [case_id]
    await bench.engine.outbox.flush_marks()
    assert await bench.engine.store.pending(100) == []
    assert (await bench.engine.store.load([case_id]))[case_id].published == 3
