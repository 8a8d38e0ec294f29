"""Parked cases on real servers: followers wait in order, a new build or a person offers them again, deadlines stop."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.casework.consuming import Consuming
from shared.casework.dead_letters import DeadLetters
from shared.casework.document import arrive
from shared.casework.engine import Engine
from shared.casework.reaction import Command, Context, Deadline, Outcome, Step
from shared.casework.redriving import AT_ONCE, ENOUGH_TO_JUDGE, Redriving
from shared.contracts.envelope import Event
from shared.contracts.events import ReviewLapsed
from shared.contracts.vocabulary import EventType
from shared.errors import WRITTEN_BY_NEWER, CaseParked, WrittenByNewer
from shared.messaging.records import Record
from shared.mongo.driver import Collection, Driver, MongoClient
from tests.conftest import Servers
from tests.integration.toy import NOW, TOY, Tally, engine, make_topics, record

pytestmark = pytest.mark.real

LAPSED = ReviewLapsed(at=NOW, waived=False)
DEFECT = ReviewLapsed(at=NOW, waived=True)
"""What the first build cannot handle."""


def mended(state: Tally | None, event: Event[ReviewLapsed], _: Context) -> Outcome[Tally]:
    state = state or Tally()
    return Step(replace(state, lapses=state.lapses + 1), keep=event.data.sealed)


def broken_alarm(_state: Tally | None, _: Deadline, __: Context) -> Outcome[Tally]:
    raise ZeroDivisionError("a defect")


MENDED = replace(TOY, reactions={**TOY.reactions, EventType.REVIEW_LAPSED: mended})
NO_ALARM = replace(TOY, reactions={**TOY.reactions, "alarm": broken_alarm})


async def seal(raw: bytes) -> bytes:
    return raw[::-1]


async def unseal(box: bytes) -> bytes:
    return box[::-1]


@dataclass
class Bench:
    """Several builds of one service on the same store."""

    servers: Servers
    name: str
    driver: Driver
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    now: Any = NOW + timedelta(days=1)

    async def build(self, name: str, behaviour: Any = TOY) -> tuple[Engine[Tally], Redriving[Tally]]:
        made, client, sender = engine(
            self.servers.mongodb,
            self.servers.kafka,
            f"{self.name}_",
            driver=self.driver,
            behaviour=behaviour,
        )
        made.rules = made.store._rules = replace(made.rules, build=name)
        sender._prefix = f"{self.name}."
        made._policy_now = lambda: self.now
        await made.store.prepare()
        self.stack.push_async_callback(client.close)
        self.stack.push_async_callback(sender.discard)
        self.stack.push_async_callback(made.drain, 5)
        self.client: MongoClient = client
        return made, Redriving(made, unseal, now=lambda: self.now)

    @property
    def cases(self) -> Collection:
        return self.client.database(f"{self.name}_toy")["cases"]

    async def document(self, case_id: UUID) -> dict[str, Any]:
        found = await self.cases.find_one({"_id": case_id})
        assert found is not None
        return found


@pytest.fixture(name="bench", params=list(Driver))
async def _bench(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    bench = Bench(servers, f"p{uuid4().hex[:8]}", request.param)
    await make_topics(servers.kafka, f"{bench.name}.")
    async with bench.stack:
        yield bench


def lapse(case_id: UUID, seq: int, data: ReviewLapsed = LAPSED) -> Any:
    return arrive(case_id, "review.lapsed", record(case_id, seq, data))


async def lapses(engine_: Engine[Tally], case_id: UUID) -> int:
    view = await engine_.case(case_id)
    return view.state.lapses if view else 0


async def test_a_new_build_offers_once_and_in_order_what_an_older_one_could_not_handle(bench: Bench) -> None:
    old, same = await bench.build("1")
    case_id, other = uuid4(), uuid4()
    await old.handle([lapse(case_id, 1, DEFECT), lapse(case_id, 2), lapse(case_id, 3), lapse(other, 1)])
    parked = await bench.document(case_id)
    assert (parked["parked_builds"], len(parked["held"]), "due_at" in parked) == (["1"], 3, False)
    with pytest.raises(CaseParked):
        await old.command(Command("add", uuid4(), case_id, NOW, 1))
    assert await same.offer_what_others_could_not() == 0
    _, no_better = await bench.build("2")
    assert await no_better.offer_what_others_could_not() == 1
    assert (await bench.document(case_id))["parked_builds"] == ["1", "2"]
    assert [await each.offer_what_others_could_not() for each in (same, no_better)] == [0, 0]
    new, better = await bench.build("3", MENDED)
    assert await better.offer_what_others_could_not() == 1
    assert await lapses(new, case_id) == 3
    after = await bench.document(case_id)
    assert after["held"] == []
    assert not {"parked_since", "parked_builds", "held_since"} & after.keys()
    assert (await new.command(Command("add", uuid4(), case_id, NOW, 1))).answer == {"lapses": 3}
    assert await better.offer_what_others_could_not() == 0


def of_shape_two(stored: dict[str, Any]) -> dict[str, Any]:
    return stored


NEWER = replace(TOY, schema=2, upcasters={1: of_shape_two})


async def test_what_a_newer_build_has_written_waits_for_it_and_nobody_else_does(bench: Bench) -> None:
    """Two builds side by side, or a build that was taken back: the older one holds, and changes nothing else."""
    new, offered = await bench.build("2", NEWER)
    old, same = await bench.build("1")
    case_id, other, asked = uuid4(), uuid4(), Command("add", uuid4(), uuid4(), NOW, 1)
    await new.handle([first := lapse(case_id, 1)])
    await new.command(replace(asked, case_id=case_id))
    await old.handle([lapse(case_id, 3), lapse(other, 1)])
    assert await lapses(old, other) == 1
    with pytest.raises(WrittenByNewer):
        await old.command(Command("add", uuid4(), case_id, NOW, 1))
    assert (await old.command(replace(asked, case_id=case_id))).replayed
    await old.handle([first, lapse(case_id, 2)])
    assert [await each.offer_what_others_could_not() for each in (same, offered)] == [0, 1]
    after = await bench.document(case_id)
    assert (after["schema"], after["held"], "parked_since" in after) == (2, [], False)
    assert await lapses(new, case_id) == 4


async def test_a_newer_builds_deadline_waits_for_it_and_stands_in_no_others_way(bench: Bench) -> None:
    new, _ = await bench.build("2", NEWER)
    old, same = await bench.build("1")
    first, second = uuid4(), uuid4()
    await new.handle([lapse(first, 1)])
    await old.handle([lapse(second, 1)])
    before = await bench.document(first)
    assert [await old.deadlines(limit=1), await old.deadlines(limit=1)] == [1, 0]
    assert await bench.document(first) == before
    assert [await new.deadlines(limit=1), await new.deadlines(limit=1)] == [1, 0]
    await old.handle([lapse(first, 2)])
    told = await same.redrive_all(after=None, per_second=1000, limit=10, dry_run=False)
    assert [(each.result, each.reason) for each in told.results] == [("still_fails", WRITTEN_BY_NEWER)]


async def test_a_new_build_offers_a_few_at_a_time(bench: Bench) -> None:
    old, _ = await bench.build("1")
    cases = [uuid4() for _ in range(AT_ONCE + 5)]
    await old.handle([lapse(case_id, 1, DEFECT) for case_id in cases])
    new, better = await bench.build("2", MENDED)
    assert [await better.offer_what_others_could_not() for _ in range(3)] == [AT_ONCE, 5, 0]
    assert {await lapses(new, case_id) for case_id in cases} == {1}


async def test_a_dry_run_says_what_would_come_and_changes_nothing(bench: Bench) -> None:
    old, same = await bench.build("1")
    good, bad = uuid4(), uuid4()
    await old.handle([lapse(good, 1, DEFECT), lapse(good, 2), lapse(bad, 2)])
    before = await bench.document(good)
    told = await same.redrive(good, dry_run=True)
    assert (told.result, told.released, told.waiting, told.topic) == ("still_fails", 0, 2, "review.lapsed")
    assert str(told.reason).startswith("ZeroDivisionError at on_lapsed")
    new, better = await bench.build("2", MENDED)
    told = await better.redrive(good, dry_run=True)
    assert (told.result, told.released, told.waiting) == ("applied", 2, 0)
    assert await bench.document(good) == before
    assert (await better.redrive(bad)).result == "not_parked"
    assert await better.redrive(good) == told
    assert (await better.redrive(good)).result == "not_parked"
    assert await lapses(new, good) == 2


UNREADABLE = (b'{"source":"intake","not":"yet"}', b'{"source":"intake","not":"ever"}')


async def test_a_record_that_a_newer_build_can_read_is_taken_in_its_turn(bench: Bench) -> None:
    old, same = await bench.build("1")
    consuming = Consuming(old, DeadLetters(bench.client.database(f"{bench.name}_toy")["dead_letters"], seal), seal)
    case_id = uuid4()
    key = str(case_id).encode()
    await consuming.handle([Record("review.lapsed", 0, at, key, value, NOW) for at, value in enumerate(UNREADABLE)])
    # To the newer build the same bytes are an event: as if it had a later version of the contract.
    readable = record(case_id, 1, LAPSED)
    await bench.cases.update_one({"_id": case_id}, {"$set": {"held.0.value": readable[::-1]}})
    await old.handle([lapse(case_id, 2)])
    told = await same.redrive(case_id)
    assert (told.result, told.released, told.waiting) == ("still_fails", 1, 2)
    assert told.reason == (await bench.document(case_id))["held"][0]["unreadable"]
    assert await lapses(old, case_id) == 1, "what came later waits behind the other one"


async def test_a_failed_deadline_is_computed_again_and_gives_the_grace_of_policy(bench: Bench) -> None:
    old, same = await bench.build("1", NO_ALARM)
    case_id = uuid4()
    await old.handle([lapse(case_id, 1)])
    await old.deadlines()
    parked = await bench.document(case_id)
    assert (parked["held"][0]["topic"], "due_at" in parked) == ("deadline.alarm", False)
    await old.handle([lapse(case_id, 2)])
    assert (await same.redrive(case_id)).result == "still_fails"
    assert len((await bench.document(case_id))["held"]) == 1
    assert await lapses(old, case_id) == 2, "only the deadline fails"
    late, failing = await bench.build("2", NO_ALARM)
    assert (await failing.redrive(case_id, dry_run=True)).result == "still_fails"
    await late.handle([lapse(case_id, 3)])
    new, better = await bench.build("3")
    assert (await better.redrive(case_id)).result == "applied"
    grace = new.rules.policies.at(bench.now).window_grace
    assert (await bench.document(case_id))["due_at"] == bench.now + grace
    assert await new.deadlines() == 0
    bench.now += grace
    assert await new.deadlines() == 1
    view = await new.case(case_id)
    assert view is not None
    assert (view.state.alarm, view.state.lapses) == (None, 3)


async def test_a_state_that_this_build_cannot_read_parks_the_case_for_one_that_can(bench: Bench) -> None:
    old, same = await bench.build("1")
    case_id = uuid4()
    await old.handle([lapse(case_id, 1), lapse(case_id, 3)])
    await bench.cases.update_one({"_id": case_id}, {"$set": {"state.lapses": "many"}})
    await old.handle([lapse(case_id, 2)])
    assert (await same.redrive(case_id)).result == "still_fails"
    await bench.cases.update_one({"_id": case_id}, {"$set": {"state.lapses": 1}})
    _, better = await bench.build("2")
    assert await better.offer_what_others_could_not() == 1
    assert await lapses(old, case_id) == 3


async def test_redriving_in_bulk_goes_at_its_rate_and_leaves_the_rest_when_the_cause_is_still_there(
    bench: Bench,
) -> None:
    old, same = await bench.build("1")
    cases = sorted(uuid4() for _ in range(ENOUGH_TO_JUDGE + 5))
    await old.handle([lapse(case_id, 1, DEFECT) for case_id in cases])
    hopeless = await same.redrive_all(after=None, per_second=1000, limit=100, dry_run=False)
    assert (len(hopeless.results), hopeless.after, hopeless.more) == (ENOUGH_TO_JUDGE, cases[-1], False)
    (share,) = hopeless.left
    assert (share.tried, share.failing, share.left) == (ENOUGH_TO_JUDGE, ENOUGH_TO_JUDGE, 5)
    again = await same.redrive_all(after=None, per_second=1000, limit=100, dry_run=False, leave=[share.why])
    assert ([each.left for each in again.left], again.results) == ([len(cases)], [])
    dry = await same.redrive_all(after=cases[ENOUGH_TO_JUDGE - 1], per_second=1000, limit=100, dry_run=True)
    assert [each.case_id for each in dry.results] == cases[ENOUGH_TO_JUDGE:]
    new, better = await bench.build("2", MENDED)
    first = await better.redrive_all(after=None, per_second=1000, limit=4, dry_run=False)
    assert ([each.case_id for each in first.results], first.more) == (cases[:4], True)
    slow = await better.redrive_all(after=first.after, per_second=10, limit=100, dry_run=False, seconds=0.35)
    assert 2 <= len(slow.results) <= 4
    assert slow.more
    rest = await better.redrive_all(after=slow.after, per_second=1000, limit=100, dry_run=False)
    assert not rest.more
    assert {await lapses(new, case_id) for case_id in cases} == {1}
