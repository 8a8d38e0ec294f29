"""How long `POST /requests` takes to acknowledge: first as many as intake takes, then an open loop at half of that."""

import asyncio
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

from bench.cases import Request
from bench.connections import Connections
from bench.figures import arrivals, percentile

CLOSED_CALLERS = 24
SEED = 2021


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Rates in requests a second; latencies in milliseconds, counted from the moment that was scheduled."""

    most_per_second: float
    offered_per_second: float
    count: int
    p50_ms: float
    p99_ms: float
    worst_ms: float


class NotAcknowledged(Exception):
    """Intake did not accept a request of the benchmark."""


async def measure(intake: Connections, requests: Iterator[Request], *, seconds: float) -> Acknowledged:
    """The closed loop finds the maximum; the open loop offers half of it, whatever is answered."""
    await _closed(intake, requests, seconds=seconds / 4)
    most = await _closed(intake, requests, seconds=seconds / 2)
    offered = most / 2
    moments = arrivals(offered, seconds, random.Random(SEED))
    waits = await _open(intake, list(itertools.islice(requests, len(moments))), moments)
    return Acknowledged(
        most_per_second=most,
        offered_per_second=offered,
        count=len(waits),
        p50_ms=1000 * percentile(waits, 0.50),
        p99_ms=1000 * percentile(waits, 0.99),
        worst_ms=1000 * max(waits),
    )


async def _closed(intake: Connections, requests: Iterator[Request], *, seconds: float) -> float:
    """Requests a second when each caller sends the next one as soon as the last is answered."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    end = began + seconds

    async def caller() -> int:
        done = 0
        while loop.time() < end:
            await _post(intake, next(requests))
            done += 1
        return done

    done = await asyncio.gather(*(caller() for _ in range(CLOSED_CALLERS)))
    return sum(done) / (loop.time() - began)


async def _open(intake: Connections, requests: Sequence[Request], moments: Sequence[float]) -> list[float]:
    """Seconds from each scheduled moment to its answer. A late start counts as waiting: nobody holds arrivals back."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def one(request: Request, scheduled: float) -> float:
        await asyncio.sleep(max(0.0, scheduled - loop.time()))
        await _post(intake, request)
        return loop.time() - scheduled

    arriving = [one(request, began + moment) for request, moment in zip(requests, moments, strict=True)]
    return await asyncio.gather(*arriving)


async def _post(intake: Connections, request: Request) -> None:
    answer = await intake.post("/requests", request.http_body, key=str(uuid4()))
    if answer.status != 202:
        raise NotAcknowledged(f"POST /requests answered {answer.status}: {answer.body[:200]!r}")
