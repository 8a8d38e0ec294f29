"""All numbers of a running service: each name once, with what it means and what to do about it.

Counters are raised as things happen. Gauges are asked for when somebody looks (`look`), within a time limit: what
cannot be asked keeps its last value, and `secondlook_look_failures_total` says so. No label names a case or a person.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LOOK_SECONDS = 3.0

Source = Callable[[], Awaitable[None]]
"""Asks for some gauges and sets them."""

log = structlog.get_logger()


class Metrics:
    """The numbers of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.labels: dict[str, tuple[str, ...]] = {}
        self.inputs = self._counter(
            "secondlook_inputs",
            "Records, commands and deadlines by what became of them. Held ones wait, or park their case: see "
            "`secondlook held list`. Refused ones are dead letters.",
            "kind",
            "name",
            "outcome",
        )
        self.lag = self._gauge(
            "secondlook_lag_records",
            "Records of a partition that the group has not settled. Growing: too slow, or stuck; see the log.",
            "group",
            "topic",
            "partition",
        )
        self.stuck_partitions = self._gauge(
            "secondlook_stuck_partitions",
            "Partitions where records wait and none is settled for 30 s. Above 0: `partition_stands_still` in the log.",
        )
        self.corrupt_batches = self._gauge(
            "secondlook_corrupt_batches",
            "Batches that cannot be read, at which partitions stand. Above 0: `secondlook corrupt-batches list`.",
        )
        self.held = self._gauge(
            "secondlook_held_cases", "Cases that hold an input: it waits for another, or failed (then parked, too)."
        )
        self.parked = self._gauge(
            "secondlook_parked_cases", "Cases that stand still. Above 0: somebody waits; `secondlook held list`."
        )
        self.dead_letters = self._gauge(
            "secondlook_dead_letters", "Records kept that belong to no case. Growing: `secondlook dead-letters list`."
        )
        self.backlog = self._gauge(
            "secondlook_publish_backlog_cases", "Cases with events that Kafka has not acknowledged, as far as marked."
        )
        self.backlog_age = self._gauge(
            "secondlook_publish_backlog_age_seconds",
            "How long the oldest of them waits. Above a minute: is Kafka there?",
        )
        self.late_deadlines = self._gauge(
            "secondlook_late_deadlines", "Deadlines that have come and were not carried out: clock, lag, or a restore."
        )
        self.late_deadline_age = self._gauge(
            "secondlook_late_deadline_age_seconds", "How late the oldest of them is, in policy time."
        )
        self.store = self._histogram(
            "secondlook_store_seconds", "How long the document server takes for a command, by its name.", "command"
        )
        self.look_failures = self._counter(
            "secondlook_look_failures", "Gauges that could not be asked for in time: a server is away, or slow."
        )
        self.sources: list[Source] = []

    def of_letters(self) -> "LetterMetrics":
        """Those that only notification has."""
        return LetterMetrics(self._counter, self._gauge, self._histogram)

    def observe(self, kind: str, name: str, outcome: str) -> None:
        """Count one input."""
        self.inputs.labels(kind, name, outcome).inc()

    def store_took(self, command: str, seconds: float) -> None:
        """Note how long the document server took."""
        self.store.labels(command).observe(seconds)

    async def look(self) -> None:
        """Ask for all gauges."""
        for source in self.sources:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await source()
            except Exception as error:  # noqa: BLE001 - a server is away, or a defect: the other numbers are told
                self.look_failures.inc()
                log.info("metrics_not_asked", kind=type(error).__name__)

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        self.labels[name] = labels
        return Counter(name, says, labels, registry=self.registry)

    def _gauge(self, name: str, says: str, *labels: str) -> Gauge:
        self.labels[name] = labels
        return Gauge(name, says, labels, registry=self.registry)

    def _histogram(self, name: str, says: str, *labels: str) -> Histogram:
        self.labels[name] = labels
        return Histogram(name, says, labels, registry=self.registry)


class LetterMetrics:
    """The numbers of the letters' way."""

    def __init__(
        self, counter: Callable[..., Counter], gauge: Callable[..., Gauge], histogram: Callable[..., Histogram]
    ) -> None:
        self.results = counter(
            "secondlook_letters",
            "Letters by what became of them; `bounced`: sent, and came back. Uncertain: `GET /uncertain`, the runbook.",
            "result",
        )
        self.waiting = gauge(
            "secondlook_letters_waiting_cases",
            "Cases with letters that are due, uncertain or failed (`uncertain`), or to be told (`no_address`).",
            "state",
        )
        self.due_age = gauge(
            "secondlook_letters_due_age_seconds", "For how long the oldest letter has been due. Growing: the relay?"
        )
        self.relay = histogram(
            "secondlook_relay_seconds", "How long the relay takes to answer the final dot of a letter."
        )
