"""The two limits, measured without us: `a`, bare aiokafka moving the same records; `b`, bare bulk writes of documents.

Both use one process for each core and the clients' settings of the services, against the same servers.
"""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer

from bench.pump import producer
from bench.samples import BESIDE, Flow, services, writes_of
from shared.messaging.topics import Topic, ensure
from shared.mongo.driver import Collection, InsertOne, MongoClient, UpdateOne

PARTITIONS = 3
TOGETHER = 200
"""Cases that are sent, or written, before the answers are waited for."""
START_SECONDS = 4.0
"""Processes import and connect meanwhile; then all begin at once."""

Span = tuple[float, float]


async def kafka(bootstrap: str, flows: Sequence[Flow], *, cases: int) -> float:
    """`a` in cases per second: every record is sent and acknowledged, and read as often as services read it."""
    workers = os.cpu_count() or 1
    run = uuid4().hex[:8]
    names = [f"bare.{run}.{worker}.{flow.topic}" for worker in range(workers) for flow in flows]
    await ensure(bootstrap, [Topic(name, PARTITIONS, 1, {}) for name in names])
    share = cases // workers
    return await _together(
        share * workers,
        [(_move_records, bootstrap, f"bare.{run}.{worker}.", list(flows), share) for worker in range(workers)],
    )


async def documents(uri: str, samples: Mapping[str, Any], *, with_letters: bool, cases: int) -> float:
    """`b` in cases per second: one write for each event of each service, bulked, acknowledged and journalled."""
    workers = os.cpu_count() or 1
    share = cases // workers
    chosen = {name: samples[name] for name in (*services(with_letters=with_letters), *BESIDE)}
    return await _together(share * workers, [(_write_documents, uri, chosen, share) for _ in range(workers)])


async def _together(cases: int, jobs: Sequence[tuple[Any, ...]]) -> float:
    loop = asyncio.get_running_loop()
    begin = time.time() + START_SECONDS
    with ProcessPoolExecutor(len(jobs), mp_context=multiprocessing.get_context("spawn")) as pool:
        running = [loop.run_in_executor(pool, _run, job[0], (*job[1:], begin)) for job in jobs]
        spans: list[Span] = list(await asyncio.gather(*running))
    return cases / (max(end for _, end in spans) - min(start for start, _ in spans))


def _run(work: Callable[..., Coroutine[Any, Any, Span]], arguments: tuple[Any, ...]) -> Span:
    import uvloop

    return uvloop.run(work(*arguments))


async def _timed(begin: float, work: Callable[[], Awaitable[Any]]) -> Span:
    await asyncio.sleep(max(0.0, begin - time.time()))
    start = time.time()
    await work()
    return start, time.time()


async def _move_records(bootstrap: str, prefix: str, flows: Sequence[Flow], cases: int, begin: float) -> Span:
    sender = producer(bootstrap)
    await sender.start()
    reading = [
        await _consumer(bootstrap, prefix, reader, flows) for reader in range(max(flow.readers for flow in flows))
    ]

    async def send() -> None:
        for first in range(0, cases, TOGETHER):
            sent = []
            for number in range(first, min(first + TOGETHER, cases)):
                key = str(uuid4()).encode()
                for flow in flows:
                    for index in range(_records_of(flow, number)):
                        value = flow.records[(number + index) % len(flow.records)]
                        sent.append(await sender.send(prefix + flow.topic, value, key=key))
            await asyncio.gather(*sent)

    async def read(consumer: AIOKafkaConsumer, topics: int) -> None:
        left = cases * topics
        while left > 0:
            left -= sum(map(len, (await consumer.getmany(timeout_ms=100, max_records=500)).values()))

    span = await _timed(
        begin, lambda: asyncio.gather(send(), *(read(consumer, topics) for consumer, topics in reading))
    )
    await asyncio.gather(sender.stop(), *(consumer.stop() for consumer, _ in reading))
    return span


def _records_of(flow: Flow, number: int) -> int:
    """A fraction of a record a case is one more record in some cases."""
    return int((number + 1) * flow.per_case) - int(number * flow.per_case)


async def _consumer(bootstrap: str, prefix: str, reader: int, flows: Sequence[Flow]) -> tuple[AIOKafkaConsumer, int]:
    """The reader-th consumer: of every topic that at least so many services read."""
    topics = [prefix + flow.topic for flow in flows if flow.readers > reader]
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    return consumer, len(topics)


async def _write_documents(uri: str, samples: Mapping[str, Sequence[dict[str, Any]]], cases: int, begin: float) -> Span:
    client = MongoClient(uri)

    async def write() -> None:
        for first in range(0, cases, TOGETHER):
            numbers = range(first, min(first + TOGETHER, cases))
            for name, documents in samples.items():
                collection = client.database(f"bare_{name}")["cases"]
                await _rounds(collection, name, [documents[number % len(documents)] for number in numbers])

    span = await _timed(begin, write)
    await client.close()
    return span


async def _rounds(collection: Collection, name: str, documents: Sequence[dict[str, Any]]) -> None:
    """Insert each document with its first event; then, in rounds, one update for each further event."""
    fresh = [{**document, "_id": uuid4()} for document in documents]
    if name in BESIDE:
        await collection.bulk_write([InsertOne(document) for document in fresh], ordered=False)
        return
    first = [InsertOne({**document, "v": 1, "events": document["events"][:1]}) for document in fresh]
    await collection.bulk_write(first, ordered=False)
    for version in range(1, max(writes_of(name, document) for document in fresh)):
        updates = [_update(document, version) for document in fresh if version < writes_of(name, document)]
        await collection.bulk_write(updates, ordered=False)


def _update(document: Mapping[str, Any], version: int) -> UpdateOne:
    values = {"v": version + 1, "writer": uuid4(), "state": document["state"], "queue": document["queue"]}
    change: dict[str, Any] = {"$set": values}
    if event := document["events"][version : version + 1]:
        change["$push"] = {"events": {"$each": event}}
    return UpdateOne({"_id": document["_id"], "v": version}, change)
