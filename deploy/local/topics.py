"""The topics of Second Look as topics.yaml declares them."""

from pathlib import Path
from typing import Literal

import yaml

from deploy.local.failures import CannotStart
from shared.contracts.topics import channel_topic
from shared.contracts.vocabulary import EventType
from shared.messaging.topics import Topic

DECLARATION = Path(__file__).with_name("topics.yaml")

Where = Literal["local", "deployed"]


def declared(where: Where, *, prefix: str = "", path: Path = DECLARATION) -> tuple[Topic, ...]:
    """All topics of the declaration, one for each event type and channel. Tests give a prefix of their own."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    size, common, topics = document[where], document["settings"], dict(document["topics"])
    if set(topics) != set(EventType):
        raise CannotStart(f"{path} must declare exactly the event types; it differs in {set(topics) ^ set(EventType)}.")
    for channel in document["channels"]:
        topics[channel_topic(channel)] = topics[EventType.REQUEST_RECEIVED]
    return tuple(
        Topic(
            name=prefix + name,
            partitions=size["partitions"],
            replication=size["replication"],
            settings={key: str(value) for key, value in {**common, **own}.items()},
        )
        for name, own in topics.items()
    )
