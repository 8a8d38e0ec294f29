"""Publishing again what a topic lost, on real servers: nothing lost, nothing doubled, under the same ids."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from fastapi import FastAPI

from shared.casework.consuming import Consuming
from shared.casework.dead_letters import DeadLetters
from shared.casework.document import arrive
from shared.casework.engine import Engine
from shared.casework.parking import Parking
from shared.casework.reaction import Command, Context, Outcome, Step
from shared.casework.reconciliations import Reconciliations
from shared.casework.reconciling import Reconciliation, Report
from shared.contracts.envelope import Event, event_id
from shared.contracts.events import RequestWithdrawn, ReviewLapsed, ReviewRemanded
from shared.contracts.topics import Route
from shared.contracts.vocabulary import EventType, Recipient
from shared.errors import Outage
from shared.messaging.lenient import CorruptBatch
from shared.messaging.producer import KafkaSender
from shared.messaging.reader import Reader
from shared.messaging.records import Record
from shared.messaging.tap import NoTap, Tap
from shared.mongo.driver import MongoClient
from shared.web import problems, reconcile
from shared.web.sign_in import Role, SignIn
from shared.web.signing_keys import DevelopmentKeys
from shared.web.tokens import DEVELOPMENT_ISSUER, DevelopmentIssuer
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.serving import secondlook, serving
from tests.integration.toy import NOW, TOY, Kept, Tally, engine, make_topics, record

pytestmark = pytest.mark.real

TOPIC = "request.withdrawn"


def on_withdrawn(state: Tally | None, event: Event[RequestWithdrawn], _: Context) -> Outcome[Tally]:
    """Counts each event once; a doubled one would count twice."""
    state = state or Tally()
    return Step(replace(state, lapses=state.lapses + 1, remands=state.remands * 10 + event.seq))


DOWNSTREAM = replace(TOY, service="downstream", reactions={EventType.REQUEST_WITHDRAWN: on_withdrawn})


FROM_THE_TOY = {EventType.REQUEST_WITHDRAWN: Route(cast("Any", ("toy",)), ())}


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class StandsStill:
    """What a service does while its store is older than its topics, noted."""

    stands_still: bool = False

    async def begin(self) -> None:
        self.stands_still = True

    async def end(self) -> None:
        self.stands_still = False


async def as_it_is(raw: bytes) -> bytes:
    return raw


@dataclass
class World:
    """A service that emits, its topic, and any number of services that follow it."""

    servers: Servers
    name: str
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    restored: StandsStill = field(default_factory=StandsStill)

    @property
    def topic(self) -> str:
        return f"{self.name}.{TOPIC}"

    async def engine(self, database: str, behaviour: Any) -> tuple[Engine[Tally], MongoClient, KafkaSender]:
        made, client, sender = engine(
            self.servers.mongodb, self.servers.kafka, f"{self.name}_{database}_", behaviour=behaviour
        )
        sender._prefix = f"{self.name}."
        await made.store.prepare()
        self.stack.push_async_callback(client.close)
        self.stack.push_async_callback(sender.discard)
        self.stack.push_async_callback(made.drain, 5)
        return made, client, sender

    async def follow(self, name: str) -> tuple[Engine[Tally], Reader]:
        """An instance of another service, which follows the topic."""
        made, client, _ = await self.engine(name, DOWNSTREAM)
        letters = DeadLetters(client.database(f"{self.name}_{name}_toy")["dead_letters"], as_it_is)
        consuming = Consuming(made, letters, as_it_is, routes=FROM_THE_TOY)
        reader = Reader(
            self.servers.kafka,
            [TOPIC],
            group=name,
            handle=consuming.handle,
            corrupt=Kept(),
            prefix=f"{self.name}.",
        )
        await reader.start()
        self.stack.push_async_callback(reader.stop)
        return made, reader

    async def records(self) -> list[Record]:
        async with Tap(self.servers.kafka, [self.topic]) as tap:
            return await tap.to_the_end()

    async def admin(self, work: Callable[[AIOKafkaAdminClient], Awaitable[Any]]) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers.kafka)
        await admin.start()
        try:
            await work(admin)
        finally:
            await admin.close()

    def comparison(self, made: Engine[Tally], sender: KafkaSender) -> Reconciliation:
        return Reconciliation(
            made.store,
            sender,
            lambda topics: Tap(self.servers.kafka, topics),
            Parking(made.store, made.rules, self.restored.begin, real_now=utc_now, policy_now=utc_now),
            service="toy",
            topics=[EventType.REQUEST_WITHDRAWN],
            prefix=f"{self.name}.",
        )


@pytest.fixture(name="world")
async def _world(servers: Servers) -> AsyncIterator[World]:
    world = World(servers, f"c{uuid4().hex[:8]}")
    await make_topics(servers.kafka, f"{world.name}.")
    async with world.stack:
        yield world


async def cut(world: World) -> None:
    """The beginning of two partitions is gone."""

    async def work(admin: AIOKafkaAdminClient) -> None:
        gone = {TopicPartition(world.topic, 0): RecordsToDelete(9), TopicPartition(world.topic, 1): RecordsToDelete(5)}
        await admin.delete_records(gone)

    await world.admin(work)


async def remake(world: World) -> None:
    """The whole topic is gone, and was made again, empty."""

    async def work(admin: AIOKafkaAdminClient) -> None:
        await admin.delete_topics([world.topic])

        async def made_again() -> bool:
            answer = await admin.create_topics([NewTopic(world.topic, 3, 1)])
            return all(error[1] == 0 for error in answer.topic_errors)

        await eventually(made_again)

    await world.admin(work)

    async def empty() -> bool:  # Deleting goes on in the broker for a moment.
        try:
            return not await world.records()
        except NoTap:
            return False

    await eventually(empty)


async def emit(made: Engine[Tally], cases: list[UUID], events: int = 2) -> None:
    await made.commands([Command("add", uuid4(), case_id, NOW, events) for case_id in cases])
    await made.outbox.flush_marks()


async def heard(made: Engine[Tally]) -> Counter[tuple[int, int]]:
    return Counter((view.state.lapses, view.state.remands) for view in await made.listing({}, limit=1000))


def numbers(report: Report) -> tuple[int, int, int, int]:
    topic = report.topics[TOPIC]
    return topic.stored, topic.missing, topic.published, topic.strangers


@pytest.mark.parametrize("lose", [cut, remake])
async def test_what_a_topic_lost_is_published_again_and_nobody_hears_it_twice(
    world: World, lose: Callable[[World], Awaitable[None]]
) -> None:
    made, _, sender = await world.engine("upstream", TOY)
    cases = [uuid4() for _ in range(30)]
    noted = uuid4()
    note = ReviewLapsed(at=NOW, waived=False, sealed={"note": b"box"})
    remand = record(noted, 1, ReviewRemanded(round=2, reasons=("X",)))
    await made.handle(
        [arrive(noted, "review.lapsed", record(noted, 1, note)), arrive(noted, "review.remanded", remand)]
    )
    await emit(made, cases)
    before = {each.value for each in await world.records()}
    expected = Counter({(2, 12): 30, (1, 1): 1})
    early, reading = await world.follow("early")

    async def early_is_done() -> bool:
        return await heard(early) == expected

    await eventually(early_is_done, within=20)
    await reading.stop()
    await lose(world)
    left = len(await world.records())
    lost = 61 - left
    assert lost > 5
    dry = await world.comparison(made, sender).run(dry_run=True, per_second=10_000)
    assert numbers(dry) == (61, lost, 0, 0)
    assert len(await world.records()) == left
    done = await world.comparison(made, sender).run(dry_run=False, per_second=10_000)
    assert numbers(done) == (61, lost, lost, 0)
    after = await world.records()
    assert (len(after), {each.value for each in after}) == (61, before)
    assert numbers(await world.comparison(made, sender).run(dry_run=False, per_second=10_000)) == (61, 0, 0, 0)
    early, _ = await world.follow("early")
    late, _ = await world.follow("late")
    await emit(made, cases[:1], events=1)  # a marker behind everything else

    async def all_are_done() -> bool:
        marked = Counter({(2, 12): 29, (3, 123): 1, (1, 1): 1})
        return await heard(late) == marked == await heard(early)

    await eventually(all_are_done, within=20)


class LookedAway(Tap):
    """A tap after which, each time it has seen the end of its topics, something happens."""

    def __init__(self, bootstrap: str, topics: Sequence[str], happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__(bootstrap, topics)
        self._happens = happens

    async def in_batches(self) -> AsyncIterator[list[Record]]:
        async for batch in super().in_batches():
            yield batch
        await self._happens()


async def test_what_is_emitted_meanwhile_is_neither_missing_nor_a_stranger(world: World) -> None:
    made, _, sender = await world.engine("upstream", TOY)
    await emit(made, [uuid4() for _ in range(50)])
    comparison = world.comparison(made, sender)

    async def go_on() -> None:
        await emit(made, [uuid4() for _ in range(10)])

    comparison._tap = lambda topics: LookedAway(world.servers.kafka, topics, go_on)
    assert numbers(await comparison.run(dry_run=False, per_second=10_000)) == (120, 0, 0, 0)


async def test_what_was_never_published_is_left_to_the_outbox(world: World) -> None:
    made, _, sender = await world.engine("upstream", TOY)
    case_id = uuid4()
    await emit(made, [case_id])
    await made.store.collection.update_one({"_id": case_id}, {"$set": {"published": 1}})
    await remake(world)
    report = await world.comparison(made, sender).run(dry_run=False, per_second=1000)
    assert (numbers(report), report.topics[TOPIC].waiting) == ((2, 1, 1, 0), 1)


async def test_a_store_that_is_older_than_its_topic_is_told(world: World) -> None:
    made, _, sender = await world.engine("upstream", TOY)
    known, forgotten = uuid4(), uuid4()
    await emit(made, [known, forgotten])
    await made.store.collection.delete_one({"_id": forgotten})
    report = await world.comparison(made, sender).run(dry_run=False, per_second=1000)
    assert numbers(report) == (2, 0, 0, 2)
    assert report.stranger_cases == [forgotten]
    assert (report.behind, world.restored.stands_still) == (1, True)


async def test_what_lies_in_a_batch_that_cannot_be_read_is_sent_again_and_told(world: World) -> None:
    made, _, sender = await world.engine("upstream", TOY)
    await emit(made, [uuid4()])
    await remake(world)
    lost = CorruptBatch(world.topic, 0, 0, 1, "CorruptRecordException", b"")
    comparison = world.comparison(made, sender)

    def passed_one(topics: Sequence[str]) -> Tap:
        tap = Tap(world.servers.kafka, topics)
        tap.corrupt.append(lost)
        return tap

    comparison._tap = passed_one
    report = await comparison.run(dry_run=False, per_second=1000)
    assert (numbers(report), report.topics[TOPIC].corrupt) == ((2, 2, 2, 0), 1)


async def forge(world: World, case_id: UUID, number: int, **changes: Any) -> None:
    """Somebody else writes an event that names the service as its source. `changes` to what it says of itself."""
    key = changes.pop("key", str(case_id).encode())
    value = json.loads(record(case_id, number, RequestWithdrawn(by=Recipient.OFFICE), source="toy")) | changes
    producer = AIOKafkaProducer(bootstrap_servers=world.servers.kafka)
    await producer.start()
    try:
        await producer.send_and_wait(world.topic, json.dumps(value).encode(), key=key)
    finally:
        await producer.stop()


async def test_what_is_malformed_or_forged_stops_nothing_and_is_not_taken_for_own_history(world: World) -> None:
    made, _, sender = await world.engine("upstream", TOY)
    known, forgotten, contested, invented = (uuid4() for _ in range(4))
    await emit(made, [known, forgotten, contested])
    (copy,) = await made.store.collection.find({"_id": known}).to_list(None)
    cause = uuid4()
    for case_id in (known, forgotten, contested):
        await forge(world, case_id, 1)
    await forge(world, known, 7, id=str(event_id(cause, TOPIC, 0)), causationid=str(cause))
    await forge(world, known, 3, seq="three")
    await forge(world, known, 3, id="none", subject=None)
    await forge(world, invented, 1, key=b"\xff")
    await forge(world, invented, 1)
    healthy = await world.comparison(made, sender).run(dry_run=False, per_second=1000)
    assert (numbers(healthy), healthy.topics[TOPIC].doubtful, healthy.behind) == ((6, 0, 0, 0), 8, 0)
    assert not world.restored.stands_still
    assert {(each.topic, each.case_id) for each in healthy.doubtful} >= {
        (TOPIC, known),
        (TOPIC, invented),
        (TOPIC, None),
    }
    await forge(world, contested, 1, id=str(event_id(cause, TOPIC, 0)), causationid=str(cause))
    for case_id in (forgotten, contested):
        await made.store.collection.delete_one({"_id": case_id})
    report = await world.comparison(made, sender).run(dry_run=False, per_second=1000)
    assert set(report.stranger_cases) == {forgotten, contested}
    assert (numbers(report)[3], report.topics[TOPIC].doubtful, report.behind) == (5, 11, 2)
    cases = await made.store.load([known, forgotten, contested, invented])
    assert await made.store.collection.find({"_id": known}).to_list(None) == [copy]
    assert [len(cases[each].held) for each in (known, forgotten, contested, invented)] == [0, 2, 3, 0]
    assert [cases[each].emitted for each in (forgotten, contested)] == [2, 0]
    assert cases[forgotten].sent == cases[contested].sent == {"request_withdrawn": 2}
    again = await world.comparison(made, sender).run(dry_run=False, per_second=1000)
    assert (numbers(again)[3], again.behind, again.stranger_cases) == (0, 2, [])


async def test_a_topic_that_is_not_there_is_an_outage(world: World) -> None:
    made, _, sender = await world.engine("upstream", TOY)
    comparison = world.comparison(made, sender)
    comparison._prefix = "nowhere."
    with pytest.raises(Outage, match=r"There is no topic nowhere.request.withdrawn"):
        await comparison.run(dry_run=True, per_second=1)


async def test_an_operator_has_it_done_and_sees_how_far_it_is(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, client, sender = await world.engine("upstream", TOY)
    await emit(made, [uuid4() for _ in range(5)])
    await remake(world)
    runs = Reconciliations(
        client.database(f"{world.name}_upstream_toy")["reconciliations"],
        lambda: world.comparison(made, sender),
        world.restored,
        real_now=utc_now,
    )
    issuer = DevelopmentIssuer(tmp_path)
    keys = DevelopmentKeys(issuer.public_keys, host="127.0.0.1")
    app = FastAPI()
    problems.install(app)
    sign_in = SignIn(issuer=DEVELOPMENT_ISSUER, audience="second-look", keys=keys)
    app.include_router(reconcile.router(reconciliations=runs, sign_in=sign_in))
    headers = {"Authorization": f"Bearer {issuer.staff('ops', [Role.OPERATOR])}", "Idempotency-Key": "k"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://toy", headers=headers) as http:
        begun = await http.post("/reconcile", json={"per_second": 20})
        assert begun.status_code == 202
        again = await http.post("/reconcile", json={"per_second": 20})
        assert (again.json(), again.headers["Idempotency-Replayed"]) == (begun.json(), "true")
        other = await http.post("/reconcile", json={}, headers={"Idempotency-Key": "other"})
        assert (other.status_code, other.json()["code"]) == (409, "already_reconciling")

        async def finished() -> Any:
            told = (await http.get(f"/reconcile/{begun.json()['run']}")).json()
            return told if told["state"] != "running" else None

        told = await eventually(finished, within=20)
        assert (told["state"], told["cases"], told["why"]) == ("finished", 5, None)
        assert told["topics"][0]["published"] == 10
        assert (await http.get(f"/reconcile/{uuid4()}")).status_code == 404
    monkeypatch.setenv("SECONDLOOK_TOKEN", headers["Authorization"].removeprefix("Bearer "))
    async with serving(app) as url:
        monkeypatch.setenv("TRIAGE_URL", url)
        same = await secondlook("reconcile", "--service", "triage", "--json")
        told = json.loads(same.stdout[same.stdout.index("{\n") :])  # behind what the service has logged here
        counts = told["triage"]["topics"][0]
        assert (same.exit_code, counts["in_topic"], counts["missing"]) == (0, 10, 0)
        await made.store.collection.delete_one({"_id": (await made.listing({}))[0].case_id})
        older = await secondlook("reconcile", "--dry-run", "--service", "triage")
        assert older.exit_code == 1
        assert "A store is older than its topics" in older.output
    await runs.stop()
