"""The log of a service as a process: nothing is wrong in a normal start, and an outage is told without a flood."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local import probes
from deploy.local.places import PROJECT
from tests.conftest import Servers
from tests.eventually import eventually
from tests.integration.toy import make_topics
from tests.wiring.apps import NOWHERE, settings

pytestmark = pytest.mark.real


@asynccontextmanager
async def started(folder: Path, **changes: Any) -> AsyncIterator[tuple[int, Path]]:
    """Escalation as its own process: its port, and its log."""
    (port,) = probes.free_ports(1)
    given = settings(folder) | {"port": port, **changes}
    log = folder / "service.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.escalation.app",
            env=os.environ | {name.upper(): str(value) for name, value in given.items()},
            stdout=file,
            stderr=file,
            cwd=PROJECT,
        )
    try:
        yield port, log
    finally:
        process.terminate()
        await process.wait()


def lines(log: Path) -> list[dict[str, Any]]:
    """Every line is an object."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


async def test_a_normal_start_says_nothing_at_error_level(servers: Servers, tmp_path: Path) -> None:
    prefix = f"l{uuid4().hex[:8]}_"
    await make_topics(servers.kafka, prefix)
    real = {"kafka_bootstrap": servers.kafka, "mongodb_uri": servers.mongodb, "secondlook_prefix": prefix}
    async with started(tmp_path, **real) as (port, log):

        async def ready() -> bool:
            try:
                async with httpx.AsyncClient() as http:
                    return (await http.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200
            except httpx.HTTPError:
                return False

        await eventually(ready, within=40)
    assert [line for line in lines(log) if line.get("level") in {"error", "critical"}] == []


async def test_a_client_that_cannot_reach_kafka_says_which_server_and_does_not_flood(
    servers: Servers, tmp_path: Path
) -> None:
    async with started(tmp_path, mongodb_uri=servers.mongodb) as (_, log):

        async def told() -> bool:
            found = [line["why"] for line in lines(log) if line.get("place", "").startswith("aiokafka")]
            return any(NOWHERE.split(":")[0] in why and "%s" not in why for why in found)

        await eventually(told, within=40)
        templates = [line["why"] for line in lines(log) if line.get("event") == "library"]
    assert not any("%s" in why for why in templates)
