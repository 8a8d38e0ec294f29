"""Reconciling as something that a running service does in the background: one at a time, noted where it can be read.

Each run is a document of the service's own store, so that any instance can tell how far it is, and what it found.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog

from shared.casework.answering import answering
from shared.casework.reconciling import Reconciliation, Report
from shared.ending import ended
from shared.errors import Outage
from shared.mongo.driver import Collection

NOTE_SECONDS = 1.0
STALLED_AFTER = timedelta(seconds=30)
"""A run that has noted nothing for so long has ended with its process."""

log = structlog.get_logger()


class AlreadyReconciling(Exception):
    """Another comparison runs in this instance. Wait for its end."""


class Restored(Protocol):
    """What has a service stand still while its store is older than its topics, and go on once it was compared."""

    @property
    def stands_still(self) -> bool: ...
    async def begin(self) -> None: ...
    async def end(self) -> None: ...


class Reconciliations:
    """Starts comparisons, and tells of them."""

    def __init__(
        self,
        collection: Collection,
        make: Callable[[], Reconciliation],
        restored: Restored,
        *,
        real_now: Callable[[], datetime],
    ) -> None:
        """`make` begins a new comparison."""
        self._collection = collection
        self._make = make
        self._restored = restored
        self._real_now = real_now
        self._starting = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def start(self, run: UUID, *, by: str, dry_run: bool, per_second: float, restored: bool = False) -> bool:
        """Begin; False when this very run was begun before. Raises `AlreadyReconciling`, `Outage`.

        `restored`: somebody says that the store was put back from a backup.
        """
        async with self._starting:
            if await self.told(run) is not None:
                return False
            if self._task is not None and not self._task.done():
                raise AlreadyReconciling(str(AlreadyReconciling.__doc__))
            comparison = self._make()
            begun = {"by": by, "dry_run": dry_run, "per_second": per_second, "started_at": self._real_now()}
            await self._note(run, {"state": "running", "why": None, **begun, **_plain(comparison.report)})
            running = self._run(run, comparison, dry_run=dry_run, per_second=per_second, restored=restored)
            self._task = asyncio.create_task(running)
            return True

    async def told(self, run: UUID) -> Mapping[str, Any] | None:
        """What is known of a run. One that has noted nothing for long is told as `stalled`."""
        with answering():
            found = await self._collection.find_one({"_id": run})
        if found and found["state"] == "running" and self._real_now() - found["seen_at"] > STALLED_AFTER:
            found["state"] = "stalled"
        return found

    async def stop(self) -> None:
        """End what runs; it is noted as failed."""
        if self._task is not None:
            await ended(self._task)

    async def _run(
        self, run: UUID, comparison: Reconciliation, *, dry_run: bool, per_second: float, restored: bool
    ) -> None:
        noting = asyncio.create_task(self._keep_noting(run, comparison.report))
        state, why = "failed", "The service was stopped."
        try:
            if restored and not dry_run:
                await self._restored.begin()
            await comparison.run(dry_run=dry_run, per_second=per_second)
            if self._restored.stands_still and not dry_run:
                await self._restored.end()
            state, why = "finished", ""
        except Outage as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001 - a defect ends this run, and is told to whoever asked for it
            why = f"{type(error).__name__}: see the log of the service."
            log.error("reconciling_failed", kind=type(error).__name__)  # noqa: TRY400 - its text may quote data
        finally:
            await ended(noting)
            with suppress(Outage):
                await self._note(run, {"state": state, "why": why or None, **_plain(comparison.report)})
        log.info("reconciled", kind=state, cases=comparison.report.cases, why=why)

    async def _keep_noting(self, run: UUID, report: Report) -> None:
        while True:
            await asyncio.sleep(NOTE_SECONDS)
            with suppress(Outage):
                await self._note(run, _plain(report))

    async def _note(self, run: UUID, what: Mapping[str, Any]) -> None:
        with answering():
            update = {"$set": {"seen_at": self._real_now(), **what}}
            await self._collection.update_one({"_id": run}, update, upsert=True)


def _plain(report: Report) -> dict[str, Any]:
    topics = [asdict(topic) for topic in report.topics.values()]
    return {
        "cases": report.cases,
        "topics": topics,
        "stranger_cases": list(report.stranger_cases),
        "doubtful": [asdict(each) for each in report.doubtful],
        "keyless": list(report.keyless),
        "keyless_cases": report.keyless_cases,
        "behind": report.behind,
    }
