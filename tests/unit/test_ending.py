"""Whoever is ended ends, also when a client library swallows the first cancellation."""

import asyncio

from aiokafka.client import AIOKafkaClient
from structlog.testing import capture_logs

from shared.ending import ended


async def test_a_loop_that_loses_its_cancellation_in_a_closing_client_ends_all_the_same() -> None:
    closing = asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            closing.set()
            await asyncio.sleep(60)

    async def closes_a_client_and_goes_on() -> None:
        client = AIOKafkaClient(bootstrap_servers="127.0.0.1:1")
        client._sync_task = asyncio.create_task(slow_to_end())
        await asyncio.sleep(0)
        await client.close()
        await asyncio.sleep(60)

    looking = asyncio.create_task(closes_a_client_and_goes_on(), name="looking")
    await closing.wait()
    with capture_logs() as lines:
        async with asyncio.timeout(10):
            await ended(looking, again_seconds=0.01)
    assert looking.cancelled()
    assert {(line["event"], line["loop"]) for line in lines} == {("does_not_end", "looking")}


async def test_what_a_task_raised_is_nobodys_business_any_more() -> None:
    async def fails() -> None:
        raise RuntimeError

    failing = asyncio.create_task(fails())
    await ended(failing)
    assert failing.done()
