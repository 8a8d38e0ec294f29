"""The services' stores are copied in the middle of a run, put back after it, and brought forward by an operator."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from deploy.demo.play import Options, plan_of
from deploy.local import platform, processes, state
from deploy.local.places import PROJECT
from shared.contracts.vocabulary import Service
from tests.eventually import eventually

ENDED_BEFORE = 100
"""So many cases have ended when the copy is made; some two hundred go on."""
WITHIN = 120.0

Stores = dict[str, dict[str, dict[Any, dict[str, Any]]]]


@dataclass(frozen=True)
class PutBack:
    """What was there before and after: the services' documents by database, collection and id, and the relay's letters.

    `held`: what stays parked. `behind`: how many cases had more events in their topics than in the copy.
    """

    before: Stores
    copy: Stores
    after: Stores
    letters: tuple[Counter[str], Counter[str]]
    held: list[Mapping[str, Any]]
    reconciled: Mapping[str, Any]

    @property
    def behind(self) -> int:
        """How many cases of a service had gone on, or were new, since the copy was made."""
        of_each = ((self.before[name]["cases"], self.copy[name]["cases"]) for name in self.copy)
        return sum(cases[key] != then.get(key) for cases, then in of_each for key in cases)


def copied(data: Path) -> Stores | None:
    """The services' databases as they are, once enough cases have ended."""
    documents = state.load(data).members.get("documents")
    if documents is None:
        return None
    with _client(documents.url) as client:
        ended = client["secondlook_escalation"]["cases"].count_documents({"sent.resolution_issued": {"$exists": True}})
        return _stores(client) if ended >= ENDED_BEFORE else None


async def put_back(data: Path, copy: Stores, options: Options) -> PutBack:
    """The runbook: stop all instances, put the backup back, start them, compare, look at what is left."""
    members = state.load(data).members
    url, letters = members["documents"].url, _letters(data)
    processes.stop_all([each.running for name, each in members.items() if name.partition("-")[0] in set(Service)])
    with _client(url) as client:
        before = _stores(client)
        for name, collections in copy.items():
            for each in {*collections, *before[name]}:
                client[name][each].delete_many({})
                if documents := list(collections.get(each, {}).values()):
                    client[name][each].insert_many(documents)
    said: list[str] = []
    platform.up(replace(plan_of(options, data), clock=None), said.append)  # on the clock that it has
    assert sum("stands still" in line for line in said) == options.instances * len(Service), said
    reconciled = json.loads(_secondlook("reconcile", data))

    async def come_forward() -> bool:
        with _client(url) as client:
            return not different(before, _stores(client))

    with suppress(AssertionError):  # The test says what is different.
        await eventually(come_forward, within=WITHIN)
    held = json.loads(_secondlook("held list", data))
    with _client(url) as client:
        return PutBack(before, copy, _stores(client), (letters, _letters(data)), held, reconciled)


def different(before: Stores, after: Stores) -> list[tuple[str, Any]]:
    """The cases that are not what they were, by database."""
    pairs = [(name, before[name]["cases"], after[name]["cases"]) for name in before]
    return [
        (name, key)
        for name, cases, now in pairs
        for key in cases.keys() | now.keys()
        if _without_names(cases.get(key, {})) != _without_names(now.get(key, {}))
    ]


def _client(url: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(url, uuidRepresentation="standard", tz_aware=True)


def _stores(client: MongoClient[dict[str, Any]]) -> Stores:
    """All collections of each service. What it stores of its place in the topics comes first: no backup of one moment
    can have a later place than its cases, which would never hear again of what lies between."""
    return {
        name: {
            each: {document["_id"]: document for document in client[name][each].find({})}
            for each in sorted(client[name].list_collection_names(), key=lambda each: each != "standing")
        }
        for name in (f"secondlook_{service}" for service in Service)
    }


def _letters(data: Path) -> Counter[str]:
    lines = (data / "mail" / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    return Counter(json.loads(line)["message_id"] for line in lines)


def _secondlook(words: str, data: Path) -> str:
    command = [sys.executable, "-m", "cli.main", *words.split(), "--json", "--data", str(data)]
    said = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    return said.stdout


def _without_names(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a restored case must be again: its state, but for who of headquarters asked or sent back; its events.

    Not told either: which body came under a key, a client's own reference.
    """
    kept = {
        name: document.get(name) for name in ("state", "emitted", "published", "sent", "due_at", "queue", "digests")
    }
    found: dict[str, Any] = json.loads(json.dumps(kept, default=str, sort_keys=True))
    filed = (found["state"] or {}).get("file") or {}
    for each in (*filed.get("sent_back", ()), *filed.get("asked", ())):
        each["by"] = ""
    return found
