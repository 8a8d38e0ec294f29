"""How many letters wait, and for how long: asked for when somebody looks at the service's numbers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.casework.store import Store
from shared.runtime.metrics import LetterMetrics


async def count_letters(store: Store[Any], metrics: LetterMetrics, real_now: Callable[[], datetime]) -> None:
    """Set the gauges; by indexes alone. Raises `Outage`."""
    now = real_now()
    queries: dict[str, dict[str, Any]] = {
        "due": {"queue.mail_at": {"$lte": now}},
        "uncertain": {"queue.uncertain": True},
        "no_address": {"queue.no_address": True},
    }
    for state, query in queries.items():
        metrics.waiting.labels(state).set(await store.count(query))
    oldest = await store.oldest("queue.mail_at")
    metrics.due_age.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0)
