"""An archive made of events as if they lay in Kafka, without Kafka."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from services.replay import folder as folders
from services.replay.keeping import Keeping
from services.replay.manifest import Log
from shared.contracts.envelope import Event, encode, splice
from shared.contracts.vocabulary import EventType
from shared.messaging.copying import Place


class Laid(NamedTuple):
    """A record as it lies in Kafka."""

    offset: int
    value: bytes
    key: bytes
    timestamp: int


def archived(folder: Path, events: Iterable[Event[Any]]) -> Path:
    """One partition a topic; written when it happened. Events of `request.received` are left out."""
    records: dict[EventType, dict[int, list[Laid]]] = defaultdict(lambda: {0: []})
    for event in events:
        if event.type is not EventType.REQUEST_RECEIVED:
            laid = records[event.type][0]
            written = int(event.time.timestamp() * 1000)
            value = splice(encode(event), event.data.sealed)
            laid.append(Laid(len(laid), value, str(event.subject).encode(), written))
    with folders.locked(folder):
        keeping = Keeping(folder, folders.opened(folder))
        logs = {Place(kind, 0): Log(begins=0, next=len(laid[0])) for kind, laid in records.items()}
        keeping.keep(records, logs)
        keeping.close()
    return folder
