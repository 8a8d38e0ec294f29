"""How far a group is: when a partition counts as current, and when a member is stuck."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import OffsetAndMetadata
from structlog.testing import capture_logs

from shared.messaging.group import GroupConsumer
from shared.messaging.progress import STUCK_SECONDS, Place, Progress

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
OURS, THEIRS = TopicPartition("t", 0), TopicPartition("t", 1)


def settled(offset: int, written_ago: float | None = None) -> OffsetAndMetadata:
    metadata = "" if written_ago is None else f"0123456789abcdef:{int((NOW.timestamp() - written_ago) * 1000)}"
    return OffsetAndMetadata(offset, metadata)


@pytest.mark.parametrize(
    ("begin", "committed", "end", "seconds_ago"),
    [
        (0, None, 0, 0),
        (7, None, 7, 0),  # all was deleted
        (0, None, 1, None),
        (0, settled(5), 5, 0),
        (0, settled(5, written_ago=3600), 5, 0),
        (0, settled(4), 5, None),
        (0, settled(4, written_ago=2), 5, 2),  # more keep coming
        (0, settled(4, written_ago=-2), 5, 0),
        (0, settled(4, written_ago=60), 5, None),
        (0, settled(4, written_ago=-3600), 5, None),  # written by a clock that is an hour fast
        (0, settled(5, written_ago=1), 4, None),  # the log lost its tail
    ],
)
def test_a_partition_is_settled_up_to_now_or_to_what_was_settled_moments_ago(
    begin: int, committed: OffsetAndMetadata | None, end: int, seconds_ago: float | None
) -> None:
    expected = None if seconds_ago is None else NOW - timedelta(seconds=seconds_ago)
    assert Place(begin, committed, end).through(NOW) == expected


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


def asked(member: Member) -> GroupConsumer:
    return cast("GroupConsumer", cast("Any", member))


async def test_a_partition_of_another_member_that_lags_keeps_the_whole_group_from_being_current() -> None:
    member, progress = Member({OURS: 5, THEIRS: 4}, {OURS: 5, THEIRS: 5}), Progress(["t"])
    assert await progress.through(asked(member), NOW) is None
    member.offsets[THEIRS] = 5
    assert await progress.through(asked(member), NOW) == NOW
    assert progress.lags == {("t", 0): 0, ("t", 1): 0}
    member.away = True
    assert await progress.through(asked(member), NOW) is None
    assert progress.lags == {}, "an old number would look like a new one"


async def test_nobody_waits_for_what_nobody_can_settle() -> None:
    member, time = Member({OURS: 5, THEIRS: 4}, {OURS: 5, THEIRS: 9}), Time()
    progress = Progress(["t"], monotonic=time)
    assert await progress.through(asked(member), NOW, corrupt={THEIRS: 3}) is None
    assert await progress.through(asked(member), NOW, corrupt={THEIRS: 4}) == NOW
    member.offsets, member.ends = {OURS: 4, THEIRS: 5}, {OURS: 5, THEIRS: 5}
    await progress.through(asked(member), NOW, corrupt={OURS: 4})
    time.now = STUCK_SECONDS
    assert not progress.stuck


async def test_a_partition_that_stands_still_is_named_in_the_log_with_what_to_do() -> None:
    member, time = Member({OURS: 4, THEIRS: 5}, {OURS: 5, THEIRS: 5}), Time()
    progress = Progress(["t"], monotonic=time)
    with capture_logs() as lines:
        for time.now in (0.0, STUCK_SECONDS, STUCK_SECONDS + 1):
            await progress.through(asked(member), NOW)
    (line,) = lines
    assert (line["event"], line["topic"], line["partition"], line["offset"]) == ("partition_stands_still", "t", 0, 4)
    assert line["action"]


async def test_a_group_of_whose_topics_one_is_not_there_is_not_current() -> None:
    member = Member({OURS: 5, THEIRS: 5}, {OURS: 5, THEIRS: 5})
    assert await Progress(["t", "deleted"]).through(asked(member), NOW) is None


async def test_who_settles_nothing_of_what_waits_is_stuck_and_only_for_its_own_partitions() -> None:
    member, time = Member({OURS: 4, THEIRS: 0}, {OURS: 5, THEIRS: 5}), Time()
    progress = Progress(["t"], monotonic=time)
    await progress.through(asked(member), NOW)
    time.now = STUCK_SECONDS - 1
    await progress.through(asked(member), NOW)
    assert not progress.stuck
    time.now = STUCK_SECONDS
    assert progress.stuck
    member.offsets[OURS], member.ends[OURS] = 5, 9
    await progress.through(asked(member), NOW)
    assert not progress.stuck
    time.now += STUCK_SECONDS
    assert progress.stuck
    progress.forget()
    assert not progress.stuck
