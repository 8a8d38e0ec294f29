"""The sweeper: what it takes up, when, and that nobody starves behind a case that cannot be sent."""

from collections.abc import Collection
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from shared.casework.engine import Engine
from shared.casework.sweeping import AT_ONCE, Sweeper
from shared.errors import Outage


@dataclass
class Ledger:
    """Cases with unpublished events, oldest first; those in `broken` can never be sent."""

    pending_cases: dict[UUID, int]
    broken: frozenset[UUID] = frozenset()
    away: bool = False
    owing: set[UUID] = field(default_factory=set)
    sent: list[UUID] = field(default_factory=list)

    async def pending(self, limit: int) -> list[tuple[UUID, int]]:
        return list(self.pending_cases.items())[:limit]

    @property
    def breaker(self) -> Any:
        return SimpleNamespace(open=self.away, healthy=not self.away)

    def owed(self) -> set[UUID]:
        owed, self.owing = self.owing, set()
        return owed

    def owe(self, case_ids: Collection[UUID]) -> None:
        self.owing.update(case_ids)

    async def publish_stored(self, case_ids: Collection[UUID]) -> None:
        for case_id in set(case_ids) - self.broken:
            self.sent.append(case_id)
            del self.pending_cases[case_id]
        if self.broken.intersection(case_ids):
            raise Outage("Kafka did not acknowledge in time.")


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def sweeper(ledger: Ledger, time: Time) -> Sweeper:
    rules = SimpleNamespace(behaviour=SimpleNamespace(service="toy"))
    engine = SimpleNamespace(outbox=ledger, store=ledger, rules=rules)
    return Sweeper(cast("Engine[Any]", engine), monotonic=time, stale_seconds=10.0)


async def test_only_what_stood_still_for_long_is_taken_up() -> None:
    ledger, time = Ledger({UUID(int=1): 1, UUID(int=2): 1}), Time()
    sweep = sweeper(ledger, time).sweep
    assert await sweep() == 0
    time.now = 9.0
    ledger.pending_cases[UUID(int=2)] = 2
    assert await sweep() == 0
    time.now = 10.0
    assert await sweep() == 1
    assert ledger.sent == [UUID(int=1)]


async def test_a_backlog_of_an_outage_goes_out_in_one_round() -> None:
    ledger, time = Ledger({UUID(int=number): 1 for number in range(5 * AT_ONCE)}), Time()
    sweep = sweeper(ledger, time).sweep
    await sweep()
    time.now = 10.0
    assert await sweep() == 5 * AT_ONCE
    assert ledger.pending_cases == {}


async def test_a_case_that_cannot_be_sent_holds_up_no_other() -> None:
    broken = UUID(int=0)
    ledger, time = Ledger({UUID(int=n): 1 for n in range(3 * AT_ONCE)}, frozenset({broken})), Time()
    sweep = sweeper(ledger, time).sweep
    await sweep()
    time.now = 10.0
    with pytest.raises(Outage):
        await sweep()
    time.now = 12.0
    await sweep()
    assert set(ledger.pending_cases) == {broken}
    time.now = 19.0
    assert await sweep() == 0


async def test_what_this_process_could_not_send_goes_out_at_once_when_the_broker_is_back() -> None:
    mine, others, new = (UUID(int=number) for number in (1, 2, 3))
    ledger, time = Ledger({mine: 1, others: 1}, away=True, owing={mine}), Time()
    sweep = sweeper(ledger, time).sweep
    assert await sweep() == 0
    time.now, ledger.away = 5.0, False
    ledger.pending_cases[new] = 1
    assert await sweep() == 1
    assert (ledger.sent, ledger.owing) == ([mine], set())
    time.now = 10.0  # it was seen while the broker was away
    assert await sweep() == 1
    assert ledger.sent == [mine, others]


async def test_what_was_owed_is_still_owed_when_the_broker_was_not_back_yet() -> None:
    case = UUID(int=1)
    ledger, time = Ledger({case: 1}, owing={case}), Time()
    sweep = sweeper(ledger, time).sweep
    ledger.broken = frozenset({case})

    async def gone(_: Collection[UUID]) -> None:
        ledger.away = True
        raise Outage("Kafka did not acknowledge in time.")

    sending, ledger.publish_stored = ledger.publish_stored, gone  # type: ignore[method-assign, assignment]
    with pytest.raises(Outage):
        await sweep()
    ledger.away, ledger.broken, ledger.publish_stored = False, frozenset(), sending  # type: ignore[method-assign]
    assert await sweep() == 1
    assert ledger.sent == [case]
