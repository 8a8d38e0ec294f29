"""How far a group is: when a partition counts as current, and when a member is stuck."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import OffsetAndMetadata

from shared.messaging.consumer import SteadyConsumer
from shared.messaging.progress import STUCK_SECONDS, Place, Progress

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
OURS, THEIRS = TopicPartition("t", 0), TopicPartition("t", 1)


def settled(offset: int, written_ago: float | None = None) -> OffsetAndMetadata:
    metadata = "" if written_ago is None else f"0123456789abcdef:{int((NOW.timestamp() - written_ago) * 1000)}"
    return OffsetAndMetadata(offset, metadata)


@pytest.mark.parametrize(
    ("begin", "committed", "end", "expected"),
    [
        (0, None, 0, True),
        (7, None, 7, True),  # all was deleted
        (0, None, 1, False),
        (0, settled(5), 5, True),
        (0, settled(5, written_ago=3600), 5, True),
        (0, settled(4), 5, False),
        (0, settled(4, written_ago=1), 5, True),  # more keep coming
        (0, settled(4, written_ago=60), 5, False),
        (0, settled(4, written_ago=-3600), 5, False),  # written by a clock that is an hour fast
        (0, settled(5, written_ago=1), 4, False),  # the log lost its tail
    ],
)
def test_a_partition_is_current_when_nothing_older_than_moments_is_unsettled(
    begin: int, committed: OffsetAndMetadata | None, end: int, expected: bool
) -> None:
    assert Place(begin, committed, end).is_current(NOW) is expected


@dataclass
class Member:
    """A consumer that is given one of two partitions; what the group has settled in each, and where each ends."""

    offsets: dict[TopicPartition, int]
    ends: dict[TopicPartition, int]
    topics: dict[str, set[int]] = field(default_factory=lambda: {"t": {0, 1}})
    away: bool = False

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset({OURS})

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return self.topics.get(topic)

    async def settled_by_group(self, wanted: Sequence[TopicPartition]) -> dict[TopicPartition, OffsetAndMetadata]:
        if self.away:
            raise KafkaConnectionError
        return {each: settled(self.offsets[each]) for each in wanted if each in self.offsets}

    async def end_offsets(self, wanted: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {each: self.ends[each] for each in wanted}

    async def beginning_offsets(self, wanted: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(wanted, 0)


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def asked(member: Member) -> SteadyConsumer:
    return cast("SteadyConsumer", cast("Any", member))


async def test_a_partition_of_another_member_that_lags_keeps_the_whole_group_from_being_current() -> None:
    member, progress = Member({OURS: 5, THEIRS: 4}, {OURS: 5, THEIRS: 5}), Progress(["t"])
    assert not await progress.is_current(asked(member), NOW)
    member.offsets[THEIRS] = 5
    assert await progress.is_current(asked(member), NOW)
    member.away = True
    assert not await progress.is_current(asked(member), NOW)


async def test_a_group_of_whose_topics_one_is_not_there_is_not_current() -> None:
    member = Member({OURS: 5, THEIRS: 5}, {OURS: 5, THEIRS: 5})
    assert not await Progress(["t", "deleted"]).is_current(asked(member), NOW)


async def test_who_settles_nothing_of_what_waits_is_stuck_and_only_for_its_own_partitions() -> None:
    member, time = Member({OURS: 4, THEIRS: 0}, {OURS: 5, THEIRS: 5}), Time()
    progress = Progress(["t"], monotonic=time)
    await progress.is_current(asked(member), NOW)
    time.now = STUCK_SECONDS - 1
    await progress.is_current(asked(member), NOW)
    assert not progress.stuck
    time.now = STUCK_SECONDS
    assert progress.stuck
    member.offsets[OURS], member.ends[OURS] = 5, 9
    await progress.is_current(asked(member), NOW)
    assert not progress.stuck
    time.now += STUCK_SECONDS
    assert progress.stuck
    progress.forget()
    assert not progress.stuck
