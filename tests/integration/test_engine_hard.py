"""The engine on real servers where it hurts: what cannot be stored, damaged documents, redeliveries, lost races."""

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from shared.casework.consuming import STRANGER, Consuming
from shared.casework.dead_letters import DeadLetters
from shared.casework.document import arrive
from shared.casework.engine import Engine
from shared.casework.offering import REFUSED_BY_THE_STORE
from shared.casework.reaction import Command, Context, Emit, Step
from shared.contracts.events import RequestWithdrawn, ReviewLapsed
from shared.contracts.vocabulary import EventType, Recipient
from shared.errors import CaseParked, CommandBroken
from shared.messaging.records import Record
from shared.mongo.driver import BulkWriteError, Collection, Driver, MongoClient
from tests.conftest import Servers
from tests.integration.toy import NOW, TOY, Tally, engine, make_topics, record

pytestmark = pytest.mark.real

LAPSED = ReviewLapsed(at=NOW, waived=False)
TOLD = Emit(RequestWithdrawn(by=Recipient.REQUESTOR))


def on_do(state: Tally | None, command: Command[Any], _: Context) -> Any:
    """A command that brings its own step along."""
    return replace(command.data, state=state or Tally(), emits=(TOLD,))


def on_lapsed(state: Tally | None, event: Any, _: Context) -> Any:
    """Lapses with a blob `bad` make what a store cannot keep."""
    state = state or Tally()
    work = {"number": 2**63} if "bad" in event.data.sealed else {}
    return Step(Tally(state.lapses + 1), keep=event.data.sealed, work=work)


HARD = replace(
    TOY,
    reactions={**TOY.reactions, EventType.REVIEW_LAPSED: on_lapsed, "do": on_do},
    creates=frozenset({"add", "do"}),
)


@dataclass
class Bench:
    """An engine, and how to get at what it stores."""

    engine: Engine[Tally]
    client: MongoClient
    database: str

    @property
    def cases(self) -> Collection:
        return self.client.database(self.database)["cases"]

    async def document(self, case_id: UUID) -> dict[str, Any]:
        found = await self.cases.find_one({"_id": case_id})
        assert found is not None
        return found

    async def lapses(self, case_id: UUID) -> int:
        view = await self.engine.case(case_id)
        assert view is not None
        return view.state.lapses


@pytest.fixture(name="bench", params=list(Driver))
async def _bench(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    prefix = f"h{uuid4().hex[:8]}"
    await make_topics(servers.kafka, f"{prefix}.")
    made, client, sender = engine(servers.mongodb, servers.kafka, f"{prefix}_", driver=request.param, behaviour=HARD)
    sender._prefix = f"{prefix}."
    await made.store.prepare()
    yield Bench(made, client, f"{prefix}_toy")
    await made.drain(5)
    await sender.discard()
    await client.close()


def lapse(case_id: UUID, seq: int, **sealed: bytes) -> Any:
    return arrive(case_id, "review.lapsed", record(case_id, seq, LAPSED.model_copy(update={"sealed": sealed})))


def do(case_id: UUID, **step: Any) -> Command[Any]:
    return Command("do", uuid4(), case_id, NOW, Step(Tally(), **step))


async def test_inputs_that_touch_the_same_entry_fold_into_one_write(bench: Bench) -> None:
    """The server refuses a write that names a path and a path within it."""
    case_id = uuid4()
    await bench.engine.handle([lapse(case_id, 1)])
    await bench.engine.commands(
        [
            do(case_id, work={"mail.a": {"phase": "due"}}),
            do(case_id, work={"mail.a.phase": "sent"}, guard={"work.mail.a.phase": "due"}),
            do(case_id, work={"mail.a.at": NOW}, guard={"work.mail.a.phase": "sent"}),
        ]
    )
    stored = await bench.document(case_id)
    assert (stored["v"], stored["work"]) == (2, {"mail": {"a": {"phase": "sent", "at": NOW}}})


async def test_a_result_that_cannot_be_stored_harms_no_other_case_of_the_batch(bench: Bench) -> None:
    bad, good = uuid4(), uuid4()
    await bench.engine.handle([lapse(bad, 1, bad=b"x"), lapse(good, 1)])
    assert await bench.lapses(good) == 1
    (held,) = (await bench.document(bad))["held"]
    assert held["error"].startswith("Unencodable at ")


async def test_a_damaged_document_harms_no_other_case_and_is_shown_as_parked(bench: Bench) -> None:
    bad, good = uuid4(), uuid4()
    await bench.engine.handle([lapse(bad, 1), lapse(good, 1)])
    await bench.cases.update_one({"_id": bad}, {"$set": {"state": {"lapses": "many"}, "queue.lapses": 1}})
    await bench.engine.handle([lapse(bad, 2), lapse(good, 2), lapse(bad, 3)])
    assert await bench.lapses(good) == 2
    document = await bench.document(bad)
    assert document["state"] == {"lapses": "many"}
    assert [bool(held.get("error")) for held in document["held"]] == [True, False]
    assert [view.case_id for view in await bench.engine.listing({})] == [good]
    with pytest.raises(CaseParked):
        await bench.engine.command(do(bad))


async def test_a_document_that_the_store_refuses_parks_its_case_and_no_other(bench: Bench) -> None:
    """Too large to be sent; refused by the server; too large even to be held: that one is given back."""
    large, odd, full, good = uuid4(), uuid4(), uuid4(), uuid4()
    await bench.engine.handle([lapse(large, 1), lapse(odd, 1), lapse(full, 1)])
    await bench.cases.update_one({"_id": odd}, {"$set": {"sealed": "no mapping"}})
    note = b"x" * 6_500_000
    refused = await bench.engine.handle(
        [
            *(lapse(large, seq, **{f"note_{seq}": note[:4_000_000]}) for seq in (2, 3, 4, 5)),
            lapse(odd, 2, note=b"x"),
            *(lapse(full, seq, **{f"note_{seq}": note}) for seq in (2, 3)),
            lapse(good, 1),
        ]
    )
    assert [await bench.lapses(case_id) for case_id in (large, odd, full, good)] == [1, 1, 1, 1]
    assert [held.get("error") for held in (await bench.document(odd))["held"]] == [REFUSED_BY_THE_STORE]
    assert {arrived.case_id for arrived in refused} == {large, full}
    with pytest.raises(CommandBroken):
        await bench.engine.command(do(good, keep={"other": b"x" * 13_000_000}))
    with pytest.raises(CaseParked):
        await bench.engine.command(do(odd))


async def test_an_unreadable_record_is_held_once_however_often_it_comes(bench: Bench) -> None:
    async def seal(raw: bytes) -> bytes:
        return os.urandom(12) + raw[::-1]

    consuming = Consuming(bench.engine, DeadLetters(bench.client.database(bench.database)["dead_letters"], seal), seal)
    case_id = uuid4()
    unreadable = b'{"source":"intake","of a version":"still to come"}'
    records = [
        Record("review.lapsed", 0, offset, str(case_id).encode(), value, NOW)
        for offset, value in enumerate([unreadable, record(case_id, 1, LAPSED)])
    ]
    for _ in range(3):
        await consuming.handle(records)
    held = (await bench.document(case_id))["held"]
    assert [entry.get("unreadable") is not None for entry in held] == [True, False]
    assert unreadable not in held[0]["value"]
    assert (await bench.engine.store.load([case_id]))[case_id].parked


@pytest.mark.parametrize("source", ["nobody", "escalation", "a.b", None])
async def test_what_no_emitter_of_its_topic_has_written_opens_no_case_and_parks_none(
    bench: Bench, source: str | None
) -> None:
    async def seal(raw: bytes) -> bytes:
        return raw

    letters = DeadLetters(bench.client.database(bench.database)["dead_letters"], seal)
    consuming = Consuming(bench.engine, letters, seal)
    known, unknown = uuid4(), uuid4()
    await consuming.handle([Record("review.lapsed", 0, 0, str(known).encode(), record(known, 1, LAPSED), NOW)])
    before = await bench.document(known)
    forged = [
        Record("review.lapsed", 0, offset, str(case_id).encode(), value, NOW)
        for offset, case_id in enumerate((known, unknown), 1)
        for value in [b"no JSON" if source is None else record(case_id, 2, LAPSED, source=source)]
    ]
    with capture_logs() as lines:
        await consuming.handle(forged)
    assert await bench.document(known) == before
    assert await bench.cases.count_documents({"_id": unknown}) == 0
    kept = await letters.newest()
    assert {(each["offset"], each["reason"].startswith(STRANGER)) for each in kept} == {(1, True), (2, True)}
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["record_of_a_stranger"] * 2


async def test_what_cannot_be_held_in_its_case_becomes_a_dead_letter_once(bench: Bench) -> None:
    async def seal(raw: bytes) -> bytes:
        return raw

    letters = DeadLetters(bench.client.database(bench.database)["dead_letters"], seal)
    consuming = Consuming(bench.engine, letters, seal)
    case_id = uuid4()
    value = record(case_id, 1, LAPSED)
    bench.engine.store.collection = cast("Collection", Refusing(bench.cases))
    for _ in range(2):
        await consuming.handle([Record("review.lapsed", 2, 7, str(case_id).encode(), value, NOW)])
    (letter,) = await letters.newest()
    assert (letter["reason"], letter["offset"]) == (REFUSED_BY_THE_STORE, 7)


class Refusing:
    """A collection whose documents are at their limit: the server takes no write that makes them grow."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    async def bulk_write(self, requests: Sequence[Any], *, ordered: bool = True) -> Any:
        assert not ordered
        raise BulkWriteError({"writeErrors": [{"index": place, "code": 17419} for place, _ in enumerate(requests)]})
