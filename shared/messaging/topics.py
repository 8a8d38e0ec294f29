"""Create the declared topics, and refuse to start on topics that are not as declared."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError

READY_SECONDS = 20.0
ALREADY_EXISTS = 36


class TopicsUnusable(Exception):
    """The topics cannot be used as they are, or Kafka does not let them be made. The message says what to do."""


class TopicsDiffer(TopicsUnusable):
    """A topic is not as declared, and a live log cannot be changed."""


@dataclass(frozen=True)
class Topic:
    """One topic as it must be."""

    name: str
    partitions: int
    replication: int
    settings: Mapping[str, str]


def ensure_now(bootstrap: str, topics: Sequence[Topic]) -> None:
    """As `ensure`, for callers without an event loop, or inside somebody else's."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, ensure(bootstrap, topics)).result()


async def ensure(bootstrap: str, topics: Sequence[Topic]) -> None:
    """Make the missing topics, wait until all have leaders, and raise `TopicsDiffer` when one is not as declared."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    try:
        await admin.start()
    except KafkaError as failure:
        await admin.close()
        raise TopicsUnusable(
            f"Kafka at {bootstrap} does not answer: start it, or correct KAFKA_BOOTSTRAP."
        ) from failure
    try:
        missing = {topic.name for topic in topics} - set(await admin.list_topics())
        await _create(admin, [topic for topic in topics if topic.name in missing])
        await _compare(admin, topics)
        await _with_groups(admin)
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    if not topics:
        return
    brokers = len((await admin.describe_cluster())["brokers"])
    answer = await admin.create_topics(
        [NewTopic(t.name, t.partitions, min(t.replication, brokers), topic_configs=dict(t.settings)) for t in topics]
    )
    for name, code, *why in answer.topic_errors:
        if code not in (0, ALREADY_EXISTS):  # Somebody else may have made it meanwhile: the comparison follows.
            raise TopicsUnusable(f"Kafka refuses to create the topic {name}: {why[0] if why else f'error {code}'}.")


async def _compare(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    found = await _with_leaders(admin, [topic.name for topic in topics])
    settings = await _settings(admin, topics)
    for topic in topics:
        differences = _differences(topic, len(found[topic.name]), settings[topic.name])
        if differences:
            raise TopicsDiffer(
                f"The topic {topic.name} is not as declared ({'; '.join(differences)}): "
                "use another Kafka, or move this topic's events to one that is."
            )


def _differences(topic: Topic, partitions: int, settings: Mapping[str, str]) -> list[str]:
    found = {"partitions": str(partitions), **settings}
    wanted = {"partitions": str(topic.partitions), **topic.settings}
    return [f"{key} is {found.get(key)}, not {value}" for key, value in wanted.items() if found.get(key) != value]


async def _with_leaders(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, list[Any]]:
    """The partitions of each topic, once every one has a leader."""
    async with asyncio.timeout(READY_SECONDS):
        while True:
            described = {each["topic"]: each["partitions"] for each in await admin.describe_topics(names)}
            if all(described.get(name) and _led(described[name]) for name in names):
                return described
            await asyncio.sleep(0.05)


async def _with_groups(admin: AIOKafkaAdminClient) -> None:
    """Until Kafka has made its own topic of groups, which it does when first asked: else every reader complains."""
    with suppress(KafkaError, TimeoutError):  # Who may not ask, or is not answered in time, goes on without.
        async with asyncio.timeout(READY_SECONDS):
            while True:
                if await _coordinated(admin):
                    return
                await asyncio.sleep(0.05)


async def _coordinated(admin: AIOKafkaAdminClient) -> bool:
    try:
        await admin.find_coordinator("secondlook")
    except GroupCoordinatorNotAvailableError:
        return False
    return True


def _led(partitions: Iterable[Mapping[str, Any]]) -> bool:
    return all(partition["error_code"] == 0 and partition["leader"] >= 0 for partition in partitions)


async def _settings(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> dict[str, dict[str, str]]:
    wanted = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    settings: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(wanted):
        for _, _, _, name, entries in answer.resources:
            settings[name] = {entry[0]: entry[1] for entry in entries}
    return settings
