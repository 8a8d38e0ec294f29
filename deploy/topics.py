"""Create the topics of a deployment once, and compare those that are there: `python -m deploy.topics`.

Topics are never changed: one that is not as declared is refused by name (see `local/topics.yaml`).
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.topics import declared
from shared.contracts.topics import channel_topic
from shared.contracts.vocabulary import EventType
from shared.messaging.topics import Topic, TopicsDiffer, TopicsUnusable, ensure
from shared.runtime.settings import UnusableSettings, read

PATIENCE_SECONDS = 60.0
"""So long Kafka may take to answer after its container says that it is healthy."""


class TopicSettings(BaseSettings):
    """What making the topics needs; the same names and meanings as the services' settings."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    kafka_bootstrap: str
    secondlook_prefix: str = ""
    channels: tuple[str, ...] = Field((), description="As intake's: each has a topic made like request.received.")


def wanted(settings: TopicSettings) -> tuple[Topic, ...]:
    """All topics, in the sizes of a deployment, with those of the channels that intake is told to read."""
    topics = {topic.name: topic for topic in declared("deployed", prefix=settings.secondlook_prefix)}
    received = topics[settings.secondlook_prefix + EventType.REQUEST_RECEIVED]
    for channel in settings.channels:
        name = settings.secondlook_prefix + channel_topic(channel)
        topics.setdefault(name, replace(received, name=name))
    return tuple(topics.values())


async def create(bootstrap: str, topics: Sequence[Topic], *, patience: float = PATIENCE_SECONDS) -> None:
    """Create and compare. Kafka may take `patience` seconds to answer; a topic that differs is refused at once."""
    give_up = time.monotonic() + patience
    while True:
        try:
            await ensure(bootstrap, topics)
            return
        except TopicsDiffer:
            raise
        except TopicsUnusable:
            if time.monotonic() > give_up:
                raise
            await asyncio.sleep(1.0)


def main() -> int:
    """Make the topics, and say how many there are; 1 and a sentence when they cannot be used."""
    try:
        settings = read(TopicSettings)
        topics = wanted(settings)
        asyncio.run(create(settings.kafka_bootstrap, topics))
    except (TopicsUnusable, UnusableSettings) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print(f"{len(topics)} topics are as declared.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
