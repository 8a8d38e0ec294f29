"""How fast the archive is beside a bare aiokafka consumer that only counts, on the same topics; and its memory.

python -m bench.archiving --records 300000
"""

import argparse
import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import probes, processes, servers
from deploy.local.places import PROJECT
from services.replay.archive import archive
from services.replay.columns import ARCHIVED
from shared.contracts.envelope import encode, splice
from shared.contracts.parsing import MODELS
from shared.contracts.samples import record

PARTITIONS = 3
ROUNDS = 3
DAYS = 30
BOX = b"x" * 400
"""About as large as what is sealed of a request."""


async def fill(kafka: str, records: int) -> None:
    """As many records of all event types alike, their times spread over some days."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(str(kind), PARTITIONS, 1) for kind in ARCHIVED])
    await admin.close()
    each = records // len(ARCHIVED)
    async with AIOKafkaProducer(bootstrap_servers=kafka, linger_ms=20, max_batch_size=1 << 18) as producer:
        for kind in ARCHIVED:
            model = MODELS[kind].model_validate_json(record(kind)[1])
            boxes = dict.fromkeys(model.data.sealed, BOX)
            for number in range(each):
                case = uuid4()
                at = model.time + timedelta(days=DAYS * number / each)
                event = model.model_copy(update={"id": uuid4(), "subject": case, "time": at})
                await producer.send(str(kind), splice(encode(event), boxes), str(case).encode())


async def bare(kafka: str) -> int:
    """Read everything and count it."""
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=None, enable_auto_commit=False)
    await consumer.start()
    places = [TopicPartition(str(kind), number) for kind in ARCHIVED for number in range(PARTITIONS)]
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    total = sum((await consumer.end_offsets(places)).values())
    count = 0
    while count < total:
        found = await consumer.getmany(timeout_ms=500, max_records=5000)
        count += sum(map(len, found.values()))
    await consumer.stop()
    return count


async def archived(kafka: str) -> int:
    """Archive everything into a folder that is thrown away."""
    with TemporaryDirectory(dir=PROJECT / ".secondlook") as folder:
        return (await archive(kafka, Path(folder) / "archive")).records


def measure(kafka: str, what: str) -> None:
    """In a process of its own: prints records, seconds, CPU seconds, and the most memory in MiB."""
    began = time.monotonic()
    count = asyncio.run({"bare": bare, "archive": archived}[what](kafka))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(count, time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


@contextmanager
def _kafka(folder: Path) -> Iterator[str]:
    port, controller = probes.free_ports(2)
    server = servers.kafka(folder / "kafka", port=port, controller_port=controller)
    running = servers.launch(server, log=folder / "kafka.log", outlives=False)
    try:
        servers.wait_ready(server, running, log=folder / "kafka.log")
        yield server.url
    finally:
        processes.stop(running)


def main() -> None:
    """Fill a Kafka of our own, and read it in both ways, in turns."""
    given = argparse.ArgumentParser()
    given.add_argument("--records", type=int, default=300_000)
    records = given.parse_args().records
    (PROJECT / ".secondlook").mkdir(exist_ok=True)
    with TemporaryDirectory(dir=PROJECT / ".secondlook") as folder, _kafka(Path(folder)) as kafka:
        asyncio.run(fill(kafka, records))
        for _ in range(ROUNDS):
            for what in ("bare", "archive"):
                run = f"from bench.archiving import measure; measure({kafka!r}, {what!r})"
                told = subprocess.run(
                    [sys.executable, "-c", run], cwd=PROJECT, check=True, capture_output=True, text=True
                )
                count, seconds, cpu, memory = map(float, told.stdout.split())
                print(
                    f"{what:8} {count / seconds:9,.0f} records/s  {cpu / count * 1e6:6.1f} us each  {memory:5.0f} MiB"
                )


if __name__ == "__main__":
    main()
