"""One whole run, kept alive afterwards, and everything it left behind: topics, stores, logs, letters."""

import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from uuid import UUID

import bson
from bson.codec_options import CodecOptions
from pymongo import MongoClient

from deploy.demo import lines
from deploy.demo.lines import Line
from deploy.demo.play import REQUESTS, Options
from deploy.local import platform, state
from deploy.local.environment import case_ids
from deploy.local.places import PROJECT
from shared.contracts.envelope import Event
from shared.contracts.parsing import parse
from shared.contracts.vocabulary import EventType, Service
from shared.messaging.records import Record
from shared.messaging.tap import Tap
from tests.system import putting_back
from tests.system.putting_back import PutBack

SECONDS = 300
LOOK_SECONDS = 0.5
COMPARISONS = 5
STANDARD: CodecOptions[dict[str, Any]] = CodecOptions(uuid_representation=4)


@dataclass(frozen=True)
class Left:
    """What a run left behind."""

    status: int
    output: str
    data: Path
    lines: tuple[Line, ...]
    raw: tuple[Line, ...]
    records: Mapping[EventType, tuple[Record, ...]]
    stores: Mapping[str, Mapping[str, tuple[dict[str, Any], ...]]]
    logs: Mapping[str, bytes]
    archived: subprocess.CompletedProcess[str]
    """What `secondlook archive verify` said of an archive of it all, into the data folder."""
    replayed: subprocess.CompletedProcess[str]
    """What `secondlook replay --check --json` said, while the services still ran."""
    put_back: PutBack | None = None

    def events(self, case_id: UUID) -> list[Event[Any]]:
        """All events of a case, each id once, in the order of their topics."""
        found: dict[UUID, Event[Any]] = {}
        for kind, records in self.records.items():
            for record in records:
                if record.key == str(case_id).encode():
                    event = parse(record.value or b"", kind)
                    found.setdefault(event.id, event)
        return list(found.values())

    def cases(self, service: Service) -> tuple[dict[str, Any], ...]:
        """The documents of one service."""
        return self.stores[f"secondlook_{service}"]["cases"]

    def haystacks(self) -> Iterator[tuple[str, bytes]]:
        """Everything that must hold no personal data in clear, by where it is: topics, stores and logs."""
        for kind, records in self.records.items():
            yield f"topic {kind}", b"\n".join((each.key or b"") + (each.value or b"") for each in records)
        for database, collections in self.stores.items():
            for name, documents in collections.items():
                yield (
                    f"store {database}.{name}",
                    b"\n".join(bson.encode(document, codec_options=STANDARD) for document in documents),
                )
        for name, text in self.logs.items():
            yield f"log {name}", text


async def play(options: Options) -> Left:
    """Run the demo with these options, look at everything, put its stores back, and stop what it left running."""
    before = set(_folders())
    with TemporaryFile("w+") as output:
        demo = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs meanwhile
            [sys.executable, "-m", "cli.main", "demo", "--keep", *_words(options)],
            cwd=PROJECT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            copy = _copied_meanwhile(demo, before)
            status = demo.wait(SECONDS)
        finally:
            demo.terminate()  # a demo that did not end in time stops what it has started
            demo.wait()
            made = [folder for folder in _folders() if folder not in before]
        output.seek(0)
        said = output.read()
    assert len(made) == 1, said[-4000:]
    data = made[0]
    try:
        members = state.load(data).members
        archived, replayed = _compared(data)
        left = Left(
            status=status,
            output=said,
            data=data,
            lines=tuple(line for line in lines.read(REQUESTS, case_ids(data)) if line.counts_as == "submitted"),
            raw=tuple(lines.read(REQUESTS, case_ids(data))),
            records=await _records(members["kafka"].url),
            stores=_stores(members["documents"].url),
            logs={path.name: path.read_bytes() for path in sorted((data / "logs").glob("*.log"))},
            archived=archived,
            replayed=replayed,
        )
        assert copy is not None, "The run was over before its stores could be copied."
        return replace(left, put_back=await putting_back.put_back(data, copy, options))
    finally:
        platform.down(data)


def _words(options: Options) -> list[str]:
    return ["--instances", str(options.instances), *(["--kill"] if options.kill else [])]


def _copied_meanwhile(demo: subprocess.Popen[bytes], before: set[Path]) -> putting_back.Stores | None:
    until = time.monotonic() + SECONDS
    while demo.poll() is None and time.monotonic() < until:
        made = [folder for folder in _folders() if folder not in before]
        if made and (copy := putting_back.copied(made[0])) is not None:
            return copy
        time.sleep(LOOK_SECONDS)
    return None


def _compared(data: Path) -> tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]:
    """A deadline may come between the archive and the look at the services: then both are done again."""
    for _ in range(COMPARISONS):
        _said("archive", "--data", data)
        archived = _said("archive", "verify", "--data", data)
        replayed = _said("replay", "--check", "--json", "--data", data)
        if replayed.returncode == 0:
            break
    return archived, replayed


def _said(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.main", *words]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def _folders() -> list[Path]:
    return sorted((PROJECT / ".secondlook").glob("demo-*"))


async def _records(bootstrap: str) -> dict[EventType, tuple[Record, ...]]:
    kinds = [kind for kind in EventType if kind is not EventType.REQUEST_RECEIVED]
    found: dict[EventType, list[Record]] = defaultdict(list)
    async with Tap(bootstrap, kinds) as tap:
        for record in await tap.to_the_end():
            found[EventType(record.topic)].append(record)
    return {kind: tuple(found[kind]) for kind in kinds}


def _stores(uri: str) -> dict[str, dict[str, tuple[dict[str, Any], ...]]]:
    with MongoClient[dict[str, Any]](uri, uuidRepresentation="standard", tz_aware=True) as client:
        return {
            name: {each: tuple(client[name][each].find({})) for each in client[name].list_collection_names()}
            for name in client.list_database_names()
            if name.startswith("secondlook_")
        }


LAST_LINE = re.compile(
    r"submitted (?P<submitted>\d+), rejected (?P<rejected>\d+), resolved (?P<resolved>\d+), "
    r"e-mails (?P<emails>\d+), lost (?P<lost>\d+), doubled (?P<doubled>\d+)"
)
