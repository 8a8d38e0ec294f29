"""A small service for tests of the engine: counts what has lapsed, and asks for a decision once it has heard enough."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.casework.breaker import Breaker
from shared.casework.engine import Engine
from shared.casework.offering import Rules
from shared.casework.outbox import Outbox
from shared.casework.reaction import Behaviour, Command, Context, Deadline, Due, Emit, Refused, Step, Wait
from shared.casework.store import Store
from shared.contracts.envelope import Event, dataschema, encode, splice
from shared.contracts.events import RequestWithdrawn, ReviewLapsed, ReviewRemanded
from shared.contracts.vocabulary import EventType, Recipient
from shared.failpoints import Point, no_point
from shared.messaging.lenient import CorruptBatch
from shared.messaging.producer import KafkaSender
from shared.mongo.driver import Driver, MongoClient
from shared.mongo.mapping import StateMapping
from shared.policy.loading import load

NOW = datetime(2021, 3, 8, 14, tzinfo=UTC)


@dataclass(frozen=True)
class Tally:
    """How many lapses and remands were heard; `alarm` is a deadline."""

    lapses: int = 0
    remands: int = 0
    alarm: datetime | None = None


def on_lapsed(state: Tally | None, event: Event[ReviewLapsed], context: Context) -> Step[Tally] | Wait:
    state = state or Tally()
    if event.data.waived and state.lapses == 0:
        raise ZeroDivisionError("a defect")
    alarm = context.now + timedelta(hours=1)
    return Step(Tally(state.lapses + 1, state.remands, alarm), keep=event.data.sealed)


def on_remanded(state: Tally | None, event: Event[ReviewRemanded], _: Context) -> Step[Tally] | Wait:
    if state is None or state.lapses < event.seq:
        return Wait(EventType.REVIEW_LAPSED)
    names = ("note",) if state.lapses else ()
    return Step(
        Tally(state.lapses, state.remands + 1, state.alarm),
        emits=(Emit(RequestWithdrawn(by=Recipient.REQUESTOR), sealed=names),),
    )


def on_add(state: Tally | None, command: Command[int], _: Context) -> Step[Tally] | Refused:
    state = state or Tally()
    if command.data > 5:
        return Refused("too_many", "At most five.")
    emits = tuple(Emit(RequestWithdrawn(by=Recipient.REQUESTOR)) for _ in range(command.data))
    return Step(Tally(state.lapses + command.data, state.remands), emits=emits, answer={"lapses": state.lapses})


def on_alarm(state: Tally | None, _: Deadline, __: Context) -> Step[Tally]:
    assert state is not None
    return Step(Tally(state.lapses, state.remands), emits=(Emit(RequestWithdrawn(by=Recipient.NONCITIZEN)),))


TOY: Behaviour[Tally] = Behaviour(
    service="toy",
    state=Tally,
    reactions={
        EventType.REVIEW_LAPSED: on_lapsed,
        EventType.REVIEW_REMANDED: on_remanded,
        "add": on_add,
        "alarm": on_alarm,
    },
    due=lambda state, _: Due("alarm", state.alarm) if state.alarm else None,
    queue=lambda state, _: {"lapses": state.lapses},
    queue_indexes=("lapses",),
    creates=frozenset({"add"}),
)


def record(case_id: UUID, seq: int, data: Any, *, source: str = "intake", time: datetime = NOW) -> bytes:
    """The bytes of an event with the given sequence number."""
    event = Event[Any](
        id=uuid4(),
        type=data.type,
        source=source,
        subject=case_id,
        time=time,
        dataschema=dataschema(data.type),
        causationid=uuid4(),
        seq=seq,
        data=data,
    )
    return splice(encode(event), data.sealed)


def engine(
    mongodb: str,
    kafka: str,
    prefix: str,
    *,
    driver: Driver = Driver.MOTOR,
    behaviour: Any = TOY,
    point: Point = no_point,
) -> tuple[Engine[Tally], MongoClient, KafkaSender]:
    """An engine of the toy service on real servers, in names of its own; policy time is real time."""
    client = MongoClient(mongodb, driver)
    rules = Rules(behaviour, StateMapping[Tally](behaviour.state), load(), "test")
    store = Store(client.database(f"{prefix}toy"), rules, point=point)
    sender = KafkaSender(kafka, client_id="toy", prefix=prefix)
    outbox = Outbox(store, sender, Breaker(time.monotonic), point=point)
    return Engine(rules, store, outbox, point=point), client, sender


@dataclass
class Kept:
    """Corrupt batches, kept in memory; `skips` is where a person has one passed: (topic, partition, offset) -> to."""

    batches: dict[tuple[str, int, int], CorruptBatch] = field(default_factory=dict)
    gone: set[tuple[str, int, int]] = field(default_factory=set)
    skips: dict[tuple[str, int, int], int] = field(default_factory=dict)

    async def note(self, batch: CorruptBatch) -> None:
        self.batches[batch.topic, batch.partition, batch.offset] = batch

    async def passed(self, topic: str, partition: int, offset: int) -> None:
        self.gone.add((topic, partition, offset))

    async def standing(self) -> list[dict[str, Any]]:
        places = (self.batches.keys() | self.skips.keys()) - self.gone
        return [
            {"topic": topic, "partition": partition, "offset": offset}
            | (
                {"skip": {"to": self.skips[topic, partition, offset]}}
                if (topic, partition, offset) in self.skips
                else {}
            )
            for topic, partition, offset in places
        ]


async def make_topics(kafka: str, prefix: str) -> None:
    """All topics under a prefix, three partitions each."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(f"{prefix}{kind.value}", 3, 1) for kind in EventType])
    finally:
        await admin.close()
