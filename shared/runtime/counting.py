"""What a service counts when somebody looks at its numbers."""

from collections.abc import Sequence
from typing import Any

from shared.casework.corrupt_batches import CorruptBatches
from shared.casework.dead_letters import DeadLetters
from shared.casework.store import Store
from shared.messaging.reader import Reader
from shared.runtime.clock import Clock
from shared.runtime.metrics import Metrics


async def count_cases(store: Store[Any], clock: Clock, metrics: Metrics) -> None:
    """Set the gauges of what waits in the store. Raises `Outage`."""
    now, real_now = clock.now(), clock.real_now()
    counts = await store.counts(now)
    metrics.held.set(counts.held)
    metrics.parked.set(counts.parked)
    metrics.backlog.set(counts.pending)
    metrics.backlog_age.set((real_now - counts.pending_since).total_seconds() if counts.pending_since else 0)
    metrics.late_deadlines.set(counts.due)
    metrics.late_deadline_age.set((now - counts.due_since).total_seconds() if counts.due_since else 0)


async def count_records(
    readers: Sequence[Reader], corrupt: CorruptBatches, dead_letters: DeadLetters, metrics: Metrics
) -> None:
    """Set the gauges of what waits in topics, or cannot be used. Raises `Outage`."""
    metrics.lag.clear()
    for reader in readers:
        for (topic, partition), lag in reader.lags.items():
            metrics.lag.labels(reader.group, topic, str(partition)).set(lag)
    metrics.stuck_partitions.set(sum(reader.stuck_partitions for reader in readers))
    metrics.corrupt_batches.set(len(await corrupt.standing()))
    metrics.dead_letters.set(await dead_letters.count())
