"""The stores of a whole platform, or of one service, are put back and brought forward by the runbook's own commands."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shared.contracts.vocabulary import Service
from tests.conftest import Servers
from tests.faults.load import wave
from tests.integration.whole_platform import ALL, Backup, Platform, copies, platform_of

pytestmark = pytest.mark.real

BEHIND = 200
"""So many cases are new, or have gone on, since the backup was made."""


@pytest.fixture(name="platform")
async def _platform(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    async with platform_of(servers, tmp_path, monkeypatch) as made:
        yield made


async def goes_on(platform: Platform, databases: Sequence[str]) -> Backup:
    """Some cases have ended and some lie before an office when the backup is made; then it all goes on."""
    outsiders = platform.outsiders
    done, waiting, new = wave(8, 0), wave(BEHIND // 4, 8), wave(BEHIND - BEHIND // 4, 8 + BEHIND // 4)
    await platform.ready()
    await outsiders.send(done, poison=False)
    await outsiders.decide(done)
    await platform.ended(done)
    await outsiders.send(waiting, poison=False)
    backup = await platform.copy(databases)
    await outsiders.decide(waiting)
    await outsiders.send(new, poison=False)
    await outsiders.decide(new)
    await platform.ended([*waiting, *new])
    await platform.is_whole()
    return backup


async def brought_forward(platform: Platform, restored: Sequence[Service], keyless: int = 0) -> None:
    """What the runbook has an operator do, and what is there at the end."""
    before = copies(platform.servers)
    await platform.stand_still(restored)
    for service in restored:
        told = (await platform.says("reconcile", "--service", service))[service]
        assert (told["state"], told["doubtful"]) == ("finished", [])
        assert told["keyless_cases"] == keyless
    gone = await platform.says("keys", "gone")
    assert {len(gone[service]) for service in restored} == {keyless}
    asked = [each for each in platform.notes.asked if each.case_id in platform.notes.case_ids]
    try:
        await platform.ended(asked)
    finally:
        left = await platform.says("held", "list")
        print(Counter((each["service"], each["topic"], each["reason"]) for each in left))
    assert left == []
    more = wave(8, 3)
    await platform.outsiders.send(more, poison=False)
    await platform.outsiders.decide(more)
    await platform.ended(more)
    await platform.is_whole()
    after = copies(platform.servers)
    assert max(after.values()) == 1
    assert len(after) > len(before)
    assert await platform.says("keys", "gone") == gone  # nobody has made a second key
    assert await platform.says("keys", "erasures") == []


@asynccontextmanager
async def restored(platform: Platform, backup: Backup) -> AsyncIterator[None]:
    """All instances are stopped, the backup is put back, and they are started again."""
    await platform.stop()
    await platform.put_back(backup)
    platform.lane.start()
    platform.name()
    yield


@pytest.mark.parametrize("keyring", ["older", "newer"])
async def test_the_whole_document_server_is_put_back(platform: Platform, keyring: str) -> None:
    databases = [*ALL, "keyring"] if keyring == "older" else list(ALL)
    backup = await goes_on(platform, databases)
    async with restored(platform, backup):
        await brought_forward(platform, ALL, keyless=BEHIND - BEHIND // 4 if keyring == "older" else 0)


@pytest.mark.parametrize("service", ALL)
async def test_the_store_of_one_service_is_put_back(platform: Platform, service: Service) -> None:
    backup = await goes_on(platform, [service])
    async with restored(platform, backup):
        await brought_forward(platform, [service])
