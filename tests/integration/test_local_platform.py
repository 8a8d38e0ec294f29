"""The platform as a whole, servers only: up, up again, status, down; and what happens when a start is disturbed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local import looking, platform, probes, processes, state, topics
from deploy.local.failures import Busy, CannotStart
from deploy.local.platform import Plan
from tests.conftest import Servers

pytestmark = pytest.mark.real


@pytest.fixture(name="data")
def _data(tmp_path: Path) -> Iterator[Path]:
    data = tmp_path / "data"
    yield data
    platform.down(data)


@pytest.fixture(name="plan")
def _plan(data: Path, servers: Servers) -> Plan:
    """The mail sink is ours; the rest is what the test run has started already."""
    own = {"kafka": servers.kafka, "documents": servers.mongodb}
    return Plan(data=data, services=(), free_ports=True, own=own)


@pytest.fixture(name="_topics_as_deployed", autouse=True)
def _topics(servers: Servers) -> None:
    topics.ensure_now(servers.kafka, topics.declared("deployed"))


def _secondlook(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cli.main", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_up_twice_is_harmless_and_down_stops_all(plan: Plan, data: Path) -> None:
    first = platform.up(plan)
    second = platform.up(plan)
    assert first.members == second.members
    assert {look.name: look.condition for look in looking.status(data)} == {
        "kafka": "own",
        "documents": "own",
        "mail": "ready",
    }
    platform.down(data)
    assert not processes.is_alive(first.members["mail"].running)
    assert state.load(data).members == {}
    platform.down(data)


def test_what_has_died_is_shown_and_started_again_on_its_port(plan: Plan, data: Path) -> None:
    before = platform.up(plan).members["mail"]
    os.kill(before.running.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not processes.is_alive(before.running), within=10)
    assert [look.condition for look in looking.status(data)] == ["own", "own", "stopped"]
    after = platform.up(plan).members["mail"]
    assert after.ports == before.ports
    assert processes.is_alive(after.running)


def test_a_second_up_while_one_is_starting_is_refused(plan: Plan, data: Path) -> None:
    with state.only_one(data), pytest.raises(Busy, match=rf"\(process {os.getpid()}\) is starting or stopping"):
        # A lock of flock's belongs to the open file, so that this refuses within one process too.
        platform.up(plan)


def test_a_failed_start_leaves_nothing_running(plan: Plan, data: Path) -> None:
    said: list[str] = []
    wrong = Plan(data=data, services=(), free_ports=True, own={**plan.own, "kafka": f"127.0.0.1:{_closed_port()}"})
    with pytest.raises(CannotStart, match=r"Nothing listens on .* or correct KAFKA_BOOTSTRAP"):
        platform.up(wrong, said.append)
    assert state.load(data).members == {}
    assert said == []


def _closed_port() -> int:
    return probes.free_ports(1)[0]


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_starts_stops_what_was_started(data: Path, servers: Servers, asked: signal.Signals) -> None:
    """Interrupted as soon as a member is in the state file, which is before it is ready."""
    up = _secondlook("up", "--servers-only", "--free-ports", "--data", str(data))
    assert processes.wait_until(lambda: len(state.load(data).members) >= 2, within=60)
    members = state.load(data).members
    os.kill(up.pid, asked)
    said, _ = up.communicate(timeout=60)
    assert up.returncode == 130, said
    assert "Interrupted: what was started has been stopped." in said
    assert not any(processes.is_alive(member.running) for member in members.values())
    assert state.load(data).members == {}


def test_the_command_starts_shows_and_stops(data: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", servers.kafka)
    monkeypatch.setenv("MONGODB_URI", servers.mongodb)
    here = ("--data", str(data))
    up = _secondlook("up", "--servers-only", "--free-ports", *here)
    said, _ = up.communicate(timeout=120)
    assert (up.returncode, "The servers are ready" in said) == (0, True), said
    shown: list[dict[str, Any]] = json.loads(_secondlook("status", "--json", *here).communicate(timeout=60)[0])
    assert {each["name"]: each["condition"] for each in shown}["mail"] == "ready"
    down = _secondlook("down", *here)
    assert (down.communicate(timeout=60), down.returncode)[1] == 0
    status = _secondlook("status", *here)
    assert "secondlook up" in status.communicate(timeout=60)[0]
    assert status.returncode == 1


def test_attached_it_stays_and_sigterm_stops_all(plan: Plan, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", plan.own["kafka"])
    monkeypatch.setenv("MONGODB_URI", plan.own["documents"])
    up = _secondlook("up", "--servers-only", "--free-ports", "--attach", "--data", str(data))
    assert up.stdout is not None
    said = ""
    while "Ctrl-C stops everything." not in said:
        line = up.stdout.readline()
        assert line, said
        said += line
    mail = state.load(data).members["mail"].running
    os.kill(up.pid, signal.SIGTERM)
    rest, _ = up.communicate(timeout=60)
    assert (up.returncode, processes.is_alive(mail)) == (0, False), rest


async def test_topics_are_made_as_declared_and_others_are_refused(servers: Servers) -> None:
    declared = topics.declared("local", prefix="declared.")
    await topics.ensure(servers.kafka, declared)
    await topics.ensure(servers.kafka, declared)
    await asyncio.gather(topics.ensure(servers.kafka, declared), topics.ensure(servers.kafka, declared))
    with pytest.raises(topics.TopicsDiffer, match=r"request\.received is not .*partitions is 3, not 12.*: use"):
        await topics.ensure(servers.kafka, topics.declared("deployed", prefix="declared."))


async def test_a_topic_with_a_time_limit_is_refused(servers: Servers) -> None:
    limited = topics.Topic("limited.case.erased", partitions=1, replication=1, settings={"retention.ms": "604800000"})
    await topics.ensure(servers.kafka, [limited])
    wanted = topics.Topic(limited.name, partitions=1, replication=1, settings={"retention.ms": "-1"})
    with pytest.raises(topics.TopicsDiffer, match=r"retention\.ms is 604800000, not -1"):
        await topics.ensure(servers.kafka, [wanted])
